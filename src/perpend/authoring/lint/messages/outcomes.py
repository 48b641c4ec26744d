"""The outcomes of logic files as written, with their blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.syntax.documents import Logic, WrittenBlock, WrittenOutcome

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def outcomes_of(block: WrittenBlock) -> Iterator[WrittenOutcome]:
    """Yield the outcomes of a block and of its related lists."""
    outcomes = (*(condition.outcome for condition in block.conditions), block.otherwise)
    yield from (outcome for outcome in outcomes if outcome is not None)
    for below in block.related:
        yield from outcomes_of(below)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.casefold())


def things_of(logic: Logic) -> frozenset[str]:
    """Return the words that a message may use for the objects of a logic: those of their type, as written."""
    return frozenset(words_of(_HUMP.sub(" ", logic.written_type or logic.input_type.value)))
