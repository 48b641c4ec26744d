"""Compute who can use each Allow statement of a policy document, and why, or extend the document with these levels.

If facts are missing, the functions raise AccessNotKnown with the reason and never return a narrower level. Source: ADR 0006,
ADR 0028.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.iam.access_policy import AccessLevel, AccessPolicyError, statements_of
from perpend.core.iam.conditions import demands_of, leaves
from perpend.core.iam.denials import Effort, denials_of
from perpend.core.iam.principals import CLAIMS, named_principals, own_identities
from perpend.core.iam.requesters import Narrowing, level_of, merge_accounts, narrow
from perpend.core.iam.surroundings import Assumption
from perpend.core.iam.words import demand_in_words, requesters_in_words, union_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.core.iam.denials import Denial
    from perpend.core.iam.requesters import Requesters
    from perpend.core.iam.surroundings import Gap, Surroundings

MAX_CHARACTERS: Final = 1 << 18
"""The most characters of a document's texts. AWS takes 100 KB at most, for OpenSearch."""

MAX_VALUES: Final = 20_000
"""The most keys and values of a document."""

_MOST_SENTENCES: Final = 12
_LEVEL_KEYS = frozenset({"AccessLevel", "AccessLevels"})


class PolicyKind(StrEnum):
    """The kind of a policy document: of a resource, of identities, or the trust policy of a role."""

    RESOURCE = "resource"
    IDENTITY = "identity"
    TRUST = "trust"


