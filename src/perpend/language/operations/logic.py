"""Logic operations. They stop at the argument that decides."""

from __future__ import annotations

from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Operation, Parameter

_BOOLEAN = frozenset({ValueType.BOOLEAN})
_ARGS = (Parameter("args", "The arguments, at least one.", operand=_BOOLEAN, many=True),)
_NULL_IS_FALSE = "Null counts as false."

OPERATIONS = (
    Operation(
        "AND",
        doc="Whether all arguments are true. Stops at the first false: later arguments, and their checks, are not evaluated.",
        parameters=_ARGS,
        result=ValueType.BOOLEAN,
        text="{args!and}",
        nulls=_NULL_IS_FALSE,
        example="AND: {args: [{EXTRACT: enabled}, {EXTRACT: encrypted}]}",
    ),
    Operation(
        "OR",
        doc="Whether some argument is true. Stops at the first true: later arguments, and their checks, are not evaluated.",
        parameters=_ARGS,
        result=ValueType.BOOLEAN,
        text="{args!or}",
        nulls=_NULL_IS_FALSE,
        example="OR: {args: [{EXTRACT: enabled}, {EXTRACT: encrypted}]}",
    ),
    Operation(
        "NOT",
        doc="Whether the argument is not true.",
        parameters=(Parameter("arg", "The argument.", operand=_BOOLEAN),),
        result=ValueType.BOOLEAN,
        text="not({arg})",
        nulls="Null counts as false, so its negation is true.",
        example="NOT: {arg: {EXTRACT: enabled}}",
    ),
)
