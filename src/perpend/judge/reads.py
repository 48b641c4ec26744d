"""The JSON values that policies read of an object, for references and explanations: nothing is converted, nothing judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.meaning.values import document_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.ir.program import Read


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """Return the JSON value at a path of an object, None where something on the way is missing or null."""
    *lookups, name = path.split(".")
    for lookup in lookups:
        inner = fields.get(lookup)
        if not isinstance(inner, dict):
            return None
        fields = inner
    return fields.get(name)


def values_read(fields: Mapping[str, Any], reads: Sequence[Read]) -> list[Any]:
    """Return the JSON value of each read of an object; a document is parsed once for all its keys."""
    documents: dict[str, Any] = {}
    values = []
    for read in reads:
        if read.key is None:
            values.append(value_at(fields, read.path))
            continue
        if read.path not in documents:
            documents[read.path] = document_of(value_at(fields, read.path))
        document = documents[read.path]
        values.append(document.get(read.key) if isinstance(document, dict) else None)
    return values
