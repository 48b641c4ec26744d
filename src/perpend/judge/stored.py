"""A stored snapshot judged by an engine: the same judgement as from files, with nothing of it held in memory.

Verdicts stream to Parquet and are read back as reports ask for them; objects too. What only an object itself can tell, why
it could not be read or a runtime error's text, the reference interpreter is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from perpend.interpret.interpreter import End, Interpreter
from perpend.ir.estate import Estate, EstateObject, Origin, Source, object_from_fields
from perpend.ir.object_types import ObjectType
from perpend.ir.program import UNREADABLE
from perpend.judge.judgement import Judgement, untold_indexes
from perpend.meaning.values import DAY, milliseconds_from_datetime
from perpend.plan.build import Plan, plan_of
from perpend.plan.wanted import wanted_by
from perpend.store.nest import nested

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from perpend.engines.verdicts import Verdicts
    from perpend.ir.program import Program
    from perpend.judge.judgement import Column
    from perpend.store.store import Snapshot
    from perpend.tables.shred import Wanted

    Judge = Callable[[Plan, Path, list[int]], Sequence[Path]]

_AT_ONCE: Final = 8_192
_UNTOLD: Final = "the object's own data keep it from being judged"


class StoredObjects(Sequence[EstateObject]):
    """The objects of one stored table, read some thousands at a time. Places are the table's row numbers."""

    def __init__(self, snapshot: Snapshot, verdicts: Verdicts, object_type: ObjectType, wanted: Wanted) -> None:
        self._snapshot = snapshot
        self._verdicts = verdicts
        self._type = object_type
        self._wanted = wanted

    def __len__(self) -> int:
        return self._verdicts.rows

    def __getitem__(self, place: Any) -> Any:
        return self.with_rows([place])[0]

    def __iter__(self) -> Iterator[EstateObject]:
        for chunk in self._verdicts.chunks([]):
            rows = [row for (row,) in chunk]
            for start in range(0, len(rows), _AT_ONCE):
                yield from self.with_rows(rows[start : start + _AT_ONCE])

    def with_rows(self, rows: Sequence[int]) -> list[EstateObject]:
        """Return the objects with these row numbers, in their order."""
        found = nested(self._snapshot, self._type.name, rows, self._wanted)
        sources = self._verdicts.sources(rows)
        names = [source.name for source in self._snapshot.sources]
        return [
            object_from_fields(fields, self._type, Origin(names[sources[row]], row))
            for row, fields in zip(rows, found, strict=True)
        ]


@dataclass(slots=True)
class StoredColumn:
    """The verdicts of one program over a stored table: counted, found and read in order without holding them."""

    program: Program
    number: int
    reasons: tuple[str | None, ...]
    verdicts: Verdicts
    objects: StoredObjects
    time_of: Callable[[EstateObject], int]
    _with_errors: frozenset[int] = field(init=False)
    _interpreter: Interpreter = field(init=False)

    def __post_init__(self) -> None:
        self._with_errors = untold_indexes(self.program)
        self._interpreter = Interpreter([self.program])

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""
        found: Counter[int] = Counter()
        for code, number in self.verdicts.counted(self.number).items():
            found[max(code, UNREADABLE)] += number
        return found

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""
        codes = {*indexes, *(range(-len(self.reasons), 0) if UNREADABLE in indexes else ())}
        found = self.verdicts.first(self.number, codes, limit)
        return [(row, error) for (row, _), (_, error) in zip(found, self._ends(found), strict=True)]

    def ends(self) -> Iterator[End]:
        """Yield how the program ended on each object, in their order."""
        for chunk in self.verdicts.chunks([self.number]):
            yield from self._ends([(row, code) for row, code in chunk])

    def errors(self) -> dict[int, str]:
        """Return the runtime errors and reasons of all objects that have one of their own, and by code those of many."""
        codes = [code for code in self.verdicts.counted(self.number) if self._is_untold(code)]
        found = self.verdicts.first(self.number, codes, self.verdicts.rows)
        told = {row: error for (row, _), (_, error) in zip(found, self._ends(found), strict=True) if error is not None}
        return told | {-1 - number: text for number, text in enumerate(self.reasons) if text is not None}

    def _ends(self, found: Sequence[tuple[int, int]]) -> list[End]:
        untold = [row for row, code in found if self._is_untold(code)]
        errors: dict[int, str | None] = {}
        for start in range(0, len(untold), _AT_ONCE):
            rows = untold[start : start + _AT_ONCE]
            for row, judged in zip(rows, self.objects.with_rows(rows), strict=True):
                errors[row] = self._interpreter.judge(judged.fields, self.time_of(judged), complete=False)[0][1]
        return [self._end(code, errors.get(row)) for row, code in found]

    def _is_untold(self, code: int) -> bool:
        return self.reasons[-1 - code] is None if code < 0 else code in self._with_errors

    def _end(self, code: int, error: str | None) -> End:
        if code >= 0:
            return code, error
        return UNREADABLE, self.reasons[-1 - code] or error or _UNTOLD


