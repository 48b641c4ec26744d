"""The value types of the language. Source: language specification, section 3."""

from __future__ import annotations

from enum import StrEnum


class ValueType(StrEnum):
    """The type of an expression's value. Every type has its own null.

    ``ANY`` is a field without a declared type: it takes the type that its consumer needs. ``COLLECTION_OF_…`` is a collection
    with flags for sorting and skipping items; it compares with lists and sets.
    """

    TEXT = "Text"
    BYTES = "Bytes"
    NUMBER = "Number"
    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    DURATION = "Duration"
    JSON = "Json"
    ATTRIBUTES = "Attributes"
    LIST_OF_TEXT = "ListOfText"
    LIST_OF_BYTES = "ListOfBytes"
    SET_OF_TEXT = "SetOfText"
    SET_OF_BYTES = "SetOfBytes"
    COLLECTION_OF_TEXT = "CollectionOfText"
    COLLECTION_OF_BYTES = "CollectionOfBytes"
    ANY = "Any"

    @property
    def item(self) -> ValueType | None:
        """The type of a collection's items, or None if this type is not a collection."""
        return _ITEMS.get(self)


TEXT_COLLECTIONS = frozenset({ValueType.LIST_OF_TEXT, ValueType.SET_OF_TEXT, ValueType.COLLECTION_OF_TEXT})
BYTES_COLLECTIONS = frozenset({ValueType.LIST_OF_BYTES, ValueType.SET_OF_BYTES, ValueType.COLLECTION_OF_BYTES})
COLLECTIONS = TEXT_COLLECTIONS | BYTES_COLLECTIONS
TEXTUAL = frozenset({ValueType.TEXT, ValueType.BYTES})
EVERY_TYPE = frozenset(ValueType) - {ValueType.ANY}

_ITEMS = dict.fromkeys(TEXT_COLLECTIONS, ValueType.TEXT) | dict.fromkeys(BYTES_COLLECTIONS, ValueType.BYTES)


def comparable(left: ValueType, right: ValueType) -> bool:
    """Whether values of the two types can be compared for equality.

    Text and Bytes do not mix, lists and sets do not mix. A flagged collection compares with any collection of the same items.
    """
    if left is right or ValueType.ANY in (left, right):
        return True
    flagged = {ValueType.COLLECTION_OF_TEXT, ValueType.COLLECTION_OF_BYTES}
    return left.item is not None and left.item is right.item and bool({left, right} & flagged)
