"""Programs of one input type and the tables to judge in, one plan out: every program's end as one whole number per row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from perpend.ir.object_types import Types
from perpend.ir.program import CONDITION, DISAPPEARED, OTHER_RECORD_TYPE, Block, Expr, Program
from perpend.ir.status import Status
from perpend.meaning.types import ValueType
from perpend.meaning.values import DAY, norm
from perpend.plan.operations import fields, questions, values
from perpend.plan.operations.use import Related, Use, Value, moved
from perpend.plan.place import DYNAMIC, Build, Guard, Guards, Place, blank, normal_is
from perpend.plan.rewrites import rewritten
from perpend.plan.scalar import Kind, Scalar, Scalars
from perpend.plan.stage import ROOT, UNREAD, Stage, contradicted
from perpend.tables.schema import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PLANNERS: dict[str, Callable[[Use], Value]] = {
    "FIELD": fields.field,
    "IS_EMPTY_LOOKUP": fields.is_empty_lookup,
    "NOT_EMPTY_LOOKUP": fields.not_empty_lookup,
    "TAG_EXISTS": fields.tag,
    "TAG_VALUE_TEXT": fields.tag,
    "TAG_VALUE_BYTES": fields.tag,
    "IS_DISAPPEARED": fields.is_disappeared,
    "TEXT": values.constant,
    "BYTES": values.constant,
    "NUMBER": values.constant,
    "BOOLEAN": values.constant,
    "DATE_TIME": values.constant,
    "UNIT_TEST_DATE_TIME": values.constant,
    "DURATION": values.constant,
    "JSON": values.constant,
    "LIST": values.collection_constant,
    "SET": values.collection_constant,
    "COLLECTION": values.collection_constant,
    "COLLECTION (flags)": values.collection_constant,
    "BOOLEAN_FROM": values.boolean_from,
    "DATE_TIME_FROM": values.date_time_from,
    "DURATION_FROM": values.duration_from,
    "COLLECTION_FROM": values.collection_from,
    "COLLECTION_FROM (flags)": values.collection_from,
    "LIST_FROM": values.collection_from,
    "SET_FROM": values.collection_from,
    "SIZE": values.size,
    "COLLECTION_SIZE": values.size,
    "JSON_FROM": values.json_from,
    "ATTRIBUTES_FROM": values.attributes_from,
    "ATTRIBUTE_VALUE": values.attribute_value,
    "JSON_QUERY_TEXT": values.json_query,
    "JSON_QUERY_BYTES": values.json_query,
    "JSON_QUERY_NUMBER": values.json_query,
    "JSON_QUERY_BOOLEAN": values.json_query,
    "DEBUG": values.debug,
    "UNIT_TEST_NULL": values.null,
    "UNIT_TEST_RUNTIME_ERROR": values.runtime_error,
    "IS_EQUAL": questions.is_equal,
    "NOT_EQUAL": questions.not_equal,
    "IS_EMPTY": questions.is_empty,
    "NOT_EMPTY": questions.not_empty,
    "GREATER_THAN": questions.compared,
    "GREATER_THAN_EQUAL": questions.compared,
    "LESS_THAN": questions.compared,
    "LESS_THAN_EQUAL": questions.compared,
    "BETWEEN": questions.between,
    "CONTAINS": questions.search,
    "STARTS_WITH": questions.search,
    "ENDS_WITH": questions.search,
    "COLLECTION_CONTAINS": questions.search,
    "CONTAINS_ALL": questions.search_items,
    "CONTAINS_ANY": questions.search_items,
    "CONTAINS (substring)": questions.old_search,
    "CONTAINS_IGNORE_CASE": questions.old_search,
    "STARTS_WITH (prefix)": questions.old_search,
    "STARTS_WITH_IGNORE_CASE": questions.old_search,
    "ENDS_WITH (suffix)": questions.old_search,
    "ENDS_WITH_IGNORE_CASE": questions.old_search,
    "REGEX_MATCHES": questions.regex_matches,
    "AND": questions.conjunction,
    "OR": questions.disjunction,
    "NOT": questions.negation,
    "IS_BEFORE_TODAY": questions.before_today,
    "IS_AFTER_TODAY": questions.after_today,
    "IS_WITHIN_LAST_DAYS": questions.within_last_days,
    "IS_BEYOND_LAST_DAYS": questions.beyond_last_days,
    "IS_WITHIN_NEXT_DAYS": questions.within_next_days,
    "IS_BEYOND_NEXT_DAYS": questions.beyond_next_days,
    "RELATED_LIST_HAS": questions.related_has,
    "RELATED_LIST_HAS_NO": questions.related_has_no,
    "RELATED_LIST_COUNT": questions.related_count,
    "AWS_POLICY_ALLOWS": questions.access_policy_allows,
    "GCP_LOGGING_QUERY_MATCH": questions.logging_query_match,
    "UNIT_TEST": questions.unit_test,
}
"""How each operation but EXTRACT is planned; EXTRACT is planned here, because its value is shared."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One relational plan for several programs of one input type.

    The stage's outputs are a column ``v0``, ``v1``, … per program: a verdict's index, or below zero the code of a reason
    why the object could not be read. ``reasons`` are by code from -1 down; None: only the object itself can tell.
    """

    stage: Stage
    programs: tuple[Program, ...]
    reasons: tuple[str | None, ...]
    tables: Tables
    scalars: Scalars


def plan_of(programs: Sequence[Program], tables: Tables, snapshot_time: int) -> Plan:
    """Return the plan of programs over one type's table. ``snapshot_time`` is in milliseconds since 1970; its day counts."""
    types = Types({name: kind for program in programs for name, kind in program.types.by_name.items()})
    build = Build(tables, types, today=snapshot_time - snapshot_time % DAY)
    table = tables.of_type(programs[0].input_type) or Table(programs[0].input_type, programs[0].input_type)
    stage = Stage(table, "")
    planner = _Planner(build)
    for number, program in enumerate(programs):
        place = Place(build, stage, ROOT, table, build.scalars.true, block=program.block, kind=program.block.type)
        stage.outputs[f"v{number}"] = planner.code(place, program.block)
    rewritten(build.scalars, stage)
    return Plan(stage, tuple(programs), tuple(build.reasons.texts), tables, build.scalars)


