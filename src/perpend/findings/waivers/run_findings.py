"""The findings of a run, with the same columns as those of a history: waivers and severities are matched with either."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.core.values.tags import TAGS_FIELD
from perpend.findings.history.queries.views import called, key_of
from perpend.findings.waivers.matches import WaiverMatches, covered_findings, match_waivers, objects_in_scope
from perpend.findings.waivers.matching import COLUMNS
from perpend.findings.waivers.status import DecisionDay
from perpend.inventory.snapshots.database import opened, text, translate_errors
from perpend.inventory.snapshots.queries.identity import filled, object_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.findings.waivers.status import WaiverStatus
    from perpend.inventory.snapshots.database import Connection

FINDING_STATUSES: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
"""The statuses of findings."""

_OF_VERDICT: Final = ("policy_id", "status", "key")
_NOTHING: Final = f"SELECT {', '.join(f'NULL AS {column}' for column in COLUMNS)} WHERE FALSE"


@contextmanager
def run_database(evaluation: Evaluation) -> Iterator[Connection]:
    """Yield the database that reads an evaluation's verdicts; a new one if there are none."""
    if not evaluation.verdicts:
        with opened() as connection:
            yield connection
        return
    column = evaluation.verdicts[0]
    with translate_errors(column.table[0].parent):
        yield column.objects.connection


def run_findings(evaluation: Evaluation, policies: Collection[str], statuses: Collection[Status] = FINDING_STATUSES) -> str:
    """Return the query for the verdicts of some policies that have one of some statuses, with the columns of candidates."""
    by_type: dict[str, dict[int, Verdicts]] = {}
    for number, column in enumerate(evaluation.verdicts):
        if column.program.policy_id in policies:
            by_type.setdefault(column.program.input_type, {})[number] = column
    types = evaluation.selection.types.get
    return " UNION ALL ".join(_of_type(columns, statuses, types) for columns in by_type.values()) or _NOTHING


def waived(evaluation: Evaluation, files: WaiverFiles, policy_ids: Collection[str], *, replayed: bool) -> WaiverMatches:
    """Return the findings of an evaluation that waivers cover on its day.

    Unless ``replayed``, waivers that ended before today cover nothing. ``policy_ids`` are all of the repository.
    """
    day = DecisionDay.of(evaluation.day.time.date(), named=replayed)
    if not files.waivers:
        return WaiverMatches(day)
    with run_database(evaluation) as connection:
        return match_waivers(connection, partial(run_findings, evaluation), files, policy_ids, day)


def unused_scopes(evaluation: Evaluation, waiver_matches: WaiverMatches) -> tuple[dict[str, tuple[int, int]], frozenset[str]]:
    """Return ``objects_in_scope`` of an evaluation."""
    with run_database(evaluation) as connection:
        return objects_in_scope(connection, partial(run_findings, evaluation, statuses=tuple(Status)), waiver_matches)


@contextmanager
def covered(
    evaluation: Evaluation, waiver_matches: WaiverMatches
) -> Iterator[Iterator[tuple[WaiverStatus, tuple[str, ...], bool]]]:
    """Yield the rows of ``covered_findings`` of an evaluation."""
    with run_database(evaluation) as connection:
        yield covered_findings(connection, partial(run_findings, evaluation), waiver_matches)


def _of_type(columns: Mapping[int, Verdicts], statuses: Collection[Status], types: Callable[[str], ObjectType | None]) -> str:
    """Return the query for the verdicts of one type."""
    objects = next(iter(columns.values())).objects
    declared = objects.object_type
    readable = objects.readable
    table = readable.tables.by_name[declared.name]
    identity = object_identity(readable, declared, types)
    described = {"place": f"o.{ROW}", **identity.columns}
    described["external_id"] = f"coalesce({described['external_id']}, {described['id']})"
    described["tags"] = filled(table, TAGS_FIELD, "o")
    named = ", ".join(f"{value} AS {column}" for column, value in described.items())
    verdicts = [part for number, column in columns.items() for part in _of_column(number, column, statuses)]
    values = {"type": text(declared.name), "name": called("o"), **{column: f"v.{column}" for column in _OF_VERDICT}}
    listed = ", ".join(f"{values.get(column, f'o.{column}')} AS {column}" for column in COLUMNS)
    objects_named = f"(SELECT {named} FROM {readable.relation(declared.name)} AS o{identity.joins})"
    verdict_rows = " UNION ALL ".join(verdicts) or "SELECT '' AS policy_id, '' AS status, 0 AS place, 0 AS key LIMIT 0"
    return f"SELECT {listed} FROM ({verdict_rows}) AS v JOIN {objects_named} AS o ON o.place = v.place"


def _of_column(number: int, column: Verdicts, statuses: Collection[Status]) -> Iterator[str]:
    """Yield a query for the rows of each status of a policy."""
    by_status: dict[Status, list[int]] = {}
    for index, verdict in column.program.verdicts.items():
        if verdict.status in statuses:
            by_status.setdefault(verdict.status, []).append(index)
    # A hidden verdict is null, which `greatest` passes over.
    for status, indexes in by_status.items():
        yield (
            f"SELECT {text(column.program.policy_id)} AS policy_id, {text(status.value)} AS status, {ROW} AS place, "
            f"{key_of(str(number), ROW)} AS key FROM {column.files.relation} "
            f"WHERE v{column.number} IS NOT NULL AND greatest(v{column.number}, 0) IN ({', '.join(map(str, indexes))})"
        )
