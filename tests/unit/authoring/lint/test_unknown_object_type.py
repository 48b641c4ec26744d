"""Input types that nothing else knows, and names of fields that a catalogue does not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.type_names import misspelt_types
from perpend.language.syntax.repository import open_repository
from tests.repositories import logic, policy_files, write
from tests.unit.authoring.lint.linted import TYPE, equal, field, found

CATALOGUE = json.dumps(
    [{"apiName": TYPE, "fields": [{"apiName": "CA10__name__c"}, {"apiName": "o__c", "relationshipName": "o__r"}]}]
)
POLICY = {"names": {"full": "O", "contextual": "O"}, "description": "What it asks."}
MISSPELT = "CA10__CaThig__c"


def said(root: Path, type_name: str, files: dict[str, Any]) -> list[str | None]:
    diagnostics = found(root, "A312", logic(input_type=type_name), files)
    assert [f"unknown object type `{type_name}`"] * len(diagnostics) == [one.message for one in diagnostics]
    return [one.help for one in diagnostics]


@pytest.mark.parametrize(
    "files",
    [
        {"types/types.json": CATALOGUE},
        {f"types/{TYPE}/o.extracts.yaml": {"extracts": []}},
        {f"types/{TYPE}/type.yaml": {"label": "Thing"}},
        {
            f"ce/{name}/{file}": content
            for name in "op"
            for file, content in (("policy.yaml", POLICY), ("prod.logic.yaml", logic()))
        },
    ],
)
def test_a_misspelt_type_is_told_with_the_nearest(tmp_path: Path, files: dict[str, Any]) -> None:
    assert [f"did you mean `{TYPE}`?"] == said(tmp_path, MISSPELT, files)


@pytest.mark.parametrize("type_name", [TYPE, "CA10__CaThingEntry__c", "Other__c"])
def test_known_types_and_those_near_nothing_are_silent(tmp_path: Path, type_name: str) -> None:
    assert [] == said(tmp_path, type_name, {"types/types.json": CATALOGUE})


def test_a_type_of_the_library_is_known(tmp_path: Path) -> None:
    for name, near in (("CA10__CaAwsUser__c", False), ("CA10__CaAwsUsr__c", True)):
        repository = open_repository(write(tmp_path / name, policy_files(logic(input_type=name))))
        assert near is bool(misspelt_types(repository, ["/ce/policy/prod.logic.yaml"]))


def test_names_that_a_catalogue_does_not_have_are_told(tmp_path: Path) -> None:
    checks = [equal(field("CA10__nam__c"), "x"), equal(field("o__r.CA10__name__c"), "x"), equal(field("p__r.Id"), "x")]
    diagnostics = found(tmp_path, "A307", logic(*checks), {"types/types.json": CATALOGUE})
    assert [
        (f"the catalogue of object types has no field `CA10__nam__c` of `{TYPE}`", "did you mean `CA10__name__c`?"),
        (f"the catalogue of object types has no lookup `p__r` of `{TYPE}`", "did you mean `o__r`?"),
    ] == [(one.message, one.help) for one in diagnostics]


@pytest.mark.parametrize("path", ["o__r.Id", "x__r.Id", "CreatedDate", "RecordType.DeveloperName"])
def test_what_a_catalogue_need_not_name_is_not_told(tmp_path: Path, path: str) -> None:
    own = {"fields": [{"apiName": "x__c"}, {"apiName": "y__c", "relationshipName": "o"}]}
    assert [] == found(tmp_path, "A307", logic(equal(field(path), "x")), {f"types/{TYPE}/type.json": json.dumps(own)})


def test_types_that_differ_in_a_short_word_may_both_exist_unless_a_catalogue_lists_all(tmp_path: Path) -> None:
    known = {"types/CA10__CaAwsVpc__c/type.yaml": {"label": "VPC"}}
    assert [] == said(tmp_path / "1", "CA10__CaAwsVpn__c", known)
    listed = {"types/types.json": json.dumps([{"apiName": "CA10__CaAwsVpc__c", "fields": []}])}
    assert ["did you mean `CA10__CaAwsVpc__c`?"] == said(tmp_path / "2", "CA10__CaAwsVpn__c", listed)


@pytest.mark.parametrize("fields", [None, [], [{"apiName": "CA10__name__c"}, {"label": "nameless"}]])
def test_a_catalogue_that_does_not_name_every_field_tells_no_misspelt_one(tmp_path: Path, fields: Any) -> None:
    entry = {"apiName": TYPE} if fields is None else {"apiName": TYPE, "fields": fields}
    files = {"types/types.json": json.dumps([entry])}
    assert [] == found(tmp_path / "fields", "A307", logic(equal(field("CA10__nam__c"), "x")), files)
    assert [f"did you mean `{TYPE}`?"] == said(tmp_path / "types", MISSPELT, files)


def test_a_former_name_means_the_type_and_is_told(tmp_path):
    diagnostics = found(tmp_path, "A312", logic(input_type="CA10__CaAwsIamRole__c"))
    assert ["`CA10__CaAwsIamRole__c` is now called `CA10__CaAwsRole__c`"] == [one.message for one in diagnostics]
    declaration = {"label": "Own Role", "lookups": [{"name": "o__r", "target": "CA10__CaAwsIamRole__c", "key": "o__c"}]}
    write(tmp_path, {"types/CA10__CaAwsIamRole__c/type.yaml": declaration})
    repository = open_repository(tmp_path)
    declared = repository.declared_type("CA10__CaAwsRole__c")
    assert declared and declared == repository.declared_type("CA10__CaAwsIamRole__c")
    assert ("Own Role", "CA10__CaAwsRole__c") == (declared.label, declared.lookups["o__r"].target)
    logics = [found.value for found in map(repository.logic, repository.logic_ids) if found.value]
    assert {"CA10__CaAwsRole__c"} == {one.input_type.value for one in logics}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AWS EBS Volume", "write `CA10__CaAwsVolume__c`"),
        ("aws ebs volume", "write `CA10__CaAwsVolume__c`"),
        ("Two Things", "write `CA10__CaOneThing__c` or `CA10__CaOtherThing__c`"),
        ("No Such Label", None),
    ],
)
def test_a_label_is_no_input_type(tmp_path: Path, written: str, meant: str | None) -> None:
    files = {f"types/CA10__Ca{name}Thing__c/type.yaml": {"label": "Two Things"} for name in ("One", "Other")}
    flags = found(tmp_path, "A221", logic(input_type=written), files)
    assert ([] if meant is None else [(meant, "error")]) == [(flag.help, flag.severity.value) for flag in flags]
    assert (meant is None) is (Analyzer(open_repository(tmp_path)).analyzed("/ce/policy/prod.logic.yaml").program is not None)
