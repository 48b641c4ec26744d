"""The runs of a history and its newest state, for the accounts that a reader sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.match_history import NOT_ENDED
from perpend.inventory.snapshots.database import text
from perpend.reports.overview import FIX_FIRST, OpenCounts, PolicyCounts, by_service, by_severity, failing_first
from perpend.server.answers import Coverage, FindingGroup, RunCoverage, RunRow, Summary
from perpend.server.index.build import EVENT, FINDING, LEDGER
from perpend.server.index.numbers import NOT_RATED, Numbers, severity_of
from perpend.server.index.questions import in_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.server.index.facts import IndexFacts
    from perpend.server.scope import ReaderScope


@dataclass(frozen=True, slots=True)
class Runs:
    """Reads the runs of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    ask: Callable[[str], list[tuple[Any, ...]]]

    def rows(self, scope: ReaderScope) -> tuple[RunRow, ...]:
        """Return the runs, the newest first."""
        accounts = in_scope(scope)
        counts = {
            run: numbers
            for run, *numbers in self.ask(
                "SELECT run, sum(compliant)::BIGINT, sum(incompliant)::BIGINT, sum(undetermined)::BIGINT, "
                f"sum(inapplicable)::BIGINT, sum(objects)::BIGINT FROM {LEDGER} "
                f"WHERE {accounts} GROUP BY 1"
            )
        }
        # A policy has verdicts in some accounts, and is counted once.
        policies = dict(
            self.ask(
                "SELECT run, sum(policies)::BIGINT FROM (SELECT run, type, max(policies) AS policies "
                f"FROM {LEDGER} WHERE {accounts} GROUP BY ALL) GROUP BY 1"
            )
        )
        events: dict[int, dict[str, int]] = {}
        changed = f"SELECT run, event, sum(number)::BIGINT FROM {EVENT} WHERE {accounts} GROUP BY ALL"
        for run, event, number in self.ask(f"{changed} ORDER BY ALL"):
            events.setdefault(run, {})[event] = int(number)
        rows = []
        for run in reversed(self.facts.head.runs):
            compliant, incompliant, undetermined, inapplicable, objects = map(int, counts.get(run.number, [0] * 5))
            waived = self._waived(accounts) if run is self.facts.head.runs[-1] else None
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

    def summary(self, scope: ReaderScope) -> Summary:
        """Return the newest state."""
        newest, *_ = self.rows(scope)
        groups = self._groups(scope)
        calls = [call for call in self.facts.calls if scope.sees(call.account)]
        seen = f"run = {newest.run} AND {in_scope(scope)}"
        [(accounts,)] = self.ask(f"SELECT count(DISTINCT account) FROM {LEDGER} WHERE {seen}")
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
            waivers_ending=self._waivers_ending(scope),
            unread_calls=len(calls),
        )

    def _groups(self, scope: ReaderScope) -> dict[PolicyCounts, FindingGroup]:
        """Return the numbers of each policy by severity, each with its group of findings."""
        rows = Numbers(self.ask).by_policy_and_severity(f"{in_scope(scope)} AND {NOT_ENDED}")
        return {
            PolicyCounts(
                policy_id, title, service, LEVELS[level - 1] if level else None, OpenCounts(*counts[:2])
            ): FindingGroup(policy_id, title, severity_of(level), *counts)
            for policy_id, title, service, level, *counts in rows
        }

    def _waived(self, accounts: str) -> int:
        waived = f"{accounts} AND {NOT_ENDED} AND status = '{Status.INCOMPLIANT.value}' AND waiver IS NOT NULL"
        return int(self.ask(f"SELECT count(*) FROM {FINDING} WHERE {waived}")[0][0])

    def _waivers_ending(self, scope: ReaderScope) -> int:
        """Return how many waivers end soon; for some accounts, of those that cover a finding there."""
        ending = self.facts.ending_waivers
        if scope.is_all or not ending:
            return len(ending)
        where = f"{in_scope(scope)} AND waiver IN ({', '.join(map(text, ending))})"
        return int(self.ask(f"SELECT count(DISTINCT waiver) FROM {FINDING} WHERE {where}")[0][0])


def _open(counts: OpenCounts) -> dict[str, int]:
    return {"failing": counts.failing, "unknown": counts.unknown}


def _without_waived(coverage: RunCoverage) -> Coverage:
    waived = coverage.waived or 0
    return Coverage(coverage.compliant, coverage.incompliant - waived, waived, coverage.unknown, coverage.inapplicable)


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
