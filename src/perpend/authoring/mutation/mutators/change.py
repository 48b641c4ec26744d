"""The changes that mutators make: a description and the new expression or block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.language.operations import OPERATIONS
from perpend.language.program.program import Block, Expr
from perpend.language.program.render import expression_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.core.diagnostics.model import Span
    from perpend.core.values.types import ValueType

_LONGEST = 90


class ExpressionChange(NamedTuple):
    """A replacement of an expression. ``words`` describe it in the past tense."""

    words: str
    expression: Expr


class BlockChange(NamedTuple):
    """A replacement of a block, and the place of the change in the file."""

    words: str
    block: Block
    span: Span | None


@dataclass(frozen=True, slots=True)
class ExpressionMutator:
    """A kind of change of an expression: a function that yields replacements."""

    name: str
    changes: Callable[[Expr], Iterator[ExpressionChange]]


@dataclass(frozen=True, slots=True)
class BlockMutator:
    """A kind of change of a block: a function that yields replacements."""

    name: str
    changes: Callable[[Block], Iterator[BlockChange]]


def use_of(name: str, value_type: ValueType, like: Expr, **arguments: Any) -> Expr:
    """Return an operation in the place of another expression."""
    return Expr(OPERATIONS[name], arguments, value_type, span=like.span)


def both_texts(old: Expr, new: Expr) -> str:
    """Return the words for an expression that became another."""
    return f"`{text_of(old)}` became `{text_of(new)}`"


def text_of(expression: Expr) -> str:
    """Return an expression as messages quote it."""
    return shorten(expression_text(expression), _LONGEST)
