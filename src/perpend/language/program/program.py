"""A program: one logic file after compilation, with all outcomes that it can have. Every engine runs it."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.diagnostics.model import Span
    from perpend.core.objects.object_types import ObjectType, Types
    from perpend.core.objects.status import Status
    from perpend.language.operations.operation import CheckDeclaration, Operation
    from perpend.language.program.parameters import ParameterValue


@dataclass(frozen=True, slots=True)
class Check:
    """One ``undeterminedIf`` entry of an expression: its declaration, its message, the delegate's path if it has one."""

    declaration: CheckDeclaration
    message: str
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractReference:
    """A reference to an extract: the lookups before it, the type that declares it, and its compiled value."""

    lookups: tuple[str, ...]
    type_name: str
    body: Expr

    @property
    def prefix(self) -> str:
        """The lookups as the prefix of a field: ``account__r.``."""
        return "".join(f"{lookup}." for lookup in self.lookups)


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """One operation in use, typed and resolved.

    ``arguments`` holds by parameter name an :class:`Expr`, a tuple of them, or a constant, None if it is absent. ``checks`` are
    in slot order. ``extract`` is set for a reference to an extract. All references share one ``Expr`` as body, so that engines
    may compute it once per object. ``deletion_field`` is the field that IS_DISAPPEARED reads. ``parameters`` names the policy's
    parameter of each constant that is the value of one.
    """

    operation: Operation
    arguments: Mapping[str, Any]
    type: ValueType
    checks: tuple[Check, ...] = ()
    span: Span | None = None
    extract: ExtractReference | None = None
    deletion_field: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    operands: tuple[Expr, ...] = field(init=False, repr=False)
    """The expressions below this one, in evaluation order. An extract's body is the operand of its reference."""

    slots: int = field(init=False)
    """How many check slots the expression and everything below it take. Source: specification, section 5.4."""

    def __post_init__(self) -> None:
        operands: list[Expr] = []
        for value in self.arguments.values():
            if isinstance(value, Expr):
                operands.append(value)
            elif isinstance(value, tuple):
                operands.extend(part for part in value if isinstance(part, Expr))
        if self.extract is not None:
            operands.append(self.extract.body)
        object.__setattr__(self, "operands", tuple(operands))
        object.__setattr__(self, "slots", len(self.checks) + sum([operand.slots for operand in operands]))

    @property
    def lookups(self) -> tuple[str, ...]:
        """The lookups that lead to the object of the operands."""
        return self.extract.lookups if self.extract else ()

    @property
    def field_paths(self) -> tuple[str, ...]:
        """The paths of the fields that the operation itself reads."""
        return tuple(str(self.constant(name)) for name in self.operation.taking(Constant.FIELD_PATH))

    @property
    def delegates(self) -> tuple[str, ...]:
        """The fields that its checks test for readability."""
        return tuple(check.delegate for check in self.checks if check.delegate is not None)

    def constant(self, name: str) -> Any:
        """Return a constant argument, or its declared default if it is absent."""
        value = self.arguments.get(name)
        if value is not None:
            return value
        parameter = self.operation.parameter(name)
        return parameter.default if parameter else None

    @property
    def collection_flags(self) -> tuple[bool, bool, bool]:
        """Whether the collection of this operation skips empty items, skips repeated ones, and is sorted."""
        a_set, given = self.type in (ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES), self.arguments
        return (
            a_set or given.get("emptyValues") == "SKIP",
            a_set or given.get("duplicateValues") == "SKIP",
            a_set or given.get("ordering") == "SORTED",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status, message and remediation of a condition or of ``otherwise``."""

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
    """Conditions for objects of one type, tried in order, and blocks for their related lists by relationship path."""

    type: ObjectType
    conditions: tuple[Condition, ...]
    otherwise: Outcome
    related: Mapping[str, Block] = field(default_factory=dict)
    record_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredOutcome:
    """One outcome that a program can have. ``remediation`` is None unless the author gave one."""

    index: int
    status: Status
    text: str
    message: str
    remediation: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A value that a block reads of its own object: the path of a field, and a key if the field is a JSON document."""

    path: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """An executable logic file: the block for the input type, and all outcomes by index.

    ``reads`` lists the values that the root block reads of the object itself, in the order of first reading; ``types`` are the
    types that its lookups and lists reach. ``parameters`` are the values of the policy's parameters.
    """

    logic_id: str
    policy_id: str
    block: Block
    verdicts: Mapping[int, DeclaredOutcome]
    types: Types
    reads: tuple[Read, ...] = ()
    parameters: tuple[ParameterValue, ...] = ()

    @property
    def input_type(self) -> str:
        """API name of the object type that the program evaluates."""
        return self.block.type.name


def constant_text(value: object) -> str:
    """Return a text that is equal for equal constants of one kind only: 1, 1.0, true and "1" have four texts."""
    return json.dumps(value)
