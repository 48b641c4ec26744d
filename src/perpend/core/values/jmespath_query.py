"""Compile JMESPath with the reference's comparisons and one kind of failure.

The grammar and the functions are those of the ``jmespath`` package. Plain paths, by far the most frequent queries, run as
closures; everything else runs on the package's interpreter. Source: language specification, section 4.4.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import jmespath
from jmespath import exceptions, functions, visitor

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LENGTH: Final = 20_000
MAX_STEPS: Final = 2_000_000
MAX_SIZE: Final = 1_000_000
_FAILURES = (exceptions.JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError, AttributeError, KeyError)
_DECIMAL = re.compile(r"[-+]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][-+]?\d{1,3})?", re.ASCII)
_LONG = (list, str)
_NUMBERS = (bool, int, float)
_FALSE_VALUES: tuple[Any, ...] = ("", None, [], {})


class QuerySyntaxError(Exception):
    """A text that is not JMESPath; ``offset`` counts characters from its start."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class QueryFailed(Exception):
    """A function of a query got a value that it does not take."""


@dataclass(frozen=True, slots=True, eq=False)
class JsonQuery:
    """A compiled expression. Its ``search`` takes a JSON document and returns the result, or raises :class:`QueryFailed`."""

    expression: str
    tree: dict[str, Any]
    search: Callable[[Any], Any]


@lru_cache(maxsize=4096)
def compile_query(expression: str) -> JsonQuery:
    """Return the compiled query. Raises :class:`QuerySyntaxError` for bad syntax, unknown functions and wrong arity."""
    if len(expression) > MAX_LENGTH:
        raise QuerySyntaxError("the expression is too long", 0)
    try:
        parsed = jmespath.compile(expression)
        _check_functions(parsed.parsed, expression)
    except exceptions.ParseError as error:
        raise QuerySyntaxError(_reason(error), error.lex_position) from None
    except exceptions.EmptyExpressionError:
        raise QuerySyntaxError("the expression is empty", 0) from None
    except RecursionError:
        raise QuerySyntaxError("the expression is nested too deeply", 0) from None
    except ValueError:  # the only other error of the package: Python's limit on the digits of a whole number
        raise QuerySyntaxError("a number in the expression is too long", 0) from None
    plain = _path(parsed.parsed)
    return JsonQuery(expression, parsed.parsed, plain or _interpreted(parsed.parsed))


def plain_key(expression: str) -> str | None:
    """Return the key that a query reads if it reads only one: ``user`` of ``user`` and of ``to_string(user)``."""
    tree = compile_query(expression).tree
    while tree["type"] == "function_expression" and len(tree["children"]) == 1:
        tree = tree["children"][0]
    return str(tree["value"]) if tree["type"] == "field" else None


def _reason(error: exceptions.ParseError) -> str:
    if isinstance(error, exceptions.IncompleteExpressionError):
        return "the expression is incomplete"
    message = str(error.message if isinstance(error, exceptions.LexerError) else error.msg).splitlines()[0]
    return message[0].lower() + message[1:]


def _check_functions(node: dict[str, Any], expression: str) -> None:
    if node["type"] == "function_expression":
        name = node["value"]
        table = _Functions.FUNCTION_TABLE
        if name not in table:
            near = suggestion(name, table)
            reason = f"unknown function `{name}`" + (f", {near.rstrip('?')}" if near else "")
            raise QuerySyntaxError(reason, max(0, expression.find(f"{name}(")))
        signature = table[name]["signature"]
        given, wanted = len(node["children"]), len(signature)
        variadic = signature[-1].get("variadic")
        if given < wanted or (given > wanted and not variadic):
            place = max(0, expression.find(f"{name}("))
            raise QuerySyntaxError(f"`{name}` takes {wanted} argument{'s' * (wanted != 1)}, not {given}", place)
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child, expression)


def _path(node: dict[str, Any]) -> Callable[[Any], Any] | None:
    """Return a closure for a field, a chain of fields, or ``to_string`` of one; None for anything else."""
    if node["type"] == "function_expression" and node["value"] == "to_string":
        inner = _path(node["children"][0])
        return None if inner is None else _text_of(inner)
    if node["type"] == "field":
        name = node["value"]
        return lambda document: document.get(name) if isinstance(document, dict) else None
    if node["type"] == "subexpression":
        steps = [_path(child) for child in node["children"]]
        if all(step is not None for step in steps):
            return _chain([step for step in steps if step is not None])
    return None


