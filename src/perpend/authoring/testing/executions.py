"""Run the tests of a logic file, and record expected and actual results with the branches that each test reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.authoring.testing.run import TestReport, compare, coverage_of, tests_of
from perpend.core.dataclass import dataclass
from perpend.core.values.values import date_time_from_text, milliseconds_from_datetime
from perpend.language.compiler.analyzer import logic_errors
from perpend.language.interpreter.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.authoring.testing.run import Branch
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Block, Program
    from perpend.language.syntax.test_data import TestObject


@dataclass(frozen=True, slots=True)
class Ending:
    """The actual or expected result of an object: the four values that a test compares."""

    status: str
    index: str
    text: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Execution:
    """The execution of one test object: its place in the file, expected and actual result, and the branches reached.

    ``reached`` has pairs of a block's number (0 is the root, then its related lists in order) and an index.
    """

    id: str
    path: str
    number: int
    expected: Ending
    actual: Ending
    wrong: tuple[str, ...]
    reached: tuple[tuple[int, int], ...]

    @property
    def passed(self) -> bool:
        """Whether the result is the expected one."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Executions:
    """All tests of one logic file. ``branches`` counts conditions, checks and ``otherwise``, of related lists too."""

    outcomes: tuple[Execution, ...] = ()
    branches: int = 0
    missed: tuple[Branch, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> int:
        """The number of failed tests."""
        return sum(not end.passed for end in self.outcomes)

    @property
    def passed(self) -> int:
        """The number of passed tests."""
        return len(self.outcomes) - self.failed

    @property
    def covered(self) -> int:
        """The number of branches that tests reach."""
        return self.branches - len(self.missed)


def blocks_of(block: Block) -> Iterator[Block]:
    """Yield a block and the blocks of its related lists, parents first."""
    yield block
    for child in block.related.values():
        yield from blocks_of(child)


def run_executions(analyzer: Analyzer, logic_ids: Sequence[str]) -> dict[str, Executions]:
    """Run the tests of logic files and return them by logic id."""
    return {logic_id: _executions(analyzer, logic_id) for logic_id in logic_ids}


def _executions(analyzer: Analyzer, logic_id: str) -> Executions:
    program = analyzer.analyzed(logic_id).program
    if program is None:
        return Executions(problems=logic_errors(analyzer, logic_id))
    tests, problems = tests_of(analyzer.repository, analyzer, logic_id)
    blocks = list(blocks_of(program.block))
    numbers = {id(block): number for number, block in enumerate(blocks)}
    reached: dict[tuple[int, int], None] = {}
    interpreter = Interpreter([program], reached=lambda block, index: reached.setdefault((numbers[id(block)], index)))
    now = milliseconds_from_datetime(datetime.now(UTC))
    outcomes: list[Execution] = []
    for test in tests:
        reached.clear()
        time = date_time_from_text(test.snapshot_time) if test.snapshot_time else None
        end = interpreter.evaluate(test.fields, now if time is None else time)[0]
        outcomes.append(_execution(program, test, end, tuple(reached)))
    every = {(id(blocks[number]), index) for end in outcomes for number, index in end.reached}
    coverage = coverage_of(program, every)
    return Executions(tuple(outcomes), coverage.branches, coverage.missed, problems)


def _execution(program: Program, test: TestObject, end: EvaluationOutcome, reached: tuple[tuple[int, int], ...]) -> Execution:
    (index, error), wanted = end, test.expected
    verdict, compared = program.verdicts[index], TestReport()
    compare(program, test, end, compared, strict_errors=False)
    expected = Ending(wanted.status, wanted.index, wanted.text, wanted.runtime_error)
    actual = Ending(verdict.status.value, str(index), verdict.text, error)
    wrong = tuple(failure.field for failure in compared.failures)
    return Execution(test.id, test.path, test.number, expected, actual, wrong, reached)
