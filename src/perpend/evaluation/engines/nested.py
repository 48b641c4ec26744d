"""Objects as people nest them, judged by way of tables: what policies' own tests and differential tests go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.errors import PerpendError
from perpend.core.schema.shred import flat_table, shred, tables_of
from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, Tables, is_reserved, plain, unfollowed, unread
from perpend.evaluation.engines.protocol import ColumnEngine
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.rewrites import REWRITES, Rewrite
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.stage import KIND_OF_FORM
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.required_columns import wanted_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.schema.shred import Wanted
    from perpend.core.schema.tables import Table
    from perpend.evaluation.engines.protocol import Engine
    from perpend.language.program.program import Program


def indexes_of(
    engine: Engine,
    programs: Sequence[Program],
    objects: Sequence[Mapping[str, Any]],
    snapshot_time: int,
    *,
    complete: bool = True,
    rewrites: Sequence[Rewrite] = REWRITES,
) -> list[list[int]]:
    """Return for each program, all of one input type, the verdict index of each object.

    ``complete``: a key that an object does not have is null. ``snapshot_time`` is in milliseconds since 1970.
    """
    if not objects:
        return [[] for _ in programs]
    wanted = wanted_by(programs)
    _refuse_reserved(wanted)
    if isinstance(engine, ColumnEngine) and not wanted.lookups and not wanted.children:
        table, columns = flat_table(objects, programs[0].input_type, wanted, complete=complete)
        plan = plan_of(programs, Tables({table.name: table}, complete), snapshot_time, rewrites=rewrites)
        return _indexes(engine.codes_of_columns(plan, table, columns))
    part = shred(objects, programs[0].input_type, wanted, complete=complete)
    tables, rows = tables_of(part, complete=complete)
    plan = plan_of(programs, tables, snapshot_time, rewrites=rewrites)
    return _indexes([list(codes) for codes in zip(*engine.ends_of_rows(plan, tables, rows), strict=True)])


def _refuse_reserved(wanted: Wanted) -> None:
    """Raise where policies read a field that is called as only tables call their own columns."""
    for name in sorted({*wanted.values, *wanted.lookups, *wanted.children}):
        if is_reserved(name):
            raise PerpendError(f"a field called `{name}` can be judged by the interpreter only: tables use that name")
    for below in (*wanted.lookups.values(), *wanted.children.values()):
        _refuse_reserved(below)


def _indexes(columns: Sequence[list[int]]) -> list[list[int]]:
    """Return codes as indexes: those below zero say why an object is unreadable."""
    return [[max(code, UNREADABLE) for code in codes] if min(codes) < 0 else codes for codes in columns]


def columns_of(table: Table) -> dict[str, Kind]:
    """Return all columns of a table, companions too, with what they are kept as."""
    kinds = {ROW: Kind.WHOLE, OWNER: Kind.WHOLE}
    if table.contradicted:
        kinds[CONTRADICTED] = Kind.TEXT
    for column in table.columns.values():
        kinds[column.name] = KIND_OF_FORM[column.form]
        if column.partial:
            kinds[unread(column.name)] = Kind.TEXT
        if column.plain:
            kinds[plain(column.name)] = Kind.BOOLEAN
    for join in (*table.lookups.values(), *table.children.values()):
        if join.partial:
            kinds[unfollowed(join.name)] = Kind.TEXT
    return kinds
