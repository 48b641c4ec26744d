"""Find checks of a program that can never fire, so that no test has to reach them. There are no false positives."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.values.jmespath_query import compile_query
from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant
from perpend.language.program.numbering import base_of
from perpend.language.program.program import Expr, constant_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from perpend.language.program.program import Block, Check

    Answer = tuple[Hashable, bool]
    Evaluated = tuple[frozenset[Answer], Hashable]

_NEVER_FAILING = frozenset({"to_string", "type", "to_array", "to_number", "not_null"})


def silent_checks(block: Block) -> frozenset[int]:
    """Return the indexes of a block's checks that cannot fire.

    A check cannot fire if its expression cannot fail that way, or if the same expression was evaluated before on every path: it
    would have ended the evaluation there.
    """
    walk = _Walk()
    facts: frozenset[Answer] = frozenset()
    for number, condition in enumerate(block.conditions, 1):
        walk.visit(condition.expression, base_of(number), facts, ())
        facts |= frozenset(walk.implied(condition.expression, False))
        walk.refuted.append(condition.expression)
    return frozenset(walk.silent)


def compute_the_same(expressions: Iterable[Expr | None]) -> bool:
    """Whether expressions all exist and compute the same."""
    structures = Structures()
    numbers = {structures.number(expression) if expression is not None else None for expression in expressions}
    return len(numbers) == 1 and None not in numbers


@dataclass(slots=True)
class _Walk:
    """A walk in evaluation order. ``evaluated`` maps expressions to the facts under which they were evaluated."""

    silent: set[int] = field(default_factory=set)
    evaluated: list[Evaluated] = field(default_factory=list)
    refuted: list[Expr] = field(default_factory=list)
    structures: Structures = field(default_factory=lambda: Structures())

    def visit(self, expression: Expr, base: int, facts: frozenset[Answer], lookups: tuple[str, ...]) -> None:
        """Record the checks that cannot fire at and below an expression that is evaluated only if ``facts`` hold."""
        name = expression.operation.name
        inner = (*lookups, *expression.lookups)
        below = facts
        if name == "UNIT_TEST":
            below |= {(("unit test", expression.arguments["id"]), True)}
        for operand in expression.operands:
            self.visit(operand, base, below, inner)
            if name in ("AND", "OR"):
                below |= frozenset(self.implied(operand, name == "AND"))
            base += operand.slots
        key = (lookups, self.structures.number(expression))
        known = any(other == key for _, other in self.evaluated) and self._was_evaluated(key, facts)
        for slot, check in enumerate(expression.checks, base + 1):
            if known or cannot_fire(expression, check):
                self.silent.add(slot)
        if expression.slots and not known:
            self.evaluated.append((facts, key))

    def _was_evaluated(self, key: Hashable, facts: frozenset[Answer]) -> bool:
        """Whether an expression was evaluated under facts that hold now, including those of refuted conditions."""
        known = set(facts)
        for condition in self.refuted:
            if condition.operation.name == "AND":
                open_parts = [part for part in condition.operands if (self.structures.number(part), True) not in known]
                if len(open_parts) == 1:
                    known |= set(self.implied(open_parts[0], False))
        return any(other == key and under <= known for under, other in self.evaluated)

    def implied(self, expression: Expr, truth: bool) -> Iterator[Answer]:
        """Yield the facts that follow from an expression that is known to be true, or not to be."""
        yield self.structures.number(expression), truth
        name = expression.operation.name
        if (name == "AND" and truth) or (name == "OR" and not truth):
            for operand in expression.operands:
                yield from self.implied(operand, truth)
        elif name == "NOT":
            yield from self.implied(expression.operands[0], not truth)


class Structures:
    """Numbers expressions. Two have the same number exactly if they compute the same, checks included.

    Each expression is processed once. Extracts are shared, and unfold to many times their size.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._seen: dict[int, tuple[Expr, int]] = {}

    def number(self, expression: Expr) -> int:
        """Return the number of an expression."""
        if id(expression) not in self._seen:
            arguments = tuple((name, self._key(value)) for name, value in sorted(expression.arguments.items()))
            checks = tuple((check.declaration.key, check.delegate) for check in expression.checks)
            inner = (expression.lookups, self.number(expression.extract.body)) if expression.extract else None
            key = (expression.operation.name, expression.type, arguments, checks, inner, expression.deletion_field)
            self._seen[id(expression)] = expression, self._numbers.setdefault(key, len(self._numbers))
        return self._seen[id(expression)][1]

    def _key(self, value: Any) -> Hashable:
        if isinstance(value, tuple | list):
            return tuple(self._key(item) for item in value)
        return self.number(value) if isinstance(value, Expr) else constant_text(value)


def cannot_fire(expression: Expr, check: Check) -> bool:
    """Whether a check of a query cannot fire for any document."""
    queries = expression.operation.taking(Constant.JMESPATH)
    if not queries:
        return False
    tree = compile_query(expression.arguments[queries[0]]).tree
    if check.declaration.key == "evaluationError":
        return not _may_fail(tree)
    returns_text = tree["type"] == "function_expression" and tree["value"] in ("to_string", "type")
    return (
        check.declaration.key == "resultTypeMismatch" and returns_text and expression.type in (ValueType.TEXT, ValueType.BYTES)
    )


def _may_fail(node: Any) -> bool:
    if not isinstance(node, dict) or "type" not in node:
        return False
    if node["type"] == "slice" or (node["type"] == "function_expression" and node["value"] not in _NEVER_FAILING):
        return True
    return any(_may_fail(child) for child in node["children"])
