"""Logic: left to right, stopping at the argument that decides."""

from __future__ import annotations

from perpend.ir.operation import Operation, Parameter
from perpend.meaning.types import ValueType

_BOOLEAN = frozenset({ValueType.BOOLEAN})
_ARGS = (Parameter("args", "The arguments, at least one.", operand=_BOOLEAN, many=True),)
_NULL_IS_FALSE = "Null counts as false."

OPERATIONS = (
    Operation(
        "AND",
        "AND",
        "Whether all arguments are true. Stops at the first false: later arguments, and their checks, are not evaluated.",
        _ARGS,
        ValueType.BOOLEAN,
        "{args!and}",
        _NULL_IS_FALSE,
        example="AND: {args: [{EXTRACT: enabled}, {EXTRACT: encrypted}]}",
    ),
    Operation(
        "OR",
        "OR",
        "Whether some argument is true. Stops at the first true: later arguments, and their checks, are not evaluated.",
        _ARGS,
        ValueType.BOOLEAN,
        "{args!or}",
        _NULL_IS_FALSE,
        example="OR: {args: [{EXTRACT: enabled}, {EXTRACT: encrypted}]}",
    ),
    Operation(
        "NOT",
        "NOT",
        "Whether the argument is not true.",
        (Parameter("arg", "The argument.", operand=_BOOLEAN),),
        ValueType.BOOLEAN,
        "not({arg})",
        "Null counts as false, so its negation is true.",
        example="NOT: {arg: {EXTRACT: enabled}}",
    ),
)
