"""The vectors of ``spec/``, and each file of them as a policy repository that was analysed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from perpend.core.values.values import date_time_from_text, json_from_text
from perpend.language.compiler.analyzer import Analyzed, Analyzer
from perpend.language.program.program import Program
from perpend.language.syntax.nodes import node_from_yaml, plain
from perpend.language.syntax.repository import Repository

SPEC = Path(__file__).parents[1] / "spec"
FILES = sorted(str(path.relative_to(SPEC)) for room in ("ops", "evaluation") for path in SPEC.glob(f"{room}/*.yaml"))
LIVES = sorted(str(path.relative_to(SPEC)) for path in SPEC.glob("life/*.yaml"))
TYPE = "CA10__CaVector__c"
SNAPSHOT = "2026-01-10T18:00:00Z"
OTHERWISE = {"status": "COMPLIANT", "currentStateMessage": "otherwise"}


@dataclass(frozen=True, slots=True)
class Case:
    """One program and the one object that it judges. ``snapshot`` is in milliseconds since 1970."""

    program: Program
    fields: dict[str, Any]
    snapshot: int


@cache
def vectors(file: str) -> list[dict[str, Any]]:
    diagnostics: list[Any] = []
    node = node_from_yaml((SPEC / file).read_text("utf-8"), file, diagnostics)
    assert [] == diagnostics
    assert node is not None
    found: list[dict[str, Any]] = plain(node)
    return found


def fields_of(vector: dict[str, Any]) -> dict[str, Any]:
    """Return a vector's object as it is read from JSON text."""
    found: dict[str, Any] = json_from_text(json.dumps(vector.get("object", {})))
    return found


@dataclass(slots=True)
class Written:
    """One vector file as a policy repository: a logic file per vector."""

    root: Path
    types: dict[str, Any] = field(default_factory=dict)
    extracts: int = 0

    def logic(self, number: int, vector: dict[str, Any]) -> str:
        for name, declared in vector.get("types", {}).items():
            assert self.types.setdefault(name, declared) == declared, f"{name} is declared in two ways"
            self.file(f"types/{name}/type.yaml", declared)
        checks = vector.get("conditions") or [vector["logic"]]
        root, body = ("inputObject", "condition") if vector.get("dialect") == "D1" else ("inputType", "check")
        document = {
            root: vector.get("type", TYPE),
            "conditions": [
                {
                    "status": "INCOMPLIANT",
                    "currentStateMessage": f"condition {place}",
                    "remediationMessage": "mend",
                    body: check,
                }
                for place, check in enumerate(checks, 1)
            ],
            "otherwise": vector.get("otherwise", OTHERWISE),
            **{key: vector[key] for key in ("extracts", "recordTypes", "relatedLists") if key in vector},
        }
        self.file(f"ce/v{number}.logic.yaml", self.block(document))
        return f"/ce/v{number}.logic.yaml"

    def block(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a block with its extracts moved to files and imported."""
        found = {key: value for key, value in written.items() if key != "extracts"}
        imports = []
        for name, extracts in written.get("extracts", {}).items():
            self.extracts += 1
            path = f"types/{name}/e{self.extracts}.extracts.yaml"
            self.file(path, {"extracts": extracts})
            imports.append({"file": f"/{path}"})
        if imports:
            found["importExtracts"] = imports
        if "relatedLists" in found:
            found["relatedLists"] = [self.block(one) for one in found["relatedLists"]]
        return found

    def file(self, path: str, content: Any) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


@cache
def analyzed(file: str, share: int = 1) -> list[tuple[Analyzed, frozenset[str]]]:
    """Return every vector of a file after analysis, or one of ``share``, with the codes of what is wrong with it."""
    with TemporaryDirectory() as directory:
        written = Written(Path(directory))
        ids = [written.logic(number, vector) for number, vector in enumerate(vectors(file)[::share])]
        repository = Repository(directory)
        analyzer = Analyzer(repository)
        found = []
        for logic_id in ids:
            result = analyzer.analyzed(logic_id)
            diagnostics = [*repository.logic(logic_id).diagnostics, *result.diagnostics]
            for extracts_id in imports(analyzer, logic_id):
                diagnostics += [*repository.extracts(extracts_id).diagnostics, *analyzer.extract_diagnostics(extracts_id)]
            found.append((result, frozenset(diagnostic.code for diagnostic in diagnostics)))
        return found


def by_form(cases: Sequence[Case]) -> list[list[int]]:
    """Return the places of cases in groups that one plan can judge: those of objects of one form, of one type and time.

    The table's columns are those that each of them makes alone, but for columns that only others read.
    """
    groups: defaultdict[tuple[Any, str, int], list[int]] = defaultdict(list)
    for place, case in enumerate(cases):
        groups[_form(case.fields), case.program.input_type, case.snapshot].append(place)
    return [*groups.values()]


def _form(value: Any) -> Any:
    """Return what makes tables keep a value in another way than others: its type, and what its text looks like."""
    match value:
        case dict():
            return frozenset((name, _form(one)) for name, one in value.items())
        case list():
            return frozenset(map(_form, value)), bool(value)
        case str():
            return value[:1] in ("{", "["), value.isascii(), value.isprintable()
    return type(value)


def imports(analyzer: Analyzer, logic_id: str) -> list[str]:
    logic = analyzer.repository.logic(logic_id).value
    return [reference.value for reference in logic.block.imports] if logic else []


def snapshot(vector: dict[str, Any]) -> int:
    instant = date_time_from_text(vector.get("snapshotTime", SNAPSHOT))
    assert instant is not None
    return instant


def shown(program: Program, index: int, error: str | None, keys: Iterable[str]) -> dict[str, Any]:
    """Return how a program ended, by the keys of what a vector expects."""
    verdict = program.verdicts[index]
    found = {
        "value": {199: True, 200: False}.get(index),
        "index": index,
        "status": verdict.status.value,
        "text": verdict.text,
        "error": error is not None,
    }
    return {key: found[key] for key in keys}
