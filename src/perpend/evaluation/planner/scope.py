"""The row that an expression reads: found by a path of lookups, with its existence and the ways in which reading stops."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import NOT_IN_FULL
from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType, Types
from perpend.core.objects.relations import NO_OBJECT
from perpend.core.schema.tables import CONTRADICTED, ROW, Form, unfollowed, unread
from perpend.core.values.partial_object import MISSING
from perpend.core.values.values import DAY, NEVER_SET, norm
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.stage import column_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.core.schema.tables import Column, Join, Table, Tables
    from perpend.evaluation.planner.stage import Scan
    from perpend.language.program.program import Block

DYNAMIC: Final = None
"""The reason of a guard if only the object itself gives it, read by the interpreter."""


class ScalarGuard(NamedTuple):
    """A way to stop: if the condition is true, the program ends with ``code``.

    A positive code is the number of a check, counted from the base of the expression. A negative one names the reason why
    something is not known.
    """

    condition: Scalar
    code: int


Guards = tuple[ScalarGuard, ...]


class Reasons:
    """The reasons why a value is not known, by code: -1 and below. A reason of None is known only from the object."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []

    def code(self, text: str | None) -> int:
        """Return the code of a reason."""
        if text not in self.texts:
            self.texts.append(text)
        return -1 - self.texts.index(text)


