"""The input of the lint rules: analyzed logic files, extracts, and the places of expressions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.values.types import TEXT_COLLECTIONS
from perpend.language.operations.operation import Constant
from perpend.language.syntax.documents import calls_below, calls_in, is_unit_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.core.diagnostics.model import Span
    from perpend.language.compiler.analyzer import Analyzed, Analyzer
    from perpend.language.program.program import Block, Check, Expr
    from perpend.language.syntax.calls import Call
    from perpend.language.syntax.documents import Logic, WrittenBlock
    from perpend.language.syntax.repository import Repository


@dataclass(frozen=True)
class LintContext:
    """One repository, analysed."""

    analyzer: Analyzer

    @property
    def repository(self) -> Repository:
        """The repository."""
        return self.analyzer.repository

    @cached_property
    def logics(self) -> tuple[tuple[Logic, Analyzed], ...]:
        """The logic files that could be read."""
        read = (self.repository.logic(entity).value for entity in self.repository.logic_ids)
        return tuple((logic, self.analyzer.analyzed(logic.id)) for logic in read if logic is not None)

    @cached_property
    def policies(self) -> tuple[tuple[Logic, Analyzed], ...]:
        """The logic files of policies, without the unit tests of operations."""
        return tuple((logic, analyzed) for logic, analyzed in self.logics if not is_unit_test(logic))

    @cached_property
    def extracts(self) -> tuple[tuple[str, tuple[Expr, ...]], ...]:
        """The extracts files with the values of their valid extracts."""
        return tuple(
            (entity, tuple(value for name in self.analyzer.names(entity) if (value := self.analyzer.extract(entity, name))))
            for entity in self.repository.extracts_ids
        )

    def expressions(self) -> Iterator[Expr]:
        """Yield every expression written in extracts and in conditions of policies, including operands."""
        for _, values in self.extracts:
            for value in values:
                yield from written_here(value)
        for logic, analyzed in self.policies:
            for _, block in blocks_of(logic, analyzed):
                for condition in block.conditions:
                    yield from written_here(condition.expression)

    @cached_property
    def _check_places(self) -> dict[tuple[Span, str], Span]:
        return {(call.span, check.declaration.key): check.span for call in self._calls() for check in call.checks}

    def check_place(self, expression: Expr, check: Check) -> Span:
        """Return the place of a check's key."""
        assert expression.span is not None  # the analyzer gives every expression its place
        return self._check_places.get((expression.span, check.declaration.key), expression.span)

    def _calls(self) -> Iterator[Call]:
        for logic, _ in self.logics:
            yield from calls_in(logic.block)
        for entity in self.repository.extracts_ids:
            yield from self.extracts_calls(entity)

    def extracts_calls(self, entity: str) -> Iterator[Call]:
        """Yield the operations written in a file of extracts."""
        document = self.repository.extracts(entity).value
        for extract in document.extracts if document else ():
            if extract.value is not None:
                yield from calls_below(extract.value)


def blocks_of(logic: Logic, analyzed: Analyzed) -> Iterator[tuple[WrittenBlock, Block]]:
    """Yield a program's blocks with their source, the root first. A missing program has none."""
    if analyzed.program is not None:
        yield from _paired(logic.block, analyzed.program.block)


def _paired(written: WrittenBlock, block: Block) -> Iterator[tuple[WrittenBlock, Block]]:
    yield written, block
    for related in written.related:
        if related.relationship is not None:
            yield from _paired(related, block.related[related.relationship.value])


def written_here(expression: Expr) -> Iterator[Expr]:
    """Yield an expression and its operands, without the bodies of extracts, which are written elsewhere."""
    yield expression
    for operand in expression.operands if expression.extract is None else ():
        yield from written_here(operand)


def texts_listed(expression: Expr) -> Iterator[Sequence[str]]:
    """Yield the texts that an expression lists as constants, if they are compared as Text."""
    for name in expression.operation.taking(Constant.TEXTS) if expression.type in TEXT_COLLECTIONS else ():
        yield expression.constant(name) or ()


def unfolded(expression: Expr) -> Expr:
    """Return the expression that computes a value: extracts and ``DEBUG`` only pass it on."""
    while True:
        if expression.extract is not None:
            expression = expression.extract.body
        elif expression.operation.name == "DEBUG" and not expression.arguments["returnTrue"]:
            expression = expression.arguments["arg"]
        else:
            return expression
