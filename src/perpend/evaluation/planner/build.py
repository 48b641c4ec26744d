"""Build the plan of all programs of one object type: each program's outcome becomes one integer per row.

A program tries its conditions in order and takes the first that is true. Each condition can also stop: a check of the
author's fires, or data are missing or malformed. The plan is one CASE over these exits, in the order of evaluation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import Types
from perpend.core.objects.status import Status
from perpend.core.schema.tables import Table, Tables
from perpend.core.values.types import ValueType
from perpend.core.values.values import DAY, norm
from perpend.evaluation.planner.operations import PLANNERS
from perpend.evaluation.planner.operations.use import PlannedUse, Related, Value, only_if, shift_guards
from perpend.evaluation.planner.operations.values import read
from perpend.evaluation.planner.rewrites import REWRITES, Rewrite, apply_rewrites
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import DYNAMIC, Build, Guards, Place, ScalarGuard, blank, normal_is
from perpend.evaluation.planner.stage import ROOT, UNREAD, Scan, Stage, contradicted
from perpend.language.program.numbering import DISAPPEARED, OTHER_RECORD_TYPE, base_of, condition_index, otherwise_index
from perpend.language.program.program import Block, Expr, ExtractReference, Program

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Plan:
    """One relational plan for several programs of one object type.

    The stage has one output per program, ``v0``, ``v1``, …: the index of a verdict, or a negative code for a reason why the
    object could not be read. ``reasons`` lists these texts, from code -1 downwards. A reason of None is known only after the
    interpreter has read the object.
    """

    stage: Stage
    programs: tuple[Program, ...]
    reasons: tuple[str | None, ...]
    tables: Tables
    scalars: Scalars


def plan_of(programs: Sequence[Program], tables: Tables, snapshot_time: int, *, rewrites: Sequence[Rewrite] = REWRITES) -> Plan:
    """Return the plan of programs over the table of their type.

    ``snapshot_time`` is in milliseconds since 1970; only its day matters. ``rewrites`` make the plan cheaper and never change
    its results. Raises TypesDiffer if the programs declare one type differently.
    """
    types = Types.together(program.types for program in programs)
    build = Build(tables, types, today=snapshot_time - snapshot_time % DAY)
    table = tables.of_type(programs[0].input_type) or Table(programs[0].input_type, programs[0].input_type)
    scan = Scan(table)
    planner = _Planner(build)
    for number, program in enumerate(programs):
        place = Place(build, scan, ROOT, table, build.scalars.true, block=program.block, object_type=program.block.type)
        scan.outputs[f"v{number}"] = planner.code(place, program.block)
    stage = apply_rewrites(build.scalars, scan.stage(), rewrites)
    return Plan(stage, tuple(programs), tuple(build.reasons.texts), tables, build.scalars)


class _Planner:
    """Plan blocks and expressions, each expression once per place."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._extracts: dict[tuple[int, int, str, Scalar, bool], Value] = {}
        self._references: list[Expr] = []
        self._children: dict[tuple[int, int, str], tuple[Place, Scalar, dict[str, tuple[int, ...]]]] = {}

    def code(self, place: Place, block: Block) -> Scalar:
        """Return the outcome of a block on the row of a place, as an integer."""
        scalars = self.build.scalars
        exits: list[ScalarGuard] = []
        if place.table and place.table.contradicted:
            known = scalars.is_null(contradicted(scalars, place.alias))
            exits += place.unknown(scalars.negation(known), DYNAMIC)
        is_deleted, malformed = place.is_deleted()
        exits += (*malformed, ScalarGuard(is_deleted, DISAPPEARED))
        exits += self._record_type(place, block)
        for number, condition in enumerate(block.conditions, 1):
            value = self._value(condition.expression, place)
            exits += shift_guards(value.guards, base_of(number))
            exits.append(ScalarGuard(scalars.truth(value.node), condition_index(number)))
        return self._chain(exits, otherwise_index(len(block.conditions)))

    def _chain(self, exits: list[ScalarGuard], otherwise: int) -> Scalar:
        """Return the code of the first exit whose condition is true. Exits that cannot be reached are dropped."""
        scalars = self.build.scalars
        seen: set[Scalar] = {scalars.false}
        reachable: list[ScalarGuard] = []
        for exit_ in exits:
            parts = exit_.condition.arguments if exit_.condition.primitive == "and" else (exit_.condition,)
            if seen.isdisjoint(parts) and exit_.condition not in seen:
                reachable.append(exit_)
                seen.add(exit_.condition)
            if exit_.condition is scalars.true:
                break
        code = scalars.literal(otherwise, Kind.WHOLE)
        for exit_ in reversed(reachable):
            code = scalars.choice(exit_.condition, scalars.literal(exit_.code, Kind.WHOLE), code)
        return code

    def _record_type(self, place: Place, block: Block) -> Guards:
        if not block.record_types:
            return ()
        scalars = self.build.scalars
        at = replace(place, guards=()).through(["RecordType"])
        name = read(replace(at, guards=()), "DeveloperName", ValueType.TEXT)
        reason = f"{place.path}RecordType.DeveloperName is missing"
        absent = replace(place, there=scalars.true).unknown(blank(scalars, name.node), reason)
        other = scalars.negation(normal_is(scalars, name.node, *map(norm, block.record_types)))
        return (*at.guards, *name.guards, *absent, ScalarGuard(other, OTHER_RECORD_TYPE))

    def _value(self, expression: Expr, place: Place) -> Value:
        if expression.extract is not None:
            return self._extract(expression.extract, place)
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
        use = PlannedUse(expression, place, operands, offsets, base, self.related)
        scalars = self.build.scalars
        outer, scalars.operation = scalars.operation, expression.operation.key
        value = PLANNERS[expression.operation.name](use)
        scalars.operation = outer
        return value

    def _extract(self, extract: ExtractReference, place: Place) -> Value:
        """Return the value of an extract at the end of its lookups, planned once for all uses."""
        body, at = extract.body, place.through(extract.lookups)
        path_guards = at.guards[len(place.guards) :]
        object_type = at.object_type if at.object_type.name else self.build.types.named(extract.type_name)
        inner = replace(at, guards=(), block=None, object_type=object_type)
        key = (id(body), id(at.scan), at.alias, at.there, at.in_child)
        if key not in self._extracts:
            self._references.append(body)
            self._extracts[key] = self._value(body, inner)
        value = self._extracts[key]
        return replace(value, guards=(*path_guards, *value.guards)) if path_guards else value

    def related(self, place: Place, relationship: str) -> Related:
        """Return the plan of a related list. Each child is evaluated once, however many programs use the list."""
        block = place.block
        assert block is not None
        child = block.related[relationship]
        *lookups, name = relationship.split(".")
        at = place.through(lookups)
        path_guards = at.guards[len(place.guards) :]
        join = at.table.children.get(name) if at.table else None
        table = self.build.tables.by_name.get(join.table) if join else None
        if join is not None and join.lacking is not None:
            return Related(None, "", (*path_guards, *at.unfollowed(join)), {})
        if join is None or table is None:
            return Related(None, "", (*path_guards, *(() if at.table is None else at.unset(name))), {})
        children = at.scan.children(at.alias, join, table)
        place_of_child, code, codes = self._child(children.scan, table, child, f"{at.path}{name}[].")
        incomplete = at.incomplete(join)
        known = only_if(self.build.scalars, self.build.scalars.negation(incomplete), at.unfollowed(join))
        more = at.unknown(incomplete, DYNAMIC)
        return Related(children, children.output(code), (*path_guards, *known), codes, at.there, place_of_child, more)

    def _child(self, scan: Scan, table: Table, block: Block, path: str) -> tuple[Place, Scalar, dict[str, tuple[int, ...]]]:
        """Return the place of each child, the outcome of a block on it, and its codes by status, planned once for all uses."""
        key = (id(block), id(scan), path)
        if key not in self._children:
            true = self.build.scalars.true
            below = Place(self.build, scan, ROOT, table, true, path=path, block=block, in_child=True, object_type=block.type)
            self._children[key] = below, self.code(below, block), _codes_by_status(block)
        return self._children[key]


def _codes_by_status(block: Block) -> dict[str, tuple[int, ...]]:
    """Return the codes of a block by status. The negative codes of unreadable objects are UNDETERMINED, too."""
    by_status: dict[str, list[int]] = {status.value: [] for status in Status}
    by_status[Status.DISAPPEARED.value].append(DISAPPEARED)
    by_status[Status.UNDETERMINED.value].append(UNREAD)
    for number, condition in enumerate(block.conditions, 1):
        by_status[condition.outcome.status.value].append(condition_index(number))
        by_status[Status.UNDETERMINED.value] += [base_of(number) + slot for slot in range(1, condition.expression.slots + 1)]
    by_status[block.otherwise.status.value].append(otherwise_index(len(block.conditions)))
    return {status: tuple(codes) for status, codes in by_status.items()}
