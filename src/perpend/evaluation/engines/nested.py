"""Evaluate nested objects in memory with an engine, through tables, for policy tests and differential tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.errors import PerpendError
from perpend.core.schema.shred import shred, tables_of
from perpend.core.schema.tables import is_reserved
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.rewrites import REWRITES, Rewrite
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.required_columns import required_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.schema.shred import RequiredFields
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
    """Return, for each program, the verdict index of each object. All programs have the same object type.

    ``complete``: a key that an object does not have is null. ``snapshot_time`` is in milliseconds since 1970.
    """
    if not objects:
        return [[] for _ in programs]
    required = required_fields(programs)
    _reject_reserved(required)
    part = shred(objects, programs[0].input_type, required, complete=complete)
    tables, rows = tables_of(part, complete=complete)
    plan = plan_of(programs, tables, snapshot_time, rewrites=rewrites)
    return _indexes([list(codes) for codes in zip(*engine.codes_of_rows(plan, tables, rows), strict=True)])


def _reject_reserved(required: RequiredFields) -> None:
    """Raise if policies read a field whose name tables use for their own columns."""
    for name in sorted({*required.values, *required.lookups, *required.children}):
        if is_reserved(name):
            raise PerpendError(f"field `{name}` can be evaluated by the interpreter only, because tables reserve that name")
    for below in (*required.lookups.values(), *required.children.values()):
        _reject_reserved(below)


def _indexes(columns: Sequence[list[int]]) -> list[list[int]]:
    """Return codes as verdict indexes: every negative code means UNREADABLE."""
    return [[max(code, UNREADABLE) for code in codes] if min(codes) < 0 else codes for codes in columns]
