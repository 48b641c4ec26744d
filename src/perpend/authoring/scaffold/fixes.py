"""Find fixes of YAML files: unused imports, older spellings in files of the newer dialects, white space at line ends.

An edit is returned only if the edited document is proven to have the same content. This module writes no file.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.lint import unused_extract_import
from perpend.authoring.lint.context import LintContext
from perpend.authoring.scaffold.edits import Edit, EditedFile, edited
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax import shapes
from perpend.language.syntax.documents import logic_from
from perpend.language.syntax.files import MAX_YAML, UnreadableFile, parents
from perpend.language.syntax.nodes import Mapping, Node, ScalarNode, Sequence, node_from_yaml, plain
from perpend.language.syntax.read import DocumentReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.syntax.repository import Repository

_BLANK_END: Final = re.compile(r"[ \t]+(?=\r?$)", re.MULTILINE)
_ODD_LINES: Final = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_ANCHORED: Final = re.compile(r"(?:^|[\s\[{,])[&*][^\s,\]}]", re.MULTILINE)
_SEARCHES: Final = {"CONTAINS": "substring", "STARTS_WITH": "prefix", "ENDS_WITH": "suffix"}
_CONSTANTS: Final = {"JSON"}
_PLACES: Final = {"span", "spans", "imports"}


def fixed_files(repository: Repository, paths: Collection[str] | None = None) -> list[EditedFile]:
    """Return the files that can be fixed, sorted by path: of all files, or of those at or below ``paths``."""
    unused: dict[str, set[Span]] = {}
    for problem in unused_extract_import.find(LintContext(Analyzer(repository))):
        unused.setdefault(problem.span.path, set()).add(problem.span)
    files, seen = [], set()
    for path in sorted(repository.tree.files):
        real = os.path.realpath(repository.files.root / path)
        if not path.endswith(".yaml") or real in seen or not _is_wanted(path, paths):
            continue
        seen.add(real)
        try:
            text = repository.files.text(path, limit=MAX_YAML)
        except UnreadableFile:
            continue
        edits = tuple(_edits(path, text, unused.get(path, set())))
        if edits:
            files.append(EditedFile(path, text, edits))
    return files


def _is_wanted(path: str, paths: Collection[str] | None) -> bool:
    return paths is None or path in paths or not set(paths).isdisjoint(parents(path))


def _edits(path: str, text: str, unused: set[Span]) -> list[Edit]:
    is_logic = path.endswith(".logic.yaml")
    if not is_logic and not _BLANK_END.search(text):
        return []
    node = _tree(path, text)
    if node is None or _ODD_LINES.search(text):
        return []
    places = _Places(text)
    spaces = [edit for edit in places.outer_blanks() if not any(edit.start in lines for lines in places.scalars(node))]
    if spaces:
        after = _tree(path, edited(text, spaces))
        spaces = spaces if after is not None and plain(after) == plain(node) else []
    if not is_logic or _ANCHORED.search(text):
        return spaces
    more = [*_removed_imports(places, node, unused), *_respelt(places, node)]
    wider = [edit for edit in spaces if not any(other.start <= edit.start < other.end for other in more)]
    if more and _is_same_logic(path, text, edited(text, [*wider, *more]), unused):
        return sorted([*wider, *more])
    return spaces


def _tree(path: str, text: str) -> Node | None:
    diagnostics: list[Diagnostic] = []
    node = node_from_yaml(text, path, diagnostics)
    return None if diagnostics else node


class _Places:
    """The offsets of lines and columns in a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column, both counted from 1."""
        return self.starts[line - 1] + column - 1 if line <= len(self.starts) else len(self.text)

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """Return the offsets of the start of a line and the end of another, including the line end."""
        return self.starts[first - 1], self.starts[last] if last < len(self.starts) else len(self.text)

    def outer_blanks(self) -> Iterator[Edit]:
        """Yield the edits that remove white space at the ends of lines."""
        yield from (Edit(match.start(), match.end(), "") for match in _BLANK_END.finditer(self.text))

    def scalars(self, node: Node) -> Iterator[range]:
        """Yield the ranges of multi-line scalars: white space in them is a part of the text."""
        match node:
            case ScalarNode(span=span) if span.line != span.end_line:
                yield range(self.offset(span.line, 1), self.offset(span.end_line + 1, 1))
            case Sequence(items):
                for item in items:
                    yield from self.scalars(item)
            case Mapping(entries):
                for _, value in entries:
                    yield from self.scalars(value)


def _removed_imports(places: _Places, node: Node, unused: set[Span]) -> Iterator[Edit]:
    """Yield the edits that remove unused imports: whole lines, and the key with its last item."""
    for key, value in _entries(node):
        if key.text != "importExtracts" or not isinstance(value, Sequence):
            continue
        gone = [item for item in value.items if isinstance(item, Mapping) and _file_span(item) in unused]
        spans = [item.span for item in gone]
        if gone and len(gone) == len(value.items):
            last = max(span.end_line - (span.end_column == 1) for span in spans)
            yield from _without_lines(places, key.span.line, max(last, key.span.line), start=key.span.column)
        else:
            for span in spans:
                yield from _without_lines(places, span.line, span.end_line - (span.end_column == 1), start=span.column)


def _without_lines(places: _Places, first: int, last: int, *, start: int) -> Iterator[Edit]:
    """Yield the edit that removes lines, if the first holds nothing else and there is no comment below it."""
    begin, end = places.lines(first, last)
    if first > 1 and places.text[places.starts[first - 2] : begin].strip() == "-":
        begin = places.starts[first - 2]  # the item's dash has its own line
    lines = places.text[begin:end].split("\n")
    if not lines[0][: start - 1].strip(" -\r") and not any(line.lstrip().startswith("#") for line in lines):
        yield Edit(begin, end, "")


def _file_span(item: Mapping) -> Span | None:
    value = item.get("file")
    return value.span if value is not None else None


def _respelt(places: _Places, node: Node) -> Iterator[Edit]:
    """Yield the edits that replace older spellings. Files of the first dialect are left out: names differ in meaning there."""
    if not isinstance(node, Mapping) or node.get("inputType") is None:
        return
    for key, value in _entries(node):
        if key.text == "condition":
            yield from _rename(places, key, "check")
        if key.text in _SEARCHES and isinstance(value, Mapping):
            for inner, _ in value.entries:
                yield from _rename(places, inner, "search") if inner.text == _SEARCHES[key.text] else ()
        if key.text == "DURATION_FROM" and isinstance(value, Mapping):
            form = value.get("format")
            yield from _rename(places, form, "GCP") if isinstance(form, ScalarNode) and form.text == "GCP_DURATION" else ()


def _rename(places: _Places, scalar: ScalarNode, text: str) -> Iterator[Edit]:
    start, end = (places.offset(*at) for at in _corners(scalar.span))
    if places.text[start:end] == scalar.text:
        yield Edit(start, end, text)


def _corners(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span.line, span.column), (span.end_line, span.end_column)


def _entries(node: Node) -> Iterator[tuple[ScalarNode, Node]]:
    """Yield all keys with their values, except those inside constants."""
    match node:
        case Sequence(items):
            for item in items:
                yield from _entries(item)
        case Mapping(entries):
            for key, value in entries:
                yield key, value
                if key.text not in _CONSTANTS:
                    yield from _entries(value)
        case _:
            return


def _is_same_logic(path: str, before: str, after: str, unused: set[Span]) -> bool:
    """Whether two texts are the same logic, apart from unused imports."""
    read = [_logic(path, text) for text in (before, after)]
    if None in read:
        return False
    old, new = (_bare(logic) for logic in read)
    gone = [imported for imported in _imports(read[0]) if imported.span in unused]
    used = [imported.value for imported in _imports(read[0]) if imported.span not in unused]
    after_edit = [imported.value for imported in _imports(read[1])]
    return bool(old == new and len(used) <= len(after_edit) <= len(used) + len(gone) and not set(used) - set(after_edit))


def _logic(path: str, text: str) -> Any:
    node, diagnostics = _tree(path, text), list[Any]()
    record = DocumentReader(diagnostics).record(node, shapes.LOGIC) if node is not None else None
    return logic_from(path, record) if record is not None and not diagnostics else None


def _imports(logic: Any) -> Iterator[Any]:
    blocks = [logic.block]
    while blocks:
        block = blocks.pop()
        yield from block.imports
        blocks += block.related


def _bare(value: Any) -> Any:
    """Return a document without spans and imports, for comparison."""
    if is_dataclass(value) and not isinstance(value, type):
        parts: Iterable[tuple[str, Any]] = ((field.name, getattr(value, field.name)) for field in fields(value))
        return (type(value).__name__, *((name, _bare(part)) for name, part in parts if name not in _PLACES))
    if isinstance(value, tuple | list):
        return [_bare(part) for part in value]
    return {key: _bare(part) for key, part in value.items()} if isinstance(value, dict) else value
