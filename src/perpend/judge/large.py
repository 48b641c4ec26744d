"""Large credential reports in, the same judgement as of their estate out, by way of a store that is gone afterwards.

What reports contradict each other about is judged reading by reading, as that of an estate is.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from perpend.analyze.names import UnknownName
from perpend.collect.kinds import REPORT
from perpend.collect.merge import ACCOUNT_TYPE, USER_TYPE
from perpend.engines.duckdb.engine import duck_db
from perpend.engines.nested import indexes_of
from perpend.engines.verdicts import amended_form
from perpend.intake.inputs import import_reports
from perpend.ir.estate import Estate, Source
from perpend.ir.status import Status
from perpend.judge.snapshots import judge_amended
from perpend.plan.wanted import wanted_by
from perpend.store.database import pattern
from perpend.store.files import StoreError, naming
from perpend.store.rows import json_lines
from perpend.store.scratch import scratch
from perpend.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.engines.duckdb.engine import DuckDb
    from perpend.intake.input import Input
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program
    from perpend.judge.judgement import Judgement
    from perpend.judge.selection import Selection
    from perpend.store.snapshot import Snapshot

_AT_ONCE: Final = 2_000
_NAMES: Final = {
    USER_TYPE: ("CA10__userName__c", "CA10__arn__c", "CA10__account__r"),
    ACCOUNT_TYPE: ("CA10__accountId__c", "CA10__accountId__c", None),
}
"""What names objects of reports, here and outside, and what owns them."""


@contextmanager
def judge_reports(
    inputs: Sequence[Input],
    selected: Callable[[Estate], Selection],
    *,
    declared: Callable[[str], ObjectType | None],
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Judgement | None]:
    """Yield the judgement of credential reports, which reads from files that are gone afterwards.

    It is None where some input is no plain report or is not large, and where policies read more than users' own fields:
    then an estate is to be judged. ``selected`` gives the policies that judge what an estate holds.
    """
    selection = _selection(inputs, selected)
    if selection is None or not _are_named(declared):
        yield None
        return
    with scratch() as directory:
        rivals = _Rivals(directory / "rivals.ndjson")
        snapshot = _imported(directory, inputs, declared, rivals.path, progress)
        if snapshot is None:
            yield None
            return
        with judge_amended(snapshot, selection, rivals.amended, snapshot_time=snapshot_time, today=today) as judgement:
            yield judgement


def _selection(inputs: Sequence[Input], selected: Callable[[Estate], Selection]) -> Selection | None:
    """Return the policies that judge reports, if they read only users' own fields. Asked before anything is read."""
    sources = tuple(Source(one.path, REPORT.name, None, 0) for one in inputs)
    try:
        selection = selected(Estate(sources, {ACCOUNT_TYPE: (), USER_TYPE: ()}))
    except UnknownName:
        return None  # the inputs may hold something else
    return selection if _is_flat(selection.programs) else None


def _imported(
    directory: Path,
    inputs: Sequence[Input],
    declared: Callable[[str], ObjectType | None],
    contradicted: Path,
    progress: Callable[[int], None] | None,
) -> Snapshot | None:
    try:
        return import_reports(
            Store(directory / "store"), inputs, declared=declared, contradicted=contradicted, progress=progress
        )
    except StoreError:
        return None  # there may be no room on the disk: an estate needs none


def _are_named(declared: Callable[[str], ObjectType | None]) -> bool:
    """Whether objects of a store are called as those of an estate are."""
    kinds = {type_name: declared(type_name) for type_name in _NAMES}
    return all(
        kind is not None and (kind.name_field, kind.external_id_field, kind.master) == _NAMES[type_name]
        for type_name, kind in kinds.items()
    )


def _is_flat(programs: Sequence[Program]) -> bool:
    wanted = wanted_by(programs)
    return not wanted.lookups and not wanted.children


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The readings of users whom reports contradict each other about, a line of JSON each."""

    path: Path

    def amended(self, engine: DuckDb, programs: Sequence[Program], table: Sequence[Path], verdicts: Path, day: int) -> Path:
        """Return verdicts in which a user is incompliant after all if all readings are: the first one says why."""
        if programs[0].input_type != USER_TYPE:
            return verdicts
        lines, found = verdicts.with_name("amended.ndjson"), 0
        with naming(lines), lines.open("w", encoding="utf-8", newline="") as stream:
            for row in self._rows(programs, day):
                found += 1
                stream.write(json.dumps(row) + "\n")
        if not found:
            return verdicts
        columns = {"Id": "VARCHAR"} | {f"v{number}": "INTEGER" for number in range(len(programs))}
        query = amended_form(engine.files([verdicts]), engine.files(table), json_lines(lines, columns, 0), len(programs))
        path = verdicts.with_name(f"amended-{verdicts.name}")
        engine.run(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
        return path

    def _rows(self, programs: Sequence[Program], day: int) -> Iterator[dict[str, Any]]:
        """Yield the verdicts of users that are incompliant whichever reading is true, by program."""
        incompliant = [
            {index for index, verdict in program.verdicts.items() if verdict.status is Status.INCOMPLIANT}
            for program in programs
        ]
        with naming(self.path, "cannot be read"), self.path.open(encoding="utf-8") as stream, duck_db() as engine:
            while lines := list(islice(stream, _AT_ONCE)):
                users = [json.loads(line) for line in lines]
                readings = [reading for user in users for reading in user]
                ends = iter(zip(*indexes_of(engine, programs, readings, day, complete=False), strict=True))
                yield from filter(None, (_row(user, islice(ends, len(user)), incompliant) for user in users))


def _row(
    readings: Sequence[dict[str, Any]], ends: Iterable[tuple[int, ...]], incompliant: Sequence[Collection[int]]
) -> dict[str, Any] | None:
    """Return how a user ended, by program, where its readings all ended incompliant; None where there is no such program."""
    by_program = zip(*ends, strict=True)
    found = {f"v{number}": own[0] for number, own in enumerate(by_program) if set(own) <= set(incompliant[number])}
    return {"Id": readings[0]["Id"], **found} if found else None
