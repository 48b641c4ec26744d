"""Edit a text, and show the changed lines before and after. All other text stays the same, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The replacement of a text from ``start`` to before ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A file of a repository: its path from the root, its text, and edits of that text."""

    path: str
    text: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Lines before and after edits, with the number of the first line, from 1."""

    number: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits applied. The edits must not overlap."""
    parts, place = [], 0
    for edit in sorted(edits):
        parts += [text[place : edit.start], edit.text]
        place = edit.end
    return "".join([*parts, text[place:]])


def changed_lines(text: str, edits: Iterable[Edit]) -> Iterator[ChangedLines]:
    """Yield the lines that edits change. Edits of the same line are one change."""
    number, counted = 1, 0
    for start, end, inside in _by_lines(text, edits):
        number += text.count("\n", counted, start)
        counted = start
        after = edited(text[start:end], (Edit(edit.start - start, edit.end - start, edit.text) for edit in inside))
        yield _trimmed(number, text[start:end].split("\n"), after.split("\n"))


def _by_lines(text: str, edits: Iterable[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Yield the start and end of each group of touched lines, with the edits inside."""
    start = end = -1
    inside: list[Edit] = []
    for edit in sorted(edits):
        if edit.start > end:
            if inside:
                yield start, end, inside
            start, inside = text.rfind("\n", 0, edit.start) + 1, []
        inside.append(edit)
        end = max(end, _end_of_line(text, edit.end))
    if inside:
        yield start, end, inside


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _trimmed(number: int, before: Sequence[str], after: Sequence[str]) -> ChangedLines:
    """Remove the lines at both ends that do not change."""
    shorter = min(len(before), len(after))
    first = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    last = 0
    while last < shorter - first and before[-1 - last] == after[-1 - last]:
        last += 1
    return ChangedLines(number + first, tuple(before[first : len(before) - last]), tuple(after[first : len(after) - last]))
