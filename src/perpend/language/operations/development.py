"""Operations for unit tests and for debugging a policy."""

from __future__ import annotations

from perpend.core.values.types import EVERY_TYPE, ValueType
from perpend.language.operations.operation import CheckDeclaration, Constant, Operation, Parameter, Result, Typing

RETURN_TYPES: dict[str, ValueType] = {
    "TEXT": ValueType.TEXT,
    "BYTES": ValueType.BYTES,
    "NUMBER": ValueType.NUMBER,
    "BOOLEAN": ValueType.BOOLEAN,
    "DATE_TIME": ValueType.DATE_TIME,
    "DURATION": ValueType.DURATION,
    "JSON": ValueType.JSON,
    "ATTRIBUTES": ValueType.ATTRIBUTES,
    "COLLECTION": ValueType.SET_OF_TEXT,
    "COLLECTION_TEXT": ValueType.COLLECTION_OF_TEXT,
    "COLLECTION_BYTES": ValueType.COLLECTION_OF_BYTES,
    "SET_OF_TEXT": ValueType.SET_OF_TEXT,
    "SET_OF_BYTES": ValueType.SET_OF_BYTES,
    "LIST_OF_TEXT": ValueType.LIST_OF_TEXT,
    "LIST_OF_BYTES": ValueType.LIST_OF_BYTES,
}
"""The values of `returnType`, in all dialects."""

_RETURN_TYPE = Parameter("returnType", "The type of the value.", choices=tuple(RETURN_TYPES))
_BOOLEAN = frozenset({ValueType.BOOLEAN})

OPERATIONS = (
    Operation(
        "DEBUG",
        doc="Passes its argument through and records it in the trace of `perpend explain`.",
        parameters=(
            Parameter("name", "The name in the trace.", constant=Constant.TEXT),
            Parameter(
                "returnTrue", "Be true whatever the argument says.", constant=Constant.BOOLEAN, required=False, default=False
            ),
            Parameter("arg", "The argument.", operand=EVERY_TYPE),
        ),
        result=Result.OPERAND,
        typing=Typing.OPEN,
        shown=True,
        text="{arg}",
        nulls="As the argument.",
        example="DEBUG: {name: seen, arg: {EXTRACT: enabled}}",
    ),
    Operation(
        "UNIT_TEST",
        doc="False unless the object's Id equals `id`; then the argument.",
        parameters=(
            Parameter("id", "The Id of the test's object.", constant=Constant.TEXT),
            Parameter("arg", "The condition to test.", operand=_BOOLEAN),
            Parameter("expected", "The expected end.", constant=Constant.EXPECTATION, required=False),
            Parameter("snapshotTime", "The time of the snapshot in the test.", constant=Constant.DATE_TIME, required=False),
        ),
        reads=("Id",),
        result=ValueType.BOOLEAN,
        text="unitTest({id}): {arg}",
        nulls="A null Id equals no test's.",
        example="UNIT_TEST: {id: Test-1, arg: {BOOLEAN: true}, expected: {text: 'unitTest(Test-1): true'}}",
    ),
    Operation(
        "UNIT_TEST_NULL",
        doc="A null of the named type.",
        parameters=(_RETURN_TYPE,),
        result=Result.RETURN_TYPE,
        text="null",
        nulls="Always null.",
        example="UNIT_TEST_NULL: {returnType: TEXT}",
    ),
    Operation(
        "UNIT_TEST_RUNTIME_ERROR",
        doc="Fails with a runtime error.",
        parameters=(_RETURN_TYPE, Parameter("message", "The error's message.", constant=Constant.TEXT)),
        result=Result.RETURN_TYPE,
        text="error({message!q})",
        nulls="Never has a value.",
        checks=(CheckDeclaration("throw", "{self}.throw()", "The error is raised.", error=True, implied=True),),
        example="UNIT_TEST_RUNTIME_ERROR: {returnType: BOOLEAN, message: boom}",
    ),
)
