"""Stage plain credential reports as tables for evaluation: relations over copies of the reports, without a store."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Column, Form, Join, Table, Tables, plain
from perpend.core.values.values import PlainJson
from perpend.inventory.importers.partitions import claim_mixed, partitions_of
from perpend.inventory.importers.reports.readings import ACCOUNT_FIELDS, OWNER, USER_FIELDS, readings_of
from perpend.inventory.readers.merge import ACCOUNT_TYPE, ROW_FIELD, USER_TYPE
from perpend.inventory.snapshots.database import name, rows_of, text
from perpend.inventory.snapshots.rows import copy, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.core.objects.claims import Scope
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.reports.readings import Readings, Settled
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

MEMORY: Final = "150MB"
"""What DuckDB may hold of reports that are only judged."""

_SORTING: Final = "180MB"
"""What it may hold of rows that it sorts; of more it keeps a part in files."""

_PARSED: Final = "parsed."
_SORTED: Final = "users.parquet"
_ACCOUNT: Final = "split_part(arn, ':', 5)"


@dataclass(frozen=True, slots=True)
class StagedReports:
    """Reports as they can be judged, for as long as the directory of their copies stands.

    ``relations`` stand for the tables. ``texts`` are columns that hold the texts under the keys of users' documents, by key,
    where there are such columns. Users' readings, of those of whom several remain, have row numbers below zero: ``rivals``
    stands for their row numbers, numbers in their order and Ids, None where there are none.
    """

    directory: Path
    sources: tuple[StoredSource, ...]
    tables: Tables
    relations: Mapping[str, str]
    texts: Mapping[str, str]
    rivals: str | None

    def relation(self, table: str) -> str:
        """Return the text that stands for a table."""
        return self.relations[table]

    def place(self, table: str) -> Path:
        """Return the name of the table for errors."""
        assert table in self.relations
        return self.directory


def stage_reports(
    connection: Connection,
    paths: Sequence[str],
    *,
    declared: Callable[[str], ObjectType | None],
    complete: Mapping[str, Sequence[Scope]],
    observed_at: Mapping[str, datetime],
    directory: Path,
    streamed: bool,
    progress: Callable[[int], None] | None = None,
) -> StagedReports | None:
    """Return reports as they can be judged; None where one of them is not plain, or wrong.

    ``streamed``: all users will be read in their order, and not some here and there.
    """
    readings = readings_of(connection, paths, declared, directory, progress, memory=MEMORY)
    if readings is None:
        return None
    sources = [replace(source, accounts=tuple(sorted(source.accounts))) for source in readings.sources(complete, observed_at)]
    claim_mixed(sources, partitions_of(connection, [f'SELECT arn AS "Id" FROM {readings.keys}']))
    settled = readings.settled(sources, rivals=True)
    accounts = readings.accounts(sources)
    texts: dict[str, str] = {}
    if not streamed and readings.are_alike() and readings.are_in_order() and _are_short(connection, settled):
        texts = {key: f"perpend_text_{place}" for place, key in enumerate(readings.reports[0].columns)}
        rows, _ = readings.counted(settled.rows)
        # INVARIANT: what lines say goes by as it is: of what a column repeats, DuckDB computes each value's once.
        lines = _selected(readings, _of_lines(readings, texts), readings.as_shown(), "number", "contradicted")
        given = _selected(readings, _of_documents(readings, texts), readings.as_settled(settled.rows), "number", "contradicted")
        relation = f"(FROM {lines} UNION ALL FROM {given})"
    else:
        users = readings.users(settled.rows)
        readings.limit_memory(_SORTING)
        doubt = [] if CONTRADICTED in users.marks else [f"CAST(NULL AS VARCHAR) AS {name(CONTRADICTED)}"]
        mark = f"{users.plain[ROW_FIELD]} AS {name(plain(ROW_FIELD))}"
        copy(connection, f"SELECT {', '.join(['*', *doubt, mark])} FROM {users.relation}", directory / _SORTED, staging=True)
        rows, relation = users.rows, parquet(directory / _SORTED)
    if settled.rivals:
        of_rivals = _selected(readings, _of_lines(readings, texts), readings.as_rivals(settled.rivals), "-1 - number", "NULL")
        relation = f"(FROM {relation} UNION ALL BY NAME FROM {of_rivals})"
    doubted = settled.rivals is not None
    return StagedReports(
        directory,
        tuple(sources),
        Tables({ACCOUNT_TYPE: _accounts(accounts.rows), USER_TYPE: _users(rows, contradicted=doubted)}),
        {ACCOUNT_TYPE: accounts.relation, USER_TYPE: relation},
        texts,
        settled.rivals and f"(SELECT -1 - number AS {name(ROW)}, number, arn AS id FROM {settled.rivals})",
    )


def _selected(readings: Readings, texts: Mapping[str, str], documents: str, row: str, doubt: str) -> str:
    """Return the relation of users, from their lines and documents. ``texts`` are expressions of further columns."""
    own = [f"{column} AS {name(field_name)}" for field_name, column in USER_FIELDS.items()]
    held = [f"{expression} AS {name(column)}" for column, expression in texts.items()]
    system = [f"{row} AS {name(ROW)}", f"source AS {name(SOURCE)}", f"CAST({doubt} AS VARCHAR) AS {name(CONTRADICTED)}"]
    document = f"document AS {name(ROW_FIELD)}, {readings.is_plain('document')} AS {name(plain(ROW_FIELD))}"
    listed = ", ".join([*system, *own, document, *held])
    shape = json.dumps(dict.fromkeys(readings.reports[0].columns, "VARCHAR"))
    are_parsed = any(_PARSED in expression for expression in texts.values())
    parsed = f", json_transform(given, {text(shape)}) AS parsed" if are_parsed else ""
    made = f"SELECT *, {_ACCOUNT} AS account, {readings.document()} AS document{parsed} FROM ({documents})"
    return f"(SELECT {listed} FROM ({made}))"


def _of_lines(readings: Readings, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the expressions of the texts of a line, by column."""
    return {column: readings.text_of(f"c{place}") for place, column in enumerate(texts.values())}


def _of_documents(readings: Readings, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the expressions of the texts of a line, or of a document that is given, by column."""
    shown = _of_lines(readings, texts)
    return {
        column: f"CASE WHEN given IS NULL THEN {shown[column]} ELSE {_PARSED}{name(key)} END" for key, column in texts.items()
    }


def _are_short(connection: Connection, settled: Settled) -> bool:
    """Whether no document that is given is too long to be plain; those that are made of lines are short."""
    given = " UNION ALL ".join(f"SELECT document FROM {rows}" for rows in (settled.rows, settled.rivals) if rows)
    longer = f"SELECT count(*) FROM ({given}) WHERE length(document) > {PlainJson.MOST}"
    return not rows_of(connection, longer)[0][0]


def _users(rows: int, *, contradicted: bool) -> Table:
    columns = {column: Column(column, Form.TEXT, plain=column == ROW_FIELD) for column in sorted((*USER_FIELDS, ROW_FIELD))}
    relation, target, key = OWNER
    owner = {relation: Join(relation, target, key, "Id")}
    return Table(USER_TYPE, USER_TYPE, columns, owner, rows=rows, contradicted=contradicted)


def _accounts(rows: int) -> Table:
    return Table(ACCOUNT_TYPE, ACCOUNT_TYPE, {column: Column(column, Form.TEXT) for column in ACCOUNT_FIELDS}, rows=rows)
