"""Official schemas of the formats that we write, and what their validators leave out. README.md says where they come from."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator
from jsonschema.validators import validator_for

HERE = Path(__file__).parent
_CLASSES = ((r"\\p{L}", r"[^\\W\\d_]"), (r"\\p{N}", "[0-9]"))
"""Classes of characters that Python's patterns lack, with what they have instead, as JSON writes both."""


@cache
def _validator(name: str) -> Any:
    text = gzip.decompress((HERE / f"{name}.json.gz").read_bytes()).decode()
    for ours, theirs in _CLASSES:
        text = text.replace(ours, theirs)
    schema = json.loads(text)
    return validator_for(schema)(schema)


def faults(name: str, document: Any) -> list[str]:
    """Return what a schema finds wrong with a document."""
    return [f"{found.json_path}: {found.message[:200]}" for found in _validator(name).iter_errors(document)]


@cache
def _findings() -> Shape:
    model = botocore.session.Session().get_service_model("securityhub").operation_model("BatchImportFindings")
    return model.input_shape


def asff_faults(document: Any) -> list[str]:
    """Return what the service model of Security Hub finds wrong with findings, and the values that its enumerations lack."""
    report = ParamValidator().validate(document, _findings())
    found = [report.generate_report()] if report.has_errors() else []
    return [*found, *_enum_faults(document, _findings(), "")]


def _enum_faults(value: Any, shape: Shape, where: str) -> list[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        known = ((name, inner) for name, inner in value.items() if name in shape.members)
        return [fault for name, inner in known for fault in _enum_faults(inner, shape.members[name], f"{where}.{name}")]
    if shape.type_name == "list" and isinstance(value, list):
        return [fault for number, one in enumerate(value) for fault in _enum_faults(one, shape.member, f"{where}[{number}]")]
    allowed = shape.metadata.get("enum")
    return [f"{where}: {value} is none of {allowed}"] if allowed and value not in allowed else []


_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_HOLDS = {
    "testsuites": {"testsuite", "properties"},
    "testsuite": {"properties", "testcase"},
    "testcase": {*_OUTCOMES, "properties", "system-out"},
    "properties": {"property"},
}
_NEEDS = {"testsuite": {"name", "tests", *_OUTCOMES.values()}, "testcase": {"name", "classname"}, "property": {"name", "value"}}


def junit_faults(text: str) -> list[str]:
    """Return what is wrong with a report of cases by what its readers agree on: there is no official schema."""
    root = ElementTree.fromstring(text)
    found = [] if root.tag == "testsuites" else [f"{root.tag}: is no testsuites"]
    for one in root.iter():
        found += [f"{one.tag}: has no {name}" for name in sorted(_NEEDS.get(one.tag, set()) - one.attrib.keys())]
        found += [f"{one.tag}: holds {inner.tag}" for inner in one if inner.tag not in _HOLDS.get(one.tag, set())]
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        ends = [[inner.tag for inner in case if inner.tag in _OUTCOMES] for case in cases]
        counts = {"tests": len(cases)} | {many: sum(tag in end for end in ends) for tag, many in _OUTCOMES.items()}
        found += [f"testsuite: {name} is not {count}" for name, count in counts.items() if suite.get(name) != str(count)]
        found += [f"testcase: ends {' and '.join(end)}" for end in ends if len(end) > 1]
    return found
