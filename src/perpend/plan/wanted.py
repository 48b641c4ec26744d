"""Programs in, what they read of the objects of their type out, to any depth of lookups and related lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.ir.operation import DELETION_FIELD, Constant
from perpend.tables.shred import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.ir.program import Block, Expr, Program


def wanted_by(programs: Iterable[Program]) -> Wanted:
    """Return what programs of one input type read."""
    found = Wanted()
    for program in programs:
        _want_block(found, program.block)
    return found


def _want_block(wanted: Wanted, block: Block) -> None:
    if block.type.name and block.type.deletion_field:
        wanted.values.add(block.type.deletion_field)
    if block.record_types:
        wanted.through(["RecordType"]).values.add("DeveloperName")
    for condition in block.conditions:
        _want(wanted, condition.expression)
    for relationship, child in block.related.items():
        *lookups, name = relationship.split(".")
        _want_block(wanted.through(lookups).children.setdefault(name, Wanted()), child)


def _want(wanted: Wanted, expression: Expr) -> None:
    for path in (*expression.field_paths, *expression.delegates):
        _want_field(wanted, path)
    for name in expression.operation.taking(Constant.LOOKUP_PATH):
        at = wanted
        for lookup in expression.arguments[name].split("."):
            at = at.through([lookup])
            at.values.add("Id")
    for name in expression.operation.reads:
        field = expression.deletion_field if name == DELETION_FIELD else name
        if field:
            wanted.values.add(field)
    wanted = wanted.through(expression.lookups)
    for operand in expression.operands:
        _want(wanted, operand)


def _want_field(wanted: Wanted, path: str) -> None:
    *lookups, name = path.split(".")
    wanted.through(lookups).values.add(name)
