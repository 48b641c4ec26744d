"""Parse YAML to a tree of nodes with places. Only plain data is accepted: no tags for objects, no repeated keys, no bombs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Span
from perpend.core.diagnostics.phrases import shorten
from perpend.language.syntax import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 200_000

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PARSER_DEPTH = "exceeded maximum nesting depth"
_PARSER_SECOND_DOCUMENT = "did not find expected <document start>"
_SEVERAL_DOCUMENTS = "the file holds several YAML documents"
_CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?", re.ASCII)
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value: ``value`` by the YAML 1.2 core schema, and ``text`` as written."""

    value: Any
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span
    size: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their nodes, in written order; each key is a scalar with its own place."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    span: Span
    size: int

    def get(self, key: str) -> Node | None:
        """Return the node under a key, None if the key is absent."""
        return next((node for name, node in self.entries if name.text == key), None)


Node = ScalarNode | Sequence | Mapping


class Malformed(Exception):
    """YAML that cannot be parsed, with its diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def node_from_yaml(text: str, path: str, diagnostics: list[Diagnostic]) -> Node | None:
    """Return the tree of a YAML text with one document, None if it cannot be parsed.

    Problems go to ``diagnostics``. Repeated keys and unknown tags do not stop the parser.
    """
    try:
        return _Composer(text, path, diagnostics).document()
    except Malformed as error:
        diagnostics.append(error.diagnostic)
    except yaml.YAMLError as error:
        diagnostics.append(_syntax(error, text, path))
    return None


def plain(node: Node) -> Any:
    """Return a node as plain Python values."""
    match node:
        case ScalarNode():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}


class _Composer:
    """Builds nodes from parser events without recursion in C, so that no input can exhaust the stack."""

    def __init__(self, text: str, path: str, diagnostics: list[Diagnostic]) -> None:
        self.path = path
        self.diagnostics = diagnostics
        self.events: Iterator[Any] = yaml.parse(text, Loader=Loader)
        self.anchors: dict[str, Node | None] = {}
        self.values = 0

    def document(self) -> Node | None:
        """Return the root of the only document."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._malformed(rules.SEVERAL_DOCUMENTS, event, _SEVERAL_DOCUMENTS)
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
        if root is None or (isinstance(root, ScalarNode) and root.value is None):
            self.diagnostics.append(rules.EMPTY_FILE.at(Span(self.path), f"`{self.path}` is empty"))
            return None
        return root

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._malformed(rules.NESTED_TOO_DEEPLY, event, f"values are nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event)
        else:
            self._tag(event)
            if event.anchor:
                self.anchors[event.anchor] = None
            node = self._built(event, depth)
            if event.anchor:
                self.anchors[event.anchor] = node
        return node

    def _built(self, event: Any, depth: int) -> Node:
        self._count(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            return ScalarNode(_resolved(event), event.value, self._span(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._node(inner, depth + 1) for inner in self._until(yaml.SequenceEndEvent))
            return Sequence(items, self._span(event), 1 + sum(_size(item) for item in items))
        entries: list[tuple[ScalarNode, Node]] = []
        seen: dict[str, ScalarNode] = {}
        for inner in self._until(yaml.MappingEndEvent):
            key, value = self._node(inner, depth + 1), self._node(next(self.events), depth + 1)
            if not isinstance(key, ScalarNode):
                raise self._malformed(rules.WRONG_KIND, inner, "a key must be a text")
            if key.text in seen:
                self._repeated(key, seen[key.text])
                continue
            seen[key.text] = key
            entries.append((key, value))
        return Mapping(tuple(entries), self._span(event), 1 + sum(1 + _size(value) for _, value in entries))

    def _until(self, end: type) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def _alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self.anchors
            rule, what = (
                (rules.RECURSIVE_ANCHOR, "stands inside its own value") if known else (rules.YAML_SYNTAX, "is not defined")
            )
            raise self._malformed(rule, event, f"the alias `*{shorten(event.anchor)}` {what}")
        self._count(event, _size(node))
        return node

    def _count(self, event: Any, more: int) -> None:
        self.values += more
        if self.values > MAX_VALUES:
            raise self._malformed(rules.TOO_MANY_VALUES, event, f"the file unfolds to more than {MAX_VALUES:,} values")

    def _tag(self, event: Any) -> None:
        if event.tag and event.tag not in _CORE_TAGS and event.tag != "!":
            self.diagnostics.append(rules.UNKNOWN_TAG.at(self._span(event), f"unknown YAML tag `{shorten(event.tag)}`"))

    def _repeated(self, key: ScalarNode, first: ScalarNode) -> None:
        self.diagnostics.append(
            rules.DUPLICATE_KEY.at(
                key.span, f"duplicate key `{shorten(key.text)}`", label=f"first used in line {first.span.line}"
            )
        )

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _malformed(self, rule: Rule, event: Any, message: str) -> Malformed:
        return Malformed(rule.at(self._span(event), message))


def _size(node: Node) -> int:
    return 1 if isinstance(node, ScalarNode) else node.size


def _resolved(event: Any) -> Any:
    """Return a scalar's value: plain scalars by the YAML 1.2 core schema, all others as text."""
    text: str = event.value
    if event.tag == "tag:yaml.org,2002:str" or (not event.implicit[0] and event.tag in (None, "!")) or event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text


def _syntax(error: yaml.YAMLError, text: str, path: str) -> Diagnostic:
    if isinstance(error, yaml.reader.ReaderError):
        return _control_character(text, path)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not well-formed"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    span = Span(path, line, column, line, column + 1)
    if problem == _PARSER_SECOND_DOCUMENT:
        return rules.SEVERAL_DOCUMENTS.at(span, _SEVERAL_DOCUMENTS)
    if problem == _PARSER_DEPTH:
        return rules.NESTED_TOO_DEEPLY.at(span, f"values are nested more than {MAX_DEPTH} levels deep")
    return rules.YAML_SYNTAX.at(span, f"YAML syntax: {problem}")


def _control_character(text: str, path: str) -> Diagnostic:
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    before = text[: match.start()] if match else ""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    what = f"`U+{ord(match[0]):04X}`" if match else "here"
    return rules.YAML_SYNTAX.at(Span(path, line, column, line, column + 1), f"YAML syntax: control character {what}")
