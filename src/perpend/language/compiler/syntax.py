"""Constants that have a syntax of their own, checked where they stand: JMESPath, regular expressions, log filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

from perpend.core.values.jmespath_query import QuerySyntaxError, compile_query
from perpend.core.values.logging_query import LoggingQueryError, parse_logging_query
from perpend.language.compiler import rules
from perpend.language.compiler.positions import place_within
from perpend.language.operations.operation import Constant
from perpend.language.syntax.wording import shorten

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.compiler.positions import SourceLine


def syntax_problem(text: str, constant: Constant | None, span: Span, source_line: SourceLine) -> Diagnostic | None:
    """Return what is wrong with a constant that has a syntax of its own, None where nothing is.

    ``source_line`` gives a line of a file: the place of the fault is looked for there.
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
