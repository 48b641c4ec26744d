"""A batch of columns on Spark's workers gives the same as each of its rows, and each value is computed once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.planner import udfs as own
from perpend.evaluation.planner.scalar import Kind
from tests.differential.on_spark import why_not

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


def test_packages_of_binaries_are_found_where_the_session_sent_them(worker: Path) -> None:
    from perpend.evaluation.engines.spark.udfs import BINARIES

    on_arrow("lower", (), Kind.TEXT, ["A"])
    on_arrow("regex", ("a",), Kind.BOOLEAN, ["a"])
    assert 1 == sys.path.count(str(worker / BINARIES))
