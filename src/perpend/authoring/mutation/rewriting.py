"""Replace nodes of a block in a new block.

Unchanged nodes stay the same objects, so that interpreters share their results.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perpend.language.program.program import Block, Condition, Expr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def expressions_of(block: Block) -> Iterator[Expr]:
    """Yield every expression of a block, extracts entered, each once; related lists are blocks of their own."""
    seen: set[int] = set()
    pending = [condition.expression for condition in reversed(block.conditions)]
    while pending:
        expression = pending.pop()
        if id(expression) not in seen:
            seen.add(id(expression))
            yield expression
            pending += reversed(expression.operands)


def blocks_of(block: Block, path: str = "") -> Iterator[tuple[str, Block]]:
    """Yield a block and the blocks of its related lists, each with the path that leads to it, empty for the first."""
    yield path, block
    for name, child in block.related.items():
        yield from blocks_of(child, f"{path} → {name}" if path else name)


def with_expressions(block: Block, replaced: Mapping[Expr, Expr]) -> Block:
    """Return a block with expressions in place of others, in its related lists, too."""
    return _Rewriting(replaced).block(block)


def with_block(block: Block, old: Block, new: Block) -> Block:
    """Return a block with one of its inner blocks, or the block itself, replaced."""
    if block is old:
        return new
    related = {name: with_block(child, old, new) for name, child in block.related.items()}
    return replace(block, related=related)


class _Rewriting:
    """One rewriting. An expression with several users is rewritten once."""

    def __init__(self, replaced: Mapping[Expr, Expr]) -> None:
        self._made: dict[Expr, Expr] = dict(replaced)

    def block(self, block: Block) -> Block:
        conditions = tuple(
            condition if (made := self.expression(condition.expression)) is condition.expression else _with(condition, made)
            for condition in block.conditions
        )
        related = {name: self.block(child) for name, child in block.related.items()}
        same = all(one is other for one, other in zip(conditions, block.conditions, strict=True))
        same = same and all(related[name] is child for name, child in block.related.items())
        return block if same else replace(block, conditions=conditions, related=related)

    def expression(self, expression: Expr) -> Expr:
        if expression not in self._made:
            self._made[expression] = self._rebuilt(expression)
        return self._made[expression]

    def _rebuilt(self, expression: Expr) -> Expr:
        arguments = {name: self._argument(value) for name, value in expression.arguments.items()}
        extract = expression.extract
        if extract is not None and (body := self.expression(extract.body)) is not extract.body:
            extract = replace(extract, body=body)
        same = all(_is_same(arguments[name], value) for name, value in expression.arguments.items())
        if same and extract is expression.extract:
            return expression
        return replace(expression, arguments=arguments, extract=extract)

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Expr):
            return self.expression(value)
        if isinstance(value, tuple):
            return tuple(self.expression(part) if isinstance(part, Expr) else part for part in value)
        return value


def _is_same(made: Any, value: Any) -> bool:
    if isinstance(value, tuple):
        return all(one is other for one, other in zip(made, value, strict=True))
    return made is value


def _with(condition: Condition, expression: Expr) -> Condition:
    return replace(condition, expression=expression)
