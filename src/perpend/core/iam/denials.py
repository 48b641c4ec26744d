"""Subtract Deny statements from the requesters of an Allow.

A Deny counts if it surely concerns everything that the Allow grants, for every requester. Any other is ignored. Source: ADR
0028.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.iam.access_policy import AccessPolicyError, includes
from perpend.core.iam.conditions import demands_of, narrowing_of, opposite
from perpend.core.iam.requesters import Narrowing, Requesters, narrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.core.iam.surroundings import Assumption

_KEYS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})
_MOST_STEPS: Final = 5_000_000
"""The number of steps for the Deny statements of a document. After that, further statements are ignored."""

_A_PAIR: Final = 100
"""The number of steps that a comparison of two items costs."""


class Effort:
    """The remaining number of steps for the Deny statements of a document."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS

    @property
    def is_left(self) -> bool:
        """Whether any steps remain."""
        return self._left > 0

    def spend(self, steps: int) -> bool:
        """Use up steps for a comparison, and return whether enough were left."""
        self._left -= steps
        return self._left >= 0

    def includes(self, pattern: str, other: str) -> bool:
        """Whether a pattern surely matches everything that another one matches. False if that takes too many steps."""
        if pattern in ("*", other):
            return True
        # A variable stands for a text of the request, so it only matches the same variable.
        steps = len(other) * len(pattern) if pattern.count("*") > 1 else len(other) + len(pattern)
        return "${" not in pattern and self.spend(steps + _A_PAIR) and includes(pattern, other)


@dataclass(frozen=True, slots=True)
class Denial:
    """A Deny for everybody. It leaves the union of those that its conditions leave, nobody without conditions."""

    number: int
    actions: tuple[str, ...]
    resources: tuple[str, ...] | None
    union: tuple[Narrowing, ...]

    def left(self, requesters: Sequence[Requesters], allow: Mapping[str, object], effort: Effort) -> tuple[Requesters, ...]:
        """Return the requesters that remain of an Allow: all, unless the Deny surely concerns everything that is granted."""
        if not effort.spend(_A_PAIR * (1 + len(requesters) * len(self.union))) or not self._concerns(allow, effort):
            return tuple(requesters)
        return narrow(requesters, self.union)

    def _concerns(self, allow: Mapping[str, object], effort: Effort) -> bool:
        if self.resources is None:
            has_same_resources = "Resource" not in allow and "NotResource" not in allow
        else:
            has_same_resources = _cover(self.resources, _listed(allow.get("Resource")), effort)
        granted = [action.lower() for action in _listed(allow.get("Action"))]
        return has_same_resources and _cover(self.actions, granted, effort)


def denials_of(statements: Iterable[Mapping[str, object]], outlook: Assumption) -> Iterator[Denial]:
    """Yield the Deny statements that may deny access. Numbers count all statements from 1."""
    for number, statement in enumerate(statements, 1):
        if statement["Effect"] != "Deny" or statement.keys() - _KEYS or statement.get("Principal") != "*":
            continue
        union = _union_left(statement, outlook)
        if union is not None:
            actions = tuple(action.lower() for action in _listed(statement.get("Action")))
            resources = tuple(_listed(statement["Resource"])) if "Resource" in statement else None
            yield Denial(number, actions, resources, union)


def _cover(patterns: Sequence[str], granted: Sequence[str], effort: Effort) -> bool:
    """Whether patterns surely match everything that is granted. No list means everything is granted."""
    if "*" in patterns:
        return True
    return bool(granted) and all(any(effort.includes(pattern, action) for pattern in patterns) for action in granted)


def _listed(given: object) -> list[str]:
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    return [text for text in texts if isinstance(text, str)]


def _union_left(deny: Mapping[str, object], outlook: Assumption) -> tuple[Narrowing, ...] | None:
    """Return the requesters that a Deny leaves; None if it may leave everybody."""
    if "Condition" not in deny:
        return ()
    try:
        demands = demands_of(deny["Condition"])
    except AccessPolicyError:
        return None
    narrowings = []
    for demand in demands:
        contrary = opposite(demand)
        narrowing = narrowing_of(contrary, frozenset(), outlook) if contrary else None
        if not isinstance(narrowing, Narrowing):
            return None
        narrowings.append(narrowing)
    are_alike = len({narrowing.is_of_network for narrowing in narrowings}) == 1
    return tuple(dict.fromkeys(narrowings)) if are_alike else None
