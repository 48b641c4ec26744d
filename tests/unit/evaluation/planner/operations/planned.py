"""The plan of a check over a small table, as text: each outcome of the program with its condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from perpend.core.schema.tables import Column, Form, Join, Table, Tables
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.scalar import Kind, Scalar, walk
from tests.repositories import analyzer_of, logic, policy_files, program_of

TYPE, OWNER, PART = "CA10__CaThing__c", "Owner", "Part"
COLUMNS = (
    *(Column(form.value, form) for form in Form),
    Column("Id", Form.TEXT),
    Column("other", Form.TEXT),
    Column("json", Form.TEXT, plain=True),
    Column("some", Form.TEXT, partial=True),
)
TABLES = Tables(
    {
        TYPE: Table(
            TYPE,
            TYPE,
            {one.name: one for one in COLUMNS},
            lookups={"owner__r": Join("owner__r", OWNER, "owner__c", "Id")},
            children={"Parts__r": Join("Parts__r", PART, "Id", "thing__c")},
        ),
        OWNER: Table(OWNER, "", {"Id": Column("Id", Form.TEXT), "text": Column("text", Form.TEXT)}),
        PART: Table(PART, "", {"text": Column("text", Form.TEXT)}),
    },
    complete=True,
)

_GIVEN = {
    **dict.fromkeys(("json empty", "json same", "variant empty", "variant same", "all in", "any in"), Kind.BOOLEAN),
    **dict.fromkeys(("regex", "logging match"), Kind.BOOLEAN),
    **dict.fromkeys(("queries", "access allowed", "split", "items", "json texts"), Kind.TEXTS),
    "json size": Kind.NUMBER,
}
"""What functions of the package give, a text where it is not said."""

Ends = list[tuple[str, int]]


def ends(check: Any, *, tables: Tables = TABLES, time: int = 0, files: Mapping[str, Any] | None = None, **more: Any) -> Ends:
    """Return the conditions under which a program with this check ends before ``otherwise``, and the codes, in order."""
    with TemporaryDirectory() as directory:
        program = program_of(analyzer_of(Path(directory), policy_files(logic(check, **more), **(files or {}))))
        code = plan_of([program], tables, time, rewrites=()).stage.outputs["v0"]
    for one in walk([code]):
        if one.primitive == "native":
            assert _GIVEN.get(one.constants[0], Kind.TEXT) is one.kind, "engines are told what a function gives"
    return list(_ends(code))


def condition(check: Any, **more: Any) -> str:
    """Return what a check is planned as, where nothing can keep it from an answer."""
    ((found, code),) = ends(check, **more)
    assert 199 == code
    return found


def _ends(code: Scalar) -> Iterator[tuple[str, int]]:
    while code.primitive == "if":
        when, then, code = code.arguments
        yield shown(when), then.constants[0]
    if code.constants != (200,):
        yield "True", code.constants[0]


def shown(scalar: Scalar) -> str:
    """Return a scalar in the words of the primitives."""
    if scalar.primitive == "column":
        alias, name = scalar.constants
        return str(name) if alias == "t" else f"{alias}.{name}"
    if scalar.primitive == "literal":
        (value,) = scalar.constants
        return f"None as {scalar.kind.value}" if value is None and scalar.kind is not Kind.TEXT else repr(value)
    name, constants = scalar.primitive, scalar.constants
    if name == "native":
        name, constants = constants[0], constants[1:]
    return f"{name}({', '.join([*map(shown, scalar.arguments), *map(repr, constants)])})"


def field(path: str, kind: str | None = None, **checks: str) -> dict[str, Any]:
    """Return a use of FIELD: of a type, with checks."""
    more = {**({"returnType": kind} if kind else {}), **({"undeterminedIf": checks} if checks else {})}
    return {"FIELD": {"path": path, **more}}


def opposite(condition: str) -> str:
    """Return what the opposite of a condition is planned as; only what comes from data or natives is asked for truth."""
    if condition.startswith("true("):
        return f"not({condition.removeprefix('true(')}"
    return f"not({condition})"
