"""The tables of internal rules: what they say, and every way in which a file can fail to be one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from perpend.language.syntax import files as files_module
from perpend.language.syntax.files import Files
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS, MappingTables, read_mapping_tables


def read(root: Path) -> tuple[MappingTables, list[str]]:
    diagnostics: list = []
    tables = read_mapping_tables(Files(root), diagnostics)
    return tables, [
        f"{found.code} {found.span.path}:{found.span.line}:{found.span.column} {found.message}" for found in diagnostics
    ]


def test_no_tables_are_empty_tables(tmp_path: Path) -> None:
    assert (MappingTables(), []) == read(tmp_path)


def test_entries_are_read_without_repetitions(tmp_path: Path) -> None:
    (tmp_path / ID_MAP).write_text('{"a": "/frameworks/f"}')
    (tmp_path / RULE_SECTIONS).write_text('{"r": ["a", "b", "a"], "s": []}')
    assert (MappingTables({"a": "/frameworks/f"}, {"r": ("a", "b"), "s": ()}), []) == read(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "L140 {}:1:1 JSON syntax: Expecting value"),
        ('{\n "a": ,}', "L140 {}:2:7 JSON syntax: Expecting value"),
        ("[]", "L144 {}:1:1 the table must be a JSON object"),
        ("null", "L144 {}:1:1 the table must be a JSON object"),
        ('{"a": NaN}', "L140 {}:1:7 JSON syntax: `NaN` is not a JSON number"),
        ("[" * 100_000, "L140 {}:1:1 JSON syntax: the document is nested more than 200 levels deep"),
    ],
)
@pytest.mark.parametrize("name", [ID_MAP, RULE_SECTIONS])
def test_what_is_no_table_is_told(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    assert (MappingTables(), [expected.format(name)]) == read(tmp_path)


def test_an_entry_of_another_form_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / ID_MAP).write_text('{"a": "/x",\n "b": 1}')
    (tmp_path / RULE_SECTIONS).write_text('{"r": ["a"], "s": "a",\n "t": [1], "u": null}')
    expected = [
        f"L144 {ID_MAP}:2:2 the value of `b` must be a text",
        f"L144 {RULE_SECTIONS}:1:14 the value of `s` must be a list of texts",
        f"L144 {RULE_SECTIONS}:2:2 the value of `t` must be a list of texts",
        f"L144 {RULE_SECTIONS}:2:12 the value of `u` must be a list of texts",
    ]
    assert (MappingTables({"a": "/x"}, {"r": ("a",)}), expected) == read(tmp_path)


def test_a_key_that_stands_there_twice_is_told_at_its_second_place(tmp_path: Path) -> None:
    (tmp_path / ID_MAP).write_text('{"a": "/x",\n "a": "/y"}')
    expected = [f"L116 {ID_MAP}:2:2 duplicate key `a`"]
    assert (MappingTables({"a": "/y"}), expected) == read(tmp_path)


def test_faults_are_told_up_to_a_number(tmp_path: Path) -> None:
    (tmp_path / ID_MAP).write_text(json.dumps({f"k{number}": number for number in range(1_000)}))
    tables, diagnostics = read(tmp_path)
    assert (MappingTables(), 100) == (tables, len(diagnostics))


def test_a_table_never_comes_from_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"a": "/x"}')
    root = tmp_path / "repository"
    root.mkdir()
    (root / ID_MAP).symlink_to("../secret.json")
    os.mkfifo(root / RULE_SECTIONS)
    tables, diagnostics = read(root)
    assert MappingTables() == tables
    assert ["L104", "L101"] == [text[:4] for text in diagnostics]


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perpend.language.syntax.mapping_tables.MAX_TEST_DATA", 10)
    assert files_module.MAX_TEST_DATA > 10
    (tmp_path / ID_MAP).write_text('{"a": "/frameworks"}')
    assert (MappingTables(), ["L102"]) == (read(tmp_path)[0], [text[:4] for text in read(tmp_path)[1]])