class _Planner:
    """Plans blocks and expressions; each expression once per place."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._extracts: dict[tuple[int, int, str, Scalar, bool], Value] = {}
        self._kept: list[Expr] = []

    def code(self, place: Place, block: Block) -> Scalar:
        """Return how a block ends on the row of a place, as one whole number."""
        scalars = self.build.scalars
        ends: list[Guard] = []
        if place.table and place.table.contradicted:
            known = scalars.is_null(contradicted(scalars, place.alias))
            ends += place.unknown(scalars.negation(known), DYNAMIC)
        gone, odd = place.gone()
        ends += (*odd, Guard(gone, DISAPPEARED))
        ends += self._record_type(place, block)
        for number, condition in enumerate(block.conditions, 1):
            value = self._value(condition.expression, place)
            ends += moved(value.guards, number * 100)
            ends.append(Guard(questions.truth(scalars, value), number * 100 + CONDITION))
        return self._chain(ends, (len(block.conditions) + 1) * 100)

    def _chain(self, ends: list[Guard], otherwise: int) -> Scalar:
        """Return the code of the first end whose condition holds. An end that cannot be reached is left out."""
        scalars = self.build.scalars
        seen: set[Scalar] = {scalars.false}
        kept: list[Guard] = []
        for end in ends:
            parts = end.condition.arguments if end.condition.primitive == "and" else (end.condition,)
            if seen.isdisjoint(parts) and end.condition not in seen:
                kept.append(end)
                seen.add(end.condition)
            if end.condition is scalars.true:
                break
        found = scalars.literal(otherwise, Kind.WHOLE)
        for end in reversed(kept):
            found = scalars.choice(end.condition, scalars.literal(end.code, Kind.WHOLE), found)
        return found

    def _record_type(self, place: Place, block: Block) -> Guards:
        if not block.record_types:
            return ()
        scalars = self.build.scalars
        at = replace(place, guards=()).through(["RecordType"])
        name = fields.read(replace(at, guards=()), "DeveloperName", ValueType.TEXT)
        reason = f"{place.path}RecordType.DeveloperName is missing"
        absent = replace(place, there=scalars.true).unknown(blank(scalars, name.node), reason)
        other = scalars.negation(normal_is(scalars, name.node, *map(norm, block.record_types)))
        return (*at.guards, *name.guards, *absent, Guard(other, OTHER_RECORD_TYPE))

    def _value(self, expression: Expr, place: Place) -> Value:
        if expression.operation.name == "EXTRACT":
            return self._extract(expression, place)
        operands: dict[str, Any] = {}
        offsets: dict[str, Any] = {}
        base = 0
        for name, value in expression.arguments.items():
            if isinstance(value, Expr):
                operands[name], offsets[name] = self._value(value, place), base
                base += value.slots
            elif isinstance(value, tuple) and value and isinstance(value[0], Expr):
                operands[name] = [self._value(part, place) for part in value]
                offsets[name] = []
                for part in value:
                    offsets[name].append(base)
                    base += part.slots
        use = Use(expression, place, operands, offsets, base, self.related)
        scalars = self.build.scalars
        asked, scalars.operation = scalars.operation, expression.operation.key
        value = PLANNERS[expression.operation.name](use)
        scalars.operation = asked
        return value

    def _extract(self, expression: Expr, place: Place) -> Value:
        """Return an extract's value at the end of its lookups, planned once for all that refer to it."""
        body: Expr = expression.arguments["body"]
        at = place.through(expression.arguments["lookups"])
        way = at.guards[len(place.guards) :]
        kind = at.kind if at.kind.name else self.build.types.named(expression.arguments["holder"])
        inner = replace(at, guards=(), block=None, kind=kind)
        key = (id(body), id(at.stage), at.alias, at.there, at.in_child)
        if key not in self._extracts:
            self._kept.append(body)
            self._extracts[key] = self._value(body, inner)
        value = self._extracts[key]
        return replace(value, guards=(*way, *value.guards)) if way else value

    def related(self, place: Place, relationship: str) -> Related:
        """Return a related list of a place's block as planned: each child is judged once, however many programs ask."""
        block = place.block
        assert block is not None
        child = block.related[relationship]
        *lookups, name = relationship.split(".")
        at = place.through(lookups)
        way = at.guards[len(place.guards) :]
        join = at.table.children.get(name) if at.table else None
        table = self.build.tables.by_name.get(join.table) if join else None
        if join is None or table is None:
            return Related(None, "", (*way, *(() if at.table is None else at.unset(name))), {})
        counts = at.stage.children(at.alias, join, table)
        path, true = f"{at.path}{name}[].", self.build.scalars.true
        below = Place(self.build, counts.stage, ROOT, table, true, path=path, block=child, in_child=True, kind=child.type)
        output = counts.output(self.code(below, child))
        more: Guards = ()
        if table.lacking is not None:
            more = at.unknown(true, f"{at.path}{name} may hold more than was read: {table.lacking}")
        return Related(counts, output, (*way, *at.unfollowed(join)), _codes_by_status(child), more, at.there)


def _codes_by_status(block: Block) -> dict[str, tuple[int, ...]]:
    """Return the codes by which a block ends in each status. Codes below zero, for the unread, are UNDETERMINED too."""
    found: dict[str, list[int]] = {status.value: [] for status in Status}
    found[Status.DISAPPEARED.value].append(DISAPPEARED)
    found[Status.UNDETERMINED.value].append(UNREAD)
    for number, condition in enumerate(block.conditions, 1):
        found[condition.outcome.status.value].append(number * 100 + CONDITION)
        found[Status.UNDETERMINED.value] += [number * 100 + slot for slot in range(1, condition.expression.slots + 1)]
    found[block.otherwise.status.value].append((len(block.conditions) + 1) * 100)
    return {status: tuple(codes) for status, codes in found.items()}
