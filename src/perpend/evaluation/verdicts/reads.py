"""The JSON values that policies read of an object, for references and explanations: nothing is converted, nothing judged."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perpend.core.values.values import document_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.language.program.program import Read


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
    return reader_of(tuple(reads))(fields)


@lru_cache(maxsize=256)
def reader_of(reads: tuple[Read, ...]) -> Callable[[Mapping[str, Any]], list[Any]]:
    """Return what gives :func:`values_read` of one object after the other."""
    paths = list(dict.fromkeys(read.path for read in reads))
    own = [path if "." not in path else None for path in paths]
    whole = [(place, paths.index(read.path)) for place, read in enumerate(reads) if read.key is None]
    keyed = {
        paths.index(path): [(place, read.key) for place, read in enumerate(reads) if read.path == path and read.key is not None]
        for path in {read.path for read in reads if read.key is not None}
    }

    def read_values(fields: Mapping[str, Any]) -> list[Any]:
        given = [value_at(fields, path) if name is None else fields.get(name) for path, name in zip(paths, own, strict=True)]
        values: list[Any] = [None] * len(reads)
        for place, number in whole:
            values[place] = given[number]
        for number, keys in keyed.items():
            document = document_of(given[number])
            if isinstance(document, dict):
                for place, key in keys:
                    values[place] = document.get(key)
        return values

    return read_values
