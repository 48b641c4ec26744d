"""Run the tests of policies: files of test data, and inline expectations of unit tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import reject_single_text
from perpend.core.objects.inventory import CloudObject, Origin
from perpend.core.parallel import can_fork, spread
from perpend.core.values.values import DAY, date_time_from_text, milliseconds_from_datetime
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.explain.steps import Step, deciding_steps
from perpend.language.compiler.analyzer import logic_errors
from perpend.language.compiler.reachability import silent_checks
from perpend.language.compiler.verdicts import verdict_table
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.numbering import DISAPPEARED, OTHER_RECORD_TYPE, UNREADABLE, base_of, condition_index
from perpend.language.syntax.test_data import Expected, TestObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.evaluation.engines.protocol import Engine
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Block, Expr, Program
    from perpend.language.syntax.repository import Repository

FIELDS: Final = ("status", "conditionIndex", "conditionText", "runtimeError")
"""The compared fields, in the order of the format."""

MOST_EXPLAINED: Final = 50
"""The number of failed executions whose steps are recorded. The others are listed without steps."""

_PARALLEL_FROM: Final = 600
_CHUNK: Final = 50


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A field of an execution that differs from its expectation. A ``runtimeError`` of None means no error."""

    logic_id: str
    object_id: str
    field: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition or check of a logic: the related list (``""`` at the top), its index and its text."""

    relationship: str
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a logic by its tests: conditions, checks and ``otherwise``, also of related lists."""

    logic_id: str
    branches: int
    missed: tuple[Branch, ...]

    @property
    def reached(self) -> int:
        """The number of branches that tests reach."""
        return self.branches - len(self.missed)

    @property
    def percent(self) -> float:
        """The reached part in percent; a logic without branches is covered."""
        return 100.0 * self.reached / self.branches if self.branches else 100.0


