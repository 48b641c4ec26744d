"""Read catalogues of object types, which clones of a repository hold: the fields and lookups of a type.

A vendor's tool writes ``types/<Type>/type.json`` for one type and ``types/types.json`` for all. They declare nothing; they only
help to recognise misspelt names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Span
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.json_positions import json_document
from perpend.language.syntax.test_data import MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic

ALL_TYPES: Final = "types/types.json"
"""The catalogue of all types of a repository. If it has any, a type that it lacks does not exist."""


@dataclass(frozen=True, slots=True)
class CataloguedType:
    """The fields and lookups of a type by API name. Catalogues have no child lists.

    A custom field may be the key of a lookup with the same name, so ``lookups`` may hold more than exist. ``whole``: there are
    fields and all of them have names; only then is a name that is missing here wrong.
    """

    label: str
    fields: frozenset[str]
    lookups: frozenset[str]
    whole: bool


def catalogue_of(files: Files, path: str, diagnostics: list[Diagnostic], *, name: str = "") -> Mapping[str, CataloguedType]:
    """Return the types in a file. ``name`` is the type of the file's directory, if any.

    Invalid JSON becomes a diagnostic. Entries without a name are skipped; an entry without fields only makes its type known.
    """
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
        if sum(map(text.count, ",[{")) > MAX_VALUES:
            diagnostics.append(rules.TOO_MANY_VALUES.at(Span(path), f"the file holds more than {MAX_VALUES:,} values"))
            return {}
        return dict(_types(json_document(text, path), name))
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}


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
