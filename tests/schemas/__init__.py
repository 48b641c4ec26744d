"""Official schemas of the formats that we write, and what their validators leave out. README.md says where they come from."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

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
