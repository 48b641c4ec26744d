"""Check whether an extended AWS policy document grants an action too widely.

Actions, principals and resources are texts; the document states the access level of each statement (``AccessLevel``). In doubt,
access is granted: a Deny counts only if it surely applies. Source: specification, section 4.10, ADR 0006.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_PATTERN: Final = 256
"""The longest action pattern, in characters. AWS has no action of that length."""

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_EXCLUSIVE = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_ALLOW = frozenset({"Sid", "Effect", "Condition", "AccessLevel", "AccessLevels"}.union(*_EXCLUSIVE))
"""The keys of an Allow. Any other key may widen it."""

_ACTION = re.compile(r"[\w.*?-]+:[\w.*?-]+|[\w.?-]*\*[\w.*?-]*", re.ASCII)
"""An action as AWS writes it: a service and a name, or a pattern for both."""

_WILDCARDS = frozenset("*?")

_PLAIN_DENY = frozenset({"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "AccessLevel", "AccessLevels"})
"""The keys of a Deny without conditions. Any other key may narrow it."""


class AccessLevel(IntEnum):
    """Who may use a statement, from narrow to wide."""

    NOBODY = 0
    SAME_ACCOUNT = 1
    SAME_ORG = 2
    TRUSTED_PRINCIPAL = 3
    AWS_SERVICE = 4
    EXTERNAL_PRINCIPAL = 5
    ANONYMOUS_PRINCIPAL = 6


class AccessPolicyError(PerpendError):
    """A text is not an extended policy document, so its grants are not known."""


@dataclass(frozen=True, slots=True)
class _Actions:
    """The actions of a statement: those that match a pattern, or (``is_excluding``) those that match none."""

    patterns: tuple[str, ...]
    is_excluding: bool

    def granted(self, action: str) -> Iterator[str]:
        """Yield patterns that together match everything that the statement and ``action`` have in common."""
        if self.is_excluding:
            if not any(includes(pattern, action) for pattern in self.patterns):
                yield action
            return
        yield from (pattern for pattern in self.patterns if intersects(pattern, action))

    def cover(self, action: str) -> bool:
        """Whether the statement surely concerns every action that ``action`` matches."""
        if self.is_excluding:
            return not any(intersects(pattern, action) for pattern in self.patterns)
        return any(includes(pattern, action) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class _Scope:
    """The principals and resources of a statement: pairs of a key (``Principal.AWS``, ``NotResource``) and a text."""

    principals: frozenset[tuple[str, str]]
    resources: frozenset[tuple[str, str]]

    def covers(self, other: _Scope) -> bool:
        """Whether the scope surely concerns everything that the other one concerns."""
        covers_resources = ("Resource", "*") in self.resources or _is_within(other.resources, self.resources)
        return covers_resources and self._covers_principals(other.principals)

    def _covers_principals(self, others: frozenset[tuple[str, str]]) -> bool:
        if ("Principal.*", "*") in self.principals:
            return True
        # `{"AWS": "*"}` is any account. Whether it is any service as well depends on the service, so assume it is not.
        accounts = {"Principal.*", "Principal.AWS"} if ("Principal.AWS", "*") in self.principals else set()
        remaining = frozenset(principal for principal in others if principal[0] not in accounts)
        return bool(others and not remaining) or _is_within(remaining, self.principals)


@dataclass(frozen=True, slots=True)
class _Statement:
    actions: _Actions
    scope: _Scope


class AccessPolicy:
    """The statements of an extended policy document of parsed JSON, which several questions can share.

    Raises ``AccessPolicyError`` for a document that is not understood, so that it does not pass as harmless.
    """

    def __init__(self, document: object) -> None:
        self._allows: list[tuple[AccessLevel, _Statement]] = []
        self._denies: list[_Statement] = []
        for statement, parsed in _parsed_statements(document):
            if statement["Effect"] == "Allow":
                self._allows.append((_level(statement), parsed))
            elif not statement.keys() - _PLAIN_DENY:
                self._denies.append(parsed)

    def allows(self, actions: Sequence[str], widest: AccessLevel) -> bool:
        """Whether the document grants one of the actions to principals beyond ``widest``.

        An action may hold wildcards (``s3:Get*``); it is granted if any action that it matches is.
        """
        wanted = [_pattern(action) for action in actions]
        wide = [allow for level, allow in self._allows if level > widest]
        return any(_is_granted(action, allow, self._denies) for allow in wide for action in wanted)


def _is_granted(action: str, allow: _Statement, denies: Sequence[_Statement]) -> bool:
    relevant = [deny.actions for deny in denies if deny.scope.covers(allow.scope)]
    if any(deny.cover(action) for deny in relevant):
        return False
    return any(not any(deny.cover(granted) for deny in relevant) for granted in allow.actions.granted(action))


def statements_of(document: object) -> list[Mapping[str, object]]:
    """Return the statements of a policy document, extended or not, each with its ``Effect``: ``Allow`` or ``Deny``.

    Raises ``AccessPolicyError`` if the document is not understood.
    """
    return [statement for statement, _ in _parsed_statements(document)]


def _parsed_statements(document: object) -> Iterator[tuple[Mapping[str, object], _Statement]]:
    for statement in _statements(document):
        if statement.get("Effect") == "Allow":
            _reject_unknown_keys(statement, _ALLOW, "an Allow statement")
        elif statement.get("Effect") != "Deny":
            raise AccessPolicyError("a statement's `Effect` is neither `Allow` nor `Deny`")
        yield statement, _statement(statement)


def _statements(document: object) -> list[Mapping[str, object]]:
    if not isinstance(document, dict):
        raise AccessPolicyError("the policy document is not an object")
    if "Statement" not in document:
        raise AccessPolicyError("the policy document has no `Statement`")
    _reject_unknown_keys(document, _DOCUMENT, "the policy document")
    stated = document["Statement"]
    statements = stated if isinstance(stated, list) else [stated]
    if not statements:
        raise AccessPolicyError("the policy document has no statements")
    if not all(isinstance(statement, dict) for statement in statements):
        raise AccessPolicyError("a statement is not an object")
    return statements


def _reject_unknown_keys(members: Mapping[str, object], known: frozenset[str], where: str) -> None:
    other = next((key for key in members if key not in known), None)
    if other is not None:
        raise AccessPolicyError(f"{where} has the unknown key `{other[:MAX_PATTERN]}`")


def _statement(statement: Mapping[str, object]) -> _Statement:
    given = [key for key in ("Action", "NotAction") if key in statement]
    if len(given) != 1:
        raise AccessPolicyError("a statement needs one of `Action` and `NotAction`")
    both = next((pair for pair in _EXCLUSIVE if all(key in statement for key in pair)), None)
    if both is not None:
        raise AccessPolicyError(f"a statement has both `{both[0]}` and `{both[1]}`")
    patterns = tuple(_action(text) for text in _texts(statement[given[0]], given[0]))
    scope = _Scope(frozenset(_principals(statement)), frozenset(_resources(statement)))
    return _Statement(_Actions(patterns, is_excluding=given[0] == "NotAction"), scope)


def _level(statement: Mapping[str, object]) -> AccessLevel:
    """Return the widest level of an Allow statement."""
    names = [name for key in ("AccessLevel", "AccessLevels") if key in statement for name in _texts(statement[key], key)]
    if not names:
        raise AccessPolicyError("an Allow statement has no `AccessLevel`")
    unknown = next((name for name in names if name not in AccessLevel.__members__), None)
    if unknown is not None:
        raise AccessPolicyError(f"unknown access level `{unknown}`")
    return max(AccessLevel[name] for name in names)


def _principals(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key in ("Principal", "NotPrincipal"):
        given = statement.get(key, {})
        by_kind = given if isinstance(given, dict) else {"*": given}
        for kind, names in by_kind.items():
            yield from ((f"{key}.{kind}", name) for name in _texts(names, key))


def _resources(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key in ("Resource", "NotResource"):
        if key in statement:
            yield from ((key, name) for name in _texts(statement[key], key))


def _is_within(inner: frozenset[tuple[str, str]], outer: frozenset[tuple[str, str]]) -> bool:
    """Whether each item of ``inner`` is in ``outer``. An empty ``inner`` is only within an empty ``outer``."""
    return inner <= outer if inner else not outer


def _texts(given: object, key: str) -> list[str]:
    """Return a text, or a list of at least one text, as a list."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise AccessPolicyError(f"`{key}` is neither a text nor a list of texts")
    return texts


