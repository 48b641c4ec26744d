"""Check constants with a syntax of their own: JMESPath, regular expressions, log filters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import re2

from perpend.core.diagnostics.phrases import shorten
from perpend.core.values.jmespath_query import QuerySyntaxError, compile_query
from perpend.core.values.logging_query import LoggingQueryError, parse_logging_query
from perpend.language.compiler import rules
from perpend.language.operations.operation import Constant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.core.diagnostics.model import Diagnostic, Span

    SourceLine = Callable[[str, int], str | None]
    Unit = tuple[int, int, int]


def syntax_problem(text: str, constant: Constant | None, span: Span, source_line: SourceLine) -> Diagnostic | None:
    """Return the syntax error of a constant, None if it has none.

    ``source_line`` returns a line of a file, to find the place of the error.
    """
    if constant not in _SYNTAXES:
        return None
    rule, parse = _SYNTAXES[constant]
    problem = parse(text)
    return None if problem is None else rule.at(place_within(span, text, problem[1], source_line), shorten(problem[0], 200))


def _jmespath_problem(expression: str) -> tuple[str, int] | None:
    try:
        compile_query(expression)
    except QuerySyntaxError as error:
        return f"JMESPath: {error.reason}", error.offset
    except RecursionError:
        return "JMESPath: the expression is nested too deeply", 0
    return None


def _regex_problem(expression: str) -> tuple[str, int] | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(expression, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not a regular expression"
        return f"regular expression: {reason.decode() if isinstance(reason, bytes) else reason}", 0
    return None


def _logging_problem(query: str) -> tuple[str, int] | None:
    try:
        parse_logging_query(query)
    except LoggingQueryError as error:
        return f"log filter: {error.args[0]}", error.offset
    return None


_SYNTAXES = {
    Constant.JMESPATH: (rules.JMESPATH_SYNTAX, _jmespath_problem),
    Constant.REGEX: (rules.REGEX_SYNTAX, _regex_problem),
    Constant.LOGGING_QUERY: (rules.LOGGING_QUERY_SYNTAX, _logging_problem),
}


_PLAIN = re.compile(r"(?s:.)")
_SINGLE = re.compile(r"''|(?s:.)")
_DOUBLE = re.compile(r"\\x(?P<x>[0-9A-Fa-f]{2})|\\u(?P<u>[0-9A-Fa-f]{4})|\\U(?P<U>[0-9A-Fa-f]{8})|\\(?s:.)|(?s:.)")
_BLANK_ESCAPES = frozenset({"\\n", "\\t", "\\r", "\\v", "\\f", "\\ ", "\\\t", "\\N", "\\_", "\\L", "\\P"})


def place_within(span: Span, text: str, offset: int, source_line: SourceLine) -> Span:
    """Return the place of ``text[offset]``, if ``text`` is the value of the scalar at ``span``.

    YAML folds white space, so only other characters are counted, in the text and in the file. An offset after the text gives
    the place of its end.
    """
    before = sum(1 for character in text[:offset] if not character.isspace())
    units = list(_units(span, source_line))
    if not units:
        return span
    if before < len(units):
        line, column, end = units[before]
    else:
        line, column, end = units[-1]
        if span.line == span.end_line == line and end < span.end_column:
            column, end = span.end_column - 1, span.end_column
    return replace(span, line=line, column=column, end_line=line, end_column=end)


def _units(span: Span, source_line: SourceLine) -> Iterator[Unit]:
    """Yield line, column and end column of each character except white space and the enclosing quotes."""
    first = (source_line(span.path, span.line) or "")[span.column - 1 :]
    style = first[:1]
    form = {"'": _SINGLE, '"': _DOUBLE}.get(style, _PLAIN)
    for line in range(span.line, span.end_line + 1):
        if line == span.line and style in ("|", ">"):
            continue
        text = source_line(span.path, line) or ""
        start = span.column - 1 + (form is not _PLAIN) if line == span.line else 0
        stop = span.end_column - 1 - (form is not _PLAIN) if line == span.end_line else len(text)
        for unit in form.finditer(text, start, max(start, stop)):
            if not _is_blank(unit):
                yield line, unit.start() + 1, unit.end() + 1


def _is_blank(unit: re.Match[str]) -> bool:
    code = next((value for value in unit.groupdict().values() if value), None)
    if code is not None:
        return int(code, 16) < 0x110000 and chr(int(code, 16)).isspace()
    return unit[0] in _BLANK_ESCAPES or unit[0] == "\\" or unit[0].isspace()
