"""Write expressions as text: ``conditionText`` and the texts of fired checks. Source: specification, section 5.5."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from perpend.core.objects.object_types import NO_DELETION
from perpend.core.values.values import number_text
from perpend.language.operations.operation import Constant
from perpend.language.program.program import Check, Expr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OTHERWISE = "otherwise"
"""The text of an outcome by ``otherwise``."""

_PLACE = re.compile(r"\{(\w+)(?:!(\w+))?\}")
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_SIGNS = {"and": (" && ", "OR"), "or": (" || ", "AND")}


def expression_text(expression: Expr, *, prefix: str = "") -> str:
    """Return the text of an expression. ``prefix`` (``account__r.``) is put before every field path, for lookups already
    followed."""
    return _PLACE.sub(lambda place: _place(expression, place[1], place[2], prefix), expression.operation.text)


def check_text(expression: Expr, check: Check, *, prefix: str = "") -> str:
    """Return the text of a fired check of an expression."""
    return _PLACE.sub(
        lambda place: f"{prefix}{check.delegate}" if place[1] == "delegate" else _place(expression, place[1], place[2], prefix),
        check.declaration.text,
    )


def disappeared_text(deletion_field: str) -> str:
    """Return the text of the implicit first condition."""
    return f"isDisappeared({deletion_field})"


def quoted(text: str) -> str:
    """Return a text between quotes, with quotes, backslashes and line ends escaped."""
    return f"'{text.translate(_ESCAPES)}'"


def _place(expression: Expr, name: str, form: str | None, prefix: str) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name](expression, prefix)
    value = expression.arguments.get(name) if form == "o" else expression.constant(name)
    if form is not None:
        return _form(value, form, prefix)
    if isinstance(value, Expr):
        return expression_text(value, prefix=prefix)
    return f"{prefix}{value}" if name in expression.operation.taking(Constant.FIELD_PATH) else str(value)


_COMPUTED: dict[str, Callable[[Expr, str], str]] = {
    "self": lambda expression, prefix: expression_text(expression, prefix=prefix),
    "type": lambda expression, _: str(expression.type.value),
    "flags": lambda expression, _: _flags(expression),
    "has": lambda expression, _: "hasExact" if _exact(expression) else "hasInexact",
    "get": lambda expression, _: "getExact" if _exact(expression) else "getInexact",
    "deletion": lambda expression, prefix: f"{prefix}{expression.deletion_field or NO_DELETION}",
}


def _form(value: Any, form: str, prefix: str) -> str:
    match form:
        case "q":
            return quoted(str(value))
        case "o":
            return "" if value is None else quoted(str(value))
        case "n":
            return number_text(value)
        case "n0":
            return str(value)
        case "j":
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case "l":
            return f"[{', '.join(quoted(str(item)) for item in value)}]"
        case "t":
            return str(value).capitalize()
        case _:
            return _join(value, *_SIGNS[form], prefix)


def _join(parts: Iterable[Expr], operator: str, other: str, prefix: str) -> str:
    return operator.join(
        f"({expression_text(part, prefix=prefix)})"
        if part.operation.key == other and len(part.operands) > 1
        else expression_text(part, prefix=prefix)
        for part in parts
    )


def _flags(expression: Expr) -> str:
    given = expression.arguments
    empty = ".keepEmpty()" if given["emptyValues"] == "KEEP" else ".skipEmpty()"
    repeated = ".keepDuplicates()" if given["duplicateValues"] == "KEEP" else ".skipDuplicates()"
    return empty + repeated + (".sort()" if given["ordering"] == "SORTED" else ".originalOrder()")


def _exact(expression: Expr) -> bool:
    return str(expression.arguments["name"].type) == "Bytes"
