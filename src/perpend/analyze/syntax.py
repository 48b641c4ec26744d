"""Constants that have a syntax of their own, checked where they stand: JMESPath, regular expressions, log filters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import re2

from perpend.analyze import rules
from perpend.ir.jmespath_query import QuerySyntaxError, compile_query
from perpend.ir.logging_query import LoggingQueryError, parse_logging_query
from perpend.ir.operation import Constant

if TYPE_CHECKING:
    from perpend.diagnostics.model import Diagnostic, Span


def syntax_problem(text: str, constant: Constant | None, span: Span) -> Diagnostic | None:
    """Return what is wrong with a constant that has a syntax of its own, None where nothing is."""
    if constant not in _SYNTAXES:
        return None
    rule, parse = _SYNTAXES[constant]
    problem = parse(text)
    return None if problem is None else rule.at(_within(span, text, problem[1]), problem[0])


def _jmespath_problem(expression: str) -> tuple[str, int] | None:
    try:
        compile_query(expression)
    except QuerySyntaxError as error:
        return f"JMESPath: {error.reason}", error.offset
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


def _within(span: Span, text: str, offset: int) -> Span:
    """Return the place of one character of a constant, the whole constant where quoting hides it."""
    quotes = {len(text): 0, len(text) + 2: 1}.get(span.end_column - span.column)
    if span.line != span.end_line or quotes is None:
        return span
    column = min(span.column + quotes + offset, max(span.column, span.end_column - 1))
    return replace(span, column=column, end_column=column + 1)
