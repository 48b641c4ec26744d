"""What programs read of objects: fields, keys of lookups that are asked about, deletion fields on every way, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.core.schema.shred import RequiredFields
from perpend.language.program.required_columns import required_fields
from tests.repositories import analyzer_of, logic, policy_files, program_of, read_yaml

THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
GONE = "CA10__disappearanceTime__c"
TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": {"label": "T", "lookups": [{"name": "owner__r", "target": OWNER, "key": "owner__c"}]},
    f"types/{OWNER}/type.yaml": {"label": "O", "deletionField": "none"},
    f"types/{OWNER}/e.extracts.yaml": {"extracts": [{"name": "e", "value": {"FIELD": {"path": "boss__r.name"}}}]},
}


def wanted(root: Path, check: str, **more: Any) -> RequiredFields:
    return required_fields([program_of(analyzer_of(root, policy_files(logic(read_yaml(check), **more), **TYPES)))])


def shown(found: RequiredFields) -> Any:
    """Return values, then what is wanted behind each relation."""
    below = {name: shown(one) for name, one in (*found.lookups.items(), *found.children.items())}
    return (sorted(found.values), below) if below else sorted(found.values)


def test_a_field_and_what_says_whether_its_object_has_disappeared(tmp_path: Path) -> None:
    assert [GONE, "a"] == shown(wanted(tmp_path, "IS_EMPTY: {arg: {FIELD: {path: a}}}"))


def test_a_lookup_is_wanted_with_its_own_deletion_field_where_its_type_has_one(tmp_path: Path) -> None:
    found = wanted(tmp_path, "IS_EMPTY: {arg: {FIELD: {path: owner__r.name}}}")
    assert ([GONE], {"owner__r": ["name"]}) == shown(found)
    assert OWNER == found.lookups["owner__r"].object_type.name
    found = wanted(tmp_path / "undeclared", "IS_EMPTY: {arg: {FIELD: {path: other__r.name}}}")
    assert ([GONE], {"other__r": ["name"]}) == shown(found), (
        "whatever says that one of no known type is gone is taken as it comes"
    )


def test_a_lookup_that_is_asked_about_is_known_by_its_id(tmp_path: Path) -> None:
    found = wanted(tmp_path, "IS_EMPTY_LOOKUP: owner__r.boss__r")
    assert ([GONE], {"owner__r": (["Id"], {"boss__r": ["Id"]})}) == shown(found)


def test_a_field_that_says_why_another_could_not_be_read(tmp_path: Path) -> None:
    delegate = "{noAccessDelegate: {path: owner__r.access, currentStateMessage: m}}"
    found = wanted(tmp_path, f"IS_EMPTY: {{arg: {{FIELD: {{path: a, undeterminedIf: {delegate}}}}}}}")
    assert ([GONE, "a"], {"owner__r": ["access"]}) == shown(found)


def test_an_extract_behind_a_lookup_reads_from_there(tmp_path: Path) -> None:
    imports = [{"file": f"/types/{OWNER}/e.extracts.yaml"}]
    found = wanted(tmp_path, "IS_EMPTY: {arg: {EXTRACT: owner__r.e}}", importExtracts=imports)
    assert ([GONE], {"owner__r": ([], {"boss__r": ["name"]})}) == shown(found)


def test_record_types_and_related_lists_are_read_of_other_objects(tmp_path: Path) -> None:
    block = logic({"IS_EMPTY": {"arg": {"FIELD": {"path": "b"}}}})
    parts = {"relationshipName": "owner__r.Parts__r", "conditions": block["conditions"], "otherwise": block["otherwise"]}
    check = "RELATED_LIST_HAS: {status: INCOMPLIANT, relationshipName: owner__r.Parts__r}"
    found = wanted(tmp_path, check, relatedLists=[parts], recordTypes=["A"])
    assert ([GONE], {"RecordType": ["DeveloperName"], "owner__r": ([], {"Parts__r": ["b"]})}) == shown(found)
    assert ["Parts__r"] == list(found.lookups["owner__r"].children)


def test_several_programs_want_what_any_of_them_wants(tmp_path: Path) -> None:
    programs = [
        program_of(analyzer_of(tmp_path / name, policy_files(logic({"IS_EMPTY": {"arg": {"FIELD": {"path": name}}}}))))
        for name in ("a", "owner__r.b")
    ]
    assert ([GONE, "a"], {"owner__r": ["b"]}) == shown(required_fields(programs))
    assert [] == shown(required_fields([]))
