"""A stage in, the same stage cheaper to compute out: an ordered tuple of small rewrites, each keeping every value."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from perpend.plan.scalar import Kind, Replacements, Scalar, Scalars, replaced, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.plan.stage import Stage


def rewritten(scalars: Scalars, stage: Stage) -> None:
    """Rewrite what a stage computes, and the stages below it."""
    for counts in stage.counts.values():
        rewritten(scalars, counts.stage)
    fixed = _rewritten(scalars, stage.outputs.values())
    stage.outputs = {name: fixed[value] for name, value in stage.outputs.items()}


def _rewritten(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    before = list(roots)
    after = list(before)
    for rewrite in (*REWRITES, queries_asked_at_once):
        replaced = rewrite(scalars, after)
        after = [replaced[root] for root in after]
    return dict(zip(before, after, strict=True))


def members_read_at_once(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Read all members of a document that anything asks for by parsing it once."""
    keys: dict[Scalar, list[str]] = defaultdict(list)
    scattered: set[Scalar] = set()
    for one in walk(roots):
        if one.primitive != "member":
            continue
        document, (key,) = one.arguments[0], one.constants
        if key.casefold() in (other.casefold() for other in keys[document]):
            scattered.add(one)
        else:
            keys[document].append(key)

    def change(one: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if one.primitive != "member" or one in scattered or old is None or len(keys[old]) == 1:
            return None
        document = scalars.make("members", *arguments, constants=tuple(keys[old]))
        return scalars.make("pick", document, constants=one.constants)

    return replaced(scalars, roots, change)


def queries_asked_at_once(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Ask all JMESPath queries over a document at once, so that it is parsed once."""
    wanted: dict[Scalar, list[tuple[str, str]]] = defaultdict(list)
    for one in walk(roots):
        if one.primitive == "query":
            wanted[one.arguments[0]].append(one.constants)

    def change(one: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if one.primitive != "query" or old is None:
            return None
        results = scalars.native("queries", Kind.TEXTS, arguments[0], constants=tuple(wanted[old]))
        if len(arguments) > 1:
            results = scalars.choice(arguments[1], scalars.literal(None, Kind.TEXTS), results)
        return scalars.make("part", results, constants=(wanted[old].index(one.constants),))

    return replaced(scalars, roots, change)


def white_space_found_without_splitting(scalars: Scalars, roots: Iterable[Scalar]) -> Replacements:
    """Find white space in a text directly, where it is asked whether one of the text's letters is blank."""

    def change(one: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
        if one.primitive != "has" or arguments[1].primitive != "literal" or arguments[1].constants[0] != "":
            return None
        letters = arguments[0]
        if letters.primitive != "native" or letters.constants != ("split", "", "Text", (False, False, False)):
            return None
        return scalars.make("spaced", *letters.arguments)

    return replaced(scalars, roots, change)


REWRITES: Final = (
    white_space_found_without_splitting,
    members_read_at_once,
)
"""What makes a stage cheaper. Behind them come the queries: engines know only many at once."""
