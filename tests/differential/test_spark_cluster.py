"""Spark on a master and workers of its own: a store is judged there, workers die, masters do not answer."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from perpend.core.diagnostics.extras import command_to_add
from perpend.core.errors import PerpendError
from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.planner.build import Plan, plan_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import RunWriter, run
from tests.differential.mixing import TIME
from tests.differential.on_spark import BRIEF, UNCOMPILED, why_not
from tests.differential.spark_cluster import Cluster, cluster, free_port
from tests.repositories import logic, policy_files, program_of, temporary_analyzer
from tests.servers.policies import KEYS
from tests.servers.stub import Stub

if TYPE_CHECKING:
    from perpend.evaluation.engines.spark.engine import Spark

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

TYPE = "CA10__CaVector__c"
OBJECTS = [
    {
        "Id": f"o{number}",
        "CA10__a__c": ["prod-1", "test", "", None, "PROD-2 ", "Σ\u00a0ΑΣ"][number % 6],
        "CA10__b__c": [json.dumps({"key": number, "on": "true"}), "{x", "", '{"on": "\\u0061"}', None][number % 5],
        "CA10__c__c": ["2026-01-09", "soon", None, "2026-01-11T00:00:00+02:00"][number % 4],
    }
    for number in range(3_000)
]
"""Enough to see whether anything is lost: every combination of these values occurs 50 times."""

QUERY = {
    "JSON_QUERY_TEXT": {
        "arg": {"JSON_FROM": {"arg": {"FIELD": {"path": "CA10__b__c"}}, "undeterminedIf": {"isInvalid": "no JSON"}}},
        "expression": "on",
        "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "no text"},
    }
}
DATE = {
    "DATE_TIME_FROM": {
        "arg": {"FIELD": {"path": "CA10__c__c"}},
        "format": "ISO_8601",
        "undeterminedIf": {"invalidFormat": "no date"},
    }
}
CHECKS: list[Any] = [
    {"REGEX_MATCHES": {"arg": {"FIELD": {"path": "CA10__a__c"}}, "regex": "^prod-[0-9]$"}},
    {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__a__c"}}, "right": {"TEXT": "prod-2"}}},
    {"IS_EQUAL": {"left": QUERY, "right": {"TEXT": "true"}}},
    {"IS_BEFORE_TODAY": {"arg": DATE}},
]
SETTINGS = {
    **UNCOMPILED,
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": BRIEF,
    "spark.executor.extraJavaOptions": BRIEF,
    "spark.executor.memory": "600m",
    "spark.executor.cores": "1",
    "spark.pyspark.python": sys.executable,
    "spark.sql.files.maxPartitionBytes": "2k",
    "spark.sql.files.openCostInBytes": "0",
    "spark.sql.shuffle.partitions": "2",
}
__all__ = ["run"]

PIECES = 40
ACCOUNTS, USERS = int(os.environ.get("PERPEND_ACCOUNTS", "0")), 100
"""Accounts of an organization that is collected and judged here, if any, and how many users each of them has."""

COLLECTED = (
    "user-has-more-than-one-active-access-key",
    "policy-allows-full-administrative-privileges",
    "iam-access-analyzer-for-all-regions",
)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plan, Snapshot, list[int]]]:
    """Give a stored estate, the plan of a policy over it, and how the policy ends on each object."""
    directory = tmp_path_factory.mktemp("store")
    with temporary_analyzer(policy_files(logic(*CHECKS, input_type=TYPE))) as analyzer:
        program = program_of(analyzer)
        declared = analyzer.object_type(TYPE)
        objects = [object_from_fields(one, declared, Origin("a.json", row)) for row, one in enumerate(OBJECTS)]
        inventory = Inventory((Source("a.json", "test-data", None, len(objects)),), {TYPE: objects})
        store = Store(directory)
        with store.writing() as run, opened(directories=[directory], spill=run.temporary) as connection:
            importing = Importing(run, connection, declared=lambda name: analyzer.repository.object_type(name).value)
            importing.add_inventory(inventory, contradiction=contradiction)
            snapshot = importing.commit()
    interpreter = Interpreter([program])
    expected = [interpreter.evaluate(one, TIME, complete=False)[0][0] for one in OBJECTS]
    assert len(set(expected)) > 4
    yield plan_of([program], snapshot.tables, TIME), snapshot, expected


@pytest.fixture
def organization(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """Return what was collected of an organization on a server of ours."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    stub = Stub(ACCOUNTS, USERS)
    chosen = [word for policy in COLLECTED for word in ("--policy", policy)]
    ended = run("collect", "aws", "--store", tmp_path / "organization", "--endpoint-url", stub.url, "--org", *chosen)
    stub.close()
    assert 0 == ended.code, ended.err
    return Store(tmp_path / "organization").snapshot()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2) as found:
        yield found


@pytest.fixture
def spark(workers: Cluster) -> Iterator[Spark]:
    from perpend.evaluation.engines.spark.engine import Spark
    from perpend.evaluation.engines.spark.session import spark_session

    with spark_session(workers.master, SETTINGS, patience=60) as session:
        yield Spark(session, patience=6)


