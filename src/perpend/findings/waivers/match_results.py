"""Match waivers with the findings of an evaluation. Verdicts and counts do not change."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from perpend.core.objects.account import account_of_arn, account_of_arn_sql
from perpend.core.objects.claims import account_field, region_field, scope_of
from perpend.core.objects.inventory import ROOT_NAME, ROOT_USER
from perpend.core.objects.object_types import ObjectType
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.evaluation.verdicts.evaluation import chunks_of
from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts, StoredObjects
from perpend.findings.waivers.matches import WaiverMatches, cover
from perpend.findings.waivers.matching import (
    CANDIDATES,
    MATCHES,
    add_candidates,
    covered_query,
    make_candidates,
    match,
    matched,
)
from perpend.findings.waivers.status import DayAsked, Force, waiver_statuses_on
from perpend.inventory.snapshots.database import opened, rows_of, text, translate_errors
from perpend.inventory.snapshots.queries.owners import filled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.waivers.matching import MeansFindings
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.findings.waivers.status import WaiverStatus
    from perpend.inventory.snapshots.database import Connection

_COVERED = (Status.INCOMPLIANT, Status.UNDETERMINED)
_OBJECTS = "perpend_waiver_object"
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class WaivedEvaluation:
    """The findings that waivers cover. ``in_scope`` is the number of objects in the scope of each unused waiver."""

    covering: WaiverMatches
    in_scope: Mapping[str, int]


def waived(evaluation: Evaluation, files: WaiverFiles, policy_ids: Collection[str], *, replayed: bool) -> WaivedEvaluation:
    """Return the findings of an evaluation that waivers cover on its day.

    Unless ``replayed``, waivers that ended before today cover nothing. ``policy_ids`` are all of the repository.
    """
    day = DayAsked.of(evaluation.day.time.date(), named=replayed)
    standings = waiver_statuses_on(files, day, policy_ids)
    if not standings:
        return WaivedEvaluation(WaiverMatches(day), {})
    with evaluation_database(evaluation) as connection:
        fill_candidates(connection, evaluation, _meant_by(standings), _COVERED)
        covering = cover(connection, standings, day)
        unused = [
            standing
            for standing in covering.standings
            if standing.force is Force.IN_FORCE and standing.waiver.id not in covering.covers
        ]
        in_scope: dict[str, int] = {}
        if unused:
            fill_candidates(connection, evaluation, _meant_by(unused), tuple(Status))
            match(connection, unused, whatever_status=True)
            in_scope = {unused[place].waiver.id: number for place, number in matched(connection).items()}
    return WaivedEvaluation(covering, in_scope)


@contextmanager
def covered(evaluation: Evaluation, covering: WaiverMatches) -> Iterator[Iterator[tuple[WaiverStatus, tuple[str, ...], bool]]]:
    """Yield the waivers in force with the findings (policy, type, Id, status) that they cover, and whether they are shown."""
    standings = covering.standings
    in_force = [place for place, standing in enumerate(standings) if standing.force is Force.IN_FORCE]
    with evaluation_database(evaluation) as connection:
        fill_candidates(connection, evaluation, _meant_by(standings[place] for place in in_force), _COVERED)
        match(connection, standings)
        listed = ", ".join(map(str, in_force)) or "NULL"
        answer = connection.execute(
            "SELECT m.waiver, c.policy_id, c.type, coalesce(c.id, ''), c.status, m.waiver = f.waiver "
            f"FROM {MATCHES} AS m JOIN {CANDIDATES} AS c ON c.rowid = m.candidate "
            f"JOIN ({covered_query(in_force)}) AS f ON f.candidate = m.candidate WHERE m.waiver IN ({listed}) ORDER BY ALL"
        )
        rows = (row for some in iter(lambda: answer.fetchmany(_AT_ONCE), []) for row in some)
        yield ((standings[place], tuple(finding), is_shown) for place, *finding, is_shown in rows)


def _meant_by(standings: Iterable[MeansFindings]) -> set[str]:
    return {policy for standing in standings for policy in standing.policies}


@contextmanager
def evaluation_database(evaluation: Evaluation) -> Iterator[Connection]:
    """Yield the database that reads an evaluation's verdicts; a new one if they are in memory."""
    stored = next((column for column in evaluation.verdicts if isinstance(column, ParquetVerdicts)), None)
    if stored is None:
        with opened() as connection:
            yield connection
        return
    with translate_errors(stored.files.paths[0].parent):
        yield stored.objects.connection


