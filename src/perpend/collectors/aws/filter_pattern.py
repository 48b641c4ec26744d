"""Parse the pattern of a metric filter into alternatives. Each alternative is a list of conditions that must all be true.

The syntax is AWS's filter pattern syntax for JSON events. The value of any other pattern is unknown.
"""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from perpend.collectors.items import ABOVE, NotThere

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PATTERN: Final = 1024
"""The maximum length that AWS accepts."""

MOST_ALTERNATIVES: Final = 256
DEEPEST: Final = 32

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<field>\$\.[\w.\[\]-]+)
  | (?P<mark>&& | \|\| | [(){}] | != | <= | >= | [=<>])
  | (?P<quoted>"[^"\\]*")
  | (?P<plain>[\w*.:/@+?~\#-]+)
    )\s*""",
    re.VERBOSE | re.ASCII,
)
_COUNTING: Final = re.compile(r"0*[1-9][0-9]*(?:\.[0-9]*)?|0*\.0*[1-9][0-9]*", re.ASCII)
_STATES: Final = frozenset(("NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"))
_COMPARISONS: Final = frozenset(("=", "!=", "<", "<=", ">", ">="))

_Alternatives: TypeAlias = frozenset[frozenset[str]]


class Token(NamedTuple):
    """A token of a pattern: its kind, and its text without quotes."""

    kind: str
    text: str


class _Pattern:
    """Parses a pattern from left to right. `&&` binds more tightly than `||`."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = [*tokens, Token("end", "")]
        self._at = 0

    def alternatives(self, closing: str, depth: int = 0) -> _Alternatives:
        """Return the alternatives before a closing mark, and consume the mark."""
        if depth > DEEPEST:
            raise NotThere(f"the filter pattern has more than {DEEPEST} parentheses in each other")
        alternatives: _Alternatives = self._together(depth)
        while self._next_is("||"):
            alternatives = _bounded(alternatives | self._together(depth))
        self._expect("mark", closing)
        return alternatives

    def end(self) -> None:
        self._expect("end", "")

    def start(self) -> None:
        self._expect("mark", "{")

    def _together(self, depth: int) -> _Alternatives:
        alternatives = self._one(depth)
        while self._next_is("&&"):
            other = self._one(depth)
            alternatives = _bounded(frozenset(left | right for left, right in product(alternatives, other)))
        return alternatives

    def _one(self, depth: int) -> _Alternatives:
        if self._next_is("("):
            return self.alternatives(")", depth + 1)
        field = self._expect("field").text
        token = self._take()
        value = self._take()
        state = f"{token.text} {value.text}".upper()
        if token.kind == value.kind == "plain" and state in _STATES:
            return frozenset((frozenset((f"{field} {state}",)),))
        if token.kind != "mark" or token.text not in _COMPARISONS or value.kind not in ("plain", "quoted"):
            raise _not_understood()
        return frozenset((frozenset((f"{field} {token.text} {value.text}",)),))

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _next_is(self, mark: str) -> bool:
        if self._tokens[self._at] != Token("mark", mark):
            return False
        self._at += 1
        return True

    def _expect(self, kind: str, text: str | None = None) -> Token:
        token = self._take()
        if token.kind != kind or text not in (None, token.text):
            raise _not_understood()
        return token


def filter_terms(value: Any) -> str:
    """Return the alternatives of a pattern as JSON: sorted lists of conditions like `$.eventName = CreateTrail`.

    An empty pattern matches every event: one alternative without conditions. Raises NotThere for unknown syntax.
    """
    text = str(value)
    if not text.strip():
        return "[[]]"
    if len(text) > LONGEST_PATTERN:
        raise NotThere(f"the filter pattern has more than {LONGEST_PATTERN:,} characters, more than AWS takes")
    pattern = _Pattern(_tokens(text))
    pattern.start()
    alternatives = pattern.alternatives("}")
    pattern.end()
    return json.dumps(sorted(sorted(alternative) for alternative in alternatives), ensure_ascii=False, separators=(",", ":"))


def terms_counted(transformation: Any) -> str:
    """Return the terms of the filter of a metric transformation.

    Raises NotThere if the metric does not count all events that match, or the filter reads transformed events.
    """
    filter = transformation[ABOVE]
    if filter.get("fieldSelectionCriteria"):
        raise NotThere("the filter counts events of some accounts or regions only, by its fieldSelectionCriteria")
    if filter.get("applyOnTransformedLogs"):
        raise NotThere("the filter looks at events as a transformer has made them (applyOnTransformedLogs)")
    if transformation.get("dimensions") or filter.get("emitSystemFieldDimensions"):
        raise NotThere("the filter adds to a metric of each of its dimensions, which an alarm on all of them does not see")
    if "filterPattern" not in filter:
        raise NotThere("the answer has no filterPattern")
    if not _COUNTING.fullmatch(str(transformation.get("metricValue"))):
        raise NotThere("the filter adds something else than a number above 0 for an event (metricValue)")
    return filter_terms(filter["filterPattern"])


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _not_understood()
        kind = match.lastgroup
        yield Token(kind, match[kind][1:-1] if kind == "quoted" else match[kind])
        at = match.end()


def _bounded(alternatives: _Alternatives) -> _Alternatives:
    if len(alternatives) > MOST_ALTERNATIVES:
        raise NotThere(f"the filter pattern has more than {MOST_ALTERNATIVES} alternatives")
    return alternatives


def _not_understood() -> NotThere:
    return NotThere("the filter pattern is none for JSON events that is understood")
