"""Spark, DuckDB and the interpreter give the same verdicts over credential reports: as files and in a store.

A snapshot holds the cells of a report. Each engine makes the JSON document from them, so policies here read whole documents.
The commands take a session that is open already: `test_spark_check` opens one by the command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from perpend.core.schema.tables import ROW, plain, readings
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import LIBRARY, Repository
from perpend.reports.formats.json import write_ndjson
from tests.cli.conftest import TIME, RunWriter, run
from tests.differential.on_spark import SMALL, UNCOMPILED, why_not
from tests.differential.reports import quoted, reports
from tests.differential.stores import NOW
from tests.repositories import logic, policy_files, write

if TYPE_CHECKING:
    from perpend.evaluation.engines.spark.engine import Spark

__all__ = ["run"]

pytestmark = [pytest.mark.skipif(why_not() is not None, reason=why_not() or ""), pytest.mark.slow]

EXAMPLES = int(os.environ.get("PERPEND_SPARK_EXAMPLES", "8"))
USER = "CA10__CaAwsUser__c"
DOCUMENT = "CA10__credReportAttributesJson__c"
HEADER = ("user", "arn", "mfa_active", "note", "Équipe (l'été)", "$.a, [0]", "x`y.z", "😀")
CELLS = (
    'a "b"',
    '"',
    "\\",
    "\\n",
    "\\u0041",
    "C:\\d\\",
    "a/b",
    "</script>",
    "\u2028\u2029",
    "😀",
    "\U0010ffff",
    "\ue000\ufdd0\ufffe\ufeff",
    "".join(map(chr, (*range(1, 32), 127, 128, 133, 159))),
    "\ta\b\f",
    "a\nb",
    "a\r\nb",
    "é\u0301",
    "",
    " ",
    "null",
    "{",
    "',\"",
    "`${spark.master}%",
    "v" * 3_000,
)


def arn(name: str) -> str:
    """Return the ARN of a user."""
    return f"arn:aws:iam::111122223333:user/{name}"


def report_of(rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> bytes:
    """Return the bytes of a report."""
    return "".join(",".join(quoted(value, True) for value in row) + "\n" for row in (header, *rows)).encode()


OLD = report_of([(f"é{number}", arn(f"u{number}"), "true", *[cell] * 5) for number, cell in enumerate(CELLS)])
NEW = report_of(
    [(f"é{2 * number}", arn(f"u{2 * number}"), "false", cell, "é") for number, cell in enumerate(CELLS[::2])]
    + [("new", arn("é"), "true", "\u2028", ""), ("new", "arn:aws-cn:iam::444455556666:user/é", "false", "x", "/")],
    ("user", "arn", "mfa_active", "note", "Owner"),
)
"""Half of the users of the older report, whom it contradicts, with other columns, and two users with an unusual ARN."""


def policies() -> dict[str, Any]:
    """Return a repository of one policy, with a condition for each cell: over a member, a whole document, or its text."""
    document = {"FIELD": {"path": DOCUMENT, "returnType": "BYTES"}}
    parsed = {"JSON_FROM": {"arg": document, "undeterminedIf": {"isInvalid": "It is no JSON."}}}
    checks = {"resultTypeMismatch": "It is no text.", "evaluationError": "It cannot be read."}

    def condition(number: int, cell: str) -> dict[str, Any]:
        if number % 3 == 2:
            text = json.dumps({"x`y.z": cell}, ensure_ascii=False, separators=(",", ":"))[1:-1]
            return {"CONTAINS": {"arg": document, "search": {"BYTES": text}}}
        expression = ("note", "[note, arn][0]")[number % 3]
        found = {"JSON_QUERY_BYTES": {"arg": parsed, "expression": expression, "undeterminedIf": checks}}
        return {"IS_EQUAL": {"left": found, "right": {"BYTES": cell}}}

    return policy_files(logic(*(condition(number, cell) for number, cell in enumerate(CELLS)), input_type=USER))


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    from perpend.evaluation.engines.spark import engine

    with engine.spark("local[2]", SMALL | UNCOMPILED | {"spark.sql.jsonGenerator.ignoreNullFields": "false"}) as opened:
        yield opened


@pytest.fixture
def opened(spark: Spark, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands use the session that is open: a process can have only one."""

    @contextmanager
    def open_again(*_: Any) -> Iterator[Spark]:
        yield spark

    monkeypatch.setattr("perpend.evaluation.engines.spark.engine.spark", open_again)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of two reports, which contradict each other, and of policies over them."""
    made = tmp_path_factory.mktemp("été #1 %41")
    write(made / "policies", policies())
    for name, content in {"old.csv": OLD, "new.csv": NEW}.items():
        (made / name).write_bytes(content)
    return made


def analyzer_of(root: Path) -> Analyzer:
    return Analyzer(Repository(root / "policies", fallback=Repository(LIBRARY)))


def inputs_of(root: Path) -> list[Input]:
    return [Input(str(root / name)) for name in ("old.csv", "new.csv")]


def test_documents_are_made_of_cells_as_duckdb_makes_them(spark: Spark, root: Path, tmp_path: Path) -> None:
    from perpend.evaluation.engines.spark.engine import frame_of_files

    store = Store(tmp_path / "a#b %41")
    import_inputs(store, inputs_of(root), declared=analyzer_of(root).repository.declared_type)
    snapshot = store.snapshot()
    columns = (ROW, DOCUMENT, plain(DOCUMENT))
    for name, rows in {USER: len(CELLS) + 4, readings(USER): 2 * len(CELLS[::2])}.items():
        frame = frame_of_files(spark.session, snapshot.tables.by_name[name], snapshot.files[name])
        listed = ", ".join(f'"{column}"' for column in columns)
        with duckdb.connect() as connection:
            expected = connection.execute(f"SELECT {listed} FROM {snapshot.relation(name)} ORDER BY 1, 2").fetchall()
        assert rows == len(expected)
        assert expected == sorted(map(tuple, frame.select(*columns).collect()))


@pytest.mark.usefixtures("opened")
def test_files_and_stores_end_alike_on_every_engine(run: RunWriter, root: Path, tmp_path: Path) -> None:
    paths, store = [one.path for one in inputs_of(root)], tmp_path / "store"
    assert 0 == run("import", *paths, "--store", store).code
    asked = ("--repo", root / "policies", *TIME, "--format", "ndjson")
    expected = run("check", *paths, *asked, "--engine", "interpreter")
    assert (1, "") == (expected.code, expected.err)
    ends = {(one["object"]["id"], one["status"]) for one in map(json.loads, expected.out.splitlines())}
    assert {"INCOMPLIANT", "COMPLIANT", "UNDETERMINED"} <= {status for _, status in ends}
    assert {(arn("u0"), "INCOMPLIANT"), (arn("u1"), "INCOMPLIANT"), (arn("u2"), "UNDETERMINED")} <= ends
    for engine in ("duckdb", "spark"):
        assert expected == run("check", *paths, *asked, "--engine", engine)
        assert expected == run("check", "--store", store, "--no-history", *asked, "--engine", engine)


@settings(
    max_examples=max(1, EXAMPLES // 4),
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(contents=st.lists(reports(), min_size=4, max_size=6), times=st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_drawn_reports_end_on_spark_as_on_duckdb(spark: Spark, contents: list[bytes], times: list[int]) -> None:
    analyzer = Analyzer(Repository(LIBRARY))
    with TemporaryDirectory() as directory:
        inputs = []
        for number, content in enumerate(contents):
            path = Path(directory, f"{number}.csv")
            path.write_bytes(content)
            inputs.append(Input(str(path), observed_at=NOW - timedelta(days=times[number])))
        with temporary_snapshot(inputs, declared=analyzer.repository.declared_type, keep_going=True) as read:
            if read.snapshot is not None:
                selection = select_policies(analyzer, over=read.snapshot)
                ends = []
                for engine in (None, spark):
                    written = StringIO()
                    with evaluate_snapshot(read.snapshot, selection, today=NOW, engine=engine, cached=False) as evaluation:
                        write_ndjson(evaluation, written)
                    ends.append(written.getvalue())
                assert ends[0]
                assert ends[0] == ends[1]
