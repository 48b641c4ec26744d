"""Call Python functions that parse a document only for rows that need the result.

Engines compute a shared value for every row. This rewrite puts a condition before each call: at least one program reaches the
call. The condition is made of values that need no such call themselves, so it can hold for rows that do not need the
result, but it holds for all rows that do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from perpend.evaluation.planner.scalar import Replacements, Scalar, Scalars, call_of_results, replace_scalars, walk
from perpend.evaluation.planner.stage import ROOT
from perpend.evaluation.planner.udfs import PARSING, TAKE_QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    Conditions = dict[Scalar, None]
    """Conditions that all hold for a row that needs a value, in a fixed order."""


def call_when_reached(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Compute the result of a function that parses a document only if it is needed."""
    roots = list(roots)
    nodes = list(walk(roots))
    calls = _unconditional_calls(nodes, roots)
    masks = _masks(scalars, nodes, roots, calls) if calls else {}

    def change(node: Scalar, arguments: tuple[Scalar, ...], _: Scalar | None) -> Scalar | None:
        if node in calls and node.constants[0] in TAKE_QUESTIONS:
            return _masked_call(scalars, node, arguments, [masks[node, question] for question in node.constants[1:]])
        mask = masks.get((node, None), scalars.true)
        if mask is scalars.true:
            return None
        return scalars.make("when", mask, scalars.make(node.primitive, *arguments, constants=node.constants, kind=node.kind))

    return replace_scalars(scalars, roots, change)


def _masked_call(scalars: Scalars, call: Scalar, arguments: tuple[Scalar, ...], masks: list[Scalar]) -> Scalar:
    """Return a call that asks each question only for the rows of its mask."""
    needed = scalars.any(*masks)
    if any(mask is not needed for mask in masks):
        arguments = (*arguments, scalars.make("marks", *masks))
    call_ = scalars.make("native", *arguments, constants=call.constants, kind=call.kind)
    return call_ if needed is scalars.true else scalars.make("when", needed, call_)


def _masks(
    scalars: Scalars, nodes: Collection[Scalar], roots: Iterable[Scalar], calls: Collection[Scalar]
) -> dict[tuple[Scalar, Any], Scalar]:
    """Return the condition under which each call, or ``part`` of one, is needed, and each question of a call."""
    reach = _Reach(scalars, _at_or_above(nodes, calls))
    needs: dict[tuple[Scalar, Any], list[Conditions]] = defaultdict(list)
    for root in dict.fromkeys(roots):
        for node, conditions in reach.needs(root).items():
            if node.primitive == "part":
                call, _ = call_of_results(node.arguments[0])
                if call in calls:
                    needs[call, call.constants[1 + node.constants[0]]].append(conditions)
                    needs[node, None].append(conditions)
            elif node in calls and node.constants[0] not in TAKE_QUESTIONS:
                needs[node, None].append(conditions)
    return {(node, question): reach.any_of(node, alternatives) for (node, question), alternatives in needs.items()}


def _unconditional_calls(nodes: Collection[Scalar], roots: Collection[Scalar]) -> set[Scalar]:
    """Return the calls that engines would make for every row, because they are no single branch of one choice."""
    uses = Counter([*roots, *roots])
    for node in nodes:
        for place, argument in enumerate(node.arguments):
            uses[argument] += 1 if node.primitive == "if" and place else 2
    return {node for node in nodes if uses[node] > 1 and node.primitive == "native" and node.constants[0] in PARSING}


def _at_or_above(nodes: Iterable[Scalar], calls: Collection[Scalar]) -> set[Scalar]:
    """Return the calls and all values that depend on one. ``nodes`` hold arguments first."""
    late: set[Scalar] = set()
    for node in nodes:
        if node in calls or not late.isdisjoint(node.arguments):
            late.add(node)
    return late


class _Reach:
    """Find the conditions under which values are needed. ``late`` are the values that depend on a call."""

    def __init__(self, scalars: Scalars, late: Collection[Scalar]) -> None:
        self._scalars = scalars
        self._late = late
        self._known_tables: dict[Scalar, set[str]] = {}

    def needs(self, root: Scalar) -> dict[Scalar, Conditions]:
        """Return, for each late value at or below a root, conditions that hold for all rows for which it is needed."""
        needs: dict[Scalar, Conditions] = {root: {}}
        for node in reversed(list(walk([root]))):
            for place, argument in enumerate(node.arguments):
                if argument in self._late:
                    here = {**needs[node], **dict.fromkeys(self._for_argument(node, place))}
                    known = needs.get(argument, here)
                    needs[argument] = {condition: None for condition in known if condition in here}
        return needs

    def _for_argument(self, node: Scalar, place: int) -> Iterator[Scalar]:
        """Yield conditions that hold for all rows for which a value needs one of its arguments."""
        others = [argument for number, argument in enumerate(node.arguments) if number != place]
        match node.primitive, place:
            case "if", 1:
                yield from self._parts(others[0], holds=True)
            case "if", 2:
                yield from self._parts(others[0], holds=False)
            case (("and" | "or"), _):
                for other in others:
                    yield from self._parts(other, holds=node.primitive == "and")
            case "else", 1 if others[0] not in self._late:
                yield from self._parts(self._scalars.is_null(others[0]), holds=True)

    def _parts(self, condition: Scalar, *, holds: bool) -> Iterator[Scalar]:
        """Yield conditions that follow from one that holds, or does not, without those that depend on a call."""
        if condition.primitive == "not":
            yield from self._parts(condition.arguments[0], holds=not holds)
        elif condition.primitive == ("and" if holds else "or"):
            for part in condition.arguments:
                yield from self._parts(part, holds=holds)
        elif condition not in self._late:
            is_true = self._scalars.truth(condition)
            yield is_true if holds else self._scalars.negation(is_true)

    def any_of(self, node: Scalar, alternatives: Iterable[Conditions]) -> Scalar:
        """Return the condition that a value is needed by one of several programs."""
        near = self._tables(node) | {ROOT}
        # A condition on another table would keep results from being cached with the rows of this one.
        own = [[condition for condition in some if self._tables(condition) <= near] for some in alternatives]
        return self._scalars.any(*(self._scalars.all(*conditions) for conditions in own))

    def _tables(self, node: Scalar) -> set[str]:
        """Return the aliases of the tables that a value depends on."""
        if node not in self._known_tables:
            self._known_tables[node] = {inner.constants[0] for inner in walk([node]) if inner.primitive == "column"}
        return self._known_tables[node]
