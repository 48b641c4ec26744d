"""Parse Google Cloud log filters to a normal form. Filters with equal forms select the same log entries.

The module knows the syntax of the Logging query language and evaluates no log entries. If Google's documentation leaves open
whether two spellings are equal, they stay different. Source: the Logging query language, ADR 0007.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeAlias

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

MAX_LENGTH: Final = 65_536
"""The longest filter that is parsed, in characters. Google takes 20,000."""
MAX_DEPTH: Final = 64
"""The deepest nesting of parentheses."""

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_WORD = r"""(?!'|-(?![0-9]))(?:[^ \t\r\n\f\v"\\(),.:=<>~!-]|!(?![=~])|-(?!-))++"""
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*+)|(?P<space>[ \t\r\n\f\v]++)|(?P<operator>!=|!~|>=|<=|=~|[=<>:])"
    r"|(?P<mark>[(),]|-(?=[^ \t\r\n\f\v0-9]))"
    rf"|(?P<call>(?!(?:AND|OR|NOT)\(){_WORD}(?:\.{_WORD})*+\()|(?P<name>(?:{_STRING}|{_WORD})(?:\.(?:{_STRING}|{_WORD}))*+)",
    re.DOTALL,
)
_SEGMENT = re.compile(rf"{_STRING}|{_WORD}", re.DOTALL)
_ESCAPE_OR_TEXT = re.compile(r"\\.|[^\\]+", re.DOTALL)
_KEYWORDS = frozenset({"AND", "OR", "NOT"})
_MESSAGES = frozenset({"httprequest", "operation", "resource", "sourcelocation"})
"""The parts of a log entry with known fields, in which case does not matter."""
_DEFAULTED = frozenset({"insertid", "logname", "receivetimestamp", "severity", "spanid", "timestamp", "trace", "resource.type"})
"""The fields that every log entry has: a missing one has its default value. This includes those of the other messages."""
_QUOTED_ONLY = frozenset("'\\~.-")
_OPPOSITES = {"!=": "=", "!~": "=~"}


class LoggingQueryError(PerpendError):
    """A text is not a log filter. ``offset`` counts the characters before the error."""

    def __init__(self, message: str, offset: int) -> None:
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} (at character {self.offset + 1})"