def fill_candidates(
    connection: Connection, evaluation: Evaluation, wanted: Collection[str], statuses: Collection[Status]
) -> None:
    """Fill the table of candidates with the findings of some policies."""
    make_candidates(connection)
    by_type: dict[str, list[Verdicts]] = {}
    for column in evaluation.verdicts:
        if column.program.policy_id in wanted:
            by_type.setdefault(column.program.input_type, []).append(column)
    for type_name, columns in by_type.items():
        declared = evaluation.selection.types.get(type_name) or ObjectType(type_name)
        objects = evaluation.objects_of(type_name)
        if isinstance(objects, StoredObjects):
            _add_stored(connection, objects, declared, columns, statuses)
        else:
            add_candidates(connection, _held(evaluation, declared, columns, statuses))


def _held(
    evaluation: Evaluation, declared: ObjectType, columns: Sequence[Verdicts], statuses: Collection[Status]
) -> Iterator[tuple[str | None, ...]]:
    for objects, ends in chunks_of(evaluation, columns):
        of_columns = ((column.program, end) for column, of_column in zip(columns, ends, strict=True) for end in of_column)
        for judged, (program, (index, _)) in zip(cycle(objects), of_columns, strict=False):
            status = program.verdicts[index].status
            if status in statuses:
                yield program.policy_id, declared.name, *_called(judged, declared), status.value, None


def _called(judged: CloudObject, declared: ObjectType) -> tuple[str | None, ...]:
    """Return an object's Id, external id, name, account and region, None for unknown ones."""
    scope = scope_of(judged.fields, declared)
    account = account_of_arn(judged.external_id) or scope.account
    return (*(one or None for one in (judged.id, judged.external_id, judged.name)), account, scope.region)


def _add_stored(
    connection: Connection,
    objects: StoredObjects,
    declared: ObjectType,
    columns: Sequence[Verdicts],
    statuses: Collection[Status],
) -> None:
    held = objects.held
    table = held.tables.by_name[declared.name]
    identity = filled(table, "Id", "o")
    outside = f"coalesce({filled(table, declared.external_id_field, 'o')}, {identity})"
    named = filled(table, declared.name_field, "o")
    is_root = f"{named} = {text(ROOT_NAME)} AND {outside} LIKE 'arn:%:root'"
    called = {
        "id": identity,
        "external_id": outside,
        "name": f"CASE WHEN {is_root} THEN {text(ROOT_USER)} ELSE {named} END",
        "account": f"coalesce({account_of_arn_sql(outside)}, {filled(table, account_field(declared), 'o')})",
        "region": filled(table, region_field(declared), "o"),
    }
    described = ", ".join(f"{value} AS {name}" for name, value in called.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_OBJECTS} AS SELECT o.{ROW} AS number, {described} "
        f"FROM {held.relation(declared.name)} AS o"
    )
    for column in columns:
        if isinstance(column, ParquetVerdicts):
            _add_column(connection, column, declared.name, statuses)
    connection.execute(f"DROP TABLE {_OBJECTS}")


def _add_column(connection: Connection, column: ParquetVerdicts, type_name: str, statuses: Collection[Status]) -> None:
    code = f"greatest(v.v{column.number}, 0)"
    by_status: dict[Status, list[int]] = {}
    for index, verdict in column.program.verdicts.items():
        if verdict.status in statuses:
            by_status.setdefault(verdict.status, []).append(index)
    for status, indexes in by_status.items():
        rows_of(
            connection,
            f"INSERT INTO {CANDIDATES} SELECT {text(column.program.policy_id)}, {text(type_name)}, o.id, o.external_id, "
            f"o.name, o.account, o.region, {text(status.value)}, NULL FROM {column.files.relation} AS v JOIN {_OBJECTS} AS o "
            f"ON o.number = v.{ROW} WHERE {code} IN ({', '.join(map(str, indexes))})",
        )
