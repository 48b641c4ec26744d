"""Read the two tables at a repository's root that map internal rules to sections. Source: specification, section 7.

A tool of another vendor writes them, so an entry of an unknown form becomes a diagnostic and is skipped.
"""

from __future__ import annotations

import json
import os
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.json_positions import JsonPlaces, json_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.diagnostics.model import Diagnostic

ID_MAP: Final = "internal-id-map.json"
"""The table that maps internal ids to paths."""

RULE_SECTIONS: Final = "internal-rule-sections.json"
"""The table that maps internal rules to the internal ids of sections."""

_MAX_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class MappingTables:
    """The content of the tables, empty if a repository has none."""

    path_of_id: Mapping[str, str] = field(default_factory=dict)
    ids_of_rule: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_mapping_tables(files: Files, diagnostics: list[Diagnostic]) -> MappingTables:
    """Return the tables at the root. Problems go to ``diagnostics``."""
    paths = _table(files, ID_MAP, "a text", lambda value: isinstance(value, str), diagnostics)
    ids = _table(files, RULE_SECTIONS, "a list of texts", _is_list_of_texts, diagnostics)
    return MappingTables(paths, {rule: tuple(dict.fromkeys(sections)) for rule, sections in ids.items()})


def _table(
    files: Files, path: str, wanted: str, fits: Callable[[Any], bool], diagnostics: list[Diagnostic]
) -> Mapping[str, Any]:
    """Return the entries of a table that have the right form."""
    if not os.path.lexists(files.root / path):
        return {}
    repeated: list[str] = []
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
        table = json_document(text, path, repeated=repeated)
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}
    places = JsonPlaces(text, path)
    if not isinstance(table, dict):
        diagnostics.append(rules.NOT_MAPPING_TABLE.at(places.at(0), "the table must be a JSON object"))
        return {}
    for key in repeated[:_MAX_FAULTS]:
        written = json.dumps(key, ensure_ascii=False)
        place = places.at(max(text.find(written, text.find(written) + 1), 0), len(written))
        diagnostics.append(rules.DUPLICATE_KEY.at(place, f"duplicate key `{shorten(key)}`"))
    unfit = [key for key, value in table.items() if not fits(value)]
    for key in unfit[:_MAX_FAULTS]:
        place = places.at(max(text.find(json.dumps(key, ensure_ascii=False)), 0), len(key) + 2)
        diagnostics.append(rules.NOT_MAPPING_TABLE.at(place, f"the value of `{shorten(key)}` must be {wanted}"))
    for key in unfit:
        del table[key]
    return table


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
