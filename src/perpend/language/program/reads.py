"""What expressions read of the object at hand, as their operations' declarations say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.jmespath_query import plain_key
from perpend.language.operations.operation import Constant
from perpend.language.program.program import Block, Expr, Read

if TYPE_CHECKING:
    from collections.abc import Iterator


def reads_of(block: Block) -> tuple[Read, ...]:
    """Return what a block reads of its own object, in the order of first reading."""
    return tuple(dict.fromkeys(read for condition in block.conditions for read in reads_below(condition.expression)))


def reads_below(expression: Expr, prefix: str = "") -> Iterator[Read]:
    """Yield what an expression and all below it read. ``prefix`` (``account__r.``) are lookups followed already.

    A field that only a query looks into is read by the query's key, where that is a plain one.
    """
    for path in expression.field_paths:
        yield Read(f"{prefix}{path}")
    if expression.extract:
        prefix += expression.extract.prefix
    queries = expression.operation.taking(Constant.JMESPATH)
    key = next((plain_key(expression.arguments[name]) for name in queries), None)
    for operand in expression.operands:
        for read in reads_below(operand, prefix):
            yield read if read.key or not key else Read(read.path, key)
