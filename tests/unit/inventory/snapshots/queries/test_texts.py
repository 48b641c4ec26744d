"""Some texts of a stored table: those that begin like one, those most like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.queries.texts import texts_beginning, texts_like
from tests.unit.inventory.snapshots.stored import THING, inventory, write_store

pytestmark = pytest.mark.medium

THINGS = [
    {"Id": "i1", "name__c": "web-1", "size__c": 1},
    {"Id": "i2", "name__c": "web-2"},
    {"Id": "i3", "name__c": "web-1"},
    {"Id": "web-0", "name__c": "it's {}"},
    {"Id": "i5", "name__c": None},
]
COLUMNS = ["Id", "name__c", "size__c", "none__c", "Id"]


@pytest.mark.parametrize(
    ("start", "most", "expected"),
    [
        ("web", 9, ["web-0", "web-1", "web-2"]),
        ("web-1", 9, ["web-1"]),
        ("", 9, ["i1", "i2", "i3", "i5", "it's {}", "web-0", "web-1", "web-2"]),
        ("it's", 9, ["it's {}"]),
        ("%", 9, []),
        ("1", 9, []),
    ],
)
def test_texts_that_begin_so_are_found_once_in_columns_of_texts(
    tmp_path: Path, start: str, most: int, expected: list[str]
) -> None:
    snapshot = write_store(tmp_path, inventory({THING: THINGS}))
    with opened(paths=snapshot.files.paths) as connection:
        assert expected == texts_beginning(connection, snapshot, THING, COLUMNS, start, most=most)
        assert 2 == len(texts_beginning(connection, snapshot, THING, COLUMNS, "", most=2))
        assert [] == texts_beginning(connection, snapshot, "none", COLUMNS, start, most=most)


@pytest.mark.parametrize(("wanted", "expected"), [("wep-2", "web-2"), ("WEB-1", "web-1"), ("nothing like it", None)])
def test_the_nearest_texts_come_first(tmp_path: Path, wanted: str, expected: str | None) -> None:
    snapshot = write_store(tmp_path, inventory({THING: THINGS}))
    with opened(paths=snapshot.files.paths) as connection:
        assert expected == next(iter(texts_like(connection, snapshot, THING, ["name__c", "Id"], wanted)), None)
