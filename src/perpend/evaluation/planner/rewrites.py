"""Make a stage cheaper to compute: an ordered tuple of rewrites, none of which changes a result."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.schema.tables import plain
from perpend.evaluation.planner.scalar import Kind, Replacements, Scalar, Scalars, call_of_results, replace_scalars, walk
from perpend.evaluation.planner.stage import ROOT
from perpend.evaluation.planner.udfs import PARSING, TAKE_QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perpend.core.schema.tables import Column
    from perpend.evaluation.planner.stage import Stage

    Conditions = dict[Scalar, None]
    """Conditions that all hold for a row that needs a value, in a fixed order."""

Rewrite = Callable[[Scalars, Iterable[Scalar]], Replacements]
"""A function that returns the replacement of each scalar at or below some roots."""


def apply_rewrites(scalars: Scalars, stage: Stage, rewrites: Iterable[Rewrite]) -> Stage:
    """Return a stage, and the stages below it, after all rewrites."""
    rewrites = tuple(rewrites)
    counts = tuple(replace(count, stage=apply_rewrites(scalars, count.stage, rewrites)) for count in stage.counts)
    outputs = list(stage.outputs.values())
    of_members = (read_members_directly(column) for column in stage.table.columns.values() if column.members)
    for rewrite in (*of_members, *rewrites):
        replacements = rewrite(scalars, outputs)
        outputs = [replacements[node] for node in outputs]
    return replace(stage, outputs=dict(zip(stage.outputs, outputs, strict=True)), counts=counts)


def merge_member_reads(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Read all members of a document with one parse."""
    keys: dict[Scalar, list[str]] = defaultdict(list)
    duplicates: set[Scalar] = set()
    for node in walk(roots):
        if node.primitive != "member":
            continue
        document, (key,) = node.arguments[0], node.constants
        if key.casefold() in (other.casefold() for other in keys[document]):
            duplicates.add(node)
        else:
            keys[document].append(key)

    def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if node.primitive != "member" or node in duplicates or old is None or len(keys[old]) == 1:
            return None
        document = scalars.make("members", *arguments, constants=tuple(keys[old]))
        return scalars.make("pick", document, constants=node.constants)

    return replace_scalars(scalars, roots, change)


def read_members_directly(column: Column) -> Rewrite:
    """Return the rewrite that reads members of a column's documents from the columns that hold them."""
    document, columns = column.name, column.members

    def rewrite(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
        whole = scalars.column(ROOT, document, Kind.TEXT)
        constants = {
            scalars.column(ROOT, plain(document), Kind.BOOLEAN): scalars.true,
            scalars.is_null(whole): scalars.false,
            scalars.make("same", whole, scalars.literal("", Kind.TEXT)): scalars.false,
        }

        def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
            if node in constants:
                return constants[node]
            if node.primitive in ("quoted", "unquoted") and old is not None and (key := _key_of(old, document)) is not None:
                stored = columns.get(key)
                text = scalars.column(ROOT, stored, Kind.TEXT) if stored else scalars.literal(None, Kind.TEXT)
                return scalars.true if node.primitive == "quoted" else text
            return None if arguments == node.arguments else _fold(scalars, node, arguments)

        return replace_scalars(scalars, roots, change)

    return rewrite


def _key_of(token: Scalar, document: str) -> str | None:
    """Return the key if a token is a member of the column's plain documents, else None."""
    own = token.arguments[0] if token.primitive == "else" else token
    if own.primitive != "member" or own.arguments[0].primitive != "if":
        return None
    whole = own.arguments[0].arguments[1]
    return own.constants[0] if (whole.primitive, whole.constants) == ("column", (ROOT, document)) else None


def _fold(scalars: Scalars, node: Scalar, arguments: tuple[Scalar, ...]) -> Scalar | None:
    """Return a scalar rebuilt from new arguments, simplified if some are constant; None if nothing can be simplified."""
    match node.primitive:
        case "and":
            return scalars.all(*arguments)
        case "or":
            return scalars.any(*arguments)
        case "not":
            return scalars.negation(*arguments)
        case "null":
            return scalars.is_null(*arguments)
        case "true":
            return scalars.truth(*arguments)
        case "if":
            return scalars.choice(*arguments)
        case "part" if arguments[0].primitive == "literal":
            return scalars.literal(None, node.kind)
        case "else" if arguments[1].primitive == "literal" and arguments[1].constants[0] is None:
            return arguments[0]
    return None


def merge_calls(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Ask all questions about a document in one call, so that it is parsed once."""
    questions: dict[tuple[str, Scalar], dict[Any, None]] = defaultdict(dict)
    for node in walk(roots):
        if _takes_questions(node):
            questions[node.constants[0], node.arguments[0]] |= dict.fromkeys(node.constants[1:])

    def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if _takes_questions(node) and old is not None:
            name = node.constants[0]
            return scalars.native(name, Kind.TEXTS, *arguments, constants=tuple(questions[name, old]))
        if node.primitive != "part" or old is None:
            return None
        call, _ = call_of_results(old)
        parts = list(questions[call.constants[0], call.arguments[0]])
        return scalars.make("part", *arguments, constants=(parts.index(call.constants[1 + node.constants[0]]),))

    return replace_scalars(scalars, roots, change)


def _takes_questions(scalar: Scalar) -> bool:
    return scalar.primitive == "native" and scalar.constants[0] in TAKE_QUESTIONS


def find_white_space_directly(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Search a text for white space directly, instead of splitting it into letters to look for a blank one."""

    def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if node.primitive != "has" or arguments[1].primitive != "literal" or arguments[1].constants[0] != "":
            return None
        letters = arguments[0]
        if letters.primitive != "native" or letters.constants != ("split", "", "Text", (False, False, False)):
            return None
        return scalars.make("spaced", *letters.arguments)

    return replace_scalars(scalars, roots, change)


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
    parts = scalars.make("native", *arguments, constants=call.constants, kind=call.kind)
    return parts if needed is scalars.true else scalars.make("when", needed, parts)


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


REWRITES: Final[tuple[Rewrite, ...]] = (
    find_white_space_directly,
    merge_member_reads,
    merge_calls,
    call_when_reached,
)
"""The rewrites of every plan, in this order."""
