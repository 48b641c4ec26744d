"""Scalar expressions of a plan: primitives that every engine can print. Equal expressions are one object.

No primitive raises, and a Boolean primitive is never null, so that SQL's third truth value cannot occur.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Kind(StrEnum):
    """The SQL type of a scalar, in terms that all engines share."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    WHOLE = "whole"
    TEXTS = "texts"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One use of a primitive. ``arguments`` come from rows, ``constants`` from the program. Compared by identity.

    ``operation`` is the first policy operation that needed the scalar, for messages; empty if there is none.
    """

    primitive: str
    arguments: tuple[Scalar, ...]
    constants: tuple[Any, ...]
    kind: Kind
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive that an engine must print.

    ``kind`` is the kind of the result, or None for the kind of the last argument; ``doc`` is its meaning.
    """

    name: str
    kind: Kind | None
    doc: str


PRIMITIVES: Final = {
    primitive.name: primitive
    for primitive in (
        Primitive("column", None, "A column of the rows at hand: alias and name."),
        Primitive("literal", None, "A constant; null where it is None."),
        Primitive("and", Kind.BOOLEAN, "All of the arguments."),
        Primitive("or", Kind.BOOLEAN, "Any of the arguments."),
        Primitive("not", Kind.BOOLEAN, "The opposite."),
        Primitive("true", Kind.BOOLEAN, "Whether a Boolean is true, and not null."),
        Primitive("null", Kind.BOOLEAN, "Whether a value is null."),
        Primitive("if", None, "The second argument where the first is true, else the third."),
        Primitive("when", None, "The second argument where the first is true; elsewhere any value, which is not used."),
        Primitive("marks", Kind.TEXT, "A letter for each argument: 1 where it is true, 0 where it is not."),
        Primitive("else", None, "The first argument where it is not null, else the second."),
        Primitive("same", Kind.BOOLEAN, "Whether two values are equal, or both null."),
        Primitive("less", Kind.BOOLEAN, "Whether the first is less than the second; false where one is null."),
        Primitive("at most", Kind.BOOLEAN, "Whether the first is at most the second; false where one is null."),
        Primitive("norm", Kind.TEXT, "A text's normal form; null gives the empty text."),
        Primitive("is", Kind.BOOLEAN, "Whether a text's normal form is one of the constants, which are normal forms."),
        Primitive("spaced", Kind.BOOLEAN, "Whether a text is empty or holds white space; false for null."),
        Primitive("lower", Kind.TEXT, "A text in lower case."),
        Primitive("contains", Kind.BOOLEAN, "Whether the first text holds the second. Neither is null."),
        Primitive("starts", Kind.BOOLEAN, "Whether the first text starts with the second. Neither is null."),
        Primitive("ends", Kind.BOOLEAN, "Whether the first text ends with the second. Neither is null."),
        Primitive("instant", Kind.WHOLE, "The milliseconds since 1970 that an ISO 8601 text names, null where it names none."),
        Primitive(
            "member", Kind.TEXT, "The JSON text of one member of a plain JSON document; null where it is null or missing."
        ),
        Primitive("members", Kind.MEMBERS, "The members of a plain JSON document under the constants, read at once."),
        Primitive("pick", Kind.TEXT, "One of ``members``: the JSON text under a key; null where it is null or missing."),
        Primitive("quoted", Kind.BOOLEAN, "Whether the JSON text of a plain value is a string; true for null."),
        Primitive("unquoted", Kind.TEXT, "The text of a plain JSON string; anything of another value, null for null."),
        Primitive("numeric", Kind.BOOLEAN, "Whether the JSON text of a plain value is a number; true for null."),
        Primitive("number", Kind.NUMBER, "The number that a JSON text writes."),
        Primitive("rest", Kind.TEXT, "A text without its first letter."),
        Primitive("size", Kind.WHOLE, "How many texts there are; null has none."),
        Primitive("has", Kind.BOOLEAN, "Whether the texts hold a text; false where either is null."),
        Primitive("first", Kind.TEXT, "The first of the texts, null where there is none."),
        Primitive("last", Kind.TEXT, "The last of the texts, null where there is none."),
        Primitive("native", None, "A function of this package: its name, its constants, the kind of its result."),
        Primitive("part", Kind.TEXT, "One of the texts, by place from 0."),
    )
}
"""All primitives by name. The primitive table of an engine has an entry for each."""

_TRIVIAL: Final = frozenset({"column", "literal"})