def _action(text: str) -> str:
    pattern = _pattern(text)
    if not _ACTION.fullmatch(pattern):
        raise AccessPolicyError(f"`{text}` is no action")
    return pattern


def _pattern(text: str) -> str:
    if len(text) > MAX_PATTERN:
        raise AccessPolicyError(f"an action is longer than {MAX_PATTERN} characters")
    return text.lower()


def includes(pattern: str, other: str) -> bool:
    """Whether a wildcard pattern surely matches everything that another one matches. Exact if the other holds no ``*``.

    The other is read as a text in which ``*`` matches only a ``*``. Case matters. Takes at most the product of the lengths.
    """
    at = position = resume = 0
    star: int | None = None
    while position < len(other):
        wanted = pattern[at : at + 1]
        if wanted == "*":
            star, resume = at, position
            at += 1
        elif wanted == other[position] or (wanted == "?" and other[position] != "*"):
            at += 1
            position += 1
        elif star is not None:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def intersects(left: str, right: str) -> bool:
    """Whether some text matches both wildcard patterns. Case matters. Takes at most the product of the lengths."""
    if _differ(left, right) or _differ(reversed(left), reversed(right)):
        return False
    reached = [True] + [False] * len(right)
    for a in [*left, ""]:
        following = [False] * (len(right) + 1)
        for place, b in enumerate([*right, ""]):
            if not reached[place]:
                continue
            if "*" in (a, b):
                following[place] = True
                if b:
                    reached[place + 1] = True
            elif a and b and (a == b or "?" in (a, b)):
                following[place + 1] = True
        if a:
            reached = following
    return reached[-1]


def _differ(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether two patterns hold different characters at a place before any wildcard."""
    for a, b in zip(left, right, strict=False):
        if a in _WILDCARDS or b in _WILDCARDS:
            return False
        if a != b:
            return True
    return False
