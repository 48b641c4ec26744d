"""Strategies derived from the declarations: well-typed expressions, loose ones, documents of every file kind.

An expression is what stands in YAML. Type-directed ones are built from the wanted type down, by the operations that can
give it; what an operation takes comes from its parameters, so a new operation is generated without a line here.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from perpend.core.objects.status import Status
from perpend.core.values.types import COLLECTIONS, TEXTUAL, ValueType
from perpend.language.operations import BY_KEY, OPERATIONS
from perpend.language.operations.development import RETURN_TYPES
from perpend.language.operations.operation import Constant, Operation, Parameter, Result
from perpend.language.syntax import shapes

Draw = Callable[..., Any]

OPEN_KINDS = (ValueType.TEXT, ValueType.NUMBER, ValueType.BOOLEAN, ValueType.DATE_TIME)
"""The types that a field of no declared type may stand for here."""

POOL = (
    *("", " ", "a", "A ", "b", "ab", "ba", ",", "a,b", "true", "TRUE", "N/A", "0", "P1D", "60s", "k: v", "é\n\t"),
    *(
        "{}",
        '{"a": 1}',
        "{x",
        "[]",
        '{"a": "x", "a": 2}',
        '{"a": 1, "A": "x"}',
        '{"a": NaN}',
        '{"a": "\\ud800\\u00e9"}',
        '{"a": 1e999}',
    ),
    *("s", " \u017f", "k ", "\u212a", "\u00a0a", "a\u00a0", "\t a", "\u0130", "\u03a3\u03c2", "a\x00", "\x1fa"),
)
"""Texts that engines may take for others: blank ones, odd white space, letters with odd lower cases, odd documents."""
DATES = ("2026-01-10T18:00:00Z", "2026-01-10", "2026-01-09T23:59:59.999Z", "2026-01-11T00:00:00+02:00", "1999-12-31")
DURATIONS = ("P1D", "PT24H", "P1M", "P30D", "PT1.5S", "PT0S")
QUERIES = ("a", "a.b", "a[0]", "to_string(a)", "length(a)", "a[?b=='x'].c | [0]", "a > `1`", "type(@)", "contains(a, 'x')", "@")
PATTERNS = ("a", "^a+$", "(?i)A", ".*", r"\d{2,3}", "[^a]")
FILTERS = ("severity>=ERROR", "a=1 AND b:2", "NOT a=1 OR (b=2)", 'protoPayload.methodName="x"', "")

_SAFE = st.characters(exclude_categories=["Cs"])
TEXT = st.sampled_from(POOL) | st.sampled_from(DATES) | st.text(_SAFE, max_size=8)
NUMBER = st.integers(-3, 3) | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
ENDLESS = st.sampled_from([math.nan, math.inf, -math.inf, -0.0])
"""What a number may be in a table, and is not in JSON."""

_KEY = st.sampled_from(["a", "b", "c"]) | st.text(_SAFE, max_size=4)
_WHOLE = st.integers(-(10**9), 10**9)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEY, inner, max_size=3),
    max_leaves=6,
)
EXPECTATIONS = st.fixed_dictionaries(
    {"text": TEXT},
    optional={
        "status": st.sampled_from([status.value for status in Status]),
        "subIndex": st.integers(0, 99),
        "runtimeError": st.none() | TEXT,
    },
)
CONSTANTS: dict[Constant, st.SearchStrategy[Any]] = {
    Constant.TEXT: TEXT,
    Constant.NUMBER: NUMBER,
    Constant.INTEGER: st.integers(-4, 4) | st.integers(-(10**9), 10**9),
    Constant.BOOLEAN: st.booleans(),
    Constant.DATE_TIME: st.sampled_from(DATES),
    Constant.DURATION: st.sampled_from(DURATIONS),
    Constant.JSON: JSON,
    Constant.TEXTS: st.lists(TEXT, max_size=3),
    Constant.STATUS: st.sampled_from([status.value for status in Status]),
    Constant.JMESPATH: st.sampled_from(QUERIES),
    Constant.REGEX: st.sampled_from(PATTERNS),
    Constant.LOGGING_QUERY: st.sampled_from(FILTERS),
    Constant.EXPECTATION: EXPECTATIONS,
}
"""Values of the constants that need no name of the object type at hand."""


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression may refer to: field paths and extracts by the type of their values, lookups, related lists."""

    fields: tuple[tuple[ValueType, tuple[str, ...]], ...]
    open_fields: tuple[str, ...] = ()
    extracts: tuple[tuple[ValueType, str], ...] = ()
    lookups: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()

    def fields_of(self, kind: ValueType) -> tuple[str, ...]:
        """Return the paths that can be read as values of a type."""
        own = dict(self.fields).get(ValueType.TEXT if kind is ValueType.BYTES else kind, ())
        return (*own, *(self.open_fields if kind in OPEN_KINDS else ()))

    def extracts_of(self, kind: ValueType) -> tuple[str, ...]:
        """Return the extracts whose values are of a type."""
        return tuple(name for found, name in self.extracts if found is kind)

    @property
    def every_field(self) -> tuple[str, ...]:
        """All field paths."""
        return (*(path for _, paths in self.fields for path in paths), *self.open_fields)


