"""Make a stage cheaper to compute: an ordered tuple of rewrites, none of which changes a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.schema.tables import plain
from perpend.evaluation.planner.reach import call_when_reached
from perpend.evaluation.planner.scalar import Kind, Replacements, Scalar, Scalars, call_of_results, replace_scalars, walk
from perpend.evaluation.planner.stage import ROOT
from perpend.evaluation.planner.udfs import TAKE_QUESTIONS

if TYPE_CHECKING:
    from perpend.core.schema.tables import Column
    from perpend.evaluation.planner.stage import Stage


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


REWRITES: Final[tuple[Rewrite, ...]] = (
    find_white_space_directly,
    merge_member_reads,
    merge_calls,
    call_when_reached,
)
"""The rewrites of every plan, in this order."""
