"""Read nodes by a shape to values with places. Nodes that do not fit become diagnostics, and reading continues."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from functools import cache
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.language.program.parameters import value_from
from perpend.language.syntax import rules
from perpend.language.syntax.calls import Call, call_from_node
from perpend.language.syntax.nodes import Mapping, Node, ScalarNode, Sequence, plain
from perpend.language.syntax.shapes import (
    Choice,
    ChoiceByName,
    CountShape,
    Flag,
    IdShape,
    Items,
    Key,
    Literal,
    OperationShape,
    Record,
    ScalarMap,
    ScalarShape,
    Shape,
    Text,
    TextMap,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.diagnostics.model import Diagnostic, Rule, Span
    from perpend.language.syntax.policy_parameters import PolicyParameters


@dataclass(frozen=True, slots=True)
class Placed:
    """A text (or flag) with its place."""

    value: Any
    span: Span


@dataclass(frozen=True, slots=True)
class Fields(MappingType[str, Any]):
    """A record: values by key name (aliases resolved), the places of the keys, and the aliases in the file."""

    values_by_key: dict[str, Any]
    key_spans: dict[str, Span]
    span: Span
    aliases: frozenset[str] = frozenset()

    def __getitem__(self, key: str) -> Any:
        return self.values_by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_key)

    def __len__(self) -> int:
        return len(self.values_by_key)

    def text(self, key: str, default: Any = None) -> Any:
        """Return the value under a key without its place."""
        value = self.values_by_key.get(key)
        return default if value is None else value.value

    def texts(self, key: str) -> tuple[Placed, ...]:
        """Return the list of placed texts under a key."""
        return tuple(item for item in self.values_by_key.get(key) or () if item is not None)

    def records(self, key: str) -> tuple[Fields, ...]:
        """Return the list of records under a key."""
        return tuple(item for item in self.values_by_key.get(key) or () if item is not None)


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """Reads the nodes of one file and collects diagnostics. ``parameters`` are those of the policy, for its files."""

    diagnostics: list[Diagnostic]
    parameters: PolicyParameters | None = None

    def record(self, node: Node, shape: Record, key_span: Span | None = None) -> Fields | None:
        """Return a record, None if the node is not a mapping. ``key_span`` is the place of the record's key."""
        place = key_span or node.span
        if not isinstance(node, Mapping):
            self._wrong(node, f"a mapping ({shape.doc.rstrip('.').lower()})")
            return None
        keys = _keys(shape)
        values: dict[str, Any] = {}
        spans: dict[str, Span] = {}
        written: dict[str, str] = {}
        aliases = frozenset(name.text for name, _ in node.entries if name.text in keys and name.text != keys[name.text].name)
        for name, value in node.entries:
            key = keys.get(name.text)
            if key is None:
                self._unknown(name, keys, shape)
            elif key.name in values:
                self._note(rules.DUPLICATE_KEY, name.span, f"`{name.text}` and `{written[key.name]}` are the same key")
            else:
                spans[key.name] = name.span
                written[key.name] = name.text
                values[key.name] = self.value(value, key.shape, name.span)
        for key in dict.fromkeys(keys.values()):
            if key.required and key.name not in values:
                self._note(rules.MISSING_KEY, place, f"`{key.name}` is missing", help=f"`{key.name}`: {key.doc}")
        return Fields(values, spans, place, aliases)

    def value(self, node: Node, shape: Shape, key_span: Span) -> Any:
        """Return the value of a node by a shape: ``Placed``, ``Fields``, a tuple, a ``Call``, or None if it does not fit."""
        match shape:
            case Text():
                return self._text(node, shape)
            case IdShape(pattern, example):
                fits = isinstance(node, ScalarNode) and isinstance(node.value, str) and re.fullmatch(pattern, node.value)
                return self._placed(node, f"an id such as `{example}`", fits=bool(fits))
            case Choice():
                return self._choice(node, shape)
            case ChoiceByName(values):
                if not isinstance(node, Mapping):
                    return self._choice(node, Choice(values))
                return {name.text: self._choice(chosen, Choice(values)) for name, chosen in node.entries}
            case Flag():
                return self._placed(
                    node, "`true` or `false`", fits=isinstance(node, ScalarNode) and isinstance(node.value, bool)
                )
            case CountShape():
                whole = isinstance(node, ScalarNode) and isinstance(node.value, int) and not isinstance(node.value, bool)
                return self._placed(node, "a whole number from 1 on", fits=whole and plain(node) > 0)
            case Items():
                return self._items(node, shape, key_span)
            case TextMap():
                return self._placed(node, "a mapping of texts", fits=isinstance(node, Mapping))
            case ScalarMap():
                return self._scalars(node)
            case Literal():
                return self._literal(node)
            case ScalarShape():
                filled = isinstance(node, ScalarNode) and bool(str("" if node.value is None else node.value).strip())
                return self._placed(node, "a text, a number, `true` or `false`", fits=filled)
            case OperationShape():
                return call_from_node(node, key_span, self.diagnostics, self.parameters)
            case Record():
                return self.record(node, shape, key_span)

    def _placed(self, node: Node, wanted: str, *, fits: bool) -> Placed | None:
        if not fits:
            self._wrong(node, wanted)
            return None
        return Placed(plain(node), node.span)

    def _text(self, node: Node, shape: Text) -> Placed | None:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str | type(None)):
            self._wrong(node, "a text")
            return None
        if shape.filled and not (node.value or "").strip():
            self._wrong(node, "a text that is not blank")
            return None
        text = node.value or ""
        if shape.inserts and self.parameters is not None:
            text = self.parameters.inserted(text, node.span, self.diagnostics)
        return Placed(text, node.span)

    def _scalars(self, node: Node) -> Placed | None:
        placed = self._placed(node, "a mapping of texts, numbers and booleans", fits=isinstance(node, Mapping))
        if placed is None or self.parameters is None:
            return placed
        values = {
            name: self.parameters.inserted_scalar(value, node.span, self.diagnostics) if isinstance(value, str) else value
            for name, value in placed.value.items()
        }
        return Placed(values, node.span)

    def _literal(self, node: Node) -> Placed | None:
        value = value_from(plain(node)) if not isinstance(node, Mapping) else None
        if value is None:
            self._wrong(node, "a text, an integer, or a list of texts or integers")
            return None
        return Placed(value, node.span)

    def _choice(self, node: Node, shape: Choice) -> Placed | None:
        if not isinstance(node, ScalarNode):
            self._wrong(node, "a text")
            return None
        if node.text not in shape.values:
            near = nearest(node.text, shape.values, self.diagnostics)
            hint = near or f"one of {', '.join(f'`{value}`' for value in shape.values)}"
            self._note(rules.UNKNOWN_CHOICE, node.span, f"`{shorten(node.text)}` is not allowed here", help=hint)
            return None
        return Placed(node.text, node.span)

    def _items(self, node: Node, shape: Items, key_span: Span) -> tuple[Any, ...]:
        if isinstance(node, ScalarNode) and node.value is None and not shape.filled:
            return ()
        if not isinstance(node, Sequence):
            self._wrong(node, "a list")
            return ()
        items = tuple(self.value(item, shape.of, item.span) for item in node.items)
        if shape.distinct:
            self._repeated([item for item in items if item is not None])
        return items

    def _repeated(self, items: list[Placed]) -> None:
        seen: set[str] = set()
        for item in items:
            if item.value in seen:
                self._note(rules.REPEATED_ITEM, item.span, f"`{shorten(item.value)}` stands in the list twice")
            seen.add(item.value)

    def _unknown(self, name: ScalarNode, keys: dict[str, Key], shape: Record) -> None:
        known = sorted({key.name for key in keys.values()})
        near = dict(shape.lacks).get(name.text) or nearest(name.text, known, self.diagnostics)
        hint = near or f"known keys: {', '.join(f'`{key}`' for key in known)}"
        self._note(rules.UNKNOWN_KEY, name.span, f"unknown key `{shorten(name.text)}` in `{shape.name}`", help=hint)

    def _wrong(self, node: Node, wanted: str) -> None:
        self._note(rules.WRONG_KIND, node.span, f"expected {wanted}, found {described(node)}")

    def _note(self, rule: Rule, span: Span, message: str, *, help: str | None = None) -> None:
        self.diagnostics.append(rule.at(span, message, help=help))


@cache
def _keys(shape: Record) -> dict[str, Key]:
    """Return the keys of a record by all of their spellings."""
    own = shape.keys
    if shape.recursive:
        own = (*own, Key(shape.recursive, Items(shape), "Related lists of these objects."))
    return {name: key for key in own for name in (key.name, *key.aliases)}


def described(node: Node) -> str:
    """Return the kind of a node in a word or two."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool()):
            return f"the boolean `{node.text}`"
        case ScalarNode(value=int() | float()):
            return f"the number `{node.text}`"
        case _:
            return f"the text `{shorten(node.text)}`"


__all__ = ["Call", "DocumentReader", "Fields", "Placed", "described", "shorten"]
