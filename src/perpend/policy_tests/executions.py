"""The tests of a logic file run, and kept with what each of them reaches. Expected and actual stand side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.interpret.interpreter import Interpreter
from perpend.meaning.values import date_time_from_text, milliseconds_from_datetime
from perpend.policy_tests.run import run_policy_tests, tests_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.analyze.programs import Analyzer
    from perpend.diagnostics.model import Diagnostic
    from perpend.ir.program import Block
    from perpend.policy_tests.run import Branch, Coverage, FailedTest


@dataclass(frozen=True, slots=True)
class Ending:
    """How an object ends, or should: the four values that a test compares."""

    status: str
    index: str
    text: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Execution:
    """One test object judged: where it stands in its file, what was expected, what came, the ends that it reached.

    ``reached`` holds pairs of a block's number (0 is the root, then its related lists in order) and an index.
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
        """Whether it ended as expected."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Executions:
    """All tests of one logic file. ``branches`` counts conditions, checks and ``otherwise``, of related lists too."""

    ends: tuple[Execution, ...] = ()
    branches: int = 0
    missed: tuple[Branch, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> int:
        """How many tests did not end as expected."""
        return sum(not end.passed for end in self.ends)

    @property
    def passed(self) -> int:
        """How many tests ended as expected."""
        return len(self.ends) - self.failed

    @property
    def covered(self) -> int:
        """How many branches some test ends in."""
        return self.branches - len(self.missed)


def blocks_of(block: Block) -> Iterator[Block]:
    """Yield a block and the blocks of its related lists, each before those below it."""
    yield block
    for child in block.related.values():
        yield from blocks_of(child)


def run_executions(analyzer: Analyzer, logic_ids: Sequence[str]) -> dict[str, Executions]:
    """Run the tests of logic files and return them by logic id."""
    report = run_policy_tests(analyzer, logic_ids)
    failures: dict[tuple[str, str], list[FailedTest]] = {}
    for failure in report.failures:
        failures.setdefault((failure.logic_id, failure.object_id), []).append(failure)
    coverage = {found.logic_id: found for found in report.coverage}
    return {
        logic_id: Executions(
            tuple(_executions(analyzer, logic_id, failures)),
            *_branches(coverage.get(logic_id)),
            problems=report.refused.get(logic_id, ()),
        )
        for logic_id in logic_ids
    }


def _branches(coverage: Coverage | None) -> tuple[int, tuple[Branch, ...]]:
    return (coverage.branches, coverage.missed) if coverage else (0, ())


def _executions(analyzer: Analyzer, logic_id: str, failures: dict[tuple[str, str], list[FailedTest]]) -> Iterator[Execution]:
    program = analyzer.analyzed(logic_id).program
    if program is None:
        return
    numbers = {id(block): number for number, block in enumerate(blocks_of(program.block))}
    reached: dict[tuple[int, int], None] = {}
    interpreter = Interpreter([program], reached=lambda block, index: reached.setdefault((numbers[id(block)], index)))
    now = milliseconds_from_datetime(datetime.now(UTC))
    for test in tests_of(analyzer.repository, analyzer, logic_id)[0]:
        reached.clear()
        time = date_time_from_text(test.snapshot_time) if test.snapshot_time else None
        index, error = interpreter.judge(test.fields, now if time is None else time)[0]
        verdict, wanted = program.verdicts[index], test.expected
        expected = Ending(wanted.status, wanted.index, wanted.text, wanted.runtime_error)
        actual = Ending(verdict.status.value, str(index), verdict.text, error)
        yield Execution(
            test.id,
            test.path,
            test.number,
            expected,
            actual,
            _wrong(expected, actual, failures.get((logic_id, test.id), ())),
            tuple(reached),
        )


def _wrong(expected: Ending, actual: Ending, failures: Sequence[FailedTest]) -> tuple[str, ...]:
    """Return the fields that are not as expected. Of objects that share an id, each answers for its own failures only."""
    pairs = {
        "status": (expected.status, actual.status),
        "conditionIndex": (expected.index, actual.index),
        "conditionText": (expected.text, actual.text),
        "runtimeError": (expected.error, actual.error),
    }
    return tuple(dict.fromkeys(found.field for found in failures if (found.expected, found.actual) == pairs[found.field]))
