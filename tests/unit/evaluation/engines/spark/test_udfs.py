"""A batch of columns on Spark's workers gives the same as each of its rows, and each value is computed once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.planner import udfs as own
from perpend.evaluation.planner.scalar import Kind, walk
from tests.differential.on_spark import why_not
from tests.unit.evaluation.planner.plans import DOCUMENT, plan

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

TEXTS = ["Prod-1", None, "prod-2", "Prod-1", "", None, "PROD-3"]


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Let this process know where a session's files are, as Spark lets a worker know."""
    from pyspark import SparkFiles

    from perpend.evaluation.engines.spark.udfs import _udf

    monkeypatch.setattr(SparkFiles, "_is_running_on_worker", True)
    monkeypatch.setattr(SparkFiles, "_root_directory", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    _udf.cache_clear()
    yield tmp_path
    _udf.cache_clear()


def on_arrow(function: str, constants: tuple[Any, ...], kind: Kind, *columns: list[Any]) -> list[Any]:
    import pyarrow as pa

    from perpend.evaluation.engines.spark.udfs import OnArrow, arrow_type_of

    found = OnArrow(function, constants, kind)(*(pa.array(column) for column in columns))
    assert arrow_type_of(kind) == found.type
    values: list[Any] = found.to_pylist()
    return values


@pytest.mark.parametrize(
    ("function", "constants", "kind"),
    [
        ("lower", (), Kind.TEXT),
        ("regex", ("^prod-[0-9]$",), Kind.BOOLEAN),
        ("split", ("-", "ListOfText", (False, False, True)), Kind.TEXTS),
    ],
)
def test_a_batch_ends_as_each_of_its_rows(function: str, constants: tuple[Any, ...], kind: Kind) -> None:
    run = own.NATIVES[function](*constants)
    expected = [run(text) for text in TEXTS]
    assert len({str(one) for one in expected}) > 1
    assert expected == on_arrow(function, constants, kind, TEXTS)


def test_a_value_that_comes_again_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    monkeypatch.setitem(own.NATIVES, "noted", lambda: lambda text: seen.append(text) or text)
    assert TEXTS == on_arrow("noted", (), Kind.TEXT, TEXTS)
    assert sorted(set(TEXTS), key=str) == sorted(seen, key=str)


def test_columns_are_taken_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(own.NATIVES, "joined", lambda sign: lambda one, other: None if one is None else f"{one}{sign}{other}")
    assert ["a+x", None, "c+None"] == on_arrow("joined", ("+",), Kind.TEXT, ["a", None, "c"], ["x", "y", None])


def test_rows_that_come_again_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setitem(own.NATIVES, "noted", lambda: lambda one, other: seen.append((one, other)) or one)
    assert ["a", "a", "a"] == on_arrow("noted", (), Kind.TEXT, ["a", "a", "a"], ["x", "y", "x"])
    assert [("a", "x"), ("a", "y")] == sorted(seen)
    monkeypatch.setitem(own.NATIVES, "sized", lambda: lambda one, _: str(len(one)))
    assert ["1", "2"] == on_arrow("sized", (), Kind.TEXT, [["a"], ["a", "b"]], ["x", "x"])


def test_a_call_gets_nulls_for_rows_that_do_not_reach_it(tmp_path: Path) -> None:
    from perpend.evaluation.engines.spark.engine import null_unused_arguments

    checks = {"policyExtField": DOCUMENT, "widestAcceptableAccessLevel": "NOBODY", "actions": ["s3:*"]}
    earlier = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__text__c"}}}}
    found = null_unused_arguments(plan(tmp_path, earlier, {"AWS_POLICY_ALLOWS": checks}))
    (call,) = (one for one in walk(found.stage.outputs.values()) if one.primitive == "native")
    (masked,) = call.arguments
    assert ("if", "not", "is") == (masked.primitive, masked.arguments[0].primitive, masked.arguments[0].arguments[0].primitive)
    assert None is masked.arguments[2].constants[0]


def test_packages_of_binaries_are_found_where_the_session_sent_them(worker: Path) -> None:
    from perpend.evaluation.engines.spark.udfs import BINARIES

    on_arrow("lower", (), Kind.TEXT, ["A"])
    on_arrow("regex", ("a",), Kind.BOOLEAN, ["a"])
    assert 1 == sys.path.count(str(worker / BINARIES))