@dataclass(slots=True)
class Build:
    """The state that all programs of one plan share while it is built."""

    tables: Tables
    types: Types = field(default_factory=Types)
    scalars: Scalars = field(default_factory=Scalars)
    reasons: Reasons = field(default_factory=Reasons)
    today: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A row to read from: an object of a type. ``there`` is the condition that it exists; ``guards`` can stop on the way to it.

    ``hidden`` means that a joined row may still count as missing, because an object on the way has disappeared.
    """

    build: Build
    scan: Scan
    alias: str
    table: Table | None
    there: Scalar
    guards: Guards = ()
    path: str = ""
    block: Block | None = None
    in_child: bool = False
    hidden: bool = False
    object_type: ObjectType = UNKNOWN_TYPE

    def unknown(self, condition: Scalar, reason: str | None) -> Guards:
        """Return the guard that stops with a reason if the row exists and the condition is true."""
        where = self.build.scalars.all(self.there, condition)
        return () if where is self.build.scalars.false else (ScalarGuard(where, self.build.reasons.code(reason)),)

    def missing(self, name: str) -> Guards:
        """Return the guard for a field that the table does not have."""
        if self.build.tables.complete:
            return ()
        reason = f"{self.path}{name} {MISSING}"
        return self.unknown(self.build.scalars.true, reason)

    def unset(self, name: str) -> Guards:
        """Return the guards for a relation that no row of the table follows: it is null, or not known."""
        column = self.table.columns.get(name) if self.table else None
        if column is None:
            return self.missing(name)
        value, _, unknown = self.column(name)
        malformed = self.unknown(self.build.scalars.negation(self.build.scalars.is_null(value)), DYNAMIC)
        return (*unknown, *malformed, *self._key_without_object(name))

    def _key_without_object(self, lookup: str) -> Guards:
        """Return the guard for rows whose key names an object that the lookup does not hold."""
        scalars, declared = self.build.scalars, self.object_type.lookups.get(lookup)
        column = self.table.columns.get(declared.key) if self.table and declared else None
        if column is None or self.build.tables.complete:
            return ()
        key = self.masked(column)
        nothing = scalars.make("same", key, scalars.literal("", Kind.TEXT)) if column.form is Form.TEXT else scalars.false
        names = scalars.negation(scalars.any(scalars.is_null(key), nothing))
        return self.unknown(names, f"{self.path}{lookup} {NO_OBJECT}")

    def through(self, lookups: Iterable[str]) -> Place:
        """Return the place at the end of a path of lookups."""
        place = self
        for name in lookups:
            place = place._through(name)
        return place

    def _through(self, name: str) -> Place:
        scalars, join = self.build.scalars, self.table.lookups.get(name) if self.table else None
        target = self.build.tables.by_name.get(join.table) if join else None
        path, object_type = f"{self.path}{name}.", self.build.types.type_of_lookup(self.object_type, name)
        if join is None or target is None:
            guards = () if self.table is None else self.unset(name)
            return replace(
                self, table=None, there=scalars.false, guards=(*self.guards, *guards), path=path, object_type=object_type
            )
        guards = (*self.guards, *self.unfollowed(join))
        alias = self.scan.lookup(self.alias, join).alias
        row_there = scalars.negation(scalars.is_null(scalars.column(alias, ROW, Kind.WHOLE)))
        there = scalars.all(self.there, row_there)
        below = replace(self, alias=alias, table=target, there=there, guards=guards, path=path, object_type=object_type)
        if target.contradicted:
            doubt = scalars.negation(scalars.is_null(scalars.column(alias, CONTRADICTED, Kind.TEXT)))
            below = replace(below, guards=(*guards, *below.unknown(doubt, DYNAMIC)))
        is_deleted, malformed = below.is_deleted()
        below = replace(below, guards=(*below.guards, *malformed))
        there = scalars.all(below.there, scalars.negation(is_deleted))
        return replace(below, there=there, hidden=self.hidden or is_deleted is not scalars.false)

    def unfollowed(self, join: Join) -> Guards:
        """Return the guard for rows whose related objects are not known."""
        if join.lacking is not None:
            return self.unknown(self.build.scalars.true, f"{self.path}{join.name} {join.lacking}")
        if not join.partial:
            return ()
        scalars = self.build.scalars
        return self.unknown(scalars.negation(scalars.is_null(self._why_unfollowed(join))), DYNAMIC)

    def incomplete(self, join: Join) -> Scalar:
        """Return the condition that a child list is not known only because it may hold more rows than the known ones."""
        scalars = self.build.scalars
        if join.lacking is not None or not join.partial:
            return scalars.false
        reason = scalars.make("else", self._why_unfollowed(join), scalars.literal("", Kind.TEXT))
        return scalars.make("starts", reason, scalars.literal(NOT_IN_FULL, Kind.TEXT))

    def _why_unfollowed(self, join: Join) -> Scalar:
        return self.build.scalars.column(self.alias, unfollowed(join.name), Kind.TEXT)

    def column(self, name: str, *, missing_is_null: bool = False) -> tuple[Scalar, Form, Guards]:
        """Return the value of a column (null if the row does not exist), its form, and the guards for unknown values."""
        scalars, column = self.build.scalars, self.table.columns.get(name) if self.table else None
        silent = missing_is_null and not self.in_child
        if column is None:
            guards = () if self.table is None or silent else self.missing(name)
            return scalars.literal(None, Kind.TEXT), Form.TEXT, guards
        value = self.masked(column)
        if not column.partial:
            return value, column.form, ()
        reason = scalars.column(self.alias, unread(column.name), Kind.TEXT)
        if silent:
            missing = scalars.make("same", reason, scalars.literal(MISSING, Kind.TEXT))
            doubtful = scalars.negation(scalars.any(scalars.is_null(reason), missing))
            return value, column.form, self.unknown(doubtful, DYNAMIC)
        return value, column.form, self.unknown(scalars.negation(scalars.is_null(reason)), DYNAMIC)

    def masked(self, column: Column) -> Scalar:
        """Return the value of a column, null if the row does not exist."""
        scalars = self.build.scalars
        value = column_of(scalars, self.alias, column)
        return scalars.choice(self.there, value, scalars.literal(None, value.kind)) if self.hidden else value

    def is_deleted(self) -> tuple[Scalar, Guards]:
        """Return the condition that a deletion field is set, and guards for values that are not times up to the snapshot."""
        columns = self.table.columns if self.table else {}
        pairs = [self._deleted_by(columns[name]) for name in self.object_type.deletion_names(columns)]
        malformed = self.build.scalars.any(*(is_malformed for _, is_malformed in pairs))
        return self.build.scalars.any(*(is_set for is_set, _ in pairs)), self.unknown(malformed, DYNAMIC)

    def _deleted_by(self, column: Column) -> tuple[Scalar, Scalar]:
        """Return the condition that one deletion field is set, and the condition that its value is not usable."""
        scalars = self.build.scalars
        node = column_of(scalars, self.alias, column)
        text, malformed = text_of(scalars, node, column.form)
        instant = scalars.make("instant", text)
        tomorrow = scalars.literal(self.build.today + DAY, Kind.WHOLE)
        is_set = scalars.negation(scalars.make("less", instant, scalars.literal(NEVER_SET, Kind.WHOLE)))
        is_time = scalars.all(scalars.negation(scalars.is_null(instant)), is_set, scalars.make("less", instant, tomorrow))
        filled = scalars.negation(blank(scalars, text))
        malformed = scalars.any(malformed, scalars.choice(filled, scalars.negation(is_time), scalars.false))
        if column.partial:
            reason = scalars.column(self.alias, unread(column.name), Kind.TEXT)
            missing = scalars.make("same", reason, scalars.literal(MISSING, Kind.TEXT))
            malformed = scalars.any(malformed, scalars.negation(scalars.any(scalars.is_null(reason), missing)))
        return filled, malformed


def text_of(scalars: Scalars, node: Scalar, form: Form) -> tuple[Scalar, Scalar]:
    """Return the value of a column as a text, null if it is not one, and the condition that it is something else."""
    present = scalars.negation(scalars.is_null(node))
    if form is Form.TEXT:
        return node, scalars.false
    if form is not Form.VARIANT:
        return scalars.literal(None, Kind.TEXT), present
    fits = scalars.make("same", scalars.native("variant form", Kind.TEXT, node), scalars.literal("text", Kind.TEXT))
    rest = scalars.make("rest", scalars.native("variant value", Kind.TEXT, node))
    return scalars.choice(fits, rest, scalars.literal(None, Kind.TEXT)), scalars.all(present, scalars.negation(fits))


def empty_of(scalars: Scalars, value: Scalar, form: Form) -> Scalar:
    """Return the condition that a value without a declared type is empty by the rule for its form."""
    match form:
        case Form.TEXT:
            return blank(scalars, value)
        case Form.VARIANT:
            return scalars.native("variant empty", Kind.BOOLEAN, value)
    return scalars.is_null(value)


def blank(scalars: Scalars, text: Scalar) -> Scalar:
    """Return the condition that a text is null or white space only."""
    return normal_is(scalars, text, "")


def normal_is(scalars: Scalars, text: Scalar, *texts: str) -> Scalar:
    """Return the condition that the normal form of a text is one of some; null has the empty text as its normal form."""
    if text.primitive == "literal":
        return scalars.true if norm(text.constants[0]) in texts else scalars.false
    return scalars.make("is", text, constants=tuple(sorted(set(texts))))
