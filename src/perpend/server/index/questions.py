"""Turn the declared filters into conditions on the numbers of an index, so that no text is compared for each finding.

The declared condition of a filter is asked once of a small table (policies, accounts, regions, states, severities) or of the
objects; the findings are then chosen by the numbers that it returns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import InvalidOption
from perpend.core.objects.account import Account
from perpend.findings.filters import (
    ACCOUNT,
    FILTERS,
    LIFE,
    OBJECT,
    POLICY,
    REGION,
    SEARCH,
    SEVERITY,
    SINCE,
    TAG,
    TAG_UNKNOWN,
    TYPE,
    WAIVED,
)
from perpend.findings.history.queries.findings import UnknownPolicy
from perpend.findings.list_findings import names_of_history
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.matching import storable
from perpend.inventory.snapshots.database import text
from perpend.language.compiler.names import UnknownName, did_you_mean, printable
from perpend.server.index.build import HASH, relation, table_of
from perpend.server.index.facts import LIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from perpend.findings.filters import Filter
    from perpend.language.syntax.repository import Repository
    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.scope import Scope

POLICIES, ACCOUNTS, REGIONS, STATES, SEVERITIES, OBJECTS, POLICIES_CUBE, REGIONS_CUBE = (
    f"served_{name}"
    for name in ("policies", "accounts", "regions", "states", "severities", "objects", "policies_cube", "regions_cube")
)

SCOPE: Final = "scope"
"""The name of the condition for the accounts that a reader may see. It is part of every question."""

WAIVED_NAME: Final = "waived"

_NUMBERED: Final = {
    POLICY.name: ("policy_no", POLICIES),
    TYPE.name: ("policy_no", POLICIES),
    ACCOUNT.name: ("account_no", ACCOUNTS),
    REGION.name: ("region_no", REGIONS),
    LIFE.name: ("life_no", STATES),
    SEVERITY.name: ("level", SEVERITIES),
}
"""The filters by a number: its column, and the table that has the column of the filter's condition."""

COLUMN_OF: Final = {
    **{name: column for name, (column, _) in _NUMBERED.items()},
    SCOPE: "account_no",
    WAIVED_NAME: "is_waived",
}
"""The column of each condition that the cube has."""

_MOST_OBJECTS: Final = 50_000
"""Up to how many objects a filter is asked of them once; of more, it is asked with each question."""

_MOST_OF_SCOPE: Final = 0.25
"""The part of all accounts up to which a question for some is asked of the copy by account."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The conditions of a question, by the name of the filter. ``few_accounts``: the question is for a small part of them."""

    conditions: Mapping[str, str]
    few_accounts: bool = False

    def where(self, *, without: str = "") -> str:
        """Return the condition, ``true`` if there is none. The filter ``without`` does not count."""
        return " AND ".join(one for name, one in self.conditions.items() if name != without) or "true"

    @property
    def is_in_cube(self) -> bool:
        """Whether the cube has all that the conditions need."""
        return self.conditions.keys() <= COLUMN_OF.keys()

    def source(self, files: IndexFiles) -> Path:
        """Return the file whose order suits the question."""
        if POLICY.name in self.conditions or TYPE.name in self.conditions:
            return files.by_policy
        return files.by_account if self.few_accounts else files.findings


