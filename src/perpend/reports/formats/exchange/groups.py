"""Findings in, groups of them out where they are more than somebody shows: by policy and account, else by policy.

Of a group its first objects are kept, and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from perpend.reports.formats.exchange.finding import CHANGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.core.objects.status import Status
    from perpend.reports.formats.exchange.finding import ReportedFinding

MOST: Final = 5_000
"""How many results code scanning shows of one run."""

_NAMED: Final = 5

_Key = tuple[str, str, "Status", bool]


@dataclass(slots=True)
class FindingGroup:
    """Findings by one policy of one status, waived or not. ``first`` is the first of them, as severe as the severest.

    ``account`` is where all of them are: "" where an object does not tell it, None where they are of several.
    """

    first: ReportedFinding
    account: str | None
    number: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, finding: ReportedFinding) -> None:
        """Take in one finding."""
        self.take(finding, 1, [finding.subject.shown_name])

    def take(self, finding: ReportedFinding, number: int, names: list[str]) -> None:
        """Take in several that are like one."""
        worst = max((self.first.rating, finding.rating), key=lambda rating: rating.level.rank if rating else 0)
        same = finding.life.change == self.first.life.change
        life = self.first.life if same else replace(self.first.life, change=CHANGED)
        self.first = replace(self.first, rating=worst, life=life)
        self.number += number
        self.names += names[: _NAMED - len(self.names)]


def grouped(findings: Iterable[ReportedFinding], most: int = MOST) -> Iterator[ReportedFinding | FindingGroup]:
    """Yield findings as they are, or groups of them where they are more than ``most``."""
    remaining = iter(findings)
    first = list(islice(remaining, most + 1))
    if len(first) <= most:
        yield from first
        return
    groups: dict[_Key, FindingGroup] = {}
    for finding in chain(first, remaining):
        account = finding.subject.account or ""
        key = (finding.policy.id, account, finding.status, finding.life.waiver is not None)
        groups.setdefault(key, FindingGroup(finding, account)).add(finding)
    yield from (groups if len(groups) <= most else _by_policy(groups)).values()


def _by_policy(groups: dict[_Key, FindingGroup]) -> dict[_Key, FindingGroup]:
    by_policy: dict[_Key, FindingGroup] = {}
    for (policy_id, _, status, waived), group in groups.items():
        of_policy = by_policy.setdefault((policy_id, "", status, waived), FindingGroup(group.first, None))
        of_policy.take(group.first, group.number, group.names)
    return by_policy
