"""Evaluate plans in Spark: on the cores of this machine, or on the workers of a cluster."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.evaluation.engines.spark.errors import FAILURES, LOST, SparkFailed, spark_failure

# isort: split
# After `errors`, which raises a clear message if these are not installed.
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import InheritableThread
from pyspark.sql import Observation
from pyspark.sql.functions import count, expr, lit
from pyspark.sql.pandas.functions import arrow_udf

from perpend.core.commit import finish, put, remove, temporary
from perpend.core.schema.tables import ROW, SOURCE, plain
from perpend.evaluation.engines.spark.functions import functions
from perpend.evaluation.engines.spark.session import PATIENCE, own_session, spark_session
from perpend.evaluation.engines.spark.sql import SparkSql, quoted, type_of
from perpend.evaluation.engines.spark.udfs import OnArrow, arrow_type_of
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, walk
from perpend.evaluation.planner.sql import Names, Native, Query, query_of
from perpend.evaluation.planner.stage import column_kinds
from perpend.inventory.snapshots.files import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from perpend.core.schema.tables import Table, Tables
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.stage import Stage

DIALECT: Final = SparkSql()
_POLL: Final = 0.25
_AT_ONCE: Final = 40
_Result = TypeVar("_Result")

PlanInput = tuple["Plan", "Tables", "Mapping[str, Sequence[Mapping[str, Any]]]"]
"""A plan, the tables it was made for, the rows of each."""


class Spark:
    """A Spark session that evaluates plans. Each Python function is registered once."""

    def __init__(self, session: SparkSession, *, patience: float = PATIENCE) -> None:
        self.session = own_session(session)
        self._patience = patience
        self._is_local = str(self.session.sparkContext.master).startswith("local")
        self._natives: Names = {}
        self._registered: set[str] = set()
        for statement in functions():
            self.session.sql(statement)

    def query(self, plan: Plan, relation: Callable[[str], str], *, keys: Sequence[str] = (ROW,)) -> Query:
        """Return the query of a plan, with its Python functions registered."""
        query = query_of(null_unused_arguments(plan), DIALECT, relation, keys=keys, names=self._natives)
        for native in query.natives:
            self._add(native)
        return query

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""
        return self.codes_of_many([(plan, tables, rows)])[0]

    def codes_of_many(self, inputs: Sequence[PlanInput]) -> list[list[tuple[int, ...]]]:
        """Return the codes of many plans, each on its own rows, in few Spark jobs."""
        codes: list[list[tuple[int, ...]]] = []
        for start in range(0, len(inputs), _AT_ONCE):
            codes += self._codes_of_batch(inputs[start : start + _AT_ONCE])
        return codes

    def _codes_of_batch(self, inputs: Sequence[PlanInput]) -> list[list[tuple[int, ...]]]:
        views: list[str] = []
        parts: list[str] = []
        try:
            for number, (plan, tables, rows) in enumerate(inputs):
                frames = {name: frame_of_rows(self.session, table, rows[name]) for name, table in tables.by_name.items()}
                query = self.query(plan, self._views(frames, views))
                codes = ", ".join(map(quoted, plan.stage.outputs))
                parts.append(f"SELECT {number} AS part, key0 AS number, array({codes}) AS codes FROM ({query.text})")
            rows_of_all = self.run(lambda: self.session.sql(" UNION ALL ".join(parts)).collect())
        finally:
            self._drop_views(views)
        by_input: list[dict[int, tuple[int, ...]]] = [{} for _ in inputs]
        for part, row, codes in rows_of_all:
            by_input[part][row] = tuple(codes)
        return [[codes[row] for row in sorted(codes)] for codes in by_input]

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write the outputs of a plan for each row of its table to a new directory of Parquet files; return the files.

        The directory appears complete or not at all. Raises SparkFailed if it exists.
        """
        if out.exists():
            raise SparkFailed(f"{out} already exists")
        views: list[str] = []
        try:
            tables = plan.tables.by_name
            read = sorted(_tables_read(plan))
            frames = self.run(lambda: {name: frame_of_files(self.session, tables[name], files.get(name, ())) for name in read})
            query = self.query(plan, self._views(frames, views), keys=(ROW, SOURCE))
            outputs = ", ".join(f"CAST({quoted(name)} AS INT) AS {quoted(name)}" for name in plan.stage.outputs)
            text = f"SELECT key0 AS {quoted(ROW)}, key1 AS {quoted(SOURCE)}, {outputs} FROM ({query.text})"
            with naming(out), temporary(out, directory=True) as part:
                return self._write(text, part, out)
        finally:
            self._drop_views(views)

    def _write(self, text: str, part: Path, directory: Path) -> Sequence[Path]:
        observation = Observation()
        self.run(
            lambda: (
                self.session.sql(text)
                .observe(observation, count(lit(1)).alias("rows"))
                .write.option("compression", "zstd")
                .mode("append")  # the directory exists, and is empty
                .parquet(f"file:{part.absolute()}")
            )
        )
        written = sorted(part.glob("*.parquet"))
        rows = sum(int(pq.read_metadata(path).num_rows) for path in written)
        if rows != observation.get["rows"]:
            raise SparkFailed(
                f"verdicts are missing in {directory}: Spark's workers write to another disk, use one that they share"
            )
        for path in part.iterdir():
            if path in written:
                finish(path)
            else:
                remove(path)
        put(part, directory)
        return [directory / path.name for path in written]

    def run(self, action: Callable[[], _Result]) -> _Result:
        """Return the result of an action. Spark would wait for lost workers forever; here the action is cancelled."""
        running = _Running(action, self.session)
        alone_since: float | None = None
        try:
            while running.thread.is_alive():
                running.thread.join(_POLL)
                alone_since = (alone_since or time.monotonic()) if self._is_alone() else None
                if alone_since is not None and time.monotonic() - alone_since > self._patience:
                    raise SparkFailed(LOST)
        finally:
            if running.thread.is_alive():
                self.session.sparkContext.cancelJobGroup(running.group)
                running.thread.join(self._patience)
        if running.error is not None:
            raise spark_failure(running.error) from None
        result: _Result = running.results[0]
        return result

    def _is_alone(self) -> bool:
        """Whether a cluster has no worker left for this application."""
        if self._is_local:
            return False
        try:
            return len(self.session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) <= 1
        except FAILURES:
            return True

    def _views(self, frames: Mapping[str, DataFrame], views: list[str]) -> Callable[[str], str]:
        """Register frames as views with unique names; return a function from table to view."""
        names: dict[str, str] = {}
        for table, frame in frames.items():
            names[table] = f"perpend_{secrets.token_hex(8)}"
            frame.createTempView(names[table])
            views.append(names[table])
        return names.__getitem__

    def _drop_views(self, views: Sequence[str]) -> None:
        for view in views:
            self.session.catalog.dropTempView(view)

    def _add(self, native: Native) -> None:
        if native.name not in self._registered:
            self._registered.add(native.name)
            run = OnArrow(native.function, native.constants, native.kind)
            # Without annotations, Spark passes columns and expects a column.
            function = arrow_udf(lambda *columns: run(*columns), type_of(native.kind))
            self.session.udf.register(native.name, function)