def expression(draw: Draw, kind: ValueType, names: Names, depth: int) -> dict[str, Any]:
    """Draw a well-typed expression whose value is of a type, with at most ``depth`` operations above its leaves."""
    return use(draw, draw(st.sampled_from(producers(kind, names, depth <= 0))), kind, names, depth)


@cache
def producers(kind: ValueType, names: Names, leaf: bool) -> tuple[Operation, ...]:
    """Return the operations that can give a value of a type, only those without operands for a leaf; reading a field often."""
    return tuple(
        operation
        for operation in OPERATIONS.values()
        if _can_give(operation, kind, names) and not (leaf and any(item.operand for item in operation.parameters))
        for _ in range(8 if operation.result is Result.FIELD else 1)
    )


def _can_give(operation: Operation, kind: ValueType, names: Names) -> bool:
    wanted = {parameter.constant for parameter in operation.parameters}
    if (Constant.RELATIONSHIP in wanted and not names.relationships) or (Constant.LOOKUP_PATH in wanted and not names.lookups):
        return False
    match operation.result:
        case ValueType():
            return operation.result is kind
        case Result.OPERAND:
            return True
        case Result.FIELD:
            return bool(names.fields_of(kind))
        case Result.EXTRACT:
            return bool(names.extracts_of(kind))
        case Result.RETURN_TYPE:
            return kind in RETURN_TYPES.values()
        case _:
            return kind.name.startswith(f"{operation.result.name}_OF")


def kinds_of(operation: Operation, names: Names) -> list[ValueType]:
    """Return the types that an operation can give."""
    return [kind for kind in ValueType if kind is not ValueType.ANY and _can_give(operation, kind, names)]


def use(draw: Draw, operation: Operation, kind: ValueType, names: Names, depth: int) -> dict[str, Any]:
    """Draw a well-typed use of one operation that gives a value of a type."""
    operands: dict[str, ValueType] = {}
    arguments: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.operand is not None:
            operands[parameter.name] = _operand_kind(draw, operation, parameter, kind, operands)
            arguments[parameter.name] = _operand(draw, parameter, operands[parameter.name], names, depth - 1)
            continue
        fixed = _fixed(draw, operation, parameter, kind, names)
        if fixed is not None:
            arguments |= {parameter.name: fixed} if fixed else {}
        elif parameter.required or draw(st.booleans()):
            arguments[parameter.name] = draw(_constant(parameter, names))
    checks = _checks(draw, operation, names)
    if checks is not None:
        arguments["undeterminedIf"] = checks
    return {operation.key: next(iter(arguments.values())) if operation.scalar else arguments}


def _operand(draw: Draw, parameter: Parameter, kind: ValueType, names: Names, depth: int) -> Any:
    if not parameter.many:
        return expression(draw, kind, names, depth)
    return [expression(draw, kind, names, depth) for _ in range(draw(st.integers(1, 3)))]


