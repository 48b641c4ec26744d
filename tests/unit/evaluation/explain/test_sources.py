"""How the values of an object read, wherever they stand in it."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.explain.sources import text_at

NESTED = {"a__r": {"b__r": [{"c": 1}, {"c": None}]}, "doc": '{"k": [1, 2]}', "n__r": None}


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("a__r.b__r[0].c", None, "1"),
        ("a__r.b__r[1].c", None, "null"),
        ("a__r.b__r[7].c", None, "null"),
        ("a__r.b__r[0].d", None, "not collected"),
        ("n__r.c", None, "null"),
        ("m__r.c", None, "not collected"),
        ("doc", "k", "[1,2]"),
        ("doc", "l", "not collected"),
        ("a__r", "b__r", '[{"c":1},{"c":null}]'),
    ],
)
def test_a_value_is_found_behind_lookups_in_lists_and_documents(path: str, key: str | None, expected: str) -> None:
    assert expected == text_at(NESTED, path, key)


def test_of_test_data_what_is_not_there_is_null() -> None:
    assert ["null", "null", "null"] == [text_at(NESTED, *where, complete=True) for where in (("x",), ("m__r.c",), ("doc", "l"))]


def test_why_a_value_is_not_known_is_said() -> None:
    fields: dict[str, Any] = PartialObject({}, {"list__r": "may hold more"})
    assert ["not known: may hold more", "not collected"] == [text_at(fields, name) for name in ("list__r", "other")]
