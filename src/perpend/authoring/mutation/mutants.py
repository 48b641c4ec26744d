"""Make all mutants of a program: small changes, each with its place and a description."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perpend.authoring.mutation.mutators import OF_BLOCKS, OF_EXPRESSIONS
from perpend.authoring.mutation.rewriting import blocks_of, expressions_of, with_block, with_expressions
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Span
from perpend.language.compiler.reachability import Structures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.mutation.mutators.change import ExpressionChange
    from perpend.language.program.program import Block, Expr, Program


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program's block with one small change. ``key`` names it in its program and does not depend on line numbers.

    ``mutator`` is the kind of change and ``words`` describe it. ``replaced`` are the old and new expressions, empty if
    conditions were changed.
    """

    key: str
    mutator: str
    words: str
    span: Span
    block: Block
    replaced: tuple[tuple[Expr, Expr], ...] = ()


def mutants_of(program: Program) -> tuple[Mutant, ...]:
    """Return the mutants of a program in the order of its text, without those that would be written the same."""
    return tuple(_named(_of_blocks(program), _of_expressions(program)))


def _named(*several: Iterator[Mutant]) -> Iterator[Mutant]:
    seen: Counter[str] = Counter()
    for mutants in several:
        for mutant in mutants:
            seen[mutant.key] += 1
            count = seen[mutant.key]
            key = mutant.key if count == 1 else f"{mutant.key} ({count})"
            yield Mutant(key, mutant.mutator, mutant.words, mutant.span, mutant.block, mutant.replaced)


def _of_blocks(program: Program) -> Iterator[Mutant]:
    for path, block in blocks_of(program.block):
        for mutator in OF_BLOCKS:
            for change in mutator.changes(block):
                words = f"{change.words} of `{path}`" if path else change.words
                span = change.span or Span(program.logic_id.lstrip("/"))
                made = with_block(program.block, block, change.block)
                yield Mutant(f"{mutator.name}: {words}", mutator.name, words, span, made)


def _of_expressions(program: Program) -> Iterator[Mutant]:
    for site in _sites(program):
        structures = Structures()
        known = {structures.number(site[0])}
        for name, changes in _changes(site):
            number = structures.number(changes[0].expression)
            if number not in known:
                known.add(number)
                yield _mutant(program, name, site, changes)


def _changes(site: list[Expr]) -> Iterator[tuple[str, tuple[ExpressionChange, ...]]]:
    """Yield the changes of each mutator at one place."""
    for mutator in OF_EXPRESSIONS:
        for changes in zip(*map(mutator.changes, site), strict=False):
            yield mutator.name, changes


def _sites(program: Program) -> list[list[Expr]]:
    """Return the places of expressions in a program, each with the expressions written there.

    A place has several if an extract has a different type for each user.
    """
    sites: dict[tuple[Span | None, str], list[Expr]] = {}
    for _, block in blocks_of(program.block):
        for expression in expressions_of(block):
            expressions = sites.setdefault((expression.span, expression.operation.name), [])
            if expression not in expressions:
                expressions.append(expression)
    return list(sites.values())


def _mutant(program: Program, name: str, site: list[Expr], changes: tuple[ExpressionChange, ...]) -> Mutant:
    replaced = tuple((old, change.expression) for old, change in zip(site, changes, strict=False))
    words = changes[0].words
    span = site[0].span or Span(program.logic_id.lstrip("/"))
    made = with_expressions(program.block, dict(replaced))
    return Mutant(f"{name}: {words}", name, words, span, made, replaced)
