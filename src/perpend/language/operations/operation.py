"""The declaration of an operation: its YAML key, parameters, result, checks in slot order, text form and documentation.

The reader, the schema, the reference page and test strategies are derived from the declaration.
"""

from __future__ import annotations

from dataclasses import KW_ONLY  # noqa: TC003  # the decorator reads it
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from perpend.core.values.types import ValueType


class Constant(Enum):
    """The kind of a constant parameter. The enum value describes it in words."""

    TEXT = "a text"
    NUMBER = "a number"
    INTEGER = "a whole number"
    BOOLEAN = "`true` or `false`"
    DATE_TIME = "a date, or date and time, in ISO 8601"
    DURATION = "an ISO 8601 duration such as `P90D`"
    JSON = "any value"
    TEXTS = "a list of texts"
    FIELD_PATH = "the path of a field"
    LOOKUP_PATH = "lookups joined with dots"
    EXTRACT_PATH = "the name of an extract"
    RELATIONSHIP = "the name of a related list"
    CHILD_FIELD = "the name of a field of the list's objects"
    STATUS = "a status"
    JMESPATH = "a JMESPath expression"
    REGEX = "a regular expression"
    LOGGING_QUERY = "a log filter"
    EXPECTATION = "a mapping with `status`, `subIndex`, `text`, `runtimeError`"


PATHS: Final = frozenset({Constant.FIELD_PATH, Constant.LOOKUP_PATH, Constant.EXTRACT_PATH, Constant.RELATIONSHIP})
"""The constants that name a field, lookup or list of the object."""


TAKES_PARAMETER: Final = frozenset(
    {Constant.TEXT, Constant.NUMBER, Constant.INTEGER, Constant.DATE_TIME, Constant.DURATION, Constant.TEXTS}
)
"""The constants that may be the value of a parameter of the policy."""

DELETION_FIELD: Final = "{deletion}"
"""The entry of ``reads`` for the deletion field of the object's type."""


class Result(Enum):
    """The source of an operation's result type if it is not one fixed type."""

    FIELD = auto()
    """the field's declared type, Bytes with `returnType: BYTES`"""
    OPERAND = auto()
    """the type of `arg`"""
    EXTRACT = auto()
    """the type of the extract's value"""
    RETURN_TYPE = auto()
    """what `returnType` names"""
    LIST = auto()
    """a list of `itemType`, or of the type of `arg`"""
    SET = auto()
    """a set of `itemType`, or of the type of `arg`"""
    COLLECTION = auto()
    """a flagged collection of `itemType`, or of the type of `arg`"""


class Typing(Enum):
    """How operands of open type get their type, and which types match."""

    APART = auto()
    """each by what its parameter takes"""
    OPEN = auto()
    """not at all: they stay open"""
    ALIKE = auto()
    """`left` and `right` are of one type"""
    ITEM = auto()
    """`arg` is searched for `search`, which is like one of its items"""
    ITEMS = auto()
    """`arg` is searched for the items of `search`"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key below an operation's key.

    Exactly one of ``operand`` (value types accepted from a nested operation), ``constant`` and ``choices`` (allowed texts) is
    set; ``many`` marks a list of operands. ``default`` is the value of an absent optional constant. ``matched``: values are
    compared with this constant, so a similar value could change the answer.
    """

    name: str
    doc: str
    operand: frozenset[ValueType] | None = None
    constant: Constant | None = None
    choices: tuple[str, ...] | None = None
    many: bool = False
    required: bool = True
    default: Any = None
    matched: bool = False


@dataclass(frozen=True, slots=True)
class CheckDeclaration:
    """One key of ``undeterminedIf``, or a check that an operation always has (``implied``).

    ``text`` is the text of the fired check, with the names of the operation's own text. ``error``: it carries a runtime error.
    ``delegate``: it is written as ``{path, currentStateMessage}`` instead of a bare message.
    """

    key: str
    text: str
    doc: str
    required: bool = False
    error: bool = False
    delegate: bool = False
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the language, as written under one key.

    ``name`` is unique; ``key`` is the YAML key, by default the name. Two operations share a key if dialects use it with other
    parameters: the reader takes the one whose parameters are present. ``scalar``: the key holds the value of the only parameter
    directly. ``text`` renders a use: ``{x}`` is operand, or constant, x. ``nulls`` is the rule for null operands in one
    sentence. ``typing``: the relation between the types of its operands. ``reads``: fields that it reads in addition to those
    its parameters name. ``shown``: explanations show it though no parameter names the field. ``dialects`` are those with this
    operation: ``D1`` (2024), ``D2``, ``D3`` (newest).
    """

    name: str
    _: KW_ONLY
    key: str = ""
    doc: str
    parameters: tuple[Parameter, ...]
    result: ValueType | Result
    text: str
    nulls: str
    family: str = ""
    typing: Typing = Typing.APART
    reads: tuple[str, ...] = ()
    shown: bool = False
    checks: tuple[CheckDeclaration, ...] = ()
    checks_required: bool = False
    scalar: bool = False
    dialects: tuple[str, ...] = ("D1", "D2", "D3")
    example: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.name)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of a name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def taking(self, *constants: Constant) -> tuple[str, ...]:
        """Return the names of the parameters that take one of the given constants."""
        return tuple(parameter.name for parameter in self.parameters if parameter.constant in constants)
