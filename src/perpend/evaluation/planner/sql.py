"""Print a plan as one SQL query, with the primitive table of an engine's dialect."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.schema.tables import ROW
from perpend.evaluation.planner.stage import ROOT, UNREAD, ChildCounts, Layers, Stage, layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.scalar import Kind, Scalar


def _mark(part: str) -> str:
    return f"CASE WHEN {part} THEN '1' ELSE '0' END"


COMMON: Final[Mapping[str, Callable[..., str]]] = {
    "and": lambda *parts: f"({' AND '.join(parts)})",
    "or": lambda *parts: f"({' OR '.join(parts)})",
    "not": lambda part: f"(NOT {part})",
    "true": lambda part: f"coalesce({part}, FALSE)",
    "null": lambda part: f"({part} IS NULL)",
    "when": lambda condition, value: f"(CASE WHEN {condition} THEN {value} END)",
    "marks": lambda *parts: f"concat({', '.join(map(_mark, parts))})",
    "else": lambda left, right: f"coalesce({left}, {right})",
    "less": lambda left, right: f"coalesce({left} < {right}, FALSE)",
    "at most": lambda left, right: f"coalesce({left} <= {right}, FALSE)",
}
"""The primitives that are the same in the SQL of every engine."""


class Unprintable(PerpendError):
    """A plan that a dialect cannot print; the message names the primitive."""


class Dialect(Protocol):
    """The SQL of one engine. ``calls_natives``: the engine can call Python functions."""

    name: str
    calls_natives: bool
    primitives: Mapping[str, Callable[..., str]]
    """By primitive, a function from the SQL of the arguments and the constants to the SQL of the use."""

    def identifier(self, name: str) -> str:
        """Return a name, quoted."""

    def literal(self, value: Any, kind: Kind) -> str:
        """Return a constant."""

    def count_of(self, condition: str) -> str:
        """Return the aggregate that counts the rows for which a condition is true."""
        return f"count(*) FILTER (WHERE {condition})"

    def any_of(self, condition: str) -> str:
        """Return the aggregate that is true if a condition is true for any row."""
        return f"bool_or({condition})"

    def texts_of(self, column: str) -> str:
        """Return the aggregate that lists the different texts of a column in their order."""
        raise Unprintable(f"{self.name} has no list of the texts in `{column}`")


@dataclass(slots=True)
class Native:
    """A Python function as a query calls it: ``function`` is the name in ``NATIVES``, ``name`` the name in SQL."""

    name: str
    function: str
    constants: tuple[Any, ...]
    arguments: tuple[Kind, ...]
    kind: Kind


@dataclass(slots=True)
class Query:
    """The text of a plan, and the Python functions that it calls."""

    text: str
    natives: list[Native] = field(default_factory=list)


def query_of(
    plan: Plan,
    dialect: Dialect,
    relation: Callable[[str], str],
    *,
    keys: Sequence[str] = (ROW,),
    names: Names | None = None,
) -> Query:
    """Return the query for the outputs of a plan on each row of its table.

    The first columns are the ``keys`` of the row, as ``key0`` and so on. ``relation`` returns the SQL for a table. ``names``
    are the functions of earlier queries; those of this query are added.
    """
    return stage_query(plan.stage, dialect, relation, keys=keys, names=names)


def stage_query(
    stage: Stage,
    dialect: Dialect,
    relation: Callable[[str], str],
    *,
    keys: Sequence[str] = (ROW,),
    names: Names | None = None,
) -> Query:
    """Return the query of one stage; for the parameters see :func:`query_of`."""
    printer = _Printer(dialect, relation, {} if names is None else names)
    text = printer.stage(stage, keys)
    return Query(text.strip(), printer.called)


Names = dict[tuple[Any, ...], Native]


class _Printer:
    def __init__(self, dialect: Dialect, relation: Callable[[str], str], natives: Names) -> None:
        self.dialect = dialect
        self.relation = relation
        self.natives = natives
        self.called: list[Native] = []
        self.names: Mapping[Scalar, str] = {}

    def stage(self, stage: Stage, keys: Sequence[str], *, depth: int = 0) -> str:
        """Return a SELECT with the keys and outputs of a stage, indented by ``depth``."""
        layers = layers_of(stage)
        number = len(layers.layers)
        text = self._source(stage, layers, keys, depth + number)
        self.names = layers.names
        named = [self.dialect.identifier(f"key{place}") for place in range(len(keys))]
        for place, layer in enumerate(layers.layers, 1):
            from_below = () if place == number else layer.columns
            made = [f"{self._text(scalar, name)} AS {self.dialect.identifier(name)}" for name, scalar in layer.made.items()]
            columns = [*named, *map(self.dialect.identifier, from_below), *made]
            line = _line(depth + number - place)
            text = f"{_select(columns, line)}{line}FROM ({text}{line}) AS s{place}"
        return text

    def _source(self, stage: Stage, layers: Layers, keys: Sequence[str], depth: int) -> str:
        """Return the SELECT that reads the columns of a stage: its table, its lookups, its child counts."""
        quote, line = self.dialect.identifier, _line(depth)
        columns = [f"{ROOT}.{quote(key)} AS {quote(f'key{number}')}" for number, key in enumerate(keys)]
        columns += [
            f"{column.constants[0]}.{quote(column.constants[1])} AS {quote(name)}" for name, column in layers.base.items()
        ]
        text = f"{_select(columns, line)}{line}FROM {self.relation(stage.table.name)} AS {ROOT}"
        for lookup in stage.lookups:
            on = f"{lookup.alias}.{quote(lookup.join.other)} = {lookup.above}.{quote(lookup.join.own)}"
            text += f"{line}LEFT JOIN {self.relation(lookup.join.table)} AS {lookup.alias} ON {on}"
        for counts in stage.counts:
            if counts.columns:
                on = f"{counts.alias}.{quote('key0')} = {counts.above}.{quote(counts.join.own)}"
                text += f"{line}LEFT JOIN ({self._counts(counts, depth + 1)}{line}) AS {counts.alias} ON {on}"
        return text

    def _counts(self, counts: ChildCounts, depth: int) -> str:
        quote, line = self.dialect.identifier, _line(depth)
        inner = self.stage(counts.stage, [counts.join.other], depth=depth + 1)
        columns = [quote("key0")]
        conditions: list[str] = []
        for name, (output, codes) in counts.counts.items():
            named = ", ".join(str(code) for code in codes if code != UNREAD)
            parts = [f"{quote(output)} IN ({named})"] if named else []
            parts += [f"{quote(output)} < 0"] if UNREAD in codes else []
            conditions += parts
            columns.append(f"{self.dialect.count_of(' OR '.join(parts) or 'FALSE')} AS {quote(name)}")
        for name, output in counts.doubts.items():
            conditions.append(f"{quote(output)} < 0")
            columns.append(f"{self.dialect.any_of(f'{quote(output)} < 0')} AS {quote(name)}")
        for name, output in counts.texts.items():
            conditions.append(f"{quote(output)} IS NOT NULL")
            columns.append(f"{self.dialect.texts_of(quote(output))} AS {quote(name)}")
        key = quote("key0")
        where = f"{key} IS NOT NULL AND ({' OR '.join(dict.fromkeys(conditions)) or 'FALSE'})"
        return f"{_select(columns, line)}{line}FROM ({inner}{line}) AS c{line}WHERE {where}{line}GROUP BY {key}"

    def _text(self, scalar: Scalar, own: str | None = None) -> str:
        """Return the SQL of a scalar: its column name if it is computed already, else the primitive over its arguments."""
        name = self.names.get(scalar)
        if name is not None and name != own:
            return self.dialect.identifier(name)
        if scalar.primitive == "literal":
            try:
                return self.dialect.literal(scalar.constants[0], scalar.kind)
            except Unprintable as gap:
                raise Unprintable(f"{gap}{_needed_by(scalar)}") from None
        if scalar.primitive == "if":
            return self._cases(scalar)
        arguments = [self._text(argument) for argument in scalar.arguments]
        if scalar.primitive == "native":
            if not self.dialect.calls_natives:
                raise self._unprintable(scalar, scalar.constants[0])
            return f"{self._native(scalar)}({', '.join(arguments)})"
        printed = self.dialect.primitives.get(scalar.primitive)
        if printed is None:
            raise self._unprintable(scalar, scalar.primitive)
        return printed(*arguments, *scalar.constants)

    def _unprintable(self, scalar: Scalar, primitive: str) -> Unprintable:
        return Unprintable(f"{self.dialect.name} has no primitive `{primitive}`{_needed_by(scalar)}")

    def _cases(self, scalar: Scalar) -> str:
        parts = ["(CASE"]
        while True:
            condition, then, otherwise = scalar.arguments
            parts.append(f"WHEN {self._text(condition)} THEN {self._text(then)}")
            if otherwise.primitive != "if" or otherwise in self.names:
                return f"{' '.join(parts)} ELSE {self._text(otherwise)} END)"
            scalar = otherwise

    def _native(self, scalar: Scalar) -> str:
        function, *constants = scalar.constants
        kinds = tuple(argument.kind for argument in scalar.arguments)
        key = (function, tuple(constants), kinds, scalar.kind)
        if key not in self.natives:
            name = f"perpend_{function.replace(' ', '_')}_{len(self.natives)}"
            self.natives[key] = Native(name, function, tuple(constants), kinds, scalar.kind)
        if self.natives[key] not in self.called:
            self.called.append(self.natives[key])
        return self.natives[key].name


def _needed_by(scalar: Scalar) -> str:
    return f", which {scalar.operation} needs" if scalar.operation else ""


def _line(depth: int) -> str:
    return "\n" + "  " * depth


def _select(columns: Sequence[str], line: str) -> str:
    return f"{line}SELECT {f',{line}  '.join(columns)}"
