"""Describe a program in steps: given, when, then, with indexes, checks and tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.language.compiler.reachability import silent_checks
from perpend.language.compiler.verdicts import checks_of, verdict_table
from perpend.language.program.numbering import (
    DISAPPEARED,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    base_of,
    condition_index,
    is_check,
    otherwise_index,
    split,
)
from perpend.language.program.render import OTHERWISE, expression_text
from perpend.reports.site.content.links import PageKind, Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.authoring.testing.executions import Execution
    from perpend.language.program.program import Block, Condition, DeclaredOutcome, Expr, Program

_JOINTS = {"AND": "all", "OR": "any", "NOT": "not"}
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a question. ``joint`` is the operator between ``parts`` (all, any, not), empty for a simple question."""

    text: str
    joint: str = ""
    parts: tuple[Clause, ...] = ()
    extracts: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A possible result: an index with status, text and messages, and the tests with this result.

    ``lines`` are the first and last line in the logic file, (0, 0) if it has no line there. ``origin`` is the extracts file of
    a check. ``silent`` marks a check that can never fire.
    """

    anchor: str
    index: int
    status: str
    text: str
    message: str
    remediation: str | None
    tests: tuple[Ref, ...]
    lines: tuple[int, int] = (0, 0)
    origin: Ref | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ConditionStep:
    """One condition: its number, the question as a tree, its checks, the way it ends."""

    number: int
    clause: Clause
    checks: tuple[Way, ...]
    way: Way


@dataclass(frozen=True, slots=True)
class BlockSteps:
    """A block: conditions over objects of one type. ``implied`` are the ends that no author writes."""

    relationship: str
    type: Ref
    record_types: tuple[str, ...]
    implied: tuple[Way, ...]
    steps: tuple[ConditionStep, ...]
    otherwise: Way
    related: tuple[BlockSteps, ...]


@dataclass(slots=True)
class StepReader:
    """Reads a program's blocks in the order of their numbers, which make anchors and reached branches unique."""

    program: Program
    type_ref: Callable[[str], Ref]
    tests: Mapping[tuple[int, int], tuple[Ref, ...]]
    _number: int = 0

    def steps(self) -> BlockSteps:
        """Return the steps of the whole program."""
        return self._block("", self.program.block, self.program.verdicts)

    def _block(self, relationship: str, block: Block, verdicts: Mapping[int, DeclaredOutcome]) -> BlockSteps:
        number = self._number
        self._number += 1
        silent = silent_checks(block)
        ways = {index: replace(self._way(number, verdict), silent=index in silent) for index, verdict in verdicts.items()}
        line = block.otherwise.span.line if block.otherwise.span else 0
        return BlockSteps(
            relationship,
            self.type_ref(block.type.name),
            block.record_types,
            tuple(ways[index] for index in (UNREADABLE, OTHER_RECORD_TYPE, DISAPPEARED) if index in ways and not number),
            tuple(self._step(position, condition, ways) for position, condition in enumerate(block.conditions, 1)),
            replace(ways[otherwise_index(len(block.conditions))], lines=(line, line)),
            tuple(self._block(name, child, verdict_table(child)) for name, child in block.related.items()),
        )

    def _step(self, number: int, condition: Condition, ways: Mapping[int, Way]) -> ConditionStep:
        expression, base = condition.expression, base_of(number)
        first = condition.outcome.span.line if condition.outcome.span else 0
        lines = [line for line in (first, *_lines_of(expression, self.program.logic_id[1:])) if line]
        way = replace(ways[condition_index(number)], lines=(min(lines, default=0), max(lines, default=0)))
        checks = tuple(self._check(ways[base + slot], part) for slot, part, _, _ in checks_of(expression))
        return ConditionStep(number, clause_of(expression), checks, way)

    def _way(self, block: int, verdict: DeclaredOutcome) -> Way:
        return Way(
            anchor_of(block, verdict.index, verdict.text == OTHERWISE),
            verdict.index,
            verdict.status.value,
            verdict.text,
            verdict.message,
            verdict.remediation,
            self.tests.get((block, verdict.index), ()),
        )

    def _check(self, way: Way, part: Expr) -> Way:
        if part.span is None:
            return way
        place = f"/{part.span.path}"
        here = place == self.program.logic_id
        origin = None if here else Ref(PageKind.EXTRACTS, place, place.rpartition("/")[2], anchor=f"L{part.span.line}")
        return replace(way, lines=(part.span.line, part.span.line), origin=origin)


def anchor_of(block: int, index: int, is_otherwise: bool) -> str:
    """Return the anchor of a result: ``condition-1``, ``check-101``, ``otherwise``, after its related list's number."""
    prefix = f"list-{block}-" if block else ""
    if is_otherwise:
        return f"{prefix}otherwise"
    number, _ = split(index)
    if number == 0:
        return f"{prefix}index-{index}"
    return f"{prefix}check-{index}" if is_check(index) else f"{prefix}condition-{number}"


def clause_of(expression: Expr, depth: int = 0) -> Clause:
    """Return a question as a tree of parts, joined by all, any and not."""
    joint = _JOINTS.get(expression.operation.key, "") if depth < _DEEPEST else ""
    parts = tuple(clause_of(part, depth + 1) for part in expression.operands) if joint else ()
    return Clause(expression_text(expression), joint if parts else "", parts, () if parts else tuple(_extracts(expression)))


def _extracts(expression: Expr) -> Sequence[Ref]:
    """Return the extracts that an expression refers to directly, without those inside their bodies."""
    if expression.extract is not None:
        span, name = expression.extract.body.span, expression.arguments["path"]
        return [] if span is None else [Ref(PageKind.EXTRACTS, f"/{span.path}", name, anchor=f"L{span.line}")]
    return list(dict.fromkeys(extract for operand in expression.operands for extract in _extracts(operand)))


def _lines_of(expression: Expr, path: str) -> list[int]:
    here = expression.span is not None and expression.span.path == path
    lines = [expression.span.end_line] if here and expression.span is not None else []
    if expression.extract is not None:
        return lines
    return [*lines, *(line for part in expression.operands for line in _lines_of(part, path))]


def tests_by_end(executions: Sequence[Execution], ref: Callable[[Execution], Ref]) -> dict[tuple[int, int], tuple[Ref, ...]]:
    """Return the tests that reach each end, by block number and index."""
    by_end: dict[tuple[int, int], list[Ref]] = {}
    for execution in executions:
        for end in execution.reached:
            by_end.setdefault(end, []).append(ref(execution))
    return {end: tuple(refs) for end, refs in by_end.items()}
