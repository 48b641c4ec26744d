"""Print plans as SQL for engines that Perpend does not run, such as BigQuery and Snowflake.

A primitive that such an engine lacks raises an error with its name. No differential test checks this text: it is meant for
reading, and as a start for a new engine.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.sql import COMMON, Dialect, Unprintable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES: Final = {
    "bigquery": {Kind.TEXT: "STRING", Kind.NUMBER: "FLOAT64", Kind.BOOLEAN: "BOOL", Kind.WHOLE: "INT64"},
    "trino": {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DOUBLE", Kind.BOOLEAN: "BOOLEAN", Kind.WHOLE: "BIGINT"},
    "snowflake": {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DOUBLE", Kind.BOOLEAN: "BOOLEAN", Kind.WHOLE: "BIGINT"},
    "postgres": {Kind.TEXT: "TEXT", Kind.NUMBER: "DOUBLE PRECISION", Kind.BOOLEAN: "BOOLEAN", Kind.WHOLE: "BIGINT"},
}
OTHERS: Final = tuple(_TYPES)
"""The names of the dialects."""

_CONTAINS: Final = {"bigquery": "strpos({0}, {1}) > 0", "trino": "strpos({0}, {1}) > 0", "snowflake": "contains({0}, {1})"}

_COMMON: Final[Mapping[str, Callable[..., str]]] = {
    **COMMON,
    "same": lambda left, right: f"({left} IS NOT DISTINCT FROM {right})",
    "rest": lambda text: f"substr({text}, 2)",
}


class OtherSql(Dialect):
    """The dialect of one of :data:`OTHERS`. It has no natives, and only the primitives in its table."""

    calls_natives = False

    def __init__(self, name: str) -> None:
        self.name = name
        form = _CONTAINS.get(name, "position({1} in {0}) > 0")
        self.primitives: Mapping[str, Callable[..., str]] = {
            **_COMMON,
            "contains": lambda hay, needle: f"({form.format(hay, needle)})",
        }

    def identifier(self, name: str) -> str:
        """Return a name, quoted."""
        mark = "`" if self.name == "bigquery" else '"'
        return mark + name.replace(mark, mark * 2 if mark == '"' else "\\`") + mark

    def literal(self, value: Any, kind: Kind) -> str:
        """Return a constant. Raises Unprintable for kinds without a type."""
        named = _TYPES[self.name].get(kind)
        if named is None:
            raise Unprintable(f"{self.name} has no constant of the kind `{kind}`")
        if value is None:
            return f"CAST(NULL AS {named})"
        if kind is Kind.BOOLEAN:
            return "TRUE" if value else "FALSE"
        if kind is Kind.TEXT:
            return self._text(value)
        return str(value) if kind is Kind.WHOLE else f"CAST({self._number(float(value))} AS {named})"

    def count_of(self, condition: str) -> str:
        """Return the aggregate that counts the rows for which a condition is true."""
        return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"

    def any_of(self, condition: str) -> str:
        """Return the aggregate that is true if a condition is true for any row."""
        return f"max(CASE WHEN {condition} THEN 1 ELSE 0 END) = 1"

    def _text(self, value: str) -> str:
        if self.name in ("bigquery", "snowflake"):
            value = value.replace("\\", "\\\\")
            return "'" + value.replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"
        return "'" + value.replace("'", "''") + "'"

    def _number(self, value: float) -> str:
        return repr(value) if math.isfinite(value) else f"'{value}'"
