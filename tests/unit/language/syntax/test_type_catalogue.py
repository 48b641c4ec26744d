"""Catalogues of object types: which names they know, and what is no catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.language.syntax.repository import CataloguedType, NotARepository, Repository, is_root
from tests.repositories import write

THING = "CA10__CaThing__c"
ENTRY = {
    "apiName": THING,
    "label": "Thing",
    "fields": [
        {"apiName": "CA10__name__c", "label": "Name"},
        {"apiName": "CA10__owner__c", "label": "Owner", "relationshipName": "CA10__owner__r"},
        {"label": "nameless"},
        "odd",
    ],
}
KNOWN = CataloguedType(
    "Thing", frozenset({"CA10__name__c", "CA10__owner__c"}), frozenset({"CA10__name__r", "CA10__owner__r"}), False
)


def repository(root: Path, files: dict[str, Any]) -> Repository:
    return Repository(write(root, {"ce/folder.yaml": {"names": {"full": "F", "contextual": "F"}}, **files}))


@pytest.mark.parametrize("document", [[ENTRY], {"types": [ENTRY, {"no": "name"}, 5]}, ENTRY])
def test_the_catalogue_of_all_types_is_read(tmp_path: Path, document: Any) -> None:
    found = repository(tmp_path, {"types/types.json": json.dumps(document)})
    assert {THING: KNOWN} == found.catalogue.value
    assert () == found.catalogue.diagnostics
    assert THING in found.known_types


def test_a_type_of_its_own_directory_wins_and_needs_no_name(tmp_path: Path) -> None:
    own = {"fields": [{"apiName": "only__c"}]}
    found = repository(tmp_path, {f"types/{THING}/type.json": json.dumps(own), "types/types.json": json.dumps([ENTRY])})
    assert {THING: CataloguedType(THING, frozenset({"only__c"}), frozenset({"only__r"}), True)} == found.catalogue.value


@pytest.mark.parametrize("document", [5, None, "text", {"types": 5}, {"no": "name"}, {"apiName": 5, "fields": []}])
def test_json_of_another_shape_knows_no_type(tmp_path: Path, document: Any) -> None:
    assert {} == repository(tmp_path, {"types/types.json": json.dumps(document)}).catalogue.value


def test_a_catalogue_is_bounded(tmp_path: Path) -> None:
    found = repository(tmp_path, {"types/types.json": "[" + "[]," * 1_000_000 + "[]]"}).catalogue
    assert ({}, ["the file holds more than 1,000,000 values"]) == (found.value, [one.message for one in found.diagnostics])


@pytest.mark.parametrize("text", ["{", '{"a":1,"a":2}', "[NaN]", "[" * 300 + "]" * 300])
def test_what_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    found = repository(tmp_path, {"types/types.json": text})
    assert ["types/types.json"] == [one.span.path for one in found.catalogue.diagnostics]
    assert found.catalogue.diagnostics[0] in found.diagnostics()


def test_a_root_is_known_by_its_mark_or_by_what_it_holds(tmp_path: Path) -> None:
    for name in ("marked", "holding", "neither"):
        (tmp_path / name).mkdir()
    (tmp_path / "marked" / "root.yaml").write_text("", "utf-8")
    (tmp_path / "holding" / "types").mkdir()
    assert [True, True, False] == [is_root(tmp_path / name) for name in ("marked", "holding", "neither")]
    assert () == Repository(tmp_path / "marked").policy_ids
    with pytest.raises(NotARepository):
        Repository(tmp_path / "neither")
