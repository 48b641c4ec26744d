"""The two tables at a repository's root that lead from internal rules to sections. Source: specification, section 7.

They are written by a tool nobody here has, so an entry of another form is told and passed over.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.phrases import shorten
from perpend.core.values.values import json_from_text
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.json_positions import JsonPlaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.diagnostics.model import Diagnostic

ID_MAP: Final = "internal-id-map.json"
"""Says by internal id which path it stands for."""

RULE_SECTIONS: Final = "internal-rule-sections.json"
"""Says by internal rule which sections, by their internal ids, it belongs to."""

_MAX_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class MappingTables:
    """What the tables say; both are empty where a repository has none."""

    path_of_id: Mapping[str, str] = field(default_factory=dict)
    ids_of_rule: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_mapping_tables(files: Files, diagnostics: list[Diagnostic]) -> MappingTables:
    """Return the tables at the root; what is wrong with them becomes diagnostics."""
    paths = _table(files, ID_MAP, "a text", lambda value: isinstance(value, str), diagnostics)
    ids = _table(files, RULE_SECTIONS, "a list of texts", _is_list_of_texts, diagnostics)
    return MappingTables(paths, {rule: tuple(dict.fromkeys(sections)) for rule, sections in ids.items()})


def _table(
    files: Files, path: str, wanted: str, fits: Callable[[Any], bool], diagnostics: list[Diagnostic]
) -> Mapping[str, Any]:
    """Return the entries of a table that have the form they should have."""
    if not os.path.lexists(files.root / path):
        return {}
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}
    places = JsonPlaces(text, path)
    repeated: list[str] = []
    try:
        table = json_from_text(text, repeated=repeated)
    except ValueError as error:
        offset, reason = (error.pos, error.msg) if isinstance(error, json.JSONDecodeError) else (0, str(error))
        diagnostics.append(rules.JSON_SYNTAX.at(places.at(offset), f"JSON syntax: {reason}"))
        return {}
    if not isinstance(table, dict):
        diagnostics.append(rules.NOT_MAPPING_TABLE.at(places.at(0), "the table must be a JSON object"))
        return {}
    for key in repeated[:_MAX_FAULTS]:
        written = json.dumps(key, ensure_ascii=False)
        place = places.at(max(text.find(written, text.find(written) + 1), 0), len(written))
        diagnostics.append(rules.DUPLICATE_KEY.at(place, f"the key `{shorten(key)}` stands there twice"))
    unfit = [key for key, value in table.items() if not fits(value)]
    for key in unfit[:_MAX_FAULTS]:
        place = places.at(max(text.find(json.dumps(key, ensure_ascii=False)), 0), len(key) + 2)
        diagnostics.append(rules.NOT_MAPPING_TABLE.at(place, f"the value of `{shorten(key)}` must be {wanted}"))
    for key in unfit:
        del table[key]
    return table


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