@dataclass(frozen=True, slots=True)
class FilterValue:
    """A value of a comparison: ``text``, a ``pattern`` (an unquoted ``*``), ``null``, or a ``member`` (a bare ``a.b``)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FilterCall:
    """A function call. Its arguments stay as written, except for white space and comments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a field (its path) or a call. A subject of None means any field: a search term."""

    subject: tuple[str, ...] | FilterCall | None
    operator: str
    value: FilterValue | FilterCall


@dataclass(frozen=True, slots=True)
class FilterNot:
    """The negation of a query."""

    query: Query


@dataclass(frozen=True, slots=True)
class Combination:
    """All (``AND``) or any (``OR``) of several queries. AND of nothing is the empty filter, which selects everything."""

    operator: str
    queries: frozenset[Query]


Query: TypeAlias = "Comparison | FilterCall | FilterNot | Combination"
"""A filter in normal form. Equal queries select the same log entries; unequal queries may, too."""

_Subject: TypeAlias = "tuple[tuple[str, ...] | FilterCall, str] | None"
"""The field and operator of a value list, which apply to each of its values; None outside a list."""


def parse_logging_query(text: str) -> Query:
    """Return the normal form of a filter. White space and comments alone are the empty filter. Raises ``LoggingQueryError``."""
    return _Parser([*_tokens(text), _Token("end", "", len(text))]).parse()


def logging_query_matches(candidate: str | None, pattern: Query) -> bool:
    """Whether a filter equals the pattern in normal form. Null is the empty filter; other texts equal nothing."""
    try:
        return parse_logging_query(candidate or "") == pattern
    except LoggingQueryError:
        return False


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def _tokens(text: str) -> list[_Token]:
    """Return the tokens except white space and comments. Raises on other characters, glued names and too many parentheses."""
    if len(text) > MAX_LENGTH:
        raise LoggingQueryError(f"the filter is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    tokens: list[_Token] = []
    offset = depth = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise LoggingQueryError(_complaint(text[offset]), offset)
        token = _Token(str(match.lastgroup), match[0], offset)
        offset = match.end()
        if tokens and tokens[-1].start + len(tokens[-1].text) == token.start and _are_glued(tokens[-1], token):
            raise LoggingQueryError(f"`{token.text[:20]}` needs white space before it", token.start)
        if token.kind in {"space", "comment"}:
            continue
        depth += token.text.endswith("(") - (token.text == ")")
        if depth > MAX_DEPTH:
            raise LoggingQueryError(f"parentheses nest deeper than {MAX_DEPTH}", token.start)
        tokens.append(token)
    return tokens


def _complaint(character: str) -> str:
    if character == '"':
        return "a quotation mark is not closed"
    if character in _QUOTED_ONLY:
        return f"`{character}` is taken here only inside double quotation marks"
    return f"unexpected `{character}`"


def _are_glued(left: _Token, right: _Token) -> bool:
    """Whether two tokens without white space between them are ambiguous (``a"b"``, ``a--b``)."""
    is_open = right.kind in {"name", "call"} or (right.kind == "comment" and not left.text.endswith('"'))
    return left.kind == "name" and is_open


class _Parser:
    """Recursive descent. The order of precedence is NOT, OR, AND. The tokenizer limits the depth of parentheses."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def parse(self) -> Query:
        query = Combination("AND", frozenset()) if self._sees("end") else self._conjunction(None)
        if not self._sees("end"):
            raise self._unexpected()
        return query

    def _conjunction(self, subject: _Subject) -> Query:
        parts = [self._disjunction(subject)]
        while not self._sees("end") and self._tokens[self._next].text != ")":
            self._takes("AND")
            parts.append(self._disjunction(subject))
        return _combine("AND", parts)

    def _disjunction(self, subject: _Subject) -> Query:
        parts = [self._negation(subject)]
        while self._takes("OR"):
            parts.append(self._negation(subject))
        return _combine("OR", parts)

    def _negation(self, subject: _Subject) -> Query:
        is_negated = False
        while self._takes("NOT") or self._takes("-"):
            is_negated = not is_negated
        if (token := self._tokens[self._next]).text.startswith("-"):
            raise LoggingQueryError("this `-` may negate or be a sign: write `NOT`, or quotation marks", token.start)
        if self._takes("("):
            query = self._group(subject)
        else:
            query = self._restriction() if subject is None else _compare(*subject, self._value())
        opposite = query.query if isinstance(query, FilterNot) else FilterNot(query)
        return opposite if is_negated else query

    def _group(self, subject: _Subject) -> Query:
        query = self._conjunction(subject)
        if not self._takes(")"):
            raise self._unexpected()
        return query

    def _restriction(self) -> Query:
        """Read a comparison, a call, or a search term."""
        token = self._tokens[self._next]
        left = self._value()
        if self._sees("operator"):
            subject = left if isinstance(left, FilterCall) else _field(token)
            operator = self._next_token().text
            is_list = self._takes("(")
            return self._group((subject, operator)) if is_list else _compare(subject, operator, self._value())
        if isinstance(left, FilterCall):
            return left
        is_member = left.kind == "text" and not _SEGMENT.fullmatch(token.text)
        return _compare(None, ":", FilterValue("member", token.text) if is_member else left)

    def _value(self) -> FilterValue | FilterCall:
        if self._sees("call"):
            return self._call()
        if not self._sees("name") or self._tokens[self._next].text in _KEYWORDS:
            raise self._unexpected()
        return _value_from_token(self._next_token())

    def _call(self) -> FilterCall:
        name = self._next_token().text[:-1].lower()
        arguments: list[str] = []
        depth = 1
        while depth:
            if self._sees("end"):
                raise self._unexpected()
            token = self._next_token()
            depth += token.text.endswith("(") - (token.text == ")")
            arguments.append(token.text)
        return FilterCall(name, tuple(arguments[:-1]))

    def _sees(self, kind: str) -> bool:
        return self._tokens[self._next].kind == kind

    def _takes(self, text: str) -> bool:
        is_there = self._tokens[self._next].text == text
        self._next += is_there
        return is_there

    def _next_token(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _unexpected(self) -> LoggingQueryError:
        token = self._tokens[self._next]
        message = "the filter ends too early" if token.kind == "end" else f"unexpected `{token.text}`"
        return LoggingQueryError(message, token.start)


def _combine(operator: str, parts: list[Query]) -> Query:
    """Return a combination in normal form: flat and without repetitions; a single part replaces it."""
    flat: set[Query] = set()
    for part in parts:
        flat.update(part.queries if isinstance(part, Combination) and part.operator == operator else (part,))
    return Combination(operator, frozenset(flat)) if len(flat) > 1 else flat.pop()


def _compare(subject: tuple[str, ...] | FilterCall | None, operator: str, value: FilterValue | FilterCall) -> Query:
    """Return a comparison in normal form: case folded except in regular expressions, ``!=`` as NOT if the two are equal."""
    if isinstance(value, FilterValue) and not operator.endswith("~"):
        value = FilterValue(value.kind, _fold(value.text))
    if operator in _OPPOSITES and isinstance(subject, tuple) and _is_defaulted(subject):
        return FilterNot(Comparison(subject, _OPPOSITES[operator], value))
    return Comparison(subject, operator, value)


def _is_defaulted(field: tuple[str, ...]) -> bool:
    return ".".join(field) in _DEFAULTED or (len(field) == 2 and field[0] in _MESSAGES - {"resource"})


def _field(token: _Token) -> tuple[str, ...]:
    """Return a field's path. Case does not matter in names that Google defines; it matters in keys of payloads and labels."""
    # A quoted `*` keeps its quotation marks, because it is no wildcard.
    path = [segment if "*" in segment else _unquote(segment) for segment in _SEGMENT.findall(token.text)]
    free = 2 if path[0].lower() in _MESSAGES else 1
    return tuple(name.lower() if place < free else name for place, name in enumerate(path))


def _value_from_token(token: _Token) -> FilterValue:
    if token.text.startswith('"') and _SEGMENT.fullmatch(token.text):
        return FilterValue("text", _unquote(token.text))
    kind = "member" if '"' in token.text else "pattern" if "*" in token.text else "text"
    return FilterValue("null" if token.text == "NULL_VALUE" else kind, token.text)


def _unquote(segment: str) -> str:
    """Return the text of a word or string. Only the escape ``\\"`` is resolved."""
    inner = segment[1:-1] if segment.startswith('"') else segment
    return _ESCAPE_OR_TEXT.sub(lambda piece: '"' if piece[0] == '\\"' else piece[0], inner)


def _fold(text: str) -> str:
    """Return a text as Google compares it (NFKC, case folded), with its escapes unchanged."""

    def fold(piece: re.Match[str]) -> str:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece[0]).casefold())
        return piece[0] if piece[0].startswith("\\") else folded.replace("\\", "\\\\")

    return _ESCAPE_OR_TEXT.sub(fold, text)
