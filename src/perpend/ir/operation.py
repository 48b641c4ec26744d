"""How an operation is declared: its YAML key, parameters, result, checks in slot order, text form and documentation.

Everything else about an operation's form (loading, schema, reference page, strategies) is derived from its declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perpend.meaning.types import ValueType


class Constant(Enum):
    """What a parameter that is written down, not computed, must be."""

    TEXT = auto()
    """any text"""
    NUMBER = auto()
    """a number"""
    INTEGER = auto()
    """a whole number"""
    BOOLEAN = auto()
    """`true` or `false`"""
    DATE_TIME = auto()
    """an ISO 8601 date, or date and time"""
    DURATION = auto()
    """an ISO 8601 duration such as `P90D`"""
    JSON = auto()
    """any value"""
    TEXTS = auto()
    """a list of texts"""
    FIELD_PATH = auto()
    """a field, with lookups in front: `a__r.b__r.field`"""
    LOOKUP_PATH = auto()
    """lookups joined with dots"""
    EXTRACT_PATH = auto()
    """the name of an extract, with lookups in front"""
    RELATIONSHIP = auto()
    """a related list of the same level"""
    STATUS = auto()
    """a status"""
    JMESPATH = auto()
    """a JMESPath expression"""
    REGEX = auto()
    """a regular expression (RE2 syntax)"""
    LOGGING_QUERY = auto()
    """a Google Cloud logging filter"""
    EXPECTATION = auto()
    """what a unit test expects: `status`, `subIndex`, `text`, `runtimeError`"""


class Result(Enum):
    """Where an operation's result type comes from when it is not one fixed type."""

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


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key below an operation's key.

    Exactly one of ``operand`` (value types accepted from a nested operation), ``constant`` and ``choices`` (allowed
    texts) is set; ``many`` marks a list of operands. ``default`` is what an absent optional constant stands for.
    """

    name: str
    doc: str
    operand: frozenset[ValueType] | None = None
    constant: Constant | None = None
    choices: tuple[str, ...] | None = None
    many: bool = False
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class CheckDeclaration:
    """One key of ``undeterminedIf``, or a check that an operation always has (``implied``).

    ``text`` is the rendering once it fired, over the same names as the operation's own. ``error`` says that it carries a
    runtime error. ``delegate``: written as ``{path, currentStateMessage}`` instead of a bare message.
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

    ``name`` is unique; ``key`` is what stands in YAML. Two operations share a key where dialects spell the same key with
    other parameters: the loader takes the one whose parameters are present. ``scalar``: the key holds the value of the
    only parameter directly. ``text`` renders a use: ``{x}`` is operand, or constant, x. ``nulls`` is the rule for null
    operands in one sentence. ``dialects`` names those that have it: ``D1`` (2024), ``D2``, ``D3`` (newest).
    """

    name: str
    key: str
    doc: str
    parameters: tuple[Parameter, ...]
    result: ValueType | Result
    text: str
    nulls: str
    family: str = ""
    checks: tuple[CheckDeclaration, ...] = ()
    checks_required: bool = False
    scalar: bool = False
    dialects: tuple[str, ...] = ("D1", "D2", "D3")
    example: str = ""
