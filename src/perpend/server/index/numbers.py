"""Numbers of findings: totals, facets and groups. They come from the cube if it has all that the question needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import InvalidOption
from perpend.core.objects.status import Status
from perpend.findings.filters import ACCOUNT, LIFE, POLICY, REGION, SEVERITY, TYPE
from perpend.findings.history.model import STATUSES, Event, State
from perpend.findings.severity.groups import list_order
from perpend.findings.severity.levels import LEVELS
from perpend.server.answers import FindingGroup
from perpend.server.index.build import relation
from perpend.server.index.facts import EVENTS, LIVES
from perpend.server.index.questions import COLUMN_OF, OBJECTS, POLICIES_CUBE, REGIONS_CUBE, WAIVED_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.index.questions import Chosen

NOT_KNOWN: Final = "not known"
"""The key of findings whose objects have no known account."""

NO_REGION: Final = "no region"
"""The key of findings whose objects have no region."""

NOT_RATED: Final = "not rated"
"""The key of findings of policies that nobody rates."""

MOST_OBJECTS: Final = 500
"""How many objects are listed as groups: the most important ones."""

_FACETS: Final = {
    SEVERITY.name: "level",
    LIFE.name: "life_no",
    POLICY.name: "policy_no",
    TYPE.name: "policy_no",
    ACCOUNT.name: "account_no",
    REGION.name: "region_no",
    WAIVED_NAME: "is_waived",
    "change": "change_no",
}
"""The facets, each with the column of its values."""

_IS_OPEN: Final = f"life_no IN ({LIVES.index(State.OPEN)}, {LIVES.index(State.UNCONFIRMED)}, {LIVES.index(State.UNKNOWN)})"
_FAILS: Final = f"{_IS_OPEN} AND status_no = {STATUSES.index(Status.INCOMPLIANT)}"
_NEW: Final = ", ".join(str(EVENTS.index(one)) for one in (Event.OPENED, Event.REOPENED))
_COUNTS: Final = (
    f"coalesce(sum(number) FILTER ({_FAILS} AND NOT is_waived), 0)::BIGINT AS failing",
    f"coalesce(sum(number) FILTER ({_IS_OPEN} AND status_no = {STATUSES.index(Status.UNDETERMINED)}), 0)::BIGINT AS unknown",
    f"coalesce(sum(number) FILTER ({_FAILS} AND is_waived), 0)::BIGINT AS waived",
    f"coalesce(sum(number) FILTER (change_no IN ({_NEW})), 0)::BIGINT AS new",
)

_WORST: Final = f"coalesce(max(level) FILTER ({_FAILS} AND NOT is_waived), max(level))"
"""The SQL expression for the severity of an object: that of its findings to act on, of all if there are none."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Counts findings of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    files: IndexFiles
    ask: Callable[[str], list[tuple[Any, ...]]]

    def total(self, chosen: Chosen) -> int:
        """Return the number of findings."""
        [(number,)] = self.ask(f"SELECT coalesce(sum(number), 0)::BIGINT FROM {self._relation(chosen)} WHERE {chosen.where()}")
        return int(number)

    def facets(self, chosen: Chosen) -> tuple[int, dict[str, dict[str, int]]]:
        """Return the number of findings, and the numbers by facet and value, the most frequent first."""
        alike: dict[tuple[str, str], list[str]] = defaultdict(list)
        for facet, column in _FACETS.items():
            alike[self._relation(chosen, column, without=facet), chosen.where(without=facet)].append(facet)
        whole = self._relation(chosen), chosen.where()
        alike.setdefault(whole, [])
        counted: dict[str, Counter[str]] = {facet: Counter() for facet in _FACETS}
        total = 0
        for (rows_of, where), facets in alike.items():
            columns = [*dict.fromkeys(_FACETS[facet] for facet in facets)]
            sets = ", ".join((*(f"({column})" for column in columns), "()"))
            listed = ", ".join((*columns, f"grouping({', '.join(columns)})" if columns else "0"))
            rows = self.ask(
                f"SELECT {listed}, sum(number)::BIGINT FROM {rows_of} WHERE {where} GROUP BY GROUPING SETS ({sets})"
            )
            of_none = 2 ** len(columns) - 1
            for *values, mask, number in rows:
                if mask == of_none:
                    total = int(number or 0) if (rows_of, where) == whole else total
                    continue
                place = next(one for one in range(len(columns)) if not mask >> (len(columns) - 1 - one) & 1)
                for facet in facets:
                    if _FACETS[facet] == columns[place] and (key := self._key(facet, values[place])) is not None:
                        counted[facet][key] += int(number)
        return total, {facet: dict(sorted(numbers.items(), key=_frequent)) for facet, numbers in counted.items()}

    def groups(self, chosen: Chosen, by: str) -> list[FindingGroup]:
        """Return the findings by policy, account or object. Raises InvalidOption for another word."""
        if by == "object":
            return self._objects(chosen)
        columns = {"policy": "policy_no", "account": "account_no"}
        if by not in columns:
            raise InvalidOption(f"by '{by}' is not one of {', '.join((*columns, 'object'))}", "--by")
        rows = self.ask(
            f"SELECT {columns[by]}, max(level), sum(number)::BIGINT, {', '.join(_COUNTS)} "
            f"FROM {self._relation(chosen, columns[by])} WHERE {chosen.where()} GROUP BY 1"
        )
        if by == "account":
            groups = [
                (_importance(level, number), self._of_account(place, level, counts)) for place, level, number, *counts in rows
            ]
            return [group for _, group in sorted(groups, key=lambda one: (one[0], one[1].key))]
        return self._of_policies(rows)

    def counted(self, columns: str, where: str) -> list[tuple[Any, ...]]:
        """Return numbers of the cube by some columns: failing, unknown, waived and new findings."""
        return self.ask(f"SELECT {columns}, {', '.join(_COUNTS)} FROM {POLICIES_CUBE} WHERE {where} GROUP BY ALL")

    def _of_policies(self, rows: Iterable[tuple[Any, ...]]) -> list[FindingGroup]:
        # Policies over several types have one id.
        summed: dict[str, list[int]] = {}
        for place, level, number, *counts in rows:
            sums = summed.setdefault(self.facts.policies[place].policy_id, [0] * 6)
            summed[self.facts.policies[place].policy_id] = [
                max(sums[0], level),
                *(old + int(new) for old, new in zip(sums[1:], (number, *counts), strict=True)),
            ]
        titles = {policy.policy_id: policy.title for policy in self.facts.policies.values()}
        groups = [
            (_group(policy_id, titles[policy_id], level, counts), number)
            for policy_id, (level, number, *counts) in summed.items()
        ]
        ordered = sorted(groups, key=lambda one: list_order(one[0].severity, one[1], one[0].label, one[0].key))
        return [group for group, _ in ordered]

    def _of_account(self, place: int, level: int, counts: Iterable[int]) -> FindingGroup:
        account = self.facts.accounts[place]
        label = NOT_KNOWN if account is None else self.facts.account_names.get(account, account)
        return _group(account or "", label, level, counts)

    def _objects(self, chosen: Chosen) -> list[FindingGroup]:
        rows = f"(SELECT *, waiver_no > 0 AS is_waived, 1 AS number FROM {relation(chosen.source(self.files))})"
        counts = (
            f"SELECT object, {_WORST} AS worst, {', '.join(_COUNTS)} FROM {rows} WHERE {chosen.where()} GROUP BY 1 "
            f"ORDER BY failing > 0 DESC, worst DESC, failing DESC, unknown DESC, waived DESC, object LIMIT {MOST_OBJECTS}"
        )
        largest = self.ask(counts)
        if not largest:
            return []
        listed = ", ".join(str(row[0]) for row in largest)
        columns = "object, object_id, coalesce(object_name, object_id), type, account, region"
        read = f"SELECT {columns} FROM {OBJECTS} WHERE object IN ({listed})"
        named = {row[0]: row[1:] for row in self.ask(read)}
        labels = {policy.type: policy.type_label for policy in self.facts.policies.values()}
        groups = []
        for number, level, *numbers in largest:
            object_id, name, type_name, account, region = named[number]
            group = _group(object_id, name, level, numbers)
            called = self.facts.account_names.get(account)
            label = labels[type_name]
            groups.append(replace(group, type_label=label, account=account, account_name=called, region=region))
        return groups

    def _relation(self, chosen: Chosen, *columns: str, without: str = "") -> str:
        """Return the smallest relation with the columns and all that the conditions need, but for one filter."""
        if chosen.is_in_cube:
            needed = {*columns, *(COLUMN_OF[name] for name in chosen.conditions if name != without)}
            if "region_no" not in needed:
                return POLICIES_CUBE
            return REGIONS_CUBE if "policy_no" not in needed else relation(self.files.cube)
        return f"(SELECT *, waiver_no > 0 AS is_waived, 1 AS number FROM {relation(chosen.source(self.files))})"

    def _key(self, facet: str, value: Any) -> str | None:
        """Return the key of a value, None if it is not shown."""
        facts = self.facts
        keys: dict[str, Callable[[Any], str | None]] = {
            SEVERITY.name: lambda level: _severity(level) or NOT_RATED,
            LIFE.name: lambda place: LIVES[place].value,
            POLICY.name: lambda place: facts.policies[place].policy_id,
            TYPE.name: lambda place: facts.policies[place].type,
            ACCOUNT.name: lambda place: facts.accounts[place] or NOT_KNOWN,
            REGION.name: lambda place: facts.regions[place] or NO_REGION,
            WAIVED_NAME: lambda is_waived: "yes" if is_waived else "no",
            "change": lambda place: event.value if (event := EVENTS[place]) else None,
        }
        return keys[facet](value)


def _group(key: str, label: str, level: int, counts: Iterable[int]) -> FindingGroup:
    failing, unknown, waived, new = map(int, counts)
    return FindingGroup(key, label, _severity(level), failing, unknown, waived, new)


def _frequent(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _importance(level: int, number: int) -> tuple[int, int]:
    return -level, -number


def _severity(level: int) -> str | None:
    return LEVELS[level - 1].value if level else None
