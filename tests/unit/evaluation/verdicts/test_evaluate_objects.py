"""Engines agree with the interpreter, contradictions cannot pass, and all objects share the day of the run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.object_types import TypesDiffer
from perpend.evaluation.verdicts.selection import Selection
from tests.reference import evaluate_objects
from tests.repositories import NAMES, analyzer_of, logic, policy_files, program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, findings, inventory, thing

OTHER = "CA10__CaOther__c"
ON = {"FIELD": {"path": "on"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
FILES: dict[str, Any] = {
    "ce/a/prod.logic.yaml": logic(
        ON,
        {
            "JSON_QUERY_BOOLEAN": {
                "arg": DOCUMENT,
                "expression": "on",
                "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"},
            }
        },
    ),
    "ce/b/prod.logic.yaml": logic(ON, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic(OLD),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
DAY = datetime(2026, 1, 10, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("readings", "status"),
    [
        ([True, True], "INCOMPLIANT"),
        ([True, False], "UNDETERMINED"),
        ([False, True], "UNDETERMINED"),
        ([False, False], "UNDETERMINED"),
        ([True, True, False], "UNDETERMINED"),
        ([True, True, True], "INCOMPLIANT"),
        ([True, "odd"], "UNDETERMINED"),
        ([True, None], "UNDETERMINED"),
    ],
)
def test_contradicting_readings_are_incompliant_only_where_all_are(tmp_path: Path, readings: list[Any], status: str) -> None:
    rivals = [thing("a", f"{number}.csv", number, on=on, number=number) for number, on in enumerate(readings)]
    judged = thing("a", "0.csv", 0, on=readings[0], number=0, variants=tuple(rivals[1:]))
    found = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert status == found.status
    if status == "UNDETERMINED":
        assert (0, "isUnreadable()") == (found.condition_index, found.condition_text)
        assert found.current_state_message.startswith("sources contradict each other about ")
        assert found.runtime_error == found.current_state_message


def test_a_contradiction_names_the_keys_that_differ_and_the_places(tmp_path: Path) -> None:
    rival = thing("a", "b.csv", 7, doc='{"x": 1, "y": 2, "z": 3}', on=False)
    judged = thing("a", "a.csv", 3, doc='{"x": 1, "y": 5}', on=False, variants=(rival,))
    found = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert "sources contradict each other about y, z (a.csv:3, b.csv:7)" == found.current_state_message


def test_a_contradiction_about_many_fields_names_some(tmp_path: Path) -> None:
    rivals = tuple(thing("a", f"{n}.csv", n, **{f"f{m}": n for m in range(9)}) for n in range(1, 9))
    judged = thing("a", "0.csv", 9, on=False, **{f"f{m}": "[" for m in range(9)}, variants=rivals)
    message = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"].current_state_message
    assert "about f0, f1, f2, f3, f4, f5 and 4 more (0.csv:9, 1.csv:1, 2.csv:2, 3.csv:3, 4.csv:4, 5.csv:5)" in message


def mixed(root: Path, *types: dict[str, Any]) -> Selection:
    """Return one policy of each of several repositories that differ in what they declare."""
    files = policy_files(logic({"IS_EQUAL": {"left": {"FIELD": {"path": "o__r.name"}}, "right": {"TEXT": "x"}}}))
    analyzers = [analyzer_of(root / str(number), {**files, **declared}) for number, declared in enumerate(types)]
    return Selection(tuple(program_of(analyzer) for analyzer in analyzers))


def test_policies_are_not_judged_by_what_another_repository_declares(tmp_path: Path) -> None:
    """A missing deletion field of a lookup's target says nothing of a type that is declared, or of one that is not."""
    way = {"label": "Thing", "lookups": [{"name": "o__r", "target": OTHER, "key": "o__c"}]}
    declared = {f"types/{THING}/type.yaml": way, f"types/{OTHER}/type.yaml": {"label": "Other", "deletionField": "none"}}
    undeclared = {f"types/{THING}/type.yaml": way}
    gone = thing("a", o__c="1", o__r={"Id": "1", "name": "x", "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"})
    for one, status in ((declared, "INCOMPLIANT"), (undeclared, "COMPLIANT")):
        agreed = evaluate_objects(inventory(gone), mixed(tmp_path / status, one, one), snapshot_time=DAY)
        assert [status] * 2 == [finding.status.value for finding in agreed.findings()]
    with pytest.raises(TypesDiffer, match=f"declare {OTHER} differently"):
        evaluate_objects(inventory(gone), mixed(tmp_path, declared, undeclared), snapshot_time=DAY)