@dataclass(slots=True)
class TestReport:
    """The results of a test run.

    ``cases`` are pairs of logic and object ID. ``refused`` are errors that keep a logic or its data from being run. ``steps``
    are the deciding steps of the first failed executions of each logic, by logic and object ID.
    """

    __test__ = False

    executions: int = 0
    failed: int = 0
    matches: Counter[str] = field(default_factory=Counter)
    cases: list[tuple[str, str]] = field(default_factory=list)
    failures: list[FailedTest] = field(default_factory=list)
    refused: dict[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    untested: list[str] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    steps: dict[tuple[str, str], tuple[Step, ...]] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        """The number of executions without differences."""
        return self.executions - self.failed

    def add(self, other: TestReport) -> None:
        """Take in another run's results."""
        self.executions += other.executions
        self.failed += other.failed
        self.matches.update(other.matches)
        self.cases += other.cases
        self.failures += other.failures
        self.refused |= other.refused
        self.untested += other.untested
        self.coverage += other.coverage
        if len(self.steps) < MOST_EXPLAINED:
            self.steps |= other.steps


def run_policy_tests(
    analyzer: Analyzer,
    logic_ids: Sequence[str],
    *,
    strict_errors: bool = False,
    engine: Engine | None = None,
    progress: Callable[[int], None] | None = None,
) -> TestReport:
    """Run the tests of logic files. Many files are shared by processes. Results have the order of ``logic_ids``.

    ``engine`` evaluates the test objects as tables, in this process, instead of the interpreter.
    """
    reject_single_text(logic_ids, "logic files")

    def part_of(chunk: Sequence[str]) -> TestReport:
        part = TestReport()
        for logic_id in chunk:
            _run(analyzer, logic_id, part, strict_errors=strict_errors, engine=engine)
        return part

    many = engine is None and len(logic_ids) >= _PARALLEL_FROM and can_fork()
    size = _CHUNK if many else 1
    chunks = [logic_ids[start : start + size] for start in range(0, len(logic_ids), size)]
    report = TestReport()
    for number, part in enumerate(spread(part_of, chunks) if many else map(part_of, chunks), 1):
        report.add(part)
        if progress:
            progress(min(number * size, len(logic_ids)))
    return report


def tests_of(repository: Repository, analyzer: Analyzer, logic_id: str) -> tuple[list[TestObject], tuple[Diagnostic, ...]]:
    """Return the test objects of a logic, from files and inline expectations, and the errors of the files."""
    logic, program = repository.logic(logic_id).value, analyzer.analyzed(logic_id).program
    if logic is None or program is None:
        return [], ()
    from_files = repository.test_objects(logic)
    return [*(from_files.value or ()), *_inline_tests(program)], from_files.diagnostics


def _inline_tests(program: Program) -> Iterable[TestObject]:
    for number, condition in enumerate(program.block.conditions, 1):
        unit_test = _unit_test(condition.expression)
        if unit_test is None:
            continue
        arguments, expected = unit_test.arguments, unit_test.arguments["expected"]
        sub_index = expected.get("subIndex")
        error = expected.get("runtimeError")
        yield TestObject(
            arguments["id"],
            {"Id": arguments["id"]},
            arguments.get("snapshotTime"),
            Expected(
                str(expected.get("status") or condition.outcome.status.value),
                str(condition_index(number) if sub_index is None else base_of(number) + sub_index),
                str(expected.get("text", "")),
                None if error is None else str(error),
            ),
        )


def _unit_test(expression: Expr) -> Expr | None:
    """Return the first unit test with an expectation at or below an expression."""
    if expression.operation.name == "UNIT_TEST" and isinstance(expression.arguments.get("expected"), dict):
        return expression
    return next((test for operand in expression.operands if (test := _unit_test(operand))), None)


def _run(analyzer: Analyzer, logic_id: str, report: TestReport, *, strict_errors: bool, engine: Engine | None = None) -> None:
    program = analyzer.analyzed(logic_id).program
    if program is None:
        report.refused[logic_id] = logic_errors(analyzer, logic_id)
        return
    tests, problems = tests_of(analyzer.repository, analyzer, logic_id)
    if problems:
        report.refused[logic_id] = problems
    if not tests:
        report.untested += [] if problems else [logic_id]
        report.coverage.append(coverage_of(program, set()))
        return
    reached: set[tuple[int, int]] = set()
    interpreter = Interpreter([program], reached=lambda block, index: reached.add((id(block), index)))
    now = milliseconds_from_datetime(datetime.now(UTC))
    stated = [date_time_from_text(test.snapshot_time or "") for test in tests]
    times = [now if time is None else time for time in stated]
    own = [interpreter.evaluate(test.fields, time)[0] for test, time in zip(tests, times, strict=True)]
    outcomes = own if engine is None else _outcomes_by(engine, program, tests, times, own)
    for test, time, end, (index, _) in zip(tests, times, outcomes, own, strict=True):
        if not compare(program, test, end, report, strict_errors=strict_errors) and len(report.steps) < MOST_EXPLAINED:
            results = CloudObject(program.input_type, test.id, test.id, test.id, test.fields, Origin("test data"))
            steps = deciding_steps(program, results, time, index, complete=True)
            report.steps.setdefault((logic_id, test.id), steps)
    report.coverage.append(coverage_of(program, reached))


def _outcomes_by(
    engine: Engine, program: Program, tests: Sequence[TestObject], times: Sequence[int], outcomes: Sequence[EvaluationOutcome]
) -> list[EvaluationOutcome]:
    """Return the results with an engine's indexes. Errors stay if the index is the same."""
    results = list(outcomes)
    for day in dict.fromkeys(time // DAY for time in times):
        places = [place for place, time in enumerate(times) if time // DAY == day]
        (indexes,) = indexes_of(engine, [program], [tests[place].fields for place in places], day * DAY)
        for place, index in zip(places, indexes, strict=True):
            results[place] = (index, outcomes[place][1] if index == outcomes[place][0] else None)
    return results


def compare(
    program: Program, test: TestObject, end: tuple[int, str | None], report: TestReport, *, strict_errors: bool
) -> bool:
    """Record the differences of an execution from its expectation. Return whether there are none."""
    index, error = end
    verdict = program.verdicts[index]
    expected = test.expected
    pairs: tuple[tuple[str | None, str | None], ...] = (
        (expected.status, verdict.status.value),
        (expected.index, str(index)),
        (expected.text, verdict.text),
        (expected.runtime_error, error),
    )
    report.executions += 1
    report.cases.append((program.logic_id, test.id))
    failures = []
    for name, (wanted, actual) in zip(FIELDS, pairs, strict=True):
        loose = name == "runtimeError" and not strict_errors and not _raised_by_author(program, index)
        if (wanted is None) == (actual is None) if loose else wanted == actual:
            report.matches[name] += 1
        else:
            failures.append(FailedTest(program.logic_id, test.id, name, wanted, actual))
    report.failed += bool(failures)
    report.failures += failures
    return not failures


def _raised_by_author(program: Program, index: int) -> bool:
    """Whether the author wrote the text of a runtime error, so that its wording is compared."""
    return program.verdicts[index].text.endswith(".throw()")


def coverage_of(program: Program, reached: set[tuple[int, int]]) -> Coverage:
    """Return a program's coverage by the ends that were reached, as pairs of a block's identity and an index."""
    branches = [(block, branch) for name, block in _blocks("", program.block) for branch in _branches(name, block)]
    missed = tuple(branch for block, branch in branches if (id(block), branch.index) not in reached)
    return Coverage(program.logic_id, len(branches), missed)


def _blocks(name: str, block: Block) -> Iterable[tuple[str, Block]]:
    yield name, block
    for relationship, child in block.related.items():
        yield from _blocks(f"{name} → {relationship}" if name else relationship, child)


def _branches(name: str, block: Block) -> Iterable[Branch]:
    silent = silent_checks(block)
    for index, verdict in verdict_table(block).items():
        if index not in (UNREADABLE, OTHER_RECORD_TYPE, DISAPPEARED) and index not in silent:
            yield Branch(name, index, verdict.text)
