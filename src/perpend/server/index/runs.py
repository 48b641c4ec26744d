"""The runs of a history and its newest state, for the accounts that a reader sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.findings.history.model import State
from perpend.findings.severity.levels import LEVELS
from perpend.server.answers import Coverage, RunRow, Summary
from perpend.server.index.build import relation
from perpend.server.index.facts import LIVES
from perpend.server.index.numbers import NOT_RATED, Numbers
from perpend.server.index.questions import Chosen, accounts_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.scope import Scope

FIX_FIRST: Final = 5
"""How many groups to fix first a summary has."""

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
            waived = self._waived(in_scope) if run is self.facts.head.runs[-1] else 0
            rows.append(
                RunRow(
                    run.number,
                    _time(run.time),
                    _time(run.committed),
                    run.snapshot,
                    int(policies.get(run.number, 0)),
                    objects,
                    Coverage(compliant, incompliant - waived, waived, undetermined, inapplicable),
                    events.get(run.number, {}),
                )
            )
        return tuple(rows)

    def summary(self, scope: Scope, in_scope: str, numbers: Numbers) -> Summary:
        """Return the newest state."""
        newest, *_ = self.rows(scope, in_scope)
        chosen = Chosen({"scope": in_scope, "life": _HERE})
        levels: dict[str, list[int]] = {}
        services: dict[str, list[int]] = {}
        for level, policy, failing, unknown, *_ in numbers.counted("level, policy_no", chosen.where()):
            severity = LEVELS[level - 1].value if level else NOT_RATED
            for sums, key in ((levels, severity), (services, self.facts.policies[policy].service)):
                known = sums.setdefault(key, [0, 0])
                sums[key] = [known[0] + int(failing), known[1] + int(unknown)]
        order = [*(level.value for level in reversed(LEVELS)), NOT_RATED]
        groups = [group for group in numbers.groups(chosen, "policy") if group.failing]
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
            coverage=newest.coverage,
            changes=newest.events,
            severities={key: _open(levels[key]) for key in order if any(levels.get(key, ()))},
            services={key: _open(sums) for key, sums in sorted(services.items(), key=lambda one: _largest(*one)) if any(sums)},
            fix_first=tuple(groups[:FIX_FIRST]),
            waivers_ending=self._waivers_ending(scope, in_scope),
            unread_calls=len(calls),
        )

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


def _open(sums: list[int]) -> dict[str, int]:
    return {"failing": sums[0], "unknown": sums[1]}


def _largest(name: str, sums: list[int]) -> tuple[int, int, str]:
    return -sums[0], -sums[1], name


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