def _operand_kind(
    draw: Draw, operation: Operation, parameter: Parameter, kind: ValueType, operands: Mapping[str, ValueType]
) -> ValueType:
    accepted = parameter.operand or frozenset()
    if operation.result is Result.OPERAND:
        return kind
    if isinstance(operation.result, Result):
        return kind.item or ValueType.TEXT
    if parameter.name == "right":
        return operands["left"]
    if "arg" in operands and parameter.name != "key" and operands["arg"] is not ValueType.JSON:
        hay = operands["arg"]
        item = hay.item or (hay if hay in TEXTUAL else None)
        accepted = frozenset(one for one in accepted if item is None or (one.item or one) in (item, ValueType.JSON)) or accepted
    return draw(st.sampled_from(sorted(accepted)))


def _fixed(draw: Draw, operation: Operation, parameter: Parameter, kind: ValueType, names: Names) -> Any:
    """Return the value that a parameter must have for the wanted type, or that names something; ``""`` to leave it out, None where it is free."""
    if operation.result is Result.RETURN_TYPE and parameter.name == "returnType":
        return draw(st.sampled_from([name for name, found in RETURN_TYPES.items() if found is kind]))
    if operation.result is Result.OPERAND and parameter.constant is Constant.BOOLEAN and kind is not ValueType.BOOLEAN:
        return ""
    if operation.result is Result.FIELD:
        if parameter.name == "returnType":
            return "BYTES" if kind is ValueType.BYTES else draw(st.sampled_from(["", "AUTO"]))
        return draw(st.sampled_from(names.fields_of(kind)))
    if operation.result is Result.EXTRACT:
        return draw(st.sampled_from(names.extracts_of(kind)))
    if parameter.name == "itemType":
        return "BYTES" if kind.item is ValueType.BYTES else "TEXT"
    return None


def _constant(parameter: Parameter, names: Names) -> st.SearchStrategy[Any]:
    if parameter.choices is not None:
        return st.sampled_from(parameter.choices)
    assert parameter.constant is not None
    match parameter.constant:
        case Constant.CHILD_FIELD:
            return st.sampled_from([path for path in names.every_field if "." not in path] or ["name__c"])
        case Constant.FIELD_PATH:
            return st.sampled_from(names.every_field)
        case Constant.LOOKUP_PATH:
            return st.sampled_from(names.lookups)
        case Constant.RELATIONSHIP:
            return st.sampled_from(names.relationships)
        case Constant.EXTRACT_PATH:
            return st.sampled_from([name for _, name in names.extracts])
    return CONSTANTS[parameter.constant]


def _checks(draw: Draw, operation: Operation, names: Names) -> dict[str, Any] | None:
    declared = [check for check in operation.checks if not check.implied]
    if not declared or not (operation.checks_required or draw(st.booleans())):
        return None
    found: dict[str, Any] = {}
    for check in declared:
        if not check.required and draw(st.booleans()):
            continue
        path = {"path": draw(st.sampled_from(names.every_field)), "currentStateMessage": draw(TEXT)}
        found[check.key] = path if check.delegate else draw(TEXT)
    return found


