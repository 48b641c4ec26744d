"""Catalogues of object types that clones of a repository hold: which fields and lookups a type has. JSON in, names out.

A vendor's tool writes them, ``types/<Type>/type.json`` for one type and ``types/types.json`` for all. They declare nothing and
judge nothing: they tell a right name from a misspelt one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.load import rules
from perpend.load.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.load.json.places import JsonPlaces
from perpend.meaning.values import json_from_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.diagnostics.model import Diagnostic

ALL_TYPES: Final = "types/types.json"
"""The catalogue of all types of a repository: once it is there, a type that it lacks does not exist."""


@dataclass(frozen=True, slots=True)
class CataloguedType:
    """What a catalogue says that a type has, by API name. Its child lists are not told."""

    label: str
    fields: frozenset[str]
    lookups: frozenset[str]


def catalogue_of(files: Files, path: str, diagnostics: list[Diagnostic], *, name: str = "") -> Mapping[str, CataloguedType]:
    """Return the types that a file describes. ``name`` is the type that the file's place says, if any.

    What is no catalogue becomes a diagnostic; an entry without a name, and a field without one, are passed over.
    """
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}
    try:
        document = json_from_text(text)
    except ValueError as error:
        offset, reason = (error.pos, error.msg) if isinstance(error, json.JSONDecodeError) else (0, str(error))
        diagnostics.append(rules.JSON_SYNTAX.at(JsonPlaces(text, path).at(offset), f"JSON syntax: {reason}"))
        return {}
    return dict(_types(document, name))


def _types(document: Any, name: str) -> Iterator[tuple[str, CataloguedType]]:
    entries = document.get("types", [document]) if isinstance(document, dict) else document
    for entry in entries if isinstance(entries, list) else ():
        called = (name or entry.get("apiName")) if isinstance(entry, dict) else None
        fields = entry.get("fields") if isinstance(entry, dict) else None
        if isinstance(called, str) and called and isinstance(fields, list):
            own = [field for field in fields if isinstance(field, dict)]
            label = entry.get("label")
            yield (
                called,
                CataloguedType(
                    label if isinstance(label, str) else called, _texts(own, "apiName"), _texts(own, "relationshipName")
                ),
            )


def _texts(fields: list[dict[str, Any]], key: str) -> frozenset[str]:
    return frozenset(found for field in fields if isinstance(found := field.get(key), str) and found)
