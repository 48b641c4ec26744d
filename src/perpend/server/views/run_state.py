"""A run of a store with the policies, waivers and ratings that a server applies to it. A later run does not change it."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.warn import warnings_to
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import HumanDecisions
from perpend.findings.history.queries.views import FOUND, OBJECTS, TAGS, asking
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.waivers.match_history import matched_waivers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.findings.severity.active import ActiveSeverities
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.match_history import MatchedWaivers
    from perpend.language.syntax.repository import Repository
    from perpend.server.scope import ReaderScope

_NOBODY: Final = "\x1f"
"""A name that no account has: a reader who sees no account asks for it, as no name at all would mean every account."""

NOT_ALL_READ: Final = "not all of its objects could be read"
"""The reason that a reader of some accounts gets: the real one may name another account."""


class HistoryOfRun(HistoryStorage):
    """The history of a store as its manifest was at one time. Nothing is written through it."""

    def __init__(self, place: HistoryStorage, head: HistoryManifest) -> None:
        super().__init__(place.store)
        self._head = head

    def head(self) -> HistoryManifest:
        """Return the manifest."""
        return self._head


@dataclass(frozen=True)
class RunState:
    """The newest run of a history, and the decisions of people that are applied to it. ``account_names`` are by number.

    ``matched`` are its waivers if they are matched already.
    """

    history: HistoryOfRun
    repository: Repository
    waivers: ActiveWaivers
    severities: ActiveSeverities
    account_names: Mapping[str, str] = field(default_factory=dict)
    matched: MatchedWaivers | None = None

    @property
    def head(self) -> HistoryManifest:
        """The manifest of the history."""
        return self.history.head()

    @property
    def run(self) -> Run:
        """The newest run."""
        return self.head.runs[-1]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the repository's policies, by id."""
        policies = {policy_id: self.repository.policy(policy_id).value for policy_id in self.repository.policy_ids}
        return {policy_id: policy.names.contextual for policy_id, policy in policies.items() if policy is not None}

    def title_of(self, policy_id: str) -> str:
        """Return the title of a policy, the end of its id if the repository does not have it."""
        return self.titles.get(policy_id) or policy_id.rpartition("/")[2]

    def in_part(self, scope: ReaderScope) -> dict[str, str]:
        """Return, by policy, why not all of its objects in a reader's accounts were read. Reasons may name other accounts."""
        reasons = self.head.in_part(accounts_of(scope))
        return reasons if scope.is_all else dict.fromkeys(reasons, NOT_ALL_READ)

    def decisions(self, accounts: Sequence[str], counts: Mapping[str, Mapping[Status, int]]) -> HumanDecisions:
        """Return the number of waived findings of each policy in some accounts or all, and the attested policies.

        ``counts`` are the newest counts of verdicts by policy. Warnings are left to the page of waivers.
        """
        waived: Counter[str] = Counter()
        for _, policy_id, status, account, number in self.matched_waivers.waives:
            if status == Status.INCOMPLIANT and (not accounts or account in accounts):
                waived[policy_id] += number
        with warnings_to(lambda _: None):
            return HumanDecisions(waived, self.waivers.attested(self.head, counts))

    @cached_property
    def matched_waivers(self) -> MatchedWaivers:
        """The waivers of the run, with the numbers of the findings that they cover by account."""
        if self.matched is not None:
            return self.matched
        with asking(self.history, FOUND, OBJECTS, TAGS, tags=self.waivers.by_tags) as connection:
            waiver_matches = self.waivers.covered_findings(connection, self.head)
            return matched_waivers(self.history, connection, waiver_matches)


def accounts_of(scope: ReaderScope) -> tuple[str, ...]:
    """Return the accounts to count, none for a reader who sees all."""
    return () if scope.is_all else tuple(sorted(scope.accounts)) or (_NOBODY,)