def _text_of(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def search(document: Any) -> str:
        try:
            return _to_string(inner(document))
        except RecursionError:
            raise QueryFailed("RecursionError: the value is nested too deeply") from None

    return search


def _chain(steps: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def search(document: Any) -> Any:
        for step in steps:
            document = step(document)
        return document

    return search


def _interpreted(tree: dict[str, Any]) -> Callable[[Any], Any]:
    interpreter = _Interpreter()

    def search(document: Any) -> Any:
        try:
            interpreter.steps = MAX_STEPS
            return interpreter.visit(tree, document)
        except _FAILURES as error:
            raise QueryFailed(f"{type(error).__name__}: {error}") from None

    return search


class _Interpreter(visitor.TreeInterpreter):  # type: ignore[misc]  # the package is untyped
    """The package's interpreter with the reference's comparisons (JavaScript's, without type checks), and limits on time and
    size."""

    def __init__(self) -> None:
        super().__init__(jmespath.Options(custom_functions=_Functions()))
        self.steps = 0
        self._visits: dict[str, Callable[[dict[str, Any], Any], Any]] = {}

    def visit(self, node: dict[str, Any], value: Any) -> Any:
        self.steps -= 1
        if self.steps < 0:
            raise QueryFailed("the query takes too many steps")
        kind = node["type"]
        if kind not in self._visits:
            self._visits[kind] = getattr(self, f"visit_{kind}")
        result = self._visits[kind](node, value)
        if isinstance(result, _LONG) and len(result) > MAX_SIZE:
            raise QueryFailed("the query's result grows too large")
        return result

    def visit_multi_select_list(self, node: dict[str, Any], value: Any) -> Any:
        return _bounded(super().visit_multi_select_list(node, value))

    def visit_multi_select_dict(self, node: dict[str, Any], value: Any) -> Any:
        return _bounded(super().visit_multi_select_dict(node, value))

    def visit_comparator(self, node: dict[str, Any], value: Any) -> Any:
        left = self.visit(node["children"][0], value)
        right = self.visit(node["children"][1], value)
        match node["value"]:
            case "eq":
                return same(left, right)
            case "ne":
                return not same(left, right)
            case "lt":
                return _less(left, right)
            case "gt":
                return _less(right, left)
            case "lte":
                return _less_or_equal(left, right)
            case _:
                return _less_or_equal(right, left)

    def _is_false(self, value: Any) -> bool:
        return value is False or (not isinstance(value, _NUMBERS) and value in _FALSE_VALUES)

    def _is_true(self, value: Any) -> bool:
        return not self._is_false(value)


class _Functions(functions.Functions):  # type: ignore[misc]  # the package is untyped
    """The package's functions, changed where JavaScript's text forms and equality differ.

    Arguments of the right types, which are almost all, take a shorter way than the package's checks.
    """

    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        takes = _types_of_arguments(function_name)
        if takes and len(takes) == len(resolved_args):
            for allowed, argument in zip(takes, resolved_args, strict=True):
                if allowed and type(argument).__name__ not in allowed:
                    break
            else:
                return self.FUNCTION_TABLE[function_name]["function"](self, *resolved_args)
        return super().call_function(function_name, resolved_args)

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return _to_string(value)

    @functions.signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, str):
            return _number(value)
        return None if isinstance(value, bool | list | dict) else value

    @functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: Any, search: Any) -> bool:
        if isinstance(subject, str):
            return (search if isinstance(search, str) else _to_string(search)) in subject
        return any(same(item, search) for item in subject)

    @functions.signature({"types": ["object"], "variadic": True})
    def _func_merge(self, *objects: Any) -> dict[str, Any]:
        # The package checks only the type of the first argument.
        if not all(isinstance(one, dict) for one in objects):
            raise QueryFailed("JMESPathTypeError: merge() takes objects")
        return {key: value for one in objects for key, value in one.items()}


@cache
def _types_of_arguments(function: str) -> tuple[frozenset[str], ...]:
    """Return the names of the Python types that each argument may have, none for any type.

    The result is empty for a function that takes any number of arguments, or an array of certain items.
    """
    signature = _Functions.FUNCTION_TABLE[function]["signature"]
    if any(argument.get("variadic") or any("-" in name for name in argument["types"]) for argument in signature):
        return ()
    python = functions.REVERSE_TYPES_MAP
    return tuple(frozenset(kind for name in argument["types"] for kind in python[name]) for argument in signature)


def _bounded(value: Any) -> Any:
    """Return a value that a query built. Raises QueryFailed if its repeated parts make it too large."""
    if _size(value, MAX_SIZE) < 0:
        raise QueryFailed("the query's result grows too large")
    return value


def _size(value: Any, left: int) -> int:
    """Return the rest of a budget after the parts and characters of a value; negative if the value exceeds it."""
    left -= 1 + len(value) if isinstance(value, str) else 1
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if left < 0:
            return left
        left = _size(item, left)
    return left


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: deeply, ``1`` and ``1.0`` alike, ``1`` and ``true`` not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, int | float) and isinstance(right, int | float):
        return float(left) == float(right)
    return bool(left == right)


def _less(left: Any, right: Any) -> bool:
    first, second = _order_key(left), _order_key(right)
    if isinstance(first, str) and isinstance(second, str):
        return first < second
    return _as_number(first) < _as_number(second)


def _less_or_equal(left: Any, right: Any) -> bool:
    first, second = _order_key(left), _order_key(right)
    if isinstance(first, str) and isinstance(second, str):
        return first <= second
    return _as_number(first) <= _as_number(second)


def _order_key(value: Any) -> Any:
    """Return a value as JavaScript's ToPrimitive converts it."""
    if isinstance(value, list):
        return ",".join("" if item is None else _to_string(_order_key(item)) for item in value)
    return "[object Object]" if isinstance(value, dict) else value


def _as_number(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, str):
        number = _number(value) if value.strip() else 0.0
        return math.nan if number is None else number
    return float(value)


def _to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _json_text(value)


def _json_text(value: Any) -> str:
    """Return a JSON value as JavaScript's ``JSON.stringify`` writes it."""
    if isinstance(value, list):
        return f"[{','.join(map(_json_text, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_json_text(key)}:{_json_text(item)}' for key, item in value.items())}}}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_text(float(value))
    return json.dumps(value, ensure_ascii=False)


def _number_text(number: float) -> str:
    """Return a number as JavaScript writes it: whole below 1e21, plain down to 1e-6, else with a bare exponent."""
    if not math.isfinite(number):
        return "null"
    figures, _, exponent = repr(number or 0.0).partition("e")
    if not exponent:
        return figures.removesuffix(".0")
    return f"{Decimal(repr(number)):f}" if -7 < int(exponent) < 21 else f"{figures}e{int(exponent):+d}"


def _number(text: str) -> int | float | None:
    """Return the decimal number in a text, None if it is none (as is a blank text)."""
    if not _DECIMAL.fullmatch(text.strip()):
        return None
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number