class AccessNotKnown(AccessPolicyError):
    """The access of a statement is not known. ``calls`` are the API calls that would supply missing facts."""

    def __init__(self, reason: str, calls: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.calls = tuple(calls)


@dataclass(frozen=True, slots=True)
class StatementAccess:
    """The access of an Allow statement. ``number`` counts all statements from 1; the level is None if it is not known."""

    number: int
    statement: Mapping[str, Any]
    level: AccessLevel | None
    because: tuple[str, ...]
    calls: tuple[str, ...] = ()


def access_of_statements(document: object, kind: PolicyKind, surroundings: Surroundings) -> list[StatementAccess]:
    """Return the access of each Allow statement of a document of parsed JSON, in order.

    Raises AccessPolicyError if the document as a whole is not understood. Other ways of access, and other policies that may
    forbid it, are left out: see ADR 0028.
    """
    _check_size(document)
    statements, all_gaps = statements_of(document), surroundings.all_gaps
    # INVARIANT: if a level is the same with all unknown facts outside and all inside, it is the same for every mix.
    assumed = [(), all_gaps, *((fact,) for fact in all_gaps)] if all_gaps else [()]
    of_each = zip(*(_levels(statements, kind, Assumption(surroundings, inside)) for inside in assumed), strict=True)
    allowed = ((number, statement) for number, statement in enumerate(statements, 1) if statement["Effect"] == "Allow")
    return [_access(number, statement, each, all_gaps) for (number, statement), each in zip(allowed, of_each, strict=True)]


def extended_document(document: object, kind: PolicyKind, surroundings: Surroundings) -> dict[str, Any]:
    """Return a document of parsed JSON with an access level on each Allow statement, as ``AWS_POLICY_ALLOWS`` reads it.

    Raises AccessPolicyError if the document is not understood, AccessNotKnown if a level depends on unknown facts.
    """
    levels = {}
    for access in access_of_statements(document, kind, surroundings):
        if access.level is None:
            raise AccessNotKnown(f"statement {access.number}: {access.because[-1]}", access.calls)
        levels[access.number] = access.level.name
    assert isinstance(document, dict)
    extended = [
        {key: value for key, value in statement.items() if key not in _LEVEL_KEYS}
        | ({"AccessLevel": levels[number]} if number in levels else {})
        for number, statement in enumerate(statements_of(document), 1)
    ]
    return {**document, "Statement": extended if isinstance(document["Statement"], list) else extended[0]}


_Found = tuple[AccessLevel | None, list[str]]
"""A level and its reasons; None if the statement is not understood. The last sentence names the remaining requesters or the
error."""


def _access(number: int, statement: Mapping[str, Any], outcomes: Sequence[_Found], all_gaps: Sequence[Gap]) -> StatementAccess:
    """Return a statement's access. ``outcomes`` assume all unknown facts outside, then all inside, then each inside alone."""
    level, because = outcomes[0]
    if all(other == level for other, _ in outcomes[1:]):
        return StatementAccess(number, statement, level, tuple(because))
    deciding = [fact for fact, (alone, _) in zip(all_gaps, outcomes[2:], strict=True) if alone != level] or all_gaps
    reason = f"not known: it hangs on {' and '.join(f'{fact.words} ({fact.call})' for fact in deciding)}"
    return StatementAccess(number, statement, None, (*because[:-1], reason), tuple(fact.call for fact in deciding))


def _levels(statements: Sequence[Mapping[str, Any]], kind: PolicyKind, outlook: Assumption) -> Iterator[_Found]:
    denials, effort = list(denials_of(statements, outlook)), Effort()
    for statement in statements:
        if statement["Effect"] == "Allow":
            try:
                requesters, because = _allowed(statement, kind, outlook)
            except AccessPolicyError as error:
                yield None, [f"not understood: {error}"]
                continue
            yield _widest(_left(requesters, statement, denials, effort, because, outlook), because, outlook)


def _left(
    requesters: tuple[Requesters, ...],
    allow: Mapping[str, Any],
    denials: Sequence[Denial],
    effort: Effort,
    because: list[str],
    outlook: Assumption,
) -> tuple[Requesters, ...]:
    """Return the requesters that the Deny statements leave, and add a sentence for each statement that removes some."""
    for denial in denials if effort.is_left else ():
        left = denial.left(requesters, allow, effort)
        if left != requesters:
            because.append(f"the Deny in statement {denial.number} leaves {union_in_words(denial.union, outlook)}")
        requesters = left
    return requesters


def _allowed(statement: Mapping[str, Any], kind: PolicyKind, outlook: Assumption) -> tuple[tuple[Requesters, ...], list[str]]:
    """Return the requesters of an Allow statement by itself, with the reasons."""
    demands = demands_of(statement["Condition"]) if "Condition" in statement else ()
    if kind is PolicyKind.IDENTITY:
        if "Principal" in statement or "NotPrincipal" in statement:
            raise AccessPolicyError("a policy of identities names no principal; is it one of a resource?")
        named = own_identities()
    else:
        named = named_principals(statement, demands, outlook)
    requesters = merge_accounts(requester for each in named for requester in each.requesters)
    because = _some([one.sentence for one in named], "names {:,} more")
    reasons = []
    for demand, left in leaves(demands, outlook):
        requesters = narrow(requesters, [left]) if isinstance(left, Narrowing) else requesters
        if demand.key.rpartition(":")[2] not in CLAIMS:
            reasons.append((demand, left))
    sentences = [demand_in_words(demand, left, outlook) for demand, left in reasons[:_MOST_SENTENCES]]
    hidden = len(reasons) - len(sentences)
    return requesters, [*because, *sentences, *([f"{hidden:,} more conditions"] if hidden else [])]


def _widest(requesters: Sequence[Requesters], because: list[str], outlook: Assumption) -> _Found:
    if not requesters:
        return AccessLevel.NOBODY, [*because, "nobody is left"]
    levels = {requester: level_of(requester, outlook) for requester in requesters}
    level = max(levels.values())
    if level is AccessLevel.NOBODY:
        return level, [*because, "nobody is left"]
    widest = next(requester for requester, its_level in levels.items() if its_level == level)
    return level, [*because, f"left: {requesters_in_words(widest, outlook)}"]


def _some(sentences: list[str], more: str) -> list[str]:
    hidden = len(sentences) - _MOST_SENTENCES
    return [*sentences[:_MOST_SENTENCES], more.format(hidden)] if hidden > 0 else sentences


def _check_size(document: object) -> None:
    """Raise if a document is larger than any that AWS accepts: its evaluation would take too long."""
    values = characters = 0
    waiting = [document]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            characters += len(value)
        if values + len(waiting) > MAX_VALUES or characters > MAX_CHARACTERS:
            raise AccessPolicyError("the policy document is larger than any that AWS takes")
