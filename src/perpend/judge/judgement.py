"""One judgement: every object weighed by every policy of its type, each ending in exactly one status."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from perpend.analyze.verdicts import checks_of
from perpend.engines.nested import indexes_of
from perpend.interpret.interpreter import End, Interpreter
from perpend.ir.numbering import UNREADABLE, base_of
from perpend.ir.object_types import UNKNOWN_TYPE, reached
from perpend.ir.status import Status
from perpend.meaning.values import DAY, json_from_text, milliseconds_from_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from perpend.engines.nested import RowEngine
    from perpend.ir.estate import Estate, EstateObject
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program, Read, Verdict

_STEP = 1_000
_MAX_NAMED = 6


@dataclass(frozen=True, slots=True)
class Reference:
    """One field that a policy read of an object: API name (with lookups), label, JSON value (None: missing or null)."""

    field: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What one policy says of one object. ``remediation_message`` and ``runtime_error`` are None where there is none."""

    policy_id: str
    status: Status
    condition_index: int
    condition_text: str
    current_state_message: str
    remediation_message: str | None
    runtime_error: str | None
    references: tuple[Reference, ...]
    object: EstateObject


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What reports show of a policy beside its verdicts."""

    id: str
    full_name: str
    contextual_name: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many objects were judged, how many verdicts there are, and how many of each status. It adds up, or is not made."""

    objects: int
    counts: Mapping[Status, int]

    @property
    def verdicts(self) -> int:
        """The number of all verdicts."""
        return sum(self.counts.values())

    @property
    def known(self) -> int:
        """The number of verdicts that say compliant or incompliant."""
        return self.counts[Status.COMPLIANT] + self.counts[Status.INCOMPLIANT]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """When the estate looked as judged: ``time`` in UTC, ``assumed`` where no source says it and today was taken."""

    time: datetime
    assumed: bool


@dataclass(slots=True)
class Column:
    """The verdicts of one program over the objects of its type, in their order: an index each, and runtime errors by place."""

    program: Program
    indexes: array[int] = field(default_factory=lambda: array("i"))
    errors: dict[int, str] = field(default_factory=dict)

    def add(self, end: End) -> None:
        """Take in the next object's end."""
        index, error = end
        if error is not None:
            self.errors[len(self.indexes)] = error
        self.indexes.append(index)

    def put(self, places: Sequence[int], indexes: Sequence[int]) -> set[int]:
        """Take in the indexes of objects by place; return the places of which only the object itself can tell more."""
        if len(places) == len(self.indexes):
            self.indexes[:] = array("i", indexes)
        else:
            for place, index in zip(places, indexes, strict=True):
                self.indexes[place] = index
        asked = untold_indexes(self.program) & set(indexes)
        return {place for place, index in zip(places, indexes, strict=True) if index in asked} if asked else set()

    def ends(self) -> Iterator[End]:
        """Yield how the program ended on each object, in their order."""
        for place, index in enumerate(self.indexes):
            yield index, self.errors.get(place)

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""
        return Counter(self.indexes)

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""
        places = (place for place, index in enumerate(self.indexes) if index in indexes)
        return [(place, self.errors.get(place)) for place in islice(places, limit)]


