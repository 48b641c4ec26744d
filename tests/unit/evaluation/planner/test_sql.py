"""Plans are printed by a dialect's table: joins, counts of children, nested layers, named functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from perpend.core.schema.tables import Table
from perpend.evaluation.engines.duckdb.sql import DuckDbSql
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.sql import Names, Query, Unprintable, stage_query
from perpend.evaluation.planner.stage import Stage


class Terse(DuckDbSql):
    """DuckDB's words without any for texts in lower case, and without calls of functions of the package."""

    name = "Terse"
    calls_natives = False
    primitives: Mapping[str, Callable[..., str]] = MappingProxyType(
        {name: printed for name, printed in DuckDbSql.primitives.items() if name != "lower"}
    )


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def printed(stage: Stage, names: Names | None = None) -> Query:
    return stage_query(stage, DuckDbSql(), lambda table: f"<{table}>", names=names)


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def query(outputs: Mapping[str, Scalar], **more: Any) -> str:
    return flat(printed(Stage(Table("Thing"), outputs, **more)).text)


def test_what_is_made_once_is_read_by_its_name(made: Scalars) -> None:
    null = made.is_null(made.make("rest", made.column("t", "a", Kind.TEXT)))
    text = query({"v0": null, "v1": made.negation(null)})
    assert text.startswith(
        'SELECT "key0", "m0" AS "v0", (NOT "m0") AS "v1" FROM ( SELECT "key0", (substr("b0", 2) IS NULL) AS "m0"'
    )


def test_a_function_of_the_package_is_one_for_equal_constants(made: Scalars) -> None:
    a = made.column("t", "a", Kind.TEXT)
    one, other = (made.native("regex", Kind.BOOLEAN, a, constants=(pattern,)) for pattern in ("x", "y"))
    names: Names = {}
    first = printed(Stage(Table("Thing"), {"v0": one}), names)
    second = printed(Stage(Table("Thing"), {"v0": other, "v1": one}), names)
    assert ["perpend_regex_0"] == [native.name for native in first.natives]
    assert ["perpend_regex_1", "perpend_regex_0"] == [native.name for native in second.natives]
    assert ("regex", ("x",), (Kind.TEXT,), Kind.BOOLEAN) == (
        *(first.natives[0].function, first.natives[0].constants),
        *(first.natives[0].arguments, first.natives[0].kind),
    )
    assert 'perpend_regex_0("b0") AS "v1"' in second.text


def test_what_a_dialect_has_no_word_for_names_the_operation_that_needs_it(made: Scalars) -> None:
    a = made.column("t", "a", Kind.TEXT)
    made.operation = "REGEX_MATCHES"
    for scalar, name in ((made.make("lower", a), "lower"), (made.native("regex", Kind.BOOLEAN, a, constants=("x",)), "regex")):
        with pytest.raises(Unprintable, match=f"^Terse has no primitive `{name}`, which REGEX_MATCHES needs$"):
            stage_query(Stage(Table("Thing"), {"v0": scalar}), Terse(), str)
