"""Tables in, relations of Spark out: of rows as Python holds them, or of the Parquet files of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from perpend.core.schema.tables import SOURCE
from perpend.evaluation.engines.nested import columns_of
from perpend.evaluation.engines.spark.sql import quoted, type_of
from perpend.evaluation.engines.spark.udfs import arrow_type_of
from perpend.evaluation.planner.scalar import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from perpend.core.schema.tables import Table


def frame_of_rows(session: SparkSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """Return the rows of a table as Spark has them."""
    kinds = columns_of(table)
    arrays = [pa.array([_value(row.get(name), kind) for row in rows], arrow_type_of(kind)) for name, kind in kinds.items()]
    return session.createDataFrame(pa.Table.from_arrays(arrays, names=list(kinds)))


def _value(value: Any, kind: Kind) -> Any:
    return float(value) if kind is Kind.NUMBER and value is not None else value


def frame_of_files(session: SparkSession, table: Table, files: Sequence[Path]) -> DataFrame:
    """Return a stored table. A column that a file does not have is null; nothing is inferred from directory names."""
    columns = [f"{quoted(name)} {type_of(kind)}" for name, kind in columns_of(table).items()]
    schema = ", ".join([*columns, f"{quoted(SOURCE)} INT"])
    reader = session.read.schema(schema).option("recursiveFileLookup", "true").option("__globPaths__", "false")
    if not files:
        return session.createDataFrame([], schema)
    return reader.parquet(*(f"file:{path.absolute()}" for path in files))
