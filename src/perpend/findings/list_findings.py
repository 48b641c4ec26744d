"""List the findings of a history with their waivers and severities: the work of ``perpend findings`` and ``Store.findings``."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.evaluation.verdicts.selection import policies_of_framework, title_of
from perpend.findings.filters import (
    ACCOUNT,
    FRAMEWORK,
    IN_USE,
    LIFE,
    OBJECT,
    ORDERS,
    POLICY,
    REGION,
    SEARCH,
    TAG,
    TAG_UNKNOWN,
    TYPE,
    WAIVED,
    Filter,
)
from perpend.findings.finding_filter import finding_rows, keep_titles, unused_rows
from perpend.findings.history.model import OPEN_STATES
from perpend.findings.history.queries.findings import (
    BY_AGE,
    CONDITION,
    FINDING_COLUMNS,
    TEXT_COLUMNS,
    FindingList,
    UnknownPolicy,
    batches_of,
    known_policies,
    rows_in,
    texts_of_conditions,
)
from perpend.findings.history.queries.views import asking
from perpend.findings.severity.groups import BY_GROUP, finding_groups, in_groups
from perpend.findings.severity.priority import (
    BY_PRIORITY,
    PRIORITY_COLUMNS,
    at_least,
    keep_ratings,
    with_priority,
)
from perpend.findings.waivers.match_history import WAIVER_COLUMNS
from perpend.language.compiler.names import DeclaredTypes, find_type, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import Row
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.severity.active import ActiveSeverities
    from perpend.findings.severity.groups import RatedGroup
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

SORTING: Final = {"severity": BY_GROUP, "age": BY_AGE, "priority": BY_PRIORITY}
"""The orders in SQL."""

TIME_COLUMNS: Final = (
    *("open_since", "ended_at", "last_known_at", "last_seen", "status_date", "incompliant_start_date", "incompliant_end_date"),
    "due",
)
"""The columns of a finding that hold times."""


@dataclass(frozen=True, slots=True)
class ListedFindings:
    """The findings of a history that a filter chooses. They can be read inside the ``with`` block.

    ``groups`` are their numbers by severity and policy, ``waiver_matches`` the waivers with the findings that they cover.
    ``unknown_tags`` is the number of findings of which a filter by tags cannot tell, because the tags of their objects are not
    known. They are left out, unless ``lists_unknown_tags``. ``unused`` is the number of findings that are left out because
    their objects are not in use.
    """

    connection: Connection
    head: HistoryManifest
    findings: FindingList
    groups: Sequence[RatedGroup]
    waiver_matches: WaiverMatches
    severities: ActiveSeverities
    unknown_tags: int
    lists_unknown_tags: bool
    unused: int
    _chosen: str

    def rows(self) -> Iterator[Row]:
        """Yield each finding with the columns of the list, in its order, and with the columns of its condition behind them."""
        # Texts are not read with each finding: they would fill the memory of the sort.
        texts, columns = texts_of_conditions(self.connection), self.findings.columns
        read = [*(column for column in columns if column not in TEXT_COLUMNS), *CONDITION]
        unknown = (None,) * len(TEXT_COLUMNS)
        self.connection.execute(*self.findings.query_of(read))
        for row in rows_in(read, batches_of(self.connection)):
            condition = row["policy_no"], row["condition_index"]
            row |= zip(TEXT_COLUMNS, texts.get(condition, unknown), strict=True)
            yield {column: row[column] for column in (*columns, *CONDITION)}

    def exit_code(self) -> int:
        """Return the exit code that the severities give to the findings; 0 if severity does not matter."""
        least = self.severities.least
        if least is None:
            return 0
        unrated = not self.severities.unrated_passes
        return self.severities.exit_code(*at_least(self.connection, (self._chosen, []), least, unrated=unrated))


@contextmanager
def listed_findings(
    history: HistoryStorage,
    repository: Repository,
    filter: Filter,
    waivers: ActiveWaivers,
    severities: ActiveSeverities,
    *,
    accounts: Mapping[str, Account],
    waived: str = WAIVED[0],
    order: str = ORDERS[0],
    most: int | None = None,
    priorities: bool = True,
    views: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> Iterator[ListedFindings]:
    """Yield the findings that a filter chooses, by default the open ones.

    ``accounts`` have the names that the filter may use. ``waived`` is one of ``WAIVED``, ``order`` of ``ORDERS``.
    ``priorities``: if policies are rated, findings have a priority and its reason; the order by priority has them always, and
    ranks the first ``most`` findings. ``views`` and ``columns`` are further ones that a format needs.
    """
    for name, value, known in (("waived", waived, WAIVED), ("order", order, ORDERS)):
        if value not in known:
            raise InvalidOption(f"{name} '{value}' is not one of {', '.join(known)}", f"--{name}")
    head = history.head()
    filter = names_of_history(filter.with_account_numbers(accounts), repository, head)
    tags = any(filter.of(one.name) for one in (TAG, TAG_UNKNOWN, IN_USE)) or waivers.by_tags or severities.by_tags
    named: dict[str, Any] = {"accounts": filter.of(ACCOUNT.name), "objects": filter.of(OBJECT.name)}
    types = DeclaredTypes(repository).get
    with asking(history, "finding", *views, **named, regions=filter.of(REGION.name), tags=tags, types=types) as connection:
        waiver_matches = waivers.covered_findings(connection, head)
        keep_ratings(connection, severities.in_force)
        titled = head.policies if filter.of(SEARCH.name) else ()
        keep_titles(connection, {policy.policy_id: title_of(repository, policy.policy_id) for policy in titled})
        rows = finding_rows(filter, waived)
        groups = finding_groups(connection, (rows, []), partial(title_of, repository))
        unsure = filter.with_tags_unknown
        unknown = _number(connection, finding_rows(unsure, waived) if unsure else None)
        unused = _number(connection, unused_rows(filter, waived))
        shown, all_columns = in_groups(connection, rows, groups), (*FINDING_COLUMNS, *columns, *WAIVER_COLUMNS)
        if order == "priority" or (priorities and severities.in_force.by_policy):
            shown = with_priority(shown, head.time, first=most if order == "priority" else None)
            all_columns = (*all_columns, *PRIORITY_COLUMNS)
        elif not priorities:
            all_columns = (*all_columns, "severity")
        findings = FindingList(shown, [], all_columns, SORTING[order])
        yield ListedFindings(
            connection,
            head,
            findings,
            groups,
            waiver_matches,
            severities,
            unknown,
            bool(filter.of(TAG_UNKNOWN.name)),
            unused,
            rows,
        )


def _number(connection: Connection, query: str | None) -> int:
    [(number,)] = connection.execute(f"SELECT count(*) FROM ({query})").fetchall() if query else [(0,)]
    return int(number)


def names_of_history(filter: Filter, repository: Repository, head: HistoryManifest) -> Filter:
    """Return a filter that names types and policies as a history does, and chooses open findings unless it names states.

    A framework becomes the policies of the history that the repository maps to it. Raises UnknownName, and UnknownPolicy for
    a policy that the history does not have, and for a framework of which it has none.
    """
    values = {LIFE.name: tuple(life.value for life in OPEN_STATES), **filter.values}
    if filter.of(TYPE.name):
        values[TYPE.name] = tuple(find_type(name, repository).name for name in filter.of(TYPE.name))
    if filter.of(POLICY.name):
        values[POLICY.name] = tuple(known_policies(head, filter.of(POLICY.name)))
    if filter.of(FRAMEWORK.name):
        mapped = (_mapped_policies(name, repository, head) for name in filter.of(FRAMEWORK.name))
        values[FRAMEWORK.name] = tuple(dict.fromkeys(policy_id for of_one in mapped for policy_id in of_one))
    return Filter(values)


def _mapped_policies(framework: str, repository: Repository, head: HistoryManifest) -> list[str]:
    mapped, known = policies_of_framework(repository, framework), {policy.policy_id for policy in head.policies}
    if known.isdisjoint(mapped):
        raise UnknownPolicy(f"the history has no policy that is mapped to '{printable(framework)}'")
    return [policy_id for policy_id in mapped if policy_id in known]
