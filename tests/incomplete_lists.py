"""Objects whose child list may hold more objects than the known ones, and how checks of the list end: on every engine."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from perpend.core.objects.claims import NOT_IN_FULL
from perpend.core.values.partial_object import PartialObject
from perpend.language.interpreter.interpreter import EvaluationOutcome
from perpend.language.program.program import Program
from tests.repositories import logic, policy_files, program_of, temporary_analyzer

LIST, OWNER = "CA10__Disks__r", "CA10__owner__r"
REASON = f"{NOT_IN_FULL}eu-west-1 was denied"
_SIZE = "CA10__size__c"
_BAD, _GOOD, _UNREAD = {"Id": "b", _SIZE: None}, {"Id": "g", _SIZE: "1"}, {"Id": "u"}
_GONE = {**_BAD, "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"}
_TRUE, _FALSE, _UNKNOWN = 199, 200, 0

CHILDREN: dict[str, tuple[list[dict[str, Any]], dict[str, int]]] = {
    # children, and by status how RELATED_LIST_HAS ends
    "none": ([], {"INCOMPLIANT": _UNKNOWN, "COMPLIANT": _UNKNOWN, "UNDETERMINED": _UNKNOWN}),
    "a bad one": ([_BAD], {"INCOMPLIANT": _TRUE, "COMPLIANT": _UNKNOWN, "UNDETERMINED": _UNKNOWN}),
    "a good one": ([_GOOD], {"INCOMPLIANT": _UNKNOWN, "COMPLIANT": _TRUE, "UNDETERMINED": _UNKNOWN}),
    "both": ([_GOOD, _BAD], {"INCOMPLIANT": _TRUE, "COMPLIANT": _TRUE, "UNDETERMINED": _UNKNOWN}),
    "an unreadable one": ([_UNREAD], {"INCOMPLIANT": _UNKNOWN, "COMPLIANT": _UNKNOWN, "UNDETERMINED": _TRUE}),
    "a bad and an unreadable one": ([_UNREAD, _BAD], {"INCOMPLIANT": _TRUE, "COMPLIANT": _UNKNOWN, "UNDETERMINED": _TRUE}),
    "one that has disappeared": ([_GONE], {"INCOMPLIANT": _UNKNOWN, "COMPLIANT": _UNKNOWN, "UNDETERMINED": _UNKNOWN}),
}
_OPPOSITE = {_TRUE: _FALSE, _FALSE: _TRUE, _UNKNOWN: _UNKNOWN}


class Asked(NamedTuple):
    """A program, the objects that it evaluates, and the indexes of their outcomes."""

    program: Program
    objects: list[PartialObject]
    indexes: list[int]


def cases() -> list[Asked]:
    """Return one program for each operation on lists and status, over the objects of all :data:`CHILDREN`."""
    found = []
    for path, status in product((LIST, f"{OWNER}.{LIST}"), ("INCOMPLIANT", "COMPLIANT", "UNDETERMINED")):
        ends = [ends[status] for _, ends in CHILDREN.values()]
        for operation in ("RELATED_LIST_HAS", "RELATED_LIST_HAS_NO", "RELATED_LIST_COUNT"):
            check: Any = {operation: {"status": status, "relationshipName": path}}
            expected = [_OPPOSITE[end] for end in ends] if operation.endswith("NO") else ends
            if operation.endswith("COUNT"):
                check, expected = {"GREATER_THAN": {"left": check, "right": {"NUMBER": 0}}}, [_UNKNOWN] * len(ends)
            objects = [_holding(children, path) for children, _ in CHILDREN.values()]
            found.append(Asked(_program(check, path), objects, expected))
    return found


def _holding(children: list[dict[str, Any]], path: str) -> PartialObject:
    owner = PartialObject({"Id": "o"}, {LIST: REASON}, incomplete={LIST: children})
    return owner if path == LIST else PartialObject({"Id": "t", OWNER: owner}, {})


def _program(check: Any, path: str) -> Program:
    disks = {
        "relationshipName": path,
        "conditions": [
            {"status": "INCOMPLIANT", "currentStateMessage": "bad", "check": {"IS_EMPTY": {"arg": {"FIELD": {"path": _SIZE}}}}}
        ],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": "good"},
    }
    with temporary_analyzer(policy_files(logic(check, relatedLists=[disks]))) as analyzer:
        return program_of(analyzer)


def error_of(path: str) -> EvaluationOutcome:
    """Return the outcome of an object whose list could hold the answer."""
    return _UNKNOWN, f"{path} {REASON}"
