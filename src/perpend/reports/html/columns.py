"""Write the findings of a run as compressed columns: each object and each outcome once, each finding as one number.

Objects are read once, and never all in memory. Equal values give equal bytes.
"""

from __future__ import annotations

import base64
import gzip
import io
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.errors import PerpendError
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.evaluation.verdicts.verdicts import HIDDEN
from perpend.findings.severity.effective import RATED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.language.interpreter.interpreter import EvaluationOutcome

_LEVEL: Final = 9
_LISTED: Final = frozenset((Status.INCOMPLIANT, Status.UNDETERMINED))
"""The statuses that a report of all verdicts lists: those that need attention."""


class PackedColumn:
    """A compressed column of texts or numbers."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._stream = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=self._bytes, mtime=0)

    def text(self) -> str:
        """Close the column, and return it in base64."""
        self._stream.close()
        return base64.b64encode(self._bytes.getbuffer()).decode("ascii")

    def _write(self, numbers: bytes) -> None:
        self._stream.write(numbers)


class PackedTexts(PackedColumn):
    """A column of lines."""

    def add(self, text: str, /) -> None:
        """Add some lines, each with its end."""
        self._write(encodable(text).encode("utf-8"))


class PackedNumbers(PackedColumn):
    """A column of unsigned 32-bit numbers, little-endian."""

    def add(self, numbers: array[int], /) -> None:
        """Add unsigned 32-bit numbers."""
        if sys.byteorder != "little":
            numbers = numbers[:]
            numbers.byteswap()
        self._write(numbers.tobytes())


MOST: Final = 1_000_000
"""The largest number of findings in a file."""

MOST_ENDS: Final = 50_000
"""The largest number of distinct outcomes. Above it, runtime errors of objects are left out."""

_DIGITS: Final = 12
_SEPARATOR: Final = "\n"


LifeOf = Callable[[str, str, str, Status], int]
"""Returns the number of the state of a finding by policy, type, object Id and status; 0 if it is not known."""


class TooManyFindings(PerpendError):
    """There are more findings than a file can contain."""


class TextColumn(Protocol):
    """A column of texts."""

    def add(self, text: str, /) -> None:
        """Add some lines, each with its end."""


class NumberColumn(Protocol):
    """A column of numbers."""

    def add(self, numbers: array[int], /) -> None:
        """Add unsigned 32-bit numbers."""


class Sinks(NamedTuple):
    """The columns. Each object has a name, id, external id (blank if equal to one of these), account, region, type and number
    of findings. Each finding, object by object, has the numbers of its outcome, and of its state if there is a history."""

    names: TextColumn
    ids: TextColumn
    external_ids: TextColumn
    accounts: NumberColumn
    regions: NumberColumn
    types: NumberColumn
    findings: NumberColumn
    ends: NumberColumn
    lives: NumberColumn | None = None


class SharedEnding(NamedTuple):
    """An outcome of a policy, by its number, with texts that are safe to print.

    ``severity`` and ``rated`` are the level and the text of the rating, blank without one.
    """

    policy: int
    status: Status
    message: str
    remediation: str
    severity: str = ""
    rated: str = ""


class UnknownReason(NamedTuple):
    """A reason of undetermined verdicts, with the next step and the numbers of verdicts and policies."""

    message: str
    remediation: str
    verdicts: int
    policies: int


@dataclass(frozen=True, slots=True)
class FindingColumns:
    """The values behind the numbers in columns.

    ``counts`` are all verdicts of each policy, ``numbers`` findings by outcome. The first region is blank: it is not known.
    """

    policies: tuple[str, ...]
    counts: tuple[Mapping[Status, int], ...]
    endings: tuple[SharedEnding, ...]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    types: tuple[str, ...]
    objects: int
    numbers: Counter[int] = field(default_factory=Counter)

    @property
    def findings(self) -> int:
        """The number of findings."""
        return self.numbers.total()

    def reasons(self) -> list[UnknownReason]:
        """Return the reasons of undetermined verdicts, the most frequent first."""
        verdicts: Counter[tuple[str, str]] = Counter()
        policies: dict[tuple[str, str], set[int]] = {}
        for number, ending in enumerate(self.endings):
            if ending.status is Status.UNDETERMINED:
                message = (ending.message, ending.remediation)
                verdicts[message] += self.numbers[number]
                policies.setdefault(message, set()).add(ending.policy)
        ordered = sorted(verdicts.items(), key=lambda one: (-one[1], one[0]))
        return [UnknownReason(*message, number, len(policies[message])) for message, number in ordered]


def write_columns(
    evaluation: Evaluation,
    sinks: Sinks,
    *,
    accounts: Mapping[str, Account] | None = None,
    life_of: LifeOf | None = None,
    rated_evaluation: RatedEvaluation | None = None,
    names: Names = Names.LABELS,
) -> FindingColumns:
    """Write findings to columns, and return the values behind their numbers.

    Findings are the verdicts to act on, or the verdicts with the statuses of a filter. ``life_of`` gives the column of states,
    ``accounts`` are the configured accounts, ``rated_evaluation`` the severities, ``names`` the names of fields. Raises
    TooManyFindings before any object is read.
    """
    wanted = _wanted(evaluation)
    number = sum(
        many
        for column in evaluation.shown
        for index, many in column.counted().items()
        if column.program.verdicts[index].status in wanted
    )
    if number > MOST:
        raise TooManyFindings(
            f"{number:,} findings are more than the limit of an HTML file ({MOST:,}): select some with --status, --account, "
            "--category or --policy, or use --format parquet"
        )
    labels = Labels(evaluation.selection.types, names)
    writer = _ColumnWriter(evaluation, sinks, wanted, accounts or {}, life_of, rated_evaluation, labels)
    for type_name in evaluation.selection.by_type():
        if columns := [column for column in evaluation.shown if column.program.input_type == type_name]:
            writer.write_type(type_name, columns)
    return writer.columns()


def _wanted(evaluation: Evaluation) -> frozenset[Status]:
    chosen = frozenset(evaluation.filter_verdicts.statuses) if evaluation.filter_verdicts else frozenset(Status)
    return _LISTED if chosen == frozenset(Status) else chosen


class _ColumnWriter:
    """Numbers outcomes, accounts and types, and writes the numbers."""

    def __init__(
        self,
        evaluation: Evaluation,
        sinks: Sinks,
        wanted: frozenset[Status],
        accounts: Mapping[str, Account],
        life_of: LifeOf | None,
        rated_evaluation: RatedEvaluation | None,
        labels: Labels,
    ) -> None:
        self.rated_evaluation = rated_evaluation
        self._labels = labels
        self._evaluation = evaluation
        self._sinks = sinks
        self._wanted = wanted
        self._known = accounts
        # Number policies in their own order, which differs from the order of types.
        self._policies = {column.program.policy_id: number for number, column in enumerate(evaluation.shown)}
        self._policy_ids = tuple(self._policies)
        self._life_of = life_of
        self._endings: dict[SharedEnding, int] = {}
        self._by_number: list[SharedEnding] = []
        self._accounts: dict[str, int] = {}
        self._regions: dict[str, int] = {"": 0}
        self._types: list[str] = []
        self._objects = 0
        self._by_ending: Counter[int] = Counter()

    def columns(self) -> FindingColumns:
        """Return the values behind the numbers."""
        counts = {column.program.policy_id: counts_of(column) for column in self._evaluation.verdicts}
        return FindingColumns(
            tuple(self._policies),
            tuple(counts[policy_id] for policy_id in self._policies),
            tuple(self._endings),
            tuple(self._accounts),
            tuple(self._regions),
            tuple(self._types),
            self._objects,
            self._by_ending,
        )

    def write_type(self, type_name: str, columns: Sequence[Verdicts]) -> None:
        """Write the objects of one type that have findings, with their findings."""
        number = len(self._types)
        self._types.append(visible(self._labels.type(type_name)))
        of_columns = [_EndingsOfColumn(column, self) for column in columns]
        for objects, ends in columns[0].objects.chunks(columns):
            numbered = [column.of(objects, of_column) for column, of_column in zip(of_columns, ends, strict=True)]
            self._write(objects, zip(*numbered, strict=True), number)

    def number_of(self, column: Verdicts, end: EvaluationOutcome, steps: int) -> int | None:
        """Return the number of an outcome, None if it is not a finding. ``steps`` adjust the rating of its policy."""
        index, error = end
        if index == HIDDEN or column.program.verdicts[index].status not in self._wanted:
            return None
        if len(self._endings) >= MOST_ENDS:
            error = None
        verdict = column.program.verdicts[index]
        message = message_of(verdict, error)
        ending = SharedEnding(
            self._policies[column.program.policy_id],
            verdict.status,
            visible(self._labels.text(message if error is None or error in message else f"{message} ({error})")),
            visible(self._labels.text(remediation_of(column.program, verdict) or "")),
            *self._rated(column.program.policy_id, verdict.status, steps),
        )
        if ending not in self._endings:
            self._endings[ending] = len(self._by_number)
            self._by_number.append(ending)
        return self._endings[ending]

    def _rated(self, policy_id: str, status: Status, steps: int) -> tuple[str, str]:
        rating = (
            self.rated_evaluation.in_force.of(policy_id, steps) if self.rated_evaluation and status in RATED_STATUSES else None
        )
        return (rating.level.value, visible(rating.text(status))) if rating else ("", "")

    def _write(
        self,
        objects: Sequence[CloudObject],
        ends: Iterator[tuple[int | None, ...]],
        type_number: int,
    ) -> None:
        names, ids, external_ids = [], [], []
        accounts, regions, findings, numbers, lives = array("I"), array("I"), array("I"), array("I"), array("I")
        for object_, of_object in zip(objects, ends, strict=True):
            of_findings = [number for number in of_object if number is not None]
            if not of_findings:
                continue
            numbers.extend(of_findings)
            lives.extend(self._lives(object_, of_findings))
            findings.append(len(of_findings))
            accounts.append(self._account(object_))
            regions.append(self._region(object_))
            names.append(visible(object_.name))
            ids.append(visible(object_.id))
            external_ids.append("" if object_.external_id in (object_.id, object_.name) else visible(object_.external_id))
        self._by_ending.update(numbers)
        self._objects += len(names)
        for texts, sink in ((names, self._sinks.names), (ids, self._sinks.ids), (external_ids, self._sinks.external_ids)):
            sink.add("".join(f"{text}{_SEPARATOR}" for text in texts))
        self._sinks.accounts.add(accounts)
        self._sinks.regions.add(regions)
        self._sinks.types.add(array("I", [type_number]) * len(names))
        self._sinks.findings.add(findings)
        self._sinks.ends.add(numbers)
        if self._sinks.lives is not None:
            self._sinks.lives.add(lives)

    def _lives(self, object_: CloudObject, numbers: Sequence[int]) -> Iterator[int]:
        """Yield the numbers of the states of an object's findings, nothing without a history."""
        if self._life_of is not None:
            for number in numbers:
                ending = self._by_number[number]
                yield self._life_of(self._policy_ids[ending.policy], object_.type_name, object_.id, ending.status)

    def _region(self, object_: CloudObject) -> int:
        """Return the number of an object's region, that of no region if it is not known."""
        return self._regions.setdefault(object_.region, len(self._regions)) if object_.region else 0

    def _account(self, object_: CloudObject) -> int:
        number = object_.account
        named = self._known.get(number) if number else None
        text = f"{named.name} ({number})" if named and named.name else number or "no account"
        return self._accounts.setdefault(visible(text), len(self._accounts))


class _EndingsOfColumn:
    """The numbers of the outcomes of one policy, each computed once."""

    def __init__(self, column: Verdicts, writer: _ColumnWriter) -> None:
        self._column = column
        self._writer = writer
        self._adjustments = writer.rated_evaluation.steps.get(column.program.policy_id, {}) if writer.rated_evaluation else {}
        self._known: dict[tuple[EvaluationOutcome, int], int | None] = {}

    def of(self, objects: Sequence[CloudObject], ends: Sequence[EvaluationOutcome]) -> list[int | None]:
        """Return the numbers of the outcomes of some objects."""
        if not self._adjustments:
            return [self._number(end, 0) for end in ends]
        return [self._number(end, self._adjustments.get(object_.id, 0)) for object_, end in zip(objects, ends, strict=True)]

    def _number(self, end: EvaluationOutcome, steps: int) -> int | None:
        if (end, steps) in self._known:
            return self._known[end, steps]
        number = self._writer.number_of(self._column, end, steps)
        if len(self._known) < MOST_ENDS:
            self._known[end, steps] = number
        return number
