"""What people write for entities, types and sections, and what the repository calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.names import (
    DeclaredTypes,
    UnknownName,
    did_you_mean,
    entity_id,
    find_section,
    find_type,
    match_ids,
    newest,
    printable,
    printed_number,
)
from perpend.language.syntax.repository import Repository
from tests.repositories import write

IDS = ["/ce/a/one", "/ce/a/two", "/ce/b/one", "/ce/b/three"]


def kind(label: str) -> dict[str, Any]:
    return {"label": label, "fields": {}}


def section(name: str) -> dict[str, str]:
    return {"name": name, "description": ""}


FILES = {
    "types/Acme__User__c/type.yaml": kind("Acme User"),
    "types/Acme__Rôle__c/type.yaml": kind("Rôle, or: group"),
    "types/Acme__Twin1__c/type.yaml": kind("Twin"),
    "types/Acme__Twin2__c/type.yaml": kind("twin"),
    "types/Acme__Near1__c/type.yaml": kind("Near By"),
    "types/Acme__Near2__c/type.yaml": kind("Near-By"),
    "types/Acme__Signs__c/type.yaml": kind("???"),
    "types/types.json": "[]",
    "frameworks/f-v2.0/section.yaml": section("F 2"),
    "frameworks/f-v10.0/section.yaml": section("F 10"),
    "frameworks/f-v10.0/01/section.yaml": section("1 One"),
    "frameworks/f-v10.0/01/02/section.yaml": section("1.2 Two"),
    "frameworks/f-v10.0/01/03/section.yaml": section("AC-3. Three"),
    "frameworks/f-v10.0/01/04/section.yaml": section("Words"),
    "frameworks/f-v10.0/02/section.yaml": section("9 Twice"),
    "frameworks/f-v10.0/03/section.yaml": section("9 Again"),
    "frameworks/f-extra-v11/section.yaml": section("Another"),
}
TOP = "/frameworks/f-v10.0"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(write(tmp_path, FILES))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/ce/a/one", ["/ce/a/one"]),
        ("ce\\a\\one/", ["/ce/a/one"]),
        ("one", ["/ce/a/one", "/ce/b/one"]),
        ("*t*", ["/ce/a/two", "/ce/b/three"]),
        ("/ce/b", ["/ce/b/one", "/ce/b/three"]),
    ],
)
def test_names_mean_ids(name: str, expected: list[str]) -> None:
    assert expected == match_ids([name], IDS, "policy")


def test_no_name_means_all_and_an_unknown_one_is_told_with_the_nearest() -> None:
    assert IDS == match_ids([], IDS, "policy")
    with pytest.raises(UnknownName, match=r"^unknown policy 'thre' \(did you mean 'three'\?\)$"):
        match_ids(["thre"], IDS, "policy")
    assert ("", "/a/b", "a\\nb") == (did_you_mean("zzzzzz", IDS), entity_id("a//b/"), printable("a\nb"))


@pytest.mark.parametrize(
    "name", ["Acme__User__c", "Acme User", "acme user", " ACME USER ", "acme_user", "ACME-user", "acme  user"]
)
def test_a_type_goes_by_its_api_name_its_label_and_the_name_of_its_view(repository: Repository, name: str) -> None:
    assert "Acme__User__c" == find_type(name, repository).name


def test_odd_labels_are_names_too_and_a_whole_label_wins(repository: Repository) -> None:
    found = {name: find_type(name, repository).name for name in ("rôle_or_group", "???", "Near-By", "near by")}
    assert ["Acme__Rôle__c", "Acme__Signs__c", "Acme__Near2__c", "Acme__Near1__c"] == list(found.values())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("TWIN", "'TWIN' is the label of Acme__Twin1__c, Acme__Twin2__c: name one of them"),
        ("near_by", "'near_by' is the label of Acme__Near1__c, Acme__Near2__c: name one of them"),
        ("Acme Usr", "unknown type 'Acme Usr' (did you mean 'Acme User'?); `perpend list types`"),
        ("", "unknown type ''; `perpend list types`"),
        ("!!", "unknown type '!!'; `perpend list types`"),
        ("zzz\n", "unknown type 'zzz\\n'; `perpend list types`"),
    ],
)
def test_what_names_no_type_or_several_is_refused(repository: Repository, name: str, reason: str) -> None:
    with pytest.raises(UnknownName) as raised:
        find_type(name, repository)
    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f-v2.0", "/frameworks/f-v2.0"),
        ("f", TOP),
        ("/frameworks/f/", TOP),
        ("f/01/02", f"{TOP}/01/02"),
        ("f/1.2", f"{TOP}/01/02"),
        ("f-v10.0/1", f"{TOP}/01"),
        ("frameworks/f-v10.0/ac-3", f"{TOP}/01/03"),
    ],
)
def test_a_framework_needs_no_version_and_a_section_goes_by_its_printed_number(
    repository: Repository, name: str, expected: str
) -> None:
    assert expected == find_section(name, repository)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("f/9", f"'f/9' is the number of {TOP}/02, {TOP}/03: name one of them"),
        ("f/Words", "unknown framework or section 'f/Words'"),
        ("f-v2.0/1.2", "unknown framework or section 'f-v2.0/1.2'"),
        ("f-extr", "unknown framework or section 'f-extr' (did you mean 'f-extra-v11'?)"),
        ("", "unknown framework or section ''"),
    ],
)
def test_what_names_no_section_or_several_is_refused(repository: Repository, name: str, reason: str) -> None:
    with pytest.raises(UnknownName) as raised:
        find_section(name, repository)
    listed = "; `perpend list frameworks` shows all" if name in ("f-extr", "") else ""
    assert f"{reason}{listed}" == str(raised.value).replace(" (did you mean '1'?)", "")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["/frameworks/n-r4", "/frameworks/n-r5", "/frameworks/n-r5/ac"], "/frameworks/n-r5"),
        (["/frameworks/n-2013", "/frameworks/n-2022"], "/frameworks/n-2022"),
        (["/frameworks/n-v1.9", "/frameworks/n-v1.10.1", "/frameworks/n-v1.10"], "/frameworks/n-v1.10.1"),
        (["/frameworks/n-53-r4", "/frameworks/n", "/frameworks/n-v", "/frameworks/n-v1x"], None),
    ],
)
def test_the_newest_version_is_the_one_with_the_largest_numbers(known: list[str], expected: str | None) -> None:
    assert expected == newest("/frameworks/n", known)


def test_a_printed_number_is_a_first_word_with_digits(repository: Repository) -> None:
    assert ["1.2", "AC-3", ""] == [printed_number(f"{TOP}/01/{part}", repository) for part in ("02", "03", "04")]


def test_declared_types_are_read_one_by_one(tmp_path: Path) -> None:
    repository = Repository(write(tmp_path, FILES))
    read: list[str] = []
    declared, repository.declared_type = repository.declared_type, lambda name: [read.append(name), declared(name)][1]  # type: ignore[method-assign, func-returns-value]
    types = DeclaredTypes(repository)
    assert ("Acme User", None, ["Acme__User__c"]) == (types["Acme__User__c"].label, types.get("Acme__Nobody__c"), read)
    assert sorted(name.split("/")[1] for name in FILES if name.endswith("type.yaml")) == list(types)
    assert 7 == len(types)