def _seldom(draw: Draw, times: int) -> bool:
    """Draw true once in so many times. Not by zero, which Hypothesis likes to draw more often than its share."""
    return bool(draw(st.integers(1, times)) == times // 2)


@st.composite
def loose_expressions(draw: Draw, depth: int = 3) -> Any:
    """Draw what might stand where an operation belongs: real ones with any arguments, and what is none."""
    if depth <= 0 or _seldom(draw, 10):
        return draw(JSON)
    keys = draw(st.lists(st.sampled_from(list(BY_KEY)) | TEXT, min_size=1, max_size=1 + _seldom(draw, 10)))
    return {key: _loose_body(draw, key, depth - 1) for key in keys}


@st.composite
def loose_uses(draw: Draw, keys: Sequence[str], depth: int = 1) -> list[Any]:
    """Draw a use of each of several operations, with arguments of any kind."""
    return [{key: _loose_body(draw, key, depth)} for key in keys]


def _loose_body(draw: Draw, key: str, depth: int) -> Any:
    operation = draw(st.sampled_from(BY_KEY.get(key, tuple(OPERATIONS.values()))))
    if operation.scalar and not _seldom(draw, 5):
        return draw(_loose_constant(operation.parameters[0]))
    body = {
        parameter.name: _loose_argument(draw, parameter, depth) for parameter in operation.parameters if not _seldom(draw, 10)
    }
    if draw(st.booleans()):
        message = TEXT | st.fixed_dictionaries({"path": TEXT, "currentStateMessage": TEXT}) | JSON
        checks = [*(check.key for check in operation.checks), "isEmpty"]
        body["undeterminedIf"] = draw(st.dictionaries(st.sampled_from(checks), message, max_size=3))
    if _seldom(draw, 20):
        body[draw(TEXT)] = draw(JSON)
    return body


def _loose_argument(draw: Draw, parameter: Parameter, depth: int) -> Any:
    if _seldom(draw, 20):
        return draw(JSON)
    if parameter.operand is None:
        return draw(_loose_constant(parameter))
    one = loose_expressions(depth)
    return draw(st.lists(one, max_size=3) if parameter.many else one)


def _loose_constant(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.choices is not None:
        return st.sampled_from(parameter.choices) | TEXT | JSON
    return CONSTANTS.get(parameter.constant or Constant.TEXT, st.sampled_from(["CA10__text__c", "a__r.b", "e0"])) | TEXT | JSON


def document(draw: Draw, shape: shapes.Shape, names: Names, depth: int = 2) -> Any:
    """Draw a value of a shape of the loader: a whole file's for a record of ``schema.FILE_KINDS``."""
    match shape:
        case shapes.Text():
            return draw(TEXT.filter(str.strip) if shape.filled else TEXT)
        case shapes.IdShape():
            return draw(st.from_regex(shape.pattern, fullmatch=True, alphabet=string.printable))
        case shapes.Choice():
            return draw(st.sampled_from([str(value) for value in shape.values]))
        case shapes.ChoiceByName():
            choice = st.sampled_from([str(value) for value in shape.values])
            return draw(choice | st.dictionaries(_KEY, choice, max_size=3))
        case shapes.Flag():
            return draw(st.booleans())
        case shapes.CountShape():
            return draw(st.integers(1, 10**6))
        case shapes.Items():
            items = [document(draw, shape.of, names, depth) for _ in range(draw(st.integers(int(shape.filled), 2)))]
            return list(dict.fromkeys(items)) if shape.distinct else items
        case shapes.TextMap():
            return draw(st.dictionaries(_KEY, TEXT, max_size=3))
        case shapes.ScalarMap():
            return draw(st.dictionaries(_KEY, TEXT | st.integers() | st.booleans(), max_size=3))
        case shapes.Literal():
            return draw(TEXT | _WHOLE | st.lists(TEXT, max_size=2) | st.lists(_WHOLE, max_size=2))
        case shapes.OperationShape():
            return expression(draw, draw(st.sampled_from(OPEN_KINDS)), names, depth)
        case shapes.Record():
            return _record(draw, shape, names, depth)


def _record(draw: Draw, shape: shapes.Record, names: Names, depth: int) -> dict[str, Any]:
    keys = [key for key in shape.keys if key.required or draw(st.booleans())]
    found = {
        str(draw(st.sampled_from((key.name, *key.aliases)))): document(draw, key.shape, names, depth - (depth > 0))
        for key in keys
    }
    if shape.recursive and draw(st.integers(0, 3)) == 0:
        found[shape.recursive] = [_record(draw, shape, names, 0)]
    return found


SETTLED_KINDS = tuple(sorted(COLLECTIONS | TEXTUAL | set(OPEN_KINDS) | {ValueType.JSON, ValueType.DURATION}))
"""Every type but Any and Attributes."""