@dataclass(frozen=True, slots=True)
class Questions:
    """Chooses findings of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    files: IndexFiles
    repository: Repository
    ask: Callable[[str], list[tuple[Any, ...]]]
    _account_numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._account_numbers.update(
            (account, number) for number, account in enumerate(self.facts.accounts) if account is not None
        )

    def chosen(self, filter: Filter, waived: str, scope: Scope) -> Chosen:
        """Return the conditions of a question. Raises InvalidOption for a name that the reader's accounts do not have."""
        if waived not in WAIVED:
            raise InvalidOption(f"waived '{waived}' is not one of {', '.join(WAIVED)}", "--waived")
        # A reader must not learn the number of an account by its name.
        seen = {number: name for number, name in self.facts.account_names.items() if scope.sees(number)}
        names = {number: Account(name) for number, name in seen.items()}
        try:
            filter = names_of_history(filter.with_account_numbers(names), self.repository, self.facts.head)
        except (UnknownName, UnknownPolicy) as error:
            raise InvalidOption(str(error)) from None
        self._refuse_unknown(filter, scope)
        conditions = {SCOPE: self.in_scope(scope)} if not scope.is_all else {}
        of_objects = dict[str, str]()
        for name in FILTERS:
            if filter.of(name):
                conditions[name] = self._condition(filter, name, scope, of_objects)
        conditions |= of_objects
        if waived != WAIVED[0]:
            conditions[WAIVED_NAME] = "is_waived" if waived == "yes" else "NOT is_waived"
        accounts = [*filter.of(ACCOUNT.name)] or (self.facts.accounts if scope.is_all else scope.accounts)
        few = bool(of_objects) or len(accounts) <= max(1, len(self.facts.accounts) * _MOST_OF_SCOPE)
        return Chosen({name: one for name, one in conditions.items() if one != "true"}, few)

    def in_scope(self, scope: Scope) -> str:
        """Return the condition for the accounts that a reader may see."""
        if scope.is_all:
            return "true"
        numbers = self._account_numbers
        return in_numbers("account_no", (numbers[one] for one in scope.accounts if one in numbers))

    def _condition(self, filter: Filter, name: str, scope: Scope, of_objects: dict[str, str]) -> str:
        """Return the condition of a filter; put that for the accounts of its objects into ``of_objects``, if they are few."""
        condition = filter.condition(name)
        if condition == "true" or name == SINCE.name:
            return condition
        if name in _NUMBERED:
            column, table = _NUMBERED[name]
            return in_numbers(column, (number for (number,) in self.ask(f"SELECT {column} FROM {table} WHERE {condition}")))
        within = accounts_in(scope)
        if filter.of(ACCOUNT.name):
            within = f"{within} AND account IN ({', '.join(map(text, filter.of(ACCOUNT.name)))})"
        if name in (OBJECT.name, TAG.name, TAG_UNKNOWN.name):
            if name == OBJECT.name:
                hashes = ", ".join(HASH.format(text(storable(value))) for value in filter.of(name))
                named = self.ask(f"SELECT object FROM {relation(self.files.names)} WHERE head IN ({hashes})")
                within = f"{within} AND {in_numbers('object', (number for (number,) in named))}"
            return self._of_objects(name, f"{within} AND {condition}", OBJECTS, of_objects)
        if name != SEARCH.name:
            raise InvalidOption(f"findings are not filtered by {name}")
        unknown = "NULL::VARCHAR"
        policies = (
            f"SELECT policy_no FROM (SELECT *, {unknown} AS object_name, {unknown} AS object_id, {unknown} AS external_id "
            f"FROM {POLICIES}) WHERE {condition}"
        )
        objects = (
            f"SELECT object, account, searched AS object_name, {unknown} AS object_id, {unknown} AS external_id, "
            f"{unknown} AS policy_id, {unknown} AS policy_title FROM {OBJECTS}"
        )
        of_policy = in_numbers("policy_no", (number for (number,) in self.ask(policies)))
        if of_policy == "false":
            return self._of_objects(name, f"{within} AND {condition}", f"({objects})", of_objects)
        return f"({self._of_objects(name, f'{within} AND {condition}', f'({objects})', {})} OR {of_policy})"

    def _of_objects(self, name: str, condition: str, objects: str, of_objects: dict[str, str]) -> str:
        """Return the condition for findings of some objects."""
        chosen = f"FROM {objects} WHERE {condition}"
        matching = self.ask(f"SELECT object, account {chosen} LIMIT {_MOST_OBJECTS + 1}")
        if len(matching) > _MOST_OBJECTS:
            return f"object IN (SELECT object {chosen})"
        accounts = {account for _, account in matching}
        of_objects[f"accounts of {name}"] = in_numbers(
            "account_no", (0 if account is None else self._account_numbers[account] for account in accounts)
        )
        return in_numbers("object", (number for number, _ in matching))

    def _refuse_unknown(self, filter: Filter, scope: Scope) -> None:
        """Raise InvalidOption for an account or a region without objects, as far as the reader sees them."""
        wanted = {one: filter.of(one.name) for one in (ACCOUNT, REGION) if filter.of(one.name)}
        if ACCOUNT in wanted:
            known = {one for one in self.facts.accounts if one is not None and scope.sees(one)}
            _refuse("account", wanted[ACCOUNT], known)
        if REGION in wanted:
            seen = {one for one in self.facts.regions if one is not None}
            if not scope.is_all:
                rows = self.ask(f"SELECT DISTINCT region_no FROM {REGIONS_CUBE} WHERE {self.in_scope(scope)}")
                seen = {name for (number,) in rows if (name := self.facts.regions[number]) is not None}
            _refuse("region", wanted[REGION], seen)


def _refuse(what: str, wanted: Sequence[str], known: Collection[str]) -> None:
    for name in wanted:
        if name not in known:
            belongs = "belongs to account" if what == "account" else "is in region"
            near = did_you_mean(name, sorted(known))
            raise InvalidOption(f"no object in the history {belongs} '{printable(name)}'{near}", f"--{what}")


def accounts_in(scope: Scope) -> str:
    """Return the condition for rows whose account a reader may see."""
    return "true" if scope.is_all else f"account IN ({', '.join(map(text, sorted(scope.accounts))) or 'NULL'})"


def in_numbers(column: str, numbers: Iterable[int]) -> str:
    """Return the condition for rows whose column has one of some numbers."""
    listed = ", ".join(str(number) for number in sorted(set(numbers)))
    return f"{column} IN ({listed})" if listed else "false"


def statements(facts: IndexFacts, files: IndexFiles) -> list[str]:
    """Return the statements that create the small tables and the views of an index."""
    kinds = {"policy_no": "INTEGER", "policy_id": "VARCHAR", "lineage": "VARCHAR", "type": "VARCHAR", "policy_title": "VARCHAR"}
    policies = [
        dict(zip(kinds, (one.number, one.policy_id, one.lineage, one.type, one.title), strict=True))
        for one in facts.policies.values()
    ]
    return [
        f"CREATE TABLE {POLICIES} AS {table_of(policies, kinds)}",
        f"CREATE TABLE {ACCOUNTS} AS SELECT *, [account] AS accounts FROM ({_places('account', 'account_no', facts.accounts)})",
        f"CREATE TABLE {REGIONS} AS {_places('region', 'region_no', facts.regions)}",
        f"CREATE TABLE {STATES} AS {_places('life', 'life_no', LIVES)}",
        f"CREATE TABLE {SEVERITIES} AS {_places('severity', 'level', (None, *LEVELS))}",
        f"CREATE VIEW {OBJECTS} AS FROM {relation(files.objects)}",
        f"CREATE TABLE {POLICIES_CUBE} AS FROM {relation(files.policies_cube)}",
        f"CREATE TABLE {REGIONS_CUBE} AS FROM {relation(files.regions_cube)}",
    ]


def _places(column: str, number: str, values: Sequence[str | None]) -> str:
    rows = [{number: place, column: value} for place, value in enumerate(values)]
    return table_of(rows, {number: "INTEGER", column: "VARCHAR"})
