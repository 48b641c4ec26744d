"""Numbers of findings: totals, facets and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.core.objects.status import Status
from perpend.findings.filters import ACCOUNT, LIFE, POLICY, REGION, SEVERITY, TAG, TYPE
from perpend.findings.history.model import Event
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.match_history import NOT_ENDED
from perpend.server.answers import FindingGroup
from perpend.server.index.build import FINDING
from perpend.server.index.questions import WAIVED_NAME, Conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.server.index.facts import IndexFacts

NOT_KNOWN: Final = "not known"
"""The key of findings whose objects have no known account."""

NO_REGION: Final = "no region"
"""The key of findings whose objects have no region."""

NOT_RATED: Final = "not rated"
"""The key of findings of policies that nobody rates."""

MOST_OBJECTS: Final = 500
"""How many objects are listed as groups: the most important ones."""

_FACETS: Final = {
    SEVERITY.name: "severity",
    LIFE.name: "life",
    POLICY.name: "policy_id",
    TYPE.name: "type",
    ACCOUNT.name: "account",
    REGION.name: "region",
    WAIVED_NAME: "if(waiver IS NULL, 'no', 'yes')",
    "change": "change",
}
"""The facets, each with the expression for its values. Null is no value of it, unless it has a key in the next table."""

_MOST_TAGGED: Final = 200_000
"""Of how many findings tags are counted at most: each has tags of its own."""

_MOST_TAGS: Final = 60
"""How many values the facet of tags has at most: the most frequent ones."""

_COLUMNS: Final = ("severity", "life", "policy_id", "type", "account", "region", "waiver", "change")
"""The columns that these expressions, and the filters of the same names, are about."""

_KEYS_OF_NULL: Final = {SEVERITY.name: NOT_RATED, ACCOUNT.name: NOT_KNOWN, REGION.name: NO_REGION}
_FAILS: Final = f"{NOT_ENDED} AND status = '{Status.INCOMPLIANT.value}'"
COUNTS: Final = (
    f"count(*) FILTER ({_FAILS} AND waiver IS NULL) AS failing, "
    f"count(*) FILTER ({NOT_ENDED} AND status = '{Status.UNDETERMINED.value}') AS unknown, "
    f"count(*) FILTER ({_FAILS} AND waiver IS NOT NULL) AS waived, "
    f"count(*) FILTER (change IN ('{Event.OPENED.value}', '{Event.REOPENED.value}')) AS new"
)
"""The numbers of failing, unknown, waived and new findings."""

_LEVEL: Final = "coalesce(max(rank), 0) AS level"
_GROUPS: Final = {
    "policy": (f"policy_id, any_value(policy_title), {_LEVEL}, count(*) AS number", "policy_id"),
    "account": (f"coalesce(account, ''), account, {_LEVEL}, count(*) AS number", "account"),
}
"""The ways to group, each with the columns (key, label, level, number) and what they are grouped by."""

_WORST: Final = f"coalesce(max(rank) FILTER ({_FAILS} AND waiver IS NULL), max(rank), 0)"
"""The level of an object: that of its findings to act on, of all if there are none."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Counts findings of one index. ``ask`` returns the rows of a query."""

    ask: Callable[[str], list[tuple[Any, ...]]]

    def total(self, conditions: Conditions) -> int:
        """Return the number of findings."""
        [(number,)] = self.ask(f"SELECT count(*) FROM {FINDING} WHERE {conditions.where()}")
        return int(number)

    def facets(self, conditions: Conditions) -> tuple[int, dict[str, dict[str, int]]]:
        """Return the number of findings, and the numbers by facet and value, the most frequent first."""
        rows, with_rows, chosen = FINDING, "", conditions
        of_facets = {name: one for name, one in conditions.filters.items() if name in _FACETS}
        if of_facets.keys() != conditions.filters.keys():
            # A search takes long: it is asked once, not for each facet.
            rows, columns = "chosen", ", ".join(_COLUMNS)
            with_rows = f"WITH chosen AS MATERIALIZED (SELECT {columns} FROM {FINDING} WHERE {conditions.where(_FACETS)}) "
            conditions = Conditions(conditions.scope, of_facets)
        counts = [f"SELECT '', NULL, count(*) FROM {rows} WHERE {conditions.where()}"]
        counts += [
            f"SELECT '{name}', {value} AS value, count(*) FROM {rows} WHERE {conditions.where((name,))} GROUP BY value"
            for name, value in _FACETS.items()
        ]
        total, facets = 0, dict[str, dict[str, int]]({name: {} for name in _FACETS})
        for name, value, number in self.ask(with_rows + " UNION ALL ".join(counts)):
            key = value if value is not None else _KEYS_OF_NULL.get(name)
            if not name:
                total = number
            elif key is not None:
                facets[name][key] = number
        facets[TAG.name] = self._tags(chosen) if total <= _MOST_TAGGED else {}
        return total, {name: dict(sorted(values.items(), key=_frequent)) for name, values in facets.items()}

    def _tags(self, conditions: Conditions) -> dict[str, int]:
        """Return the most frequent tags of the findings, as the filter by tags names them. It cannot name a key with ``=``."""
        pairs = "unnest(map_entries(TRY_CAST(CAST(tags AS JSON) AS MAP(VARCHAR, VARCHAR)))) AS tag, number"
        of_tags = f"SELECT tags, count(*) AS number FROM {FINDING} WHERE {conditions.where()} GROUP BY tags"
        return dict(
            self.ask(
                f"SELECT concat(tag.key, '=', tag.value) AS named, sum(number)::BIGINT AS of_tag FROM (SELECT {pairs} FROM "
                f"({of_tags})) WHERE tag.value IS NOT NULL AND tag.key <> '' AND NOT contains(tag.key, '=') "
                f"GROUP BY named ORDER BY of_tag DESC, named LIMIT {_MOST_TAGS}"
            )
        )

    def groups(self, conditions: Conditions, by: str, facts: IndexFacts) -> list[FindingGroup]:
        """Return the findings by policy, account or object, the most important group first.

        Raises InvalidOption for another word.
        """
        if by == "object":
            return self._objects(conditions, facts)
        if by not in _GROUPS:
            raise InvalidOption(f"by '{by}' is not one of {', '.join((*_GROUPS, 'object'))}", "--by")
        columns, keys = _GROUPS[by]
        rows = self.ask(f"SELECT {columns}, {COUNTS} FROM {FINDING} WHERE {conditions.where()} GROUP BY {keys}")
        if by == "account":
            rows = [(key, facts.account_names.get(key, name) or NOT_KNOWN, *more) for key, name, *more in rows]
        rows.sort(key=lambda row: _list_order(by, row))
        return [FindingGroup(key, label, severity_of(level), *counts) for key, label, level, _, *counts in rows]

    def _objects(self, conditions: Conditions, facts: IndexFacts) -> list[FindingGroup]:
        """Return the findings by object: first the objects that are known to fail, the most severe first."""
        named = "any_value(coalesce(object_name, object_id))"
        rows = self.ask(
            f"SELECT object_id, {named}, {_WORST} AS worst, {COUNTS}, type, any_value(account), any_value(region) "
            f"FROM {FINDING} WHERE {conditions.where()} GROUP BY type, object_id, incarnation "
            f"ORDER BY failing > 0 DESC, worst DESC, failing DESC, unknown DESC, waived DESC, type, object_id, incarnation "
            f"LIMIT {MOST_OBJECTS}"
        )
        return [
            FindingGroup(
                key,
                label,
                severity_of(level),
                failing,
                unknown,
                waived,
                new,
                facts.type_labels[type_name],
                account,
                facts.account_names.get(account),
                region,
            )
            for key, label, level, failing, unknown, waived, new, type_name, account, region in rows
        ]

    def by_policy_and_severity(self, where: str) -> list[tuple[Any, ...]]:
        """Return id, title and service of each policy, one of its severities, and the numbers of its findings of it."""
        columns = f"policy_id, any_value(policy_title), any_value(service), coalesce(rank, 0) AS level, {COUNTS}"
        return self.ask(f"SELECT {columns} FROM {FINDING} WHERE {where} GROUP BY policy_id, level")


def severity_of(level: int) -> str | None:
    """Return the severity of a level, None for 0."""
    return LEVELS[level - 1].value if level else None


def _list_order(by: str, row: Sequence[Any]) -> tuple[Any, ...]:
    key, label, level, number, *_ = row
    return -level, -number, label.casefold() if by == "policy" else "", key


def _frequent(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