class StoredJudgement(Judgement):
    """A judgement of a snapshot.

    ``judge`` writes the codes of a plan over some sources at a path in ``scratch`` and returns the files; ``read`` opens them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        programs: Sequence[Program],
        *,
        judge: Judge,
        read: Callable[[tuple[Path, ...], int], Verdicts],
        scratch: Path,
        **more: Any,
    ) -> None:
        self._stored = snapshot
        self._write = judge
        self._read = read
        self._scratch = scratch
        sources = tuple(Source(one.name, one.kind, one.observed_at, one.objects, one.accounts) for one in snapshot.sources)
        super().__init__(Estate(sources, {}), programs, **more)

    def _judge(self, progress: Callable[[int], None] | None) -> None:
        columns: list[StoredColumn] = []
        objects: dict[str, Sequence[EstateObject]] = {}
        done = 0
        for type_name in dict.fromkeys(program.input_type for program in self.programs):
            programs = [program for program in self.programs if program.input_type == type_name]
            objects[type_name], made = self._judged(type_name, programs)
            columns += made
            done += len(objects[type_name])
            if progress:
                progress(done)
        self.estate = replace(self.estate, objects=objects)
        by_program = {id(column.program): column for column in columns}
        self._written = [by_program[id(program)] for program in self.programs]
        self.columns = cast("tuple[Column, ...]", tuple(self._written))

    def _judged(self, type_name: str, programs: list[Program]) -> tuple[StoredObjects, list[StoredColumn]]:
        snapshot = self._stored
        paths: list[Path] = []
        reasons: tuple[str | None, ...] = ()
        for day, sources in self._sources_by_day().items():
            plan = plan_of(programs, snapshot.tables, day * DAY)
            reasons = plan.reasons
            path = self._scratch / f"{len(list(self._scratch.iterdir()))}.parquet"
            paths += self._write(plan, path, sources)
        verdicts = self._read(tuple(paths), snapshot.tables.by_name[type_name].rows)
        object_type = self.types.get(type_name) or ObjectType(type_name)
        objects = StoredObjects(snapshot, verdicts, object_type, wanted_of(programs, object_type))
        made = [
            StoredColumn(program, number, reasons, verdicts, objects, self.time_of) for number, program in enumerate(programs)
        ]
        return objects, made

    @property
    def snapshot_files(self) -> Mapping[str, Sequence[Path]]:
        """The files of the snapshot, by table."""
        return self._stored.files

    @property
    def verdict_files(self) -> list[Path]:
        """The files that hold the verdicts of this judgement."""
        return [path for column in self._written for path in column.verdicts.paths]

    def long_form(self) -> Iterator[str]:
        """Yield a query per program that gives its verdicts: ids, index, status, and the error where there is one."""
        for column in self._written:
            statuses: dict[str, list[int]] = {}
            for index, verdict in column.program.verdicts.items():
                statuses.setdefault(verdict.status.value, []).append(index)
            table = self._stored.files[column.program.input_type]
            yield column.verdicts.long_form(column.number, column.program.policy_id, statuses, column.errors(), table)

    def _sources_by_day(self) -> dict[int, list[int]]:
        """Return the sources by the day that their objects are judged at: each day is a plan of its own."""
        found: dict[int, list[int]] = {}
        for number, source in enumerate(self._stored.sources):
            day = milliseconds_from_datetime(self.time_of_source(source.name)) // DAY
            found.setdefault(day, []).append(number)
        return found


def wanted_of(programs: Sequence[Program], object_type: ObjectType) -> Wanted:
    """Return what programs read of a type's objects, and what names them and their owner."""
    wanted = wanted_by(programs)
    wanted.values |= {"Id", "Name"} | {one for one in (object_type.name_field, object_type.external_id_field) if one}
    if object_type.master in object_type.lookups:
        owner = wanted.through([object_type.master or ""])
        owner.values |= {"Id", "Name"}
    return wanted
