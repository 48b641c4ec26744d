"""Read a mapping file: the fields of a table's columns, constant fields, and the meaning of blank cells."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.claims import Scope, scopes_from
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_YAML, Files, UnreadableFile
from perpend.language.syntax.nodes import Mapping, Node, ScalarNode, node_from_yaml
from perpend.language.syntax.read import DocumentReader, described
from perpend.language.syntax.shapes import ChoiceByName, Key, Record, Text, TextMap

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Diagnostic

MAPPING: Final = Record(
    "mapping",
    "The meaning of the columns of a table.",
    (
        Key("columns", TextMap(), "The table's columns, each with the API name of its field."),
        Key("constants", TextMap(), "Values by the API name of a field, the same for all objects."),
        Key(
            "complete",
            Text(),
            "The scopes of which the table holds every object: `all`, accounts, `account/region`, with commas.",
        ),
        Key("blank", ChoiceByName(("none",)), "`none`: blank cells of CSV and TSV are null, in all columns or by column."),
    ),
)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The content of a mapping file.

    ``columns`` maps a table's columns to API names, None if the columns are API names. ``constants`` are fields with one value
    for all objects. ``complete`` are the scopes of which the table holds every object. ``blank_is_none``: blank cells are null,
    in all columns or in the named ones.
    """

    columns: dict[str, str] | None
    constants: dict[str, Any] = field(default_factory=dict)
    complete: tuple[Scope, ...] = ()
    blank_is_none: bool | tuple[str, ...] = False


def mapping_from(path: str) -> tuple[ColumnMapping | None, list[Diagnostic]]:
    """Return the content of a mapping file, None if it has errors, and the errors."""
    place = Path(path)
    files = Files(place.parent)
    diagnostics: list[Diagnostic] = []
    try:
        node = node_from_yaml(files.text(place.name, limit=MAX_YAML), place.name, diagnostics)
    except UnreadableFile as error:
        return None, [error.diagnostic]
    if node is not None and DocumentReader(diagnostics).record(node, MAPPING) is not None and isinstance(node, Mapping):
        parts = {key.text: value for key, value in node.entries}
        columns = _texts(parts["columns"], diagnostics, only_texts=True) if "columns" in parts else None
        constants = _texts(parts.get("constants"), diagnostics, only_texts=False)
        complete = _scopes(parts.get("complete"), diagnostics)
        blank = parts.get("blank")
        blank_is_none = tuple(column.text for column, _ in blank.entries) if isinstance(blank, Mapping) else blank is not None
        if columns is None and blank is None:
            key = MAPPING.keys[0]
            missing = rules.MISSING_KEY.at(node.span, f"`{key.name}` is missing", help=f"`{key.name}`: {key.doc}")
            diagnostics.append(missing)
        if not diagnostics:
            return ColumnMapping(columns, constants, complete, blank_is_none), []
    return None, diagnostics


def _scopes(node: Node | None, diagnostics: list[Diagnostic]) -> tuple[Scope, ...]:
    if not isinstance(node, ScalarNode):
        return ()
    try:
        return scopes_from(node.text)
    except ValueError as error:
        diagnostics.append(rules.UNKNOWN_CHOICE.at(node.span, str(error)))
        return ()


def _texts(node: Node | None, diagnostics: list[Diagnostic], *, only_texts: bool) -> dict[str, Any]:
    """Return the entries of a mapping. Lists, mappings and (if ``only_texts``) other values than texts become diagnostics."""
    texts: dict[str, Any] = {}
    targets: set[str] = set()
    for key, value in node.entries if isinstance(node, Mapping) else ():
        fits = isinstance(value, ScalarNode) and (not only_texts or (isinstance(value.value, str) and value.value.strip()))
        if not isinstance(value, ScalarNode) or not fits:
            wanted = "an API name" if only_texts else "a single value"
            diagnostics.append(rules.WRONG_KIND.at(value.span, f"expected {wanted}, found {described(value)}"))
        elif only_texts and value.value in targets:
            diagnostics.append(rules.DUPLICATE_KEY.at(value.span, f"two columns are called `{shorten(value.text)}`"))
        else:
            targets.add(value.value)
            texts[key.text] = value.value
    return texts