def in_pieces(files: Mapping[str, Sequence[Path]], directory: Path) -> dict[str, list[Path]]:
    """Return the same rows in many files, so that there is something left to do when a worker dies."""
    import pyarrow.parquet as pq

    found: dict[str, list[Path]] = {}
    for table, paths in files.items():
        rows = pq.read_table(list(paths))
        size = max(1, rows.num_rows // PIECES)
        for start in range(0, rows.num_rows, size):
            path = directory / f"{table} {start} [a] #1.parquet"
            pq.write_table(rows.slice(start, size), path)
            found.setdefault(table, []).append(path)
    return found


def read(directory: Path) -> list[int]:
    import pyarrow.parquet as pq

    rows = [(row["perpend_row"], max(row["v0"], 0)) for path in directory.glob("*") for row in pq.read_table(path).to_pylist()]
    return [index for _, index in sorted(rows)]


def codes(paths: Sequence[Path]) -> list[tuple[int, ...]]:
    """Return by row what policies say of it, rows in order."""
    import pyarrow.parquet as pq

    return sorted(tuple(int(row[name]) for name in sorted(row)) for path in paths for row in pq.read_table(path).to_pylist())


def when_busy(spark: Spark, act: Callable[[], None]) -> threading.Thread:
    """Do something as soon as Spark has begun to work, once a part of it is done."""

    def watch() -> None:
        tracker = spark.session.sparkContext.statusTracker()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(stage and 1 <= stage.numCompletedTasks < stage.numTasks - 2 for stage in stages):
                act()
                return
            time.sleep(0.02)

    started = threading.Thread(target=watch, daemon=True)
    started.start()
    return started


@pytest.mark.slow
@pytest.mark.skipif(not ACCOUNTS, reason="PERPEND_ACCOUNTS says of how many accounts an organization has to be")
def test_an_organization_that_was_collected_is_judged_by_workers_as_by_duckdb(
    spark: Spark, organization: Snapshot, tmp_path: Path
) -> None:
    judged = {}
    for name, programs in select_policies(Analyzer(open_repository()), COLLECTED).by_type().items():
        plan = plan_of(programs, organization.tables, TIME)
        with duck_db(directories=[tmp_path]) as duckdb:
            expected = codes(duckdb.evaluate_to_parquet(plan, organization.files, tmp_path / f"{name}.parquet"))
        assert expected == codes(spark.evaluate_to_parquet(plan, organization.files, tmp_path / name))
        judged[name] = len(expected)
    users = ACCOUNTS * (USERS + 1)
    assert {"CA10__CaAwsAccount__c": ACCOUNTS, "CA10__CaAwsUser__c": users, "CA10__CaAwsIamPolicy__c": 3 * ACCOUNTS} == judged


@pytest.mark.slow
def test_a_store_is_judged_by_workers_even_when_one_dies(
    workers: Cluster, spark: Spark, standing: tuple[Plan, Snapshot, list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan, snapshot, expected = standing
    out, pieces = tmp_path_factory.mktemp("out"), in_pieces(snapshot.files, tmp_path_factory.mktemp("pieces"))
    spark.evaluate_to_parquet(plan, snapshot.files, out / "all")
    assert expected == read(out / "all")
    killing = when_busy(spark, lambda: workers.kill_worker(1))
    outcome = attempt(lambda: spark.evaluate_to_parquet(plan, pieces, out / "one"))
    killing.join()
    assert workers.workers[1].poll() is not None, "the worker outlived the run"
    if outcome is None:
        assert expected == read(out / "one")
    assert {"all", *(["one"] if outcome is None else [])} == {path.name for path in out.iterdir()}
    killing = when_busy(spark, lambda: workers.kill_worker(0))
    with pytest.raises(PerpendError, match="workers"):
        spark.evaluate_to_parquet(plan, pieces, out / "none")
    killing.join()
    assert not any("none" in path.name for path in out.iterdir())


def enter(opening: AbstractContextManager[Any]) -> None:
    with opening:
        pass


def attempt(action: Callable[[], Any]) -> PerpendError | None:
    """Return the clear error that an action ends in; any other error is none."""
    try:
        action()
    except PerpendError as error:
        return error
    return None


@pytest.mark.parametrize("master", ["spark://127.0.0.1:{port}", "spark://no-such-host.invalid:7077"])
def test_a_master_that_cannot_be_reached_is_told_before_anything_is_started(
    master: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_SessionStart", None)
    with pytest.raises(PerpendError, match="no Spark master can be reached at spark://"):
        enter(spark_session.spark_session(master.format(port=free_port())))


def test_what_is_no_master_at_all_is_told() -> None:
    from perpend.evaluation.engines.spark.session import spark_session

    with pytest.raises(PerpendError, match="is not a Spark master"):
        enter(spark_session("http://127.0.0.1:1"))


def test_without_java_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from perpend.evaluation.engines.spark.session import spark_session

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PerpendError, match="needs Java 17 or newer"):
        enter(spark_session("local[1]"))


@pytest.mark.slow
def test_a_listener_that_is_no_master_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_START", 6.0)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(PerpendError, match="Spark"):
        enter(spark_session.spark_session(f"spark://127.0.0.1:{mute.getsockname()[1]}", SETTINGS, patience=5))


@pytest.mark.slow
def test_a_jvm_that_was_given_up_before_it_was_there_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext

    from perpend.evaluation.engines.spark import session as spark_session

    monkeypatch.setattr(spark_session, "_START", 0.1)
    with pytest.raises(PerpendError, match=r"did not start at local\[1\] within"):
        enter(spark_session.spark_session("local[1]", SETTINGS))
    starting = next(thread for thread in threading.enumerate() if thread.name == "perpend-spark-start")
    starting.join(60)
    assert not starting.is_alive()
    assert SparkContext._active_spark_context is None
    assert starting._gateway.proc.poll() is not None  # type: ignore[attr-defined] # it is the thread's own gateway


def test_without_pyspark_the_error_names_the_extra() -> None:
    import subprocess

    code = "import sys; sys.modules['pyspark'] = None\nfrom perpend.core.errors import PerpendError\ntry:\n import perpend.evaluation.engines.spark.engine\nexcept PerpendError as error:\n print(error)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert f"Spark 4.1 or newer is not installed here: {command_to_add('spark')}\n" == found.stdout
