"""``python -m bench histories-spark``: runs of made-up objects committed with DuckDB; Spark makes the same steps of all pairs.

Spark reads what the history knew before, and the codes of the run; what it then knows of every policy and object, and what has
happened, is compared with the history's values and changes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from bench.histories import day, judged, programs
from perpend.core.schema.tables import ROW
from perpend.findings.history.model import value_of
from perpend.findings.history.state_machine_sql import LIFE, TRIVIAL, step_query
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write.commit import commit_run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.write.evaluated_run import EvaluatedRun
    from perpend.inventory.snapshots.manifest import StoredFile

_STEPPED = ("policy_no", "object_no", "seen", "before", *LIFE, "event")


@dataclass(frozen=True, slots=True)
class Compared:
    """How many pairs Spark has stepped, how many rows of changes there are, and how many of either are otherwise."""

    pairs: int
    changes: int
    values_otherwise: int
    changes_otherwise: int


def step_on_spark(session: SparkSession, place: HistoryStorage, before: HistoryManifest, run: EvaluatedRun, out: Path) -> None:
    """Make on Spark the step of a run that was committed to a history, and write it to a new directory.

    ``before`` is the head of then. The run has to ask all policies of its one type, of all objects.
    """
    after, (one,) = place.head(), run.types
    number, known, then = after.runs[-1].number, after.types[one.name], before.types.get(one.name)
    policies = {policy.policy_id: policy for policy in after.policies_of(one.name)}
    assert known.known is not None
    assert one.files is not None

    def view(name: str, paths: list[Path]) -> None:
        session.read.parquet(*map(str, paths)).createOrReplaceTempView(name)

    def newest(name: str, files: tuple[StoredFile, ...], keys: str, order: str) -> None:
        view(f"{name}_rows", place.paths(files))
        ranked = f"SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {order} DESC) AS place FROM {name}_rows"
        session.sql(f"SELECT * FROM ({ranked}) AS ranked WHERE place = 1").createOrReplaceTempView(name)

    view("codes", list(one.files.paths))
    view("objects", list(run.snapshot.files.paths))
    newest("registry", known.objects, "object_no", "version")
    codes = []
    for place_of, program in enumerate(one.programs):
        values = ", ".join(f"{index}, {value_of(index, verdict.status)}" for index, verdict in program.verdicts.items())
        codes.append(f"{policies[program.policy_id].number}, element_at(map({values}), CAST(greatest(v{place_of}, 0) AS INT))")
    session.sql(
        f"SELECT r.object_no, stack({len(codes)}, {', '.join(codes)}) AS (policy_no, said) FROM codes AS c "
        f"JOIN objects AS o ON o.{ROW} = c.{ROW} JOIN registry AS r ON r.id = o.Id AND r.replaced_run IS NULL"
    ).createOrReplaceTempView("said")
    first = ", ".join(f"({policy.number}, {policy.first_run})" for policy in policies.values())
    joined = (
        "FROM said AS n FULL JOIN known AS k ON k.policy_no = n.policy_no AND k.object_no = n.object_no "
        "LEFT JOIN lives AS l ON l.policy_no = k.policy_no AND l.object_no = k.object_no"
    )
    if then is not None and then.known is not None:
        view("wide", [place.path(then.known)])
        values = ", ".join(f"{policy}, v{policy}, {column}" for policy, column in then.policies.items())
        long = f"SELECT object_no, stack({len(then.policies)}, {values}) AS (policy_no, value, seen) FROM wide"
        session.sql(f"SELECT * FROM ({long}) AS long WHERE value IS NOT NULL").createOrReplaceTempView("known")
        newest("lives", (*((then.lives,) if then.lives else ()), *then.changes), "policy_no, object_no", "run")
        own = {name: f"l.{name}" for name in LIFE} | {"value": "k.value", "seen": "k.seen"}
        own["status_run"] = "coalesce(l.status_run, CASE WHEN k.value IS NOT NULL THEN greatest(r.first_run, p.first_run) END)"
        own["life"] = "coalesce(l.life, CASE WHEN k.value IS NOT NULL THEN 'passing' END)"
        own["episodes"] = "coalesce(l.episodes, 0)"
        key = {name: f"coalesce(n.{name}, k.{name})" for name in ("policy_no", "object_no")}
    else:
        joined = "FROM said AS n"
        own = {name: f"CAST(NULL AS {'STRING' if name == 'life' else 'INT'})" for name in ("seen", *LIFE)}
        key = {name: f"n.{name}" for name in ("policy_no", "object_no")}
    given = ", ".join(f"{text} AS {name}" for name, text in (key | own).items())
    relation = (
        f"(SELECT {given}, n.said, true AS asked, true AS complete, false AS retired, r.first_run AS object_run, "
        f"p.first_run AS policy_run {joined} JOIN registry AS r ON r.object_no = {key['object_no']} "
        f"JOIN (SELECT * FROM VALUES {first} AS p(policy_no, first_run)) AS p ON p.policy_no = {key['policy_no']}) AS given"
    )
    stepped = step_query(relation, number, more=", object_run, policy_run")
    session.sql(stepped).select(*_STEPPED, "object_run", "policy_run").write.mode("overwrite").parquet(str(out))


def compared(place: HistoryStorage, type_name: str, out: Path) -> Compared:
    """Compare a step that Spark has made with what the last commit of a history has written."""
    after = place.head()
    known, run = after.types[type_name], after.runs[-1].number
    assert known.known is not None
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW stepped AS FROM read_parquet('{out}/*.parquet')")
        values = " UNION ALL ".join(
            f"SELECT {policy} AS policy_no, object_no, v{policy} AS value, {column} AS seen FROM '{place.path(known.known)}' "
            f"WHERE v{policy} IS NOT NULL"
            for policy, column in known.policies.items()
        )
        listed = ", ".join(map(str, TRIVIAL))
        trivial = f"before IS NULL AND value % 8 IN ({listed}) AND (object_run = {run} OR policy_run = {run})"
        columns = ", ".join(one for one in _STEPPED if one != "seen")
        files = ", ".join(f"'{path}'" for path in place.paths((*known.changes, *known.past)))
        changes = f"SELECT {columns} FROM read_parquet([{files}]) WHERE run = {run}"
        ours = f"SELECT {columns} FROM stepped WHERE before IS DISTINCT FROM value AND NOT ({trivial})"
        otherwise = "SELECT count(*) FROM (({0}) EXCEPT ALL ({1}) UNION ALL (({1}) EXCEPT ALL ({0})))"

        def count(query: str) -> int:
            return int(connection.execute(query).fetchall()[0][0])

        return Compared(
            count("SELECT count(*) FROM stepped"),
            count(f"SELECT count(*) FROM ({changes})"),
            count(otherwise.format(values, "SELECT policy_no, object_no, value, seen FROM stepped")),
            count(otherwise.format(changes, ours)),
        )


def compare_steps(
    session: SparkSession, directory: Path, objects: int, policies: int, days: int, changed: float
) -> list[Compared]:
    """Commit some days, and let Spark make each step; return how they compare."""
    place, asked, found = HistoryStorage(directory), programs(policies), list[Compared]()
    for number in range(days):
        before, run = place.head(), judged(directory, number, day(directory, number, objects, policies, changed), asked)
        commit_run(place, run)
        step_on_spark(session, place, before, run, directory / "stepped.parquet")
        found.append(compared(place, run.types[0].name, directory / "stepped.parquet"))
    return found


def measure_histories_spark(objects: int, policies: int, days: int, changed: float) -> None:
    """Print how the steps of some days compare."""
    from perpend.evaluation.engines.spark.session import spark_session

    with tempfile.TemporaryDirectory() as folder, spark_session("local[2]", {"spark.local.dir": folder}) as session:
        for number, one in enumerate(
            compare_steps(session, Path(folder), objects=objects, policies=policies, days=days, changed=changed)
        ):
            print(
                f"day {number}: {one.pairs:,} pairs stepped by Spark, {one.changes:,} changes by DuckDB; otherwise: "
                f"{one.values_otherwise:,} values, {one.changes_otherwise:,} changes"
            )