class Judgement:
    """All verdicts of one run. Verdicts are kept as integers; findings are made from them when asked for.

    ``set_aside`` names policies that were not asked, because no source is of a kind that holds what they read.
    ``engine`` gives the indexes by way of tables; the interpreter is asked for what only an object itself can tell.
    ``snapshot_time`` overrides what the sources say. ``today`` stands in for sources that say nothing (UTC, its day counts).
    """

    def __init__(
        self,
        estate: Estate,
        programs: Sequence[Program],
        *,
        policies: Mapping[str, PolicyView],
        types: Mapping[str, ObjectType],
        snapshot_time: datetime | None = None,
        today: datetime | None = None,
        set_aside: Sequence[str] = (),
        engine: RowEngine | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.estate = estate
        self.programs = tuple(sorted(programs, key=lambda program: (program.policy_id, program.logic_id)))
        self.policies = policies
        self.types = types
        self.snapshot_time = snapshot_time
        self.set_aside = tuple(set_aside)
        self._engine = engine
        self._today = (today or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._times = {source.name: source.observed_at for source in estate.sources}
        self.columns = tuple(Column(program) for program in self.programs)
        self._judge(progress)
        self.ledger = self._ledger()

    @property
    def snapshot(self) -> Snapshot:
        """The time of the run's snapshot: as given, else the latest of its sources; assumed where one of them states none."""
        if self.snapshot_time is not None:
            return Snapshot(self.snapshot_time, assumed=False)
        times = [time or self._today for time in self._times.values()] or [self._today]
        return Snapshot(max(times), assumed=not self._times or None in self._times.values())

    def counts(self, program: Program) -> dict[Status, int]:
        """Return how many objects each status has under one program."""
        found = dict.fromkeys(Status, 0)
        column = next(column for column in self.columns if column.program is program)
        for index, number in column.counted().items():
            found[program.verdicts[index].status] += number
        return found

    def findings(self) -> Iterator[Finding]:
        """Yield the findings by policy, then in the order of the objects. Nothing is kept."""
        for column in self.columns:
            objects = self.estate.objects.get(column.program.input_type, ())
            for (index, error), judged in zip(column.ends(), objects, strict=True):
                yield self._finding(column.program, judged, index, error)

    def _judge(self, progress: Callable[[int], None] | None) -> None:
        done = 0
        for type_name in dict.fromkeys(program.input_type for program in self.programs):
            columns = [column for column in self.columns if column.program.input_type == type_name]
            interpreter = Interpreter([column.program for column in columns])
            if self._engine is not None:
                self._judge_by(self._engine, interpreter, columns, self.estate.objects.get(type_name, ()))
                done += len(self.estate.objects.get(type_name, ()))
                if progress:
                    progress(done)
                continue
            for judged in self.estate.objects.get(type_name, ()):
                ends = self._ends(interpreter, columns, judged)
                for column, end in zip(columns, ends, strict=True):
                    column.add(end)
                done += 1
                if progress and done % _STEP == 0:
                    progress(done)

    def _judge_by(
        self, engine: RowEngine, interpreter: Interpreter, columns: Sequence[Column], objects: Sequence[EstateObject]
    ) -> None:
        """Fill columns with an engine's indexes: a plan for each day that objects are judged at."""
        programs = [column.program for column in columns]
        untold = {place for place, judged in enumerate(objects) if judged.variants}
        for column in columns:
            column.indexes.extend([UNREADABLE] * len(objects))
        for day, places in self._days(objects).items():
            fields = [objects[place].fields for place in places]
            for column, indexes in zip(columns, indexes_of(engine, programs, fields, day * DAY, complete=False), strict=True):
                untold |= column.put(places, indexes)
        for place in sorted(untold):
            for column, (index, error) in zip(columns, self._ends(interpreter, columns, objects[place]), strict=True):
                column.indexes[place] = index
                if error is not None:
                    column.errors[place] = error

    def _days(self, objects: Sequence[EstateObject]) -> dict[int, Sequence[int]]:
        """Return the places of objects by the day that they are judged at."""
        days = {name: milliseconds_from_datetime(self.time_of_source(name)) // DAY for name in self._times}
        if len(set(days.values())) == 1:
            return {next(iter(days.values())): range(len(objects))}
        found: dict[int, list[int]] = {}
        for place, judged in enumerate(objects):
            found.setdefault(days[judged.origin.source], []).append(place)
        return dict(found)

    def _ends(self, interpreter: Interpreter, columns: Sequence[Column], judged: EstateObject) -> list[End]:
        ends = interpreter.judge(judged.fields, self.time_of(judged), complete=False)
        if not judged.variants:
            return ends
        others = [interpreter.judge(variant.fields, self.time_of(variant), complete=False) for variant in judged.variants]
        return [
            end
            if all(_status(column.program, one) is Status.INCOMPLIANT for one in (end, *(other[number] for other in others)))
            else (UNREADABLE, contradiction(judged))
            for number, (column, end) in enumerate(zip(columns, ends, strict=True))
        ]

    def time_of(self, judged: EstateObject) -> int:
        """Return the snapshot time that an object is judged at, in milliseconds since 1970."""
        return milliseconds_from_datetime(self.time_of_source(judged.origin.source))

    def time_of_source(self, name: str) -> datetime:
        """Return the snapshot time of a source's objects: as given, else as the source states, else today."""
        return self.snapshot_time or self._times.get(name) or self._today

    def is_assumed(self, name: str) -> bool:
        """Whether today stands in for the time of a source's objects, because nothing states it."""
        return self.snapshot_time is None and self._times.get(name) is None

    def type_label(self, type_name: str) -> str:
        """Return the name that people know an object type by, its API name where none is declared."""
        declared = self.types.get(type_name)
        return declared.label if declared and declared.label else type_name

    def label_of(self, type_name: str, read: Read) -> str:
        """Return what people call a value: the key inside a document, else the field's label, else its API name."""
        if read.key is not None:
            return read.key
        *lookups, name = read.path.split(".")
        known = reached(self._type(type_name), lookups, self._type).fields.get(name)
        return known.label if known and known.label else name

    def _type(self, name: str) -> ObjectType:
        return self.types.get(name, UNKNOWN_TYPE)

    def _finding(self, program: Program, judged: EstateObject, index: int, error: str | None) -> Finding:
        verdict, type_name = program.verdicts[index], program.input_type
        return Finding(
            program.policy_id,
            verdict.status,
            index,
            verdict.text,
            message_of(verdict, error),
            remediation_of(program, verdict),
            error,
            tuple(
                Reference(read.path, self.label_of(type_name, read), value)
                for read, value in zip(program.reads, values_read(judged.fields, program.reads), strict=True)
            ),
            judged,
        )

    def _ledger(self) -> Ledger:
        counts = dict.fromkeys(Status, 0)
        for column in self.columns:
            for status, number in self.counts(column.program).items():
                counts[status] += number
        judged = {name: len(self.estate.objects.get(name, ())) for name in {program.input_type for program in self.programs}}
        expected = sum(judged[program.input_type] for program in self.programs)
        if sum(counts.values()) != expected:
            raise AssertionError(f"the ledger does not add up: {sum(counts.values())} verdicts, {expected} expected")
        return Ledger(sum(judged.values()), counts)


def untold_indexes(program: Program) -> frozenset[int]:
    """Return the indexes of which only the object itself can tell more: why it is unreadable, what a runtime error says."""
    found = {UNREADABLE}
    for number, condition in enumerate(program.block.conditions, 1):
        for slot, _, check, _ in checks_of(condition.expression):
            if check.declaration.error:
                found.add(base_of(number) + slot)
    return frozenset(found)


def message_of(verdict: Verdict, error: str | None) -> str:
    """Return what a verdict says of an object; of an unreadable one, what keeps it from being judged."""
    return error if verdict.index == UNREADABLE and error else verdict.message


def remediation_of(program: Program, verdict: Verdict) -> str | None:
    """Return the next step that a verdict names. An incompliant one always names some."""
    if verdict.status is Status.INCOMPLIANT and not verdict.remediation:
        return f"See the policy's remediation: perpend show {program.policy_id}"
    return verdict.remediation


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """Return the JSON value at a path of an object, None where something on the way is missing or null."""
    *lookups, name = path.split(".")
    for lookup in lookups:
        inner = fields.get(lookup)
        if not isinstance(inner, dict):
            return None
        fields = inner
    return fields.get(name)


def values_read(fields: Mapping[str, Any], reads: Sequence[Read]) -> list[Any]:
    """Return the JSON value of each read of an object; a document is parsed once for all its keys."""
    documents: dict[str, Any] = {}
    found = []
    for read in reads:
        if read.key is None:
            found.append(value_at(fields, read.path))
            continue
        if read.path not in documents:
            documents[read.path] = document_of(value_at(fields, read.path))
        document = documents[read.path]
        found.append(document.get(read.key) if isinstance(document, dict) else None)
    return found


def _status(program: Program, end: End) -> Status:
    return program.verdicts[end[0]].status


def contradiction(judged: EstateObject) -> str:
    """Return the sentence that says where an object's sources contradict each other."""
    readings = (judged, *judged.variants)
    places = ", ".join(f"{one.origin.source}:{one.origin.row}" for one in readings[:_MAX_NAMED])
    names = sorted({name for one in readings[1:] for name in _differences(judged.fields, one.fields)})
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"sources contradict each other about {', '.join(names[:_MAX_NAMED])}{more} ({places})"


def _differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> set[str]:
    """Return the names in which two readings differ; of JSON texts, the keys inside."""
    found: set[str] = set()
    for name in left.keys() | right.keys():
        one, other = left.get(name), right.get(name)
        if one == other:
            continue
        inner = [document_of(one), document_of(other)]
        if isinstance(inner[0], dict) and isinstance(inner[1], dict):
            found |= {key for key in inner[0].keys() | inner[1].keys() if inner[0].get(key) != inner[1].get(key)}
        else:
            found.add(name)
    return found


def document_of(value: Any) -> Any:
    """Return the JSON document that a field's text holds, the value itself where it holds none."""
    try:
        return json_from_text(value) if isinstance(value, str) else value
    except ValueError:
        return value
