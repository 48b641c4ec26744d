"""What ``perpend check --store`` costs: one database, as many statements as there are policies, memory that does not grow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.inventory.snapshots import database
from tests.cli.conftest import KEY_POLICY, ROOT, TIME, RunWriter, done
from tests.sampled import FEW, part_of_library

USER = "CA10__CaAwsUser__c"
MEGABYTES_OF_NOISE = 25
USERS = (50_000, 110_000)


class Counted:
    """A connection that notes the statements it is given."""

    def __init__(self, connection: Any, statements: list[str]) -> None:
        self._connection = connection
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *more: Any) -> Any:
        self._statements.append(statement)
        return self._connection.execute(statement, *more)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], list[str]]]:
    """Yield lists that hear of every database opened and of every statement."""
    connections: list[str] = []
    statements: list[str] = []

    def connect(*given: Any, **more: Any) -> Any:
        connections.append(str(given))
        return Counted(duckdb.connect(*given, **more), statements)

    with monkeypatch.context() as patched:
        patched.setattr(database, "duckdb", type("Patched", (), {**vars(duckdb), "connect": staticmethod(connect)}))
        yield connections, statements


def users_file(directory: Path, users: int) -> Path:
    """Write users as a Parquet table, of whom a tenth has a row that nobody can judge."""
    path = directory / f"{users}.parquet"
    query = f"""
        SELECT 'arn:aws:iam::111122223333:user/u' || i AS "Id", 'arn:aws:iam::111122223333:user/u' || i AS "CA10__arn__c",
        'u' || i AS "CA10__userName__c",
        CASE WHEN i % 10 = 0 THEN '{{x' ELSE '{{"user":"u' || i || '","arn":"arn:aws:iam::111122223333:user/u' || i ||
        '","access_key_1_active":"true","access_key_2_active":"' || CASE WHEN i % 3 = 0 THEN 'true' ELSE 'false' END ||
        '","additional_credentials_info":"N/A"}}' END AS "CA10__credReportAttributesJson__c" FROM range({users}) t(i)
    """
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("judged")
    done("import", users_file(place, 2_000), "--type", USER, "--store", place / "store")
    done("check", "--store", place / "store", *TIME, code=1)
    return place / "store"


@pytest.fixture
def store(judged: Path, tmp_path: Path) -> Path:
    """Return a store that was judged once, for one test alone."""
    return shutil.copytree(judged, tmp_path / "store")


def test_statements_do_not_grow_with_the_objects_shown(run: RunWriter, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs, shown = [], []
    for limit in (1, 20, 500):
        with counted(monkeypatch) as (connections, statements):
            found = run("check", "--store", store, "--limit", limit, "--details", *TIME)
        assert found.code == 1, found.err
        costs.append((len(connections), len(statements)))
        shown.append(len(found.out.splitlines()))
    assert shown[0] < shown[1] < shown[2]
    assert costs[0] == costs[1] == costs[2]
    assert 1 == costs[0][0]


def test_an_object_is_explained_with_one_database(run: RunWriter, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as (connections, _):
        assert run("explain", KEY_POLICY, "u3", "--store", store, *TIME).code == 0
    assert 1 == len(connections)


PEAKS = """
import pathlib, re, sys
from perpend.cli.app import main
from perpend.evaluation.engines import verdicts
verdicts.ROWS_AT_ONCE = 4_096
forms, stores, *more = sys.argv[1:]
for store in stores.split("|"):
    for form in forms.split("|"):
        try:
            main(["check", "--store", store, "--format", form, *more])
        except SystemExit as ended:
            assert ended.code == 1
    print(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""
"""Says of itself how many KB it held at most, with each store: what the system tells of a child counts what its parent held.

It reads verdicts in small steps, so that few users are many of them already.
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process cannot tell its peak here")
def test_memory_does_not_grow_with_the_users(run: RunWriter, tmp_path: Path) -> None:
    part_of_library(tmp_path / "library", policies=FEW)
    asked = ("--policy", KEY_POLICY, "--repo", tmp_path / "library", *TIME)
    stores = [tmp_path / f"store-{users}" for users in USERS]
    for store, users in zip(stores, USERS, strict=True):
        assert 0 == run("import", users_file(tmp_path, users), "--type", USER, "--store", store).code
        run("check", "--store", store, *asked)  # what is computed at first is DuckDB's, which may hold up to its limit
    for forms in ("table", "ndjson|csv"):  # what takes the same space stands in one process
        command = [sys.executable, "-c", PEAKS, forms, "|".join(map(str, stores)), *map(str, asked)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
        small, large = (int(line) / 1024 for line in told.splitlines())
        assert large - small < MEGABYTES_OF_NOISE, (forms, small, large)
