"""Plans are printed by a dialect's table: joins, counts of children, nested layers, named functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from perpend.core.schema.tables import Join, Table
from perpend.evaluation.engines.duckdb.sql import DuckDbSql
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.sql import Names, Query, Unprintable, stage_query
from perpend.evaluation.planner.stage import UNREAD, ChildCounts, LookupJoin, Stage

OWNER = Join("owner__r", "Owner", "owner__c", "Id")
PARTS = Join("parts__r", "Part", "Id", "thing__c")


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


def test_a_row_is_known_by_its_keys(made: Scalars) -> None:
    stage = Stage(Table("Thing"), {"v0": made.true})
    text = flat(stage_query(stage, DuckDbSql(), str, keys=("a", "b")).text)
    assert text.startswith('SELECT "key0", "key1", TRUE AS "v0" FROM ( SELECT t."a" AS "key0", t."b" AS "key1" FROM Thing AS t')


def test_a_lookup_is_a_left_join(made: Scalars) -> None:
    text = query({"v0": made.column("l1", "on", Kind.BOOLEAN)}, lookups=(LookupJoin("l1", "t", OWNER),))
    assert 'LEFT JOIN <Owner> AS l1 ON l1."Id" = t."owner__c"' in text
    assert 'l1."on" AS "b0"' in text


def counted(made: Scalars, counts: dict[str, tuple[str, tuple[int, ...]]], doubts: dict[str, str]) -> str:
    below = Stage(Table("Part"), {"c0": made.column("t", "code", Kind.WHOLE)})
    counts_of = ChildCounts("k1", "t", PARTS, below, counts, doubts)
    return query({"v0": made.column("k1", next(iter(counts), "none"), Kind.WHOLE)}, counts=(counts_of,))


def test_children_are_counted_by_key_and_only_those_that_count_are_read(made: Scalars) -> None:
    text = counted(made, {"n": ("c0", (199, 200))}, {})
    assert """SELECT "key0", count(*) FILTER (WHERE "c0" IN (199, 200)) AS "n" FROM""" in text
    assert """WHERE "key0" IS NOT NULL AND ("c0" IN (199, 200)) GROUP BY "key0" ) AS k1 ON k1."key0" = t."Id\"""" in text


def test_all_codes_below_zero_are_counted_as_one_and_doubts_are_any_of_them(made: Scalars) -> None:
    text = counted(made, {"n": ("c0", (UNREAD, 101)), "m": ("c0", (UNREAD,))}, {"d": "c0"})
    assert """count(*) FILTER (WHERE "c0" IN (101) OR "c0" < 0) AS "n", count(*) FILTER (WHERE "c0" < 0) AS "m\"""" in text
    assert """bool_or("c0" < 0) AS "d\"""" in text
    assert """AND ("c0" IN (101) OR "c0" < 0) GROUP BY""" in text


def test_a_status_that_no_code_has_counts_nothing(made: Scalars) -> None:
    assert 'count(*) FILTER (WHERE FALSE) AS "n"' in counted(made, {"n": ("c0", ())}, {})


def test_children_that_nobody_counts_are_not_joined(made: Scalars) -> None:
    assert "Part" not in counted(made, {}, {"d": "c0"})


def test_choices_one_after_the_other_are_one_case(made: Scalars) -> None:
    a, b = (made.column("t", name, Kind.BOOLEAN) for name in "ab")
    one, two, three = (made.literal(number, Kind.WHOLE) for number in (1, 2, 3))
    text = query({"v0": made.choice(a, one, made.choice(b, two, three))})
    assert '(CASE WHEN "b0" THEN 1 WHEN "b1" THEN 2 ELSE 3 END) AS "v0"' in text


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
