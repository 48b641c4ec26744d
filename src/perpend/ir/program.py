"""A program: one logic file after analysis, ready for any engine, with every way it can end. All of it is static."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.diagnostics.model import Span
    from perpend.ir.object_types import ObjectType, Types
    from perpend.ir.operation import CheckDeclaration, Operation
    from perpend.ir.status import Status
    from perpend.meaning.types import ValueType

UNREADABLE = 0
"""Index of an object whose own data keep it from being judged: a field of another type than declared, a contradiction."""

OTHER_RECORD_TYPE = 98
"""Index of an object outside the logic's ``recordTypes``."""

DISAPPEARED = 99
"""Index of an object whose deletion field is set."""

CONDITION = 99
"""What is added to a condition's hundreds when the condition itself decided."""


@dataclass(frozen=True, slots=True)
class Check:
    """One ``undeterminedIf`` entry of an expression: its declaration, its message, the delegate's path if it has one."""

    declaration: CheckDeclaration
    message: str
    delegate: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """One operation in use, typed and resolved.

    ``arguments`` holds by parameter name an :class:`Expr`, a tuple of them, or a constant. ``checks`` are in slot order.
    An extract is one shared ``Expr`` wherever it is referenced: engines may compute it once per object.
    """

    operation: Operation
    arguments: Mapping[str, Any]
    type: ValueType
    checks: tuple[Check, ...] = ()
    span: Span | None = None

    @property
    def operands(self) -> tuple[Expr, ...]:
        """The expressions below this one, in evaluation order. An extract's body is the operand of its reference."""
        found: list[Expr] = []
        for value in self.arguments.values():
            if isinstance(value, Expr):
                found.append(value)
            elif isinstance(value, tuple):
                found.extend(item for item in value if isinstance(item, Expr))
        return tuple(found)

    @property
    def slots(self) -> int:
        """How many check slots the expression and everything below it take. Source: specification, section 5.4."""
        return len(self.checks) + sum(operand.slots for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition, or ``otherwise``, says when it decides."""

    status: Status
    message: str
    remediation: str | None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a block: its expression and its outcome."""

    expression: Expr
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Block:
    """Conditions over objects of one type, tried in order, and the blocks over their related lists by relationship path."""

    type: ObjectType
    conditions: tuple[Condition, ...]
    otherwise: Outcome
    related: Mapping[str, Block] = field(default_factory=dict)
    record_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One way a program can end. ``remediation`` is None except where the author gave one."""

    index: int
    status: Status
    text: str
    message: str
    remediation: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A value that a block reads of its own object: a field's path, and the key where the field is a JSON document."""

    path: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A logic file ready to run: the block over the input type and the table of all its verdicts by index.

    ``reads`` lists what the root block reads of the object itself, in the order of first reading; ``types`` are those that
    its lookups and lists get to.
    """

    logic_id: str
    policy_id: str
    block: Block
    verdicts: Mapping[int, Verdict]
    types: Types
    reads: tuple[Read, ...] = ()

    @property
    def input_type(self) -> str:
        """API name of the object type that the program judges."""
        return self.block.type.name
