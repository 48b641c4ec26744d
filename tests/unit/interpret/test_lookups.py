"""Reading through lookups: parents that are null, gone, without Id, or no objects; extracts reached through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.ir.program import Program
from tests.repositories import analyzer_of, codes, judged, logic, policy_files, program_of

GONE = {"CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"}
NAME = {"FIELD": {"path": "owner__r.name"}}
IS_ANN = {"IS_EQUAL": {"left": NAME, "right": {"TEXT": "ann"}}}
THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": {"label": "T", "lookups": [{"name": "owner__r", "target": OWNER, "key": "owner__c"}]},
    f"types/{OWNER}/type.yaml": {"label": "O", "lookups": [{"name": "boss__r", "target": OWNER, "key": "boss__c"}]},
}
OWNER_EXTRACTS = """
    extracts:
      - name: config
        value:
          JSON_FROM:
            arg: {FIELD: {path: config__c, undeterminedIf: {noAccessDelegate: {path: access__c, currentStateMessage: denied}}}}
            undeterminedIf: {isInvalid: not JSON}
      - name: level
        value:
          JSON_QUERY_NUMBER:
            arg: {EXTRACT: config}
            expression: level
            undeterminedIf: {evaluationError: failed, resultTypeMismatch: no number}
"""
FILE = f"types/{OWNER}/object.extracts.yaml"
IMPORT = [{"file": f"/{FILE}"}]


def program(root: Path, check: Any, **more: Any) -> Program:
    return program_of(analyzer_of(root, policy_files(logic(check, **more), **TYPES, **{FILE: OWNER_EXTRACTS})))


@pytest.mark.parametrize(
    ("owner", "index"),
    [
        ({"Id": "o", "name": "Ann"}, 199),
        ({"Id": None, "name": "Ann"}, 199),
        ({"name": "bob"}, 200),
        ({"name": "ann", **GONE}, 200),
        ({"Id": None, "name": None}, 200),
        (None, 200),
    ],
)
def test_a_field_behind_a_lookup(tmp_path: Path, owner: Any, index: int) -> None:
    assert index == judged(program(tmp_path, IS_ANN), {"owner__r": owner}).index


def test_a_missing_parent_gives_null(tmp_path: Path) -> None:
    assert judged(program(tmp_path, {"IS_EMPTY": {"arg": NAME}}), {}).index == 199


def test_a_lookup_that_holds_no_object_is_unreadable(tmp_path: Path) -> None:
    assert (0, "owner__r is no object") == judged(program(tmp_path, IS_ANN), {"owner__r": "ann"})[0::4]
    deep = {"IS_EMPTY": {"arg": {"FIELD": {"path": "owner__r.boss__r.name"}}}}
    assert (0, "owner__r.boss__r is no object") == judged(program(tmp_path, deep), {"owner__r": {"boss__r": []}})[0::4]


@pytest.mark.parametrize(
    ("fields", "is_empty"),
    [
        ({}, True),
        ({"owner__r": None}, True),
        ({"owner__r": {"Id": None}}, True),
        ({"owner__r": {"Id": ""}}, True),
        ({"owner__r": {"name": "ann"}}, True),
        ({"owner__r": {"Id": "o", **GONE}}, True),
        ({"owner__r": {"Id": "o", "CA10__disappearanceTime__c": None}}, False),
        ({"owner__r": {"Id": "o"}}, False),
    ],
)
def test_when_a_lookup_is_empty(tmp_path: Path, fields: dict[str, Any], is_empty: bool) -> None:
    assert is_empty == (judged(program(tmp_path, {"IS_EMPTY_LOOKUP": "owner__r"}), fields).index == 199)
    assert is_empty == (judged(program(tmp_path, {"NOT_EMPTY_LOOKUP": "owner__r"}), fields).index == 200)


def test_a_lookup_is_empty_where_any_step_of_its_path_is(tmp_path: Path) -> None:
    asked = program(tmp_path, {"IS_EMPTY_LOOKUP": "owner__r.boss__r"})
    boss = {"Id": "b"}
    assert judged(asked, {"owner__r": {"Id": "o", "boss__r": boss}}).index == 200
    assert judged(asked, {"owner__r": {"Id": None, "boss__r": boss}}).index == 199
    assert judged(asked, {"owner__r": {"Id": "o", "boss__r": {**boss, **GONE}}}).index == 199
    assert judged(asked, {"owner__r": {"Id": "o", "boss__r": 1}}).error == "owner__r.boss__r is no object"


LEVEL = {"GREATER_THAN": {"left": {"EXTRACT": "owner__r.level"}, "right": {"NUMBER": 3}}}


@pytest.mark.parametrize(
    ("owner", "index"),
    [
        ({"access__c": "", "config__c": "{}"}, 101),
        ({"access__c": "y", "config__c": "{x"}, 102),
        ({"access__c": "y", "config__c": '{"level": "4"}'}, 103),
        ({"access__c": "y", "config__c": '{"level": 4}'}, 199),
        ({"access__c": "y", "config__c": '{"level": 3}'}, 200),
        (None, 101),
    ],
)
def test_an_extract_through_a_lookup_reads_the_object_reached(tmp_path: Path, owner: Any, index: int) -> None:
    assert index == judged(program(tmp_path, LEVEL, importExtracts=IMPORT), {"owner__r": owner, "access__c": "y"}).index


def test_check_texts_of_an_extract_behind_lookups_name_the_whole_path(tmp_path: Path) -> None:
    deep = {"GREATER_THAN": {"left": {"EXTRACT": "owner__r.boss__r.level"}, "right": {"NUMBER": 3}}}
    found = program(tmp_path, deep, importExtracts=IMPORT)
    assert {
        101: "owner__r.boss__r.config__c.delegatedTo(owner__r.boss__r.access__c).isEmpty()",
        102: "owner__r.boss__r.config__c.asJson().isInvalid()",
        103: "extract('config').jsonQueryText('level').isResultTypeMismatch()",
        104: "extract('config').jsonQueryText('level').isEvaluationFailed()",
        199: "extract('owner__r.boss__r.level') > number(3.0)",
    } == {index: verdict.text for index, verdict in found.verdicts.items() if 100 < index < 200}
    assert ["owner__r.boss__r.config__c"] == [read.path for read in found.reads]


def test_an_extract_is_looked_for_at_the_type_reached(tmp_path: Path) -> None:
    here = {"GREATER_THAN": {"left": {"EXTRACT": "level"}, "right": {"NUMBER": 3}}}
    analyzer = analyzer_of(tmp_path, policy_files(logic(here, importExtracts=IMPORT), **TYPES, **{FILE: OWNER_EXTRACTS}))
    assert ["A203"] == codes(analyzer)


def test_an_extract_that_is_used_twice_is_computed_once_and_stops_where_it_is_used(tmp_path: Path) -> None:
    both = {"OR": {"args": [{"AND": {"args": [{"FIELD": {"path": "on"}}, LEVEL]}}, LEVEL]}}
    found = program(tmp_path, both, importExtracts=IMPORT)
    broken = {"owner__r": {"access__c": "y", "config__c": "{x"}}
    assert judged(found, {"on": True, **broken}).index == 102
    assert judged(found, {"on": False, **broken}).index == 106
