"""Read verdicts from JSON lines, a Parquet file, or a store, by the kind of the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.database import opened, pattern, rows_of, text, translate_errors
from perpend.reports.site.content.page import STATUSES
from perpend.reports.site.content.verdicts.lines import read_lines
from perpend.reports.site.content.verdicts.snapshot import read_store
from perpend.reports.site.content.verdicts.tally import LISTED, SHOWN, EvaluatedObject, InvalidVerdicts, Tally, reject_filtered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.reports.site.content.verdicts.tally import SiteVerdicts


def read_verdicts(
    path: Path,
    analyzer: Analyzer,
    names: Mapping[str, str] | None = None,
    waivers: ActiveWaivers | None = None,
    *,
    inherited: bool = False,
) -> SiteVerdicts:
    """Read verdicts of the repository's policies. ``names`` are the names of accounts, by number. ``waivers`` apply to a store.

    ``inherited``: requirements count policies that reach them through rules or similar sections.
    Raise :class:`InvalidVerdicts` if there are none, or none of this repository, ``StoreError`` if a store cannot be read.
    """
    tally = Tally(analyzer)
    try:
        if path.is_dir():
            read_store(path, tally, analyzer, names or {}, waivers or ActiveWaivers())
        elif path.exists() and not path.is_file():
            raise InvalidVerdicts(f"{path}: is not a regular file, and it must be read more than once")
        elif _is_parquet(path):
            read_parquet(path, tally)
        else:
            read_lines(path, tally)
    except OSError as error:
        raise InvalidVerdicts(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    tally.book.inherited = inherited
    return tally.finished(str(path))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


MAGIC: Final = b"PAR1"
"""The first bytes of a Parquet file."""

_COLUMNS: Final = {"policyId", "objectId", "conditionIndex", "status", "runtimeError"}


def read_parquet(path: Path, tally: Tally) -> None:
    """Read a table of verdicts. Raise :class:`InvalidVerdicts` for another table, ``StoreError`` if it cannot be read."""
    with translate_errors(path), opened(paths=[path]) as connection:
        table = f"read_parquet({pattern(path)}, hive_partitioning = false)"
        missing = _COLUMNS - {str(name) for name, *_ in rows_of(connection, f"DESCRIBE SELECT * FROM {table}")}
        if missing:
            raise InvalidVerdicts(
                f"{path}: is not an output of `perpend check --format parquet`: no column {sorted(missing)[0]}"
            )
        for (words,) in rows_of(connection, f"SELECT value FROM parquet_kv_metadata({pattern(path)}) WHERE key = 'filter'"):
            reject_filtered(str(path), words.decode("utf-8", "replace"))
        known = f"policyId IS NOT NULL AND status IN {_tuple(STATUSES)} AND TRY_CAST(conditionIndex AS INTEGER) IS NOT NULL"
        if rows_of(connection, f"SELECT 1 FROM {table} WHERE NOT ({known}) OR ({known}) IS NULL LIMIT 1"):
            raise InvalidVerdicts(
                f"{path}: is not an output of `perpend check --format parquet`: a row without policy or status"
            )
        counted = "SELECT CAST(policyId AS VARCHAR), status, CAST(conditionIndex AS INTEGER), count(*)"
        for policy_id, status, index, number in rows_of(connection, f"{counted} FROM {table} GROUP BY ALL ORDER BY ALL"):
            program = tally.program(policy_id)
            tally.add(policy_id, status, index, number, type_name=program.input_type if program else "")
        for row in rows_of(connection, _first(table)):
            _list(tally, *row)


def _first(table: str) -> str:
    """Return the query for the first objects of each way to end that is listed, by policy, status and id."""
    rank = "row_number() OVER (PARTITION BY policyId, status, conditionIndex ORDER BY objectId)"
    columns = "CAST(policyId AS VARCHAR), status, CAST(conditionIndex AS INTEGER), CAST(objectId AS VARCHAR)"
    return (
        f"SELECT {columns}, CAST(runtimeError AS VARCHAR) FROM {table} WHERE status IN {_tuple(LISTED)} "
        f"QUALIFY {rank} <= {SHOWN} ORDER BY policyId, status, objectId"
    )


def _list(tally: Tally, policy_id: str, status: str, index: int, object_id: str | None, error: str | None) -> None:
    program = tally.program(policy_id)
    if program is None or policy_id not in tally.book.by_policy or not tally.is_given(policy_id, status, index):
        return
    if (listed := tally.listed(policy_id, status)) is None:
        return
    verdict = program.verdicts[index]
    message, remediation = message_of(verdict, error), remediation_of(program, verdict) or ""
    listed.append(EvaluatedObject(object_id or "", "", "", "", index, message, remediation))


def _tuple(values: tuple[str, ...]) -> str:
    return f"({', '.join(map(text, values))})"
