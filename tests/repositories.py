"""Small policy repositories for tests: written from documents, analysed, judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any, NamedTuple

import yaml

from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.analyzer import Analyzer, logic_errors
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Block, Expr, Program
from perpend.language.syntax.repository import Repository

LOGIC = "/ce/policy/prod.logic.yaml"
SNAPSHOT = "2026-01-10T18:00:00Z"
NAMES = {"full": "A policy", "contextual": "Policy"}

_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Ended(NamedTuple):
    """How a program ended on an object."""

    index: int
    status: str
    text: str
    message: str
    error: str | None


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files below a root: texts as they are, without their indentation, everything else as JSON, which is YAML too."""
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        text = dedent(content).lstrip("\n") if isinstance(content, str) else yaml_text(content)
        place.write_text(text, "utf-8")
    return root


def yaml_text(content: Any) -> str:
    """Return a value as JSON that is YAML too: what YAML may not hold, or would fold, is escaped."""
    return _NOT_IN_YAML.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(content, ensure_ascii=False, indent=1))


def policy_files(logic: Any, **files: Any) -> dict[str, Any]:
    """Return the files of a repository with one policy, whose production logic is given."""
    return {
        "ce/folder.yaml": {"names": {"full": "Root", "contextual": "Root"}},
        "ce/policy/policy.yaml": {"names": NAMES, "description": "What it asks."},
        "ce/policy/prod.logic.yaml": logic,
        **files,
    }


def analyzer_of(root: Path, files: Mapping[str, Any]) -> Analyzer:
    """Return an analyzer over files written below a root."""
    return Analyzer(Repository(write(root, files)))


def program_of(analyzer: Analyzer, logic_id: str = LOGIC) -> Program:
    """Return a logic's program; fails with what is wrong where there is none."""
    program = analyzer.analyzed(logic_id).program
    assert program is not None, [found.message for found in logic_errors(analyzer, logic_id)]
    return program


def judged(program: Program, fields: Mapping[str, Any], snapshot_time: str = SNAPSHOT) -> Ended:
    """Return how a program ends on an object."""
    instant = date_time_from_text(snapshot_time)
    assert instant is not None
    index, error = Interpreter([program]).evaluate(fields, instant)[0]
    verdict = program.verdicts[index]
    return Ended(index, verdict.status.value, verdict.text, verdict.message, error)


def codes(analyzer: Analyzer, logic_id: str = LOGIC) -> list[str]:
    """Return the codes of what is wrong with a logic file and its imports, in order."""
    analyzed = analyzer.analyzed(logic_id)
    found = [*analyzer.repository.logic(logic_id).diagnostics, *analyzed.diagnostics]
    if not found:
        found += logic_errors(analyzer, logic_id)
    return [diagnostic.code for diagnostic in found]


def read_yaml(text: str) -> Any:
    """Return a YAML text's value, its indentation removed first."""
    return yaml.safe_load(dedent(text))


def logic(
    *checks: Any, input_type: str = "CA10__CaThing__c", statuses: Sequence[str] = (), otherwise: str = "COMPLIANT", **more: Any
) -> dict[str, Any]:
    """Return a logic document with a condition per check: INCOMPLIANT, or the given statuses in order."""
    wanted = [*statuses, *["INCOMPLIANT"] * (len(checks) - len(statuses))]
    return {
        "inputType": input_type,
        "conditions": [
            {"status": status, "currentStateMessage": f"condition {number}", "check": check}
            for number, (check, status) in enumerate(zip(checks, wanted, strict=True), 1)
        ],
        "otherwise": {"status": otherwise, "currentStateMessage": "the rest"},
        **more,
    }


@contextmanager
def temporary_analyzer(files: Mapping[str, Any]) -> Iterator[Analyzer]:
    """Yield an analyzer over files that exist as long as it is used."""
    with TemporaryDirectory(prefix="perpend-") as directory:
        yield analyzer_of(Path(directory), files)


def operations_of(block: Block) -> set[str]:
    """Return the names of the operations in a block, its extracts and related lists."""
    found: set[str] = set()
    pending: list[Expr] = [condition.expression for condition in block.conditions]
    while pending:
        one = pending.pop()
        found.add(one.operation.name)
        pending += one.operands
    return found.union(*map(operations_of, block.related.values()))
