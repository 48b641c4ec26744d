"""The smallest change of one value that changes a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.evaluation.explain.steps import Explanation
from tests.repositories import write
from tests.unit.evaluation.explain.explanations import FLAG, MFA, explained
from tests.unit.evaluation.verdicts.evaluate_objects import THING, thing


def change(found: Explanation) -> tuple[str, str, str, str] | None:
    one = found.change
    return one and (one.place.column or one.place.field, one.before, one.after, one.status.value)


def test_the_smallest_change_of_a_text(tmp_path: Path) -> None:
    assert ("flag", '"true"', '"false"', "COMPLIANT") == change(explained(tmp_path, thing("a", flag="true"), FLAG))


def test_true_and_false_are_nearest_to_each_other(tmp_path: Path) -> None:
    on = {"IS_EQUAL": {"left": {"FIELD": {"path": "flag"}}, "right": {"TEXT": "true"}}}
    other = {"IS_EQUAL": {"left": {"FIELD": {"path": "other"}}, "right": {"TEXT": "N/A"}}}
    found = explained(tmp_path, thing("a", flag="true", other="n"), {"AND": {"args": [{"NOT": {"arg": other}}, on]}})
    assert ("flag", '"true"', '"false"', "COMPLIANT") == change(found)


def test_the_smallest_change_of_a_number_crosses_the_limit(tmp_path: Path) -> None:
    check = {"LESS_THAN": {"left": {"FIELD": {"path": "days"}}, "right": {"NUMBER": 7}}}
    assert ("days", "3", "7", "COMPLIANT") == change(explained(tmp_path, thing("a", days=3), check))
    assert ("days", "9", "6", "INCOMPLIANT") == change(explained(tmp_path, thing("a", days=9), check))


def test_the_smallest_change_of_a_date_crosses_the_day(tmp_path: Path) -> None:
    check = {"IS_BEYOND_LAST_DAYS": {"arg": {"FIELD": {"path": "seen"}}, "offsetDays": 3}}
    found = change(explained(tmp_path, thing("a", seen="2025-01-01T00:00:00Z"), check))
    assert found is not None
    assert ("seen", "COMPLIANT") == (found[0], found[3])
    assert found[2].startswith('"2026-01-0')


def test_the_smallest_change_inside_a_document(tmp_path: Path) -> None:
    found = change(explained(tmp_path, thing("a", doc='{"mfa_active": "false", "x": 1}'), MFA))
    assert found is not None
    assert ("mfa_active", '"false"', "COMPLIANT") == (found[0], found[1], found[3])


def test_a_key_inside_a_document_changes_before_the_whole_document_does(tmp_path: Path) -> None:
    filled = {"NOT_EMPTY": {"arg": {"FIELD": {"path": "doc"}}}}
    found = explained(tmp_path, thing("a", doc='{"mfa_active": "false"}'), {"AND": {"args": [filled, MFA]}})
    assert found.change is not None
    assert "mfa_active" == found.change.place.column


def test_of_an_undetermined_object_the_change_that_makes_it_compliant_comes_first(tmp_path: Path) -> None:
    assert ("flag", "null", '"false"', "COMPLIANT") == change(explained(tmp_path, thing("a"), FLAG))


def test_a_verdict_that_no_field_can_turn_has_no_change(tmp_path: Path) -> None:
    write(tmp_path, {f"types/{THING}/type.yaml": {"label": "T", "deletionField": "none"}})
    assert explained(tmp_path, thing("a"), {"BOOLEAN": True}).change is None


@pytest.mark.parametrize(
    ("kind", "check", "value", "after"),
    [
        ("checkbox", {"FIELD": {"path": "flag"}}, "true", "false"),
        ("checkbox", {"NOT": {"arg": {"FIELD": {"path": "flag"}}}}, 1, "true"),
        ("number", {"LESS_THAN": {"left": {"FIELD": {"path": "flag"}}, "right": {"NUMBER": 7}}}, "9", "7"),
        ("text", {"IS_EQUAL": {"left": {"FIELD": {"path": "flag"}}, "right": {"TEXT": "on"}}}, True, '"true"'),
    ],
)
def test_a_value_of_the_wrong_form_is_mended_by_one_of_the_right_form(
    tmp_path: Path, kind: str, check: object, value: object, after: str
) -> None:
    fields = [{"name": "flag", "type": kind, "label": "Flag"}]
    write(tmp_path, {f"types/{THING}/type.yaml": {"label": "T", "deletionField": "none", "fields": fields}})
    found = explained(tmp_path, thing("a", flag=value), check)
    assert (0, "COMPLIANT") == (found.finding.condition_index, (change(found) or ("",) * 4)[3])
    assert after == (change(found) or ("",) * 4)[2]


def test_a_value_that_would_make_the_object_unreadable_is_no_change(tmp_path: Path) -> None:
    assert explained(tmp_path, thing("a"), {"BOOLEAN": True}).change is None


def test_what_was_not_collected_is_not_said_to_be_null(tmp_path: Path) -> None:
    missing, null = (explained(tmp_path / name, thing("a", **more), FLAG) for name, more in (("m", {}), ("n", {"flag": None})))
    assert missing.change is not None
    assert null.change is not None
    assert (False, "null", True) == (missing.change.collected, missing.change.before, null.change.collected)