class _Running:
    """A Spark action that runs in its own thread."""

    def __init__(self, action: Callable[[], Any], session: SparkSession) -> None:
        self.group = f"perpend-{secrets.token_hex(6)}"
        self.results: list[Any] = []
        self.error: BaseException | None = None
        self._action = action
        self._session = session
        self.thread = InheritableThread(target=self._work, session=session)
        self.thread.daemon = True
        self.thread.start()

    def _work(self) -> None:
        try:
            self._session.sparkContext.setJobGroup(self.group, "perpend", interruptOnCancel=True)
            self.results.append(self._action())
        except FAILURES as error:
            self.error = error


def _tables_read(plan: Plan) -> set[str]:
    """Return the names of all tables that a plan reads."""
    names: set[str] = set()
    pending = [plan.stage]
    while pending:
        stage = pending.pop()
        names.add(stage.table.name)
        names |= {lookup.join.table for lookup in stage.lookups}
        pending += [counts.stage for counts in stage.counts]
    return names


def frame_of_rows(session: SparkSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """Return the rows of a table as a data frame."""
    kinds = column_kinds(table)
    arrays = [pa.array([_value(row.get(name), kind) for row in rows], arrow_type_of(kind)) for name, kind in kinds.items()]
    return session.createDataFrame(pa.Table.from_arrays(arrays, names=list(kinds)))


def _value(value: Any, kind: Kind) -> Any:
    return float(value) if kind is Kind.NUMBER and value is not None else value


def frame_of_files(session: SparkSession, table: Table, files: Sequence[Path]) -> DataFrame:
    """Return a stored table as a data frame. A column that a file lacks is null; directory names add no columns."""
    documents = {column.name: column.members for column in table.columns.values() if column.members}
    made = {*documents, *map(plain, documents)}
    columns = [f"{quoted(name)} {type_of(kind)}" for name, kind in column_kinds(table).items() if name not in made]
    schema = ", ".join([*columns, f"{quoted(SOURCE)} INT"])
    reader = session.read.schema(schema).option("recursiveFileLookup", "true").option("__globPaths__", "false")
    paths = [f"file:{path.absolute()}" for path in files]
    frame = reader.parquet(*paths) if paths else session.createDataFrame([], schema)
    for document, members in documents.items():
        pairs = ", ".join(f"{quoted(stored)} AS {quoted(key)}" for key, stored in members.items())
        # Without null members, and without escapes in a plain document: as DuckDB makes it (inventory/snapshots/rows.py).
        frame = frame.withColumn(document, expr(f"to_json(struct({pairs}))"))
        frame = frame.withColumn(plain(document), expr(f"NOT contains({quoted(document)}, '\\\\')"))
    return frame


def null_unused_arguments(plan: Plan) -> Plan:
    """Return an equivalent plan whose Python functions get nulls if their results are not used.

    Spark evaluates Python functions on every row, also inside the branches of a CASE. Unused arguments need not be sent.
    """
    return replace(plan, stage=_stage(plan.stage))


def _stage(stage: Stage) -> Stage:
    scalars = Scalars()
    nodes = list(walk(stage.outputs.values()))
    uses = Counter(inner for node in nodes for inner in node.arguments)
    uses.update(stage.outputs.values())
    new_scalars: dict[Scalar, Scalar] = {}
    for node in nodes:
        arguments = tuple(new_scalars[inner] for inner in node.arguments)
        if node.primitive in ("if", "when"):
            arguments = _with_nulls(scalars, node, arguments, uses)
        new_scalars[node] = scalars.make(node.primitive, *arguments, constants=node.constants, kind=node.kind)
    outputs = {name: new_scalars[node] for name, node in stage.outputs.items()}
    counts = tuple(replace(node, stage=_stage(node.stage)) for node in stage.counts)
    return replace(stage, outputs=outputs, counts=counts)


def _with_nulls(scalars: Scalars, choice: Scalar, arguments: tuple[Scalar, ...], uses: Counter[Scalar]) -> tuple[Scalar, ...]:
    """Return the arguments of a choice. Functions that only this choice uses get nulls if the other branch counts."""
    condition, *branches = arguments
    arguments_ = [condition]
    for place, (old, new) in enumerate(zip(choice.arguments[1:], branches, strict=True)):
        if old.primitive != "native" or uses[old] > 1:
            arguments_.append(new)
            continue
        masked = [_masked(scalars, condition, part, then=place == 0) for part in new.arguments]
        arguments_.append(scalars.make("native", *masked, constants=new.constants, kind=new.kind))
    return tuple(arguments_)


def _masked(scalars: Scalars, condition: Scalar, part: Scalar, *, then: bool) -> Scalar:
    if part.primitive == "literal":
        return part
    nothing = scalars.literal(None, part.kind)
    return scalars.choice(condition, part, nothing) if then else scalars.choice(condition, nothing, part)


@contextmanager
def spark(master: str = "local[*]", conf: Mapping[str, str] | None = None, *, patience: float = PATIENCE) -> Iterator[Spark]:
    """Open Spark at a master, and close it at the end."""
    with spark_session(master, conf, patience=patience) as session:
        yield Spark(session, patience=patience)