class Scalars:
    """Creates scalars, each once, and simplifies constant conditions."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Scalar] = {}
        self.operation = ""
        """The operation being planned."""
        self.true = self.literal(True, Kind.BOOLEAN)
        self.false = self.literal(False, Kind.BOOLEAN)

    def make(self, primitive: str, *arguments: Scalar, constants: tuple[Any, ...] = (), kind: Kind | None = None) -> Scalar:
        """Return the use of a primitive; equal uses are the same object."""
        result = kind or PRIMITIVES[primitive].kind or arguments[-1].kind
        key = (primitive, tuple(map(id, arguments)), tuple((type(constant), constant) for constant in constants), result)
        made = self._made.get(key)
        if made is None:
            operation = self.operation or next((argument.operation for argument in arguments if argument.operation), "")
            made = self._made[key] = Scalar(primitive, arguments, constants, result, operation)
        return made

    def literal(self, value: Any, kind: Kind) -> Scalar:
        """Return a constant. A list of texts must be a tuple."""
        return self.make("literal", constants=(value,), kind=kind)

    def column(self, alias: str, name: str, kind: Kind) -> Scalar:
        """Return a column."""
        return self.make("column", constants=(alias, name), kind=kind)

    def all(self, *parts: Scalar) -> Scalar:
        """Return the conjunction of parts."""
        flat_parts = self._flatten(parts, "and", self.true)
        if self.false in flat_parts or any(self.negation(part) in flat_parts for part in flat_parts):
            return self.false
        return flat_parts[0] if len(flat_parts) == 1 else self.make("and", *flat_parts) if flat_parts else self.true

    def any(self, *parts: Scalar) -> Scalar:
        """Return the disjunction of parts."""
        flat_parts = self._flatten(parts, "or", self.false)
        if self.true in flat_parts:
            return self.true
        return flat_parts[0] if len(flat_parts) == 1 else self.make("or", *flat_parts) if flat_parts else self.false

    def _flatten(self, parts: Iterable[Scalar], primitive: str, neutral: Scalar) -> list[Scalar]:
        flat = (inner for part in parts for inner in (part.arguments if part.primitive == primitive else (part,)))
        return [part for part in dict.fromkeys(flat) if part is not neutral]

    def negation(self, part: Scalar) -> Scalar:
        """Return the negation of a Boolean."""
        if part is self.true or part is self.false:
            return self.false if part is self.true else self.true
        return part.arguments[0] if part.primitive == "not" else self.make("not", part)

    def is_null(self, part: Scalar) -> Scalar:
        """Return the condition that a value is null; it is a constant for literals and for values that cannot be null."""
        if part.primitive == "literal":
            return self.true if part.constants[0] is None else self.false
        never = part.primitive in ("norm", "size") or (part.kind is Kind.BOOLEAN and part.primitive not in _NULLABLE)
        return self.false if never else self.make("null", part)

    def same(self, left: Scalar, right: Scalar) -> Scalar:
        """Return the condition that two values are equal, or both null."""
        for part, known in ((left, right), (right, left)):
            if known in (self.true, self.false) and self.is_null(part) is self.false:
                return part if known is self.true else self.negation(part)
        return self.make("same", left, right)

    def choice(self, condition: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
        """Return ``then`` if the condition is true, else ``otherwise``."""
        if condition is self.true or then is otherwise:
            return then
        return otherwise if condition is self.false else self.make("if", condition, then, otherwise)

    def truth(self, part: Scalar) -> Scalar:
        """Return a Boolean that is false if the part is null."""
        return part if part.primitive not in _NULLABLE and part.primitive != "literal" else self._truth(part)

    def _truth(self, part: Scalar) -> Scalar:
        if part.primitive == "literal":
            return self.true if part.constants[0] is True else self.false
        return self.make("true", part)

    def native(self, name: str, kind: Kind, *arguments: Scalar, constants: tuple[Any, ...] = ()) -> Scalar:
        """Return a call of a Python function (:mod:`perpend.evaluation.planner.udfs`)."""
        return self.make("native", *arguments, constants=(name, *constants), kind=kind)


_NULLABLE: Final = frozenset({"column", "if", "when", "else", "native"})


def is_trivial(scalar: Scalar) -> bool:
    """Whether a scalar is so cheap that it can be computed again at each use."""
    return scalar.primitive in _TRIVIAL or (scalar.primitive in ("not", "null", "true") and is_trivial(scalar.arguments[0]))


def call_of_results(results: Scalar) -> tuple[Scalar, tuple[Scalar, ...]]:
    """Return the call that gives the texts of a ``part``, and the conditions of the choices that skip it."""
    skipped: list[Scalar] = []
    while results.primitive in ("if", "when"):
        skipped += results.arguments[:1] if results.primitive == "if" else ()
        results = results.arguments[-1]
    return results, tuple(skipped)


def walk(roots: Iterable[Scalar]) -> Iterator[Scalar]:
    """Yield every scalar at or below the roots once, arguments first."""
    seen: set[Scalar] = set()
    pending = [(root, False) for root in reversed(list(roots))]
    while pending:
        node, ready = pending.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending.extend((inner, False) for inner in reversed(node.arguments))


Replacements = dict[Scalar, Scalar]


def replace_scalars(
    scalars: Scalars,
    roots: Iterable[Scalar],
    change: Callable[[Scalar, tuple[Scalar, ...], Scalar | None], Scalar | None],
) -> Replacements:
    """Return the replacement of each scalar at or below the roots.

    ``change`` gets a scalar, its new arguments, and its first argument before the change. It returns a replacement, or None
    to keep the scalar with its new arguments.
    """
    replacements: Replacements = {}
    for scalar in walk(roots):
        arguments = tuple(replacements[inner] for inner in scalar.arguments)
        changed = change(scalar, arguments, scalar.arguments[0] if scalar.arguments else None)
        if changed is None:
            same = all(new is old for new, old in zip(arguments, scalar.arguments, strict=True))
            changed = (
                scalar if same else scalars.make(scalar.primitive, *arguments, constants=scalar.constants, kind=scalar.kind)
            )
        replacements[scalar] = changed
    return replacements
