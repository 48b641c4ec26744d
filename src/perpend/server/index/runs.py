"""The runs of a history and its newest state, for the accounts that a reader sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.findings.history.model import State
from perpend.findings.severity.levels import LEVELS
from perpend.reports.overview import FIX_FIRST, OpenCounts, PolicyCounts, by_service, by_severity, failing_first
from perpend.server.answers import Coverage, FindingGroup, RunCoverage, RunRow, Summary
from perpend.server.index.build import relation
from perpend.server.index.facts import LIVES
from perpend.server.index.numbers import NOT_RATED, Numbers
from perpend.server.index.questions import Chosen, accounts_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.scope import Scope

_HERE: Final = f"life_no IN ({', '.join(str(LIVES.index(one)) for one in (State.OPEN, State.UNCONFIRMED, State.UNKNOWN))})"


@dataclass(frozen=True, slots=True)
class Runs:
    """Reads the runs of one index. ``in_scope`` is the condition for findings, ``scope`` has the numbers of accounts."""

    facts: IndexFacts
    files: IndexFiles
    ask: Callable[[str], list[tuple[Any, ...]]]

    def rows(self, scope: Scope, in_scope: str) -> tuple[RunRow, ...]:
        """Return the runs, the newest first."""
        accounts = accounts_in(scope)
        counts = {
            run: numbers
            for run, *numbers in self.ask(
                "SELECT run, sum(compliant)::BIGINT, sum(incompliant)::BIGINT, sum(undetermined)::BIGINT, "
                f"sum(inapplicable)::BIGINT, sum(objects)::BIGINT FROM {relation(self.files.ledger)} "
                f"WHERE {accounts} GROUP BY 1"
            )
        }
        # A policy has verdicts in some accounts, and is counted once.
        policies = dict(
            self.ask(
                "SELECT run, sum(policies)::BIGINT FROM (SELECT run, type, max(policies) AS policies "
                f"FROM {relation(self.files.ledger)} WHERE {accounts} GROUP BY ALL) GROUP BY 1"
            )
        )
        events: dict[int, dict[str, int]] = {}
        changed = f"SELECT run, event, sum(number)::BIGINT FROM {relation(self.files.events)} WHERE {accounts} GROUP BY ALL"
        for run, event, number in self.ask(f"{changed} ORDER BY ALL"):
            events.setdefault(run, {})[event] = int(number)
        rows = []
        for run in reversed(self.facts.head.runs):
            compliant, incompliant, undetermined, inapplicable, objects = map(int, counts.get(run.number, [0] * 5))
            waived = self._waived(in_scope) if run is self.facts.head.runs[-1] else None
            rows.append(
                RunRow(
                    run.number,
                    _time(run.time),
                    _time(run.committed),
                    run.snapshot,
                    int(policies.get(run.number, 0)),
                    objects,
                    RunCoverage(compliant, incompliant, waived, undetermined, inapplicable),
                    events.get(run.number, {}),
                )
            )
        return tuple(rows)

    def summary(self, scope: Scope, in_scope: str, numbers: Numbers) -> Summary:
        """Return the newest state."""
        newest, *_ = self.rows(scope, in_scope)
        chosen = Chosen({"scope": in_scope, "life": _HERE})
        groups = self._groups(numbers, chosen)
        calls = [call for call in self.facts.calls if scope.sees(call.account)]
        seen = f"run = {newest.run} AND {accounts_in(scope)}"
        [(accounts,)] = self.ask(f"SELECT count(DISTINCT account) FROM {relation(self.files.ledger)} WHERE {seen}")
        return Summary(
            run=newest.run,
            time=newest.time,
            snapshot=newest.snapshot,
            accounts=int(accounts),
            objects=newest.objects,
            policies=newest.policies,
            coverage=_without_waived(newest.coverage),
            changes=newest.events,
            severities={level.value if level else NOT_RATED: _open(counts) for level, counts in by_severity(groups)},
            services={service: _open(counts) for service, counts in by_service(groups)},
            fix_first=tuple(groups[row] for row in failing_first(groups)[:FIX_FIRST]),
            waivers_ending=self._waivers_ending(scope, in_scope),
            unread_calls=len(calls),
        )

    def _groups(self, numbers: Numbers, chosen: Chosen) -> dict[PolicyCounts, FindingGroup]:
        """Return the numbers of each policy by severity, each with its group of findings."""
        sums: dict[tuple[str, int], list[int]] = {}  # policies over several types have one id
        policies = {policy.policy_id: policy for policy in self.facts.policies.values()}
        for level, number, *counts in numbers.counted("level, policy_no", chosen.where()):
            key = self.facts.policies[number].policy_id, level
            sums[key] = [known + int(more) for known, more in zip(sums.get(key, [0] * len(counts)), counts, strict=True)]
        groups = {}
        for (policy_id, place), counts in sums.items():
            policy, level = policies[policy_id], LEVELS[place - 1] if place else None
            row = PolicyCounts(policy_id, policy.title, policy.service, level, OpenCounts(*counts[:2]))
            failing, unknown, waived, new = counts
            severity = level.value if level else None
            groups[row] = FindingGroup(policy_id, policy.title, severity, failing, unknown, waived, new)
        return groups

    def _waived(self, in_scope: str) -> int:
        counts = Numbers(self.facts, self.files, self.ask).counted("0", f"{in_scope} AND {_HERE}")
        return int(counts[0][3]) if counts else 0

    def _waivers_ending(self, scope: Scope, in_scope: str) -> int:
        """Return how many waivers end soon; for some accounts, of those that cover a finding there."""
        ending = [place for place, waiver in enumerate(self.facts.waivers, 1) if waiver.ends_soon]
        if scope.is_all or not ending:
            return len(ending)
        listed = ", ".join(map(str, ending))
        used = (
            f"SELECT count(DISTINCT waiver_no) FROM {relation(self.files.by_account)} WHERE {in_scope} "
            f"AND waiver_no IN ({listed})"
        )
        return int(self.ask(used)[0][0])


def _open(counts: OpenCounts) -> dict[str, int]:
    return {"failing": counts.failing, "unknown": counts.unknown}


def _without_waived(coverage: RunCoverage) -> Coverage:
    waived = coverage.waived or 0
    return Coverage(coverage.compliant, coverage.incompliant - waived, waived, coverage.unknown, coverage.inapplicable)


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
