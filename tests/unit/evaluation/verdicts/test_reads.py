"""What policies read of an object is given as it stands there: through lookups, out of documents, nothing converted."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.verdicts.reads import reader_of, value_at, values_read
from perpend.language.program.program import Read

FIELDS: dict[str, Any] = {
    "a": 1,
    "null": None,
    "o__r": {"x": "y", "p__r": {"z": [0]}, "text": '{"k": "inner"}'},
    "odd__r": ["x"],
    "doc": '{"k": [1], "l": null, "m": "n"}',
    "text": "{x",
    "list": '["k"]',
    "dotted.name": "not a path",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("null", None),
        ("none", None),
        ("o__r.x", "y"),
        ("o__r.p__r.z", [0]),
        ("o__r.none", None),
        ("o__r", FIELDS["o__r"]),
        ("a.x", None),
        ("odd__r.x", None),
        ("null.x", None),
        ("none__r.x.y", None),
        ("dotted.name", None),
    ],
)
def test_a_path_leads_through_lookups_to_a_value_or_to_nothing(path: str, value: Any) -> None:
    assert value == value_at(FIELDS, path)
    assert [value] == values_read(FIELDS, [Read(path)])


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Read("doc", "k"), [1]),
        (Read("doc", "l"), None),
        (Read("doc", "none"), None),
        (Read("o__r.text", "k"), "inner"),
        (Read("a", "k"), None),
        (Read("text", "k"), None),
        (Read("list", "k"), None),
        (Read("none", "k"), None),
    ],
)
def test_a_key_is_looked_up_in_the_document_at_its_path(read: Read, value: Any) -> None:
    assert [value] == values_read(FIELDS, [read])


def test_many_reads_are_answered_in_their_order_whole_and_by_key() -> None:
    reads = [Read("doc", "m"), Read("a"), Read("doc"), Read("o__r.x"), Read("doc", "k"), Read("a"), Read("o__r.text", "k")]
    assert ["n", 1, FIELDS["doc"], "y", [1], 1, "inner"] == values_read(FIELDS, reads)
    assert [] == values_read(FIELDS, [])


def test_one_reader_reads_one_object_after_the_other() -> None:
    read = reader_of((Read("a"), Read("doc", "k")))
    assert [[1, [1]], [None, None], [2, "v"]] == [
        read(one) for one in (FIELDS, {}, PartialObject({"a": 2, "doc": '{"k": "v"}'}, {}))
    ]
