"""The types of values: what collections hold, and what may stand on the two sides of an equality."""

from __future__ import annotations

from itertools import product

from perpend.core.values.types import BYTES_COLLECTIONS, COLLECTIONS, EVERY_TYPE, TEXT_COLLECTIONS, ValueType, comparable

FLAGGED = {ValueType.COLLECTION_OF_TEXT, ValueType.COLLECTION_OF_BYTES}


def test_collections_know_what_they_hold() -> None:
    assert {ValueType.TEXT} == {kind.item for kind in TEXT_COLLECTIONS}
    assert {ValueType.BYTES} == {kind.item for kind in BYTES_COLLECTIONS}
    assert {None} == {kind.item for kind in set(ValueType) - COLLECTIONS}


def test_a_type_compares_with_itself_and_with_what_no_catalogue_declares() -> None:
    for kind in ValueType:
        assert comparable(kind, kind)
        assert comparable(kind, ValueType.ANY)
        assert comparable(ValueType.ANY, kind)


def test_other_types_compare_only_where_flags_made_one_of_them() -> None:
    expected = {
        frozenset({flagged, other})
        for flagged, family in (
            (ValueType.COLLECTION_OF_TEXT, TEXT_COLLECTIONS),
            (ValueType.COLLECTION_OF_BYTES, BYTES_COLLECTIONS),
        )
        for other in family - FLAGGED
    }
    found = {
        frozenset({left, right}) for left, right in product(EVERY_TYPE, EVERY_TYPE) if left != right and comparable(left, right)
    }
    assert expected == found
    assert all(comparable(right, left) for left, right in map(sorted, expected))
