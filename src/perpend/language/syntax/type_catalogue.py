"""Catalogues of object types that clones of a repository hold: which fields and lookups a type has. JSON in, names out.

A vendor's tool writes them, ``types/<Type>/type.json`` for one type and ``types/types.json`` for all. They declare nothing and
judge nothing: they tell a right name from a misspelt one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.model import Span
from perpend.core.values.values import json_from_text
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.json_positions import JsonPlaces
from perpend.language.syntax.test_data import MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic

ALL_TYPES: Final = "types/types.json"
"""The catalogue of all types of a repository: once it names some, a type that it lacks does not exist."""


@dataclass(frozen=True, slots=True)
class CataloguedType:
    """What a catalogue says that a type has, by API name. Its child lists are not told.

    A custom field may be a lookup's key, whose name the lookup has then; so ``lookups`` are all that there may be. ``whole``
    says that there are fields and that each of them is named: only then does a name that is not there not exist.
    """

    label: str
    fields: frozenset[str]
    lookups: frozenset[str]
    whole: bool


def catalogue_of(files: Files, path: str, diagnostics: list[Diagnostic], *, name: str = "") -> Mapping[str, CataloguedType]:
    """Return the types that a file describes. ``name`` is the type that the file's place says, if any.

    What is no JSON becomes a diagnostic; an entry without a name is passed over, one without fields makes its type known.
    """
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        diagnostics.append(rules.TOO_MANY_VALUES.at(Span(path), f"the file holds more than {MAX_VALUES:,} values"))
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
        if isinstance(called, str) and called:
            yield called, _catalogued(called, entry)


def _catalogued(called: str, entry: Mapping[str, Any]) -> CataloguedType:
    fields, label = entry.get("fields"), entry.get("label")
    listed = fields if isinstance(fields, list) else []
    names = _texts(listed, "apiName")
    lookups = {one.removesuffix("__r") for one in _texts(listed, "relationshipName")}
    lookups |= {one.removesuffix("__c") for one in names if one.endswith("__c")}
    known = frozenset(f"{one}__r" for one in lookups)
    whole = bool(listed) and all(_texts([field], "apiName") for field in listed)
    return CataloguedType(label if isinstance(label, str) else called, frozenset(names), known, whole)


def _texts(fields: list[Any], key: str) -> set[str]:
    texts = (field.get(key) for field in fields if isinstance(field, dict))
    return {text for text in texts if isinstance(text, str) and text}
