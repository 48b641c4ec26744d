"""Policies in the repository format, written to a directory and loaded by Perpend itself.

A seed policy with the semantics of the engine study, and variants of it: one flag and one date with a window each. One more
reads a lookup and a related list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bench.inventory import DATES, DOCUMENT, FLAGS, USER
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import LIBRARY, Repository

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.language.program.program import Program

LIBRARY_SEED: Final = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key/prod.logic.yaml"
EXTRACTS: Final = f"/types/{USER}/report.extracts.yaml"
NULL_DATES: Final = ("N/A", "no_information")
NEVER_NULL: Final = "user_creation_time"
"""The date that every user has: where it is empty, the user is UNDETERMINED."""

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


def variant(number: int) -> tuple[str, str, int]:
    """Return the flag, the date and the days of a generated policy, counted from 1."""
    return FLAGS[number % len(FLAGS)], DATES[number % len(DATES)], 30 + number * 37 % 700


def programs_of(workload: str, directory: Path) -> list[Program]:
    """Return the programs of a workload, loaded and analysed from files."""
    if workload == "library":
        return [_program(Analyzer(Repository(LIBRARY)), LIBRARY_SEED)]
    write_repository(workload, directory)
    return compiled(workload, directory)


def compiled(workload: str, directory: Path) -> list[Program]:
    """Return the programs of a repository that was written before."""
    analyzer = Analyzer(Repository(directory, fallback=Repository(LIBRARY)))
    return [_program(analyzer, f"/ce/{name}/prod.logic.yaml") for name in _logic(workload)]


def _program(analyzer: Analyzer, logic_id: str) -> Program:
    analyzed = analyzer.analyzed(logic_id)
    if analyzed.program is None:
        raise SystemExit(f"{logic_id}: {[found.message for found in analyzed.diagnostics]}")
    return analyzed.program


def write_repository(workload: str, directory: Path) -> None:
    """Write the repository of a workload. JSON is YAML."""
    files: dict[str, Any] = {"ce/folder.yaml": {"names": _names("Policies")}, EXTRACTS[1:]: {"extracts": _extracts()}}
    for name, logic in _logic(workload).items():
        files[f"ce/{name}/policy.yaml"] = {"names": _names(name), "description": "Made for the bench."}
        files[f"ce/{name}/prod.logic.yaml"] = logic
    for path, content in files.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, indent=1), "utf-8")


def _names(name: str) -> dict[str, str]:
    return {"full": name, "contextual": name}


def _logic(workload: str) -> dict[str, Any]:
    if workload == "related":
        return {"related": _related()}
    return {"seed": _seed()} | {f"variant-{number:03d}": _variant(number) for number in range(1, int(workload))}


def _seed() -> dict[str, Any]:
    keys = FLAGS[2:4]
    both = {word: {"AND": {"args": [_is(key, expected=word == "true") for key in keys]}} for word in ("true", "false")}
    conditions = [("INAPPLICABLE", both["false"]), ("INCOMPLIANT", both["true"])]
    return _document(USER, conditions, "COMPLIANT")


def _variant(number: int) -> dict[str, Any]:
    flag, date, days = variant(number)
    old = {"IS_BEYOND_LAST_DAYS": {"arg": {"EXTRACT": date}, "offsetDays": days}}
    return _document(USER, [("INAPPLICABLE", _is(flag, expected=False)), ("INCOMPLIANT", old)], "COMPLIANT")


def _related() -> dict[str, Any]:
    links = "CA10__AWS_IAM_Policy_User_Links__r"
    account = {
        "IS_EQUAL": {"left": {"FIELD": {"path": "CA10__account__r.CA10__accountId__c"}}, "right": {"TEXT": "111111111110"}}
    }
    policy = {"FIELD": {"path": "CA10__policy__r.CA10__arn__c"}}
    child = {
        "status": "INCOMPLIANT",
        "currentStateMessage": "An administrator's policy.",
        "check": {"IS_EQUAL": {"left": policy, "right": {"TEXT": ADMINISTRATOR}}},
    }
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": links}}
    document = _document(USER, [("INAPPLICABLE", account), ("INCOMPLIANT", has)], "COMPLIANT")
    del document["importExtracts"]
    otherwise = {"status": "COMPLIANT", "currentStateMessage": "Another policy."}
    document["relatedLists"] = [{"relationshipName": links, "conditions": [child], "otherwise": otherwise}]
    return document


def _is(flag: str, *, expected: bool) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"EXTRACT": flag}, "right": {"BOOLEAN": expected}}}


def _document(input_type: str, conditions: list[tuple[str, Any]], otherwise: str) -> dict[str, Any]:
    return {
        "inputType": input_type,
        "importExtracts": [{"file": EXTRACTS}],
        "conditions": [
            {"status": status, "currentStateMessage": f"Condition {number}.", "check": check}
            | ({"remediationMessage": "Mend it."} if status == "INCOMPLIANT" else {})
            for number, (status, check) in enumerate(conditions, 1)
        ],
        "otherwise": {"status": otherwise, "currentStateMessage": "The rest."},
    }


def _extracts() -> list[dict[str, Any]]:
    field = {"FIELD": {"path": DOCUMENT, "returnType": "BYTES"}}
    checks = {"isEmpty": "The row is empty.", "isInvalid": "The row is no JSON."}
    found: list[dict[str, Any]] = [{"name": "report", "value": {"JSON_FROM": {"arg": field, "undeterminedIf": checks}}}]
    for flag in FLAGS:
        value = {"BOOLEAN_FROM": {"arg": _query(flag), "undeterminedIf": {"isEmpty": f"{flag} is empty."}}}
        found.append({"name": flag, "value": value})
    for date in DATES:
        checks = {"invalidFormat": f"{date} is no date."} | ({"isEmpty": "Empty."} if date == NEVER_NULL else {})
        read = {"arg": _query(date), "format": "ISO_8601", "nullValues": list(NULL_DATES), "undeterminedIf": checks}
        found.append({"name": date, "value": {"DATE_TIME_FROM": read}})
    return found


def _query(key: str) -> dict[str, Any]:
    checks = {"resultTypeMismatch": f"{key} is no text.", "evaluationError": f"{key} cannot be read."}
    return {"JSON_QUERY_TEXT": {"arg": {"EXTRACT": "report"}, "expression": key, "undeterminedIf": checks}}
