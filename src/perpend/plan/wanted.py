"""Programs in, what they read of the objects of their type out, to any depth of lookups and related lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.analyze.verdicts import FIELD_PARAMETERS
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
    operation = expression.operation.name
    parameter = FIELD_PARAMETERS.get(operation)
    if parameter is not None:
        default = next((one.default for one in expression.operation.parameters if one.name == parameter), None)
        _want_field(wanted, str(expression.arguments.get(parameter) or default))
    for check in expression.checks:
        if check.delegate is not None:
            _want_field(wanted, check.delegate)
    match operation:
        case "IS_EMPTY_LOOKUP" | "NOT_EMPTY_LOOKUP":
            at = wanted
            for lookup in expression.arguments["path"].split("."):
                at = at.through([lookup])
                at.values.add("Id")
        case "UNIT_TEST":
            wanted.values.add("Id")
        case "EXTRACT":
            wanted = wanted.through(expression.arguments["lookups"])
    for operand in expression.operands:
        _want(wanted, operand)


def _want_field(wanted: Wanted, path: str) -> None:
    *lookups, name = path.split(".")
    wanted.through(lookups).values.add(name)
