"""Filter the verdicts that a report shows, by the filters of :mod:`perpend.findings.filters`.

Verdicts and totals do not change. Objects are chosen in SQL, policies and statuses by the codes of verdicts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import suggestion
from perpend.core.objects.account import account_numbers
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.core.values.tags import TAGS_FIELD
from perpend.evaluation.engines.verdicts import CodeFilter
from perpend.evaluation.verdicts.evaluation import FilteredEvaluation
from perpend.findings.filters import ACCOUNT, CATEGORY, IN_USE, OBJECT, REGION, STATUS, TAG, TAG_UNKNOWN, UNUSED, Filter
from perpend.findings.history.queries.tags import object_or_null
from perpend.findings.history.queries.views import called
from perpend.inventory.snapshots.database import text
from perpend.inventory.snapshots.queries.identity import filled, object_identity
from perpend.inventory.snapshots.queries.in_use import in_use
from perpend.language.compiler.names import UnknownName, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.inventory.snapshots.snapshot import ReadableTables

_MAX_LISTED: Final = 5
"""The number of known names in a message about an unknown one."""

_OF_OBJECTS: Final = tuple(declared.name for declared in (ACCOUNT, REGION, OBJECT, TAG, TAG_UNKNOWN, IN_USE))
"""The filters that choose objects."""


def filter_verdicts(evaluation: Evaluation, requested: Filter, accounts: Mapping[str, Account]) -> Evaluation:
    """Return an evaluation whose reports show only the requested verdicts.

    ``accounts`` are those of the configuration. Raises UnknownName for a category that no evaluated policy has, and for an
    account, a region or an object that no evaluated object has.
    """
    if not requested:
        return evaluation
    columns = _of_categories(evaluation, requested.of(CATEGORY.name))
    objects = _ObjectFilter(evaluation, requested, accounts)
    statuses = tuple(status for status in Status if not requested.of(STATUS.name) or status.value in requested.of(STATUS.name))
    by_type: dict[str, list[Verdicts]] = {}
    for column in columns:
        by_type.setdefault(column.program.input_type, []).append(column)
    shown: dict[int, Verdicts] = {}
    for of_type in by_type.values():
        shown |= zip(map(id, of_type), _filter_columns(of_type, statuses, objects), strict=True)
    verdicts = tuple(shown[id(column)] for column in columns)
    shows_tags_unknown = bool(requested.of(TAG_UNKNOWN.name))
    filtered = FilteredEvaluation(verdicts, statuses, requested.words, objects.tags_unknown, shows_tags_unknown, objects.unused)
    return replace(evaluation, filter_verdicts=filtered)


def _of_categories(evaluation: Evaluation, categories: Collection[str]) -> list[Verdicts]:
    known = {category for view in evaluation.selection.policies.values() for category in view.categories}
    for category in categories:
        if category.upper() not in {one.upper() for one in known}:
            listed = ", ".join(sorted(known)) or "none"
            raise UnknownName(f"no evaluated policy has the category '{printable(category)}': the categories are {listed}")
    requested = {category.upper() for category in categories}

    def is_requested(policy_id: str) -> bool:
        view = evaluation.selection.policies.get(policy_id)
        return not requested or (view is not None and any(one.upper() in requested for one in view.categories))

    columns = evaluation.verdicts
    return [column for column in columns if is_requested(column.program.policy_id)]


@dataclass(slots=True)
class _ObjectFilter:
    """The objects that a filter chooses. ``tags_unknown`` counts those whose tags are not known, if it asks for tags.

    ``unused`` counts the objects that are left out because they are not in use.
    """

    evaluation: Evaluation
    requested: Filter
    accounts: Mapping[str, Account]
    condition: str = ""
    tags_unknown: int = 0
    unused: int = 0

    def __post_init__(self) -> None:
        wanted = self.requested.of(ACCOUNT.name)
        owners = {account: frozenset({account, *account_numbers([account], self.accounts)}) for account in wanted}
        self._reject_unknown_accounts(owners)
        self._reject_unknown(REGION.name, self.requested.of(REGION.name), "region")
        self._reject_unknown_objects()
        values = {**self.requested.values, ACCOUNT.name: tuple(sorted(frozenset().union(*owners.values())))}
        self.condition = Filter(values).condition(*_OF_OBJECTS)
        if unsure := Filter(values).with_tags_unknown:
            self.tags_unknown = self._number(unsure.condition(*_OF_OBJECTS))
        every = Filter(values).with_unused
        if every is not None:
            self.unused = self._number(f"{every.condition(*_OF_OBJECTS)} AND {UNUSED}")

    def rows_of(self, objects: StoredObjects) -> str | None:
        """Return the query for the row numbers of the objects of a type; None for all."""
        if self.condition == "true":
            return None
        return f"SELECT DISTINCT {ROW} FROM ({self._relation(objects)}) WHERE {self.condition}"

    def _relation(self, objects: StoredObjects) -> str:
        return object_relation(objects.readable, objects.object_type, self.evaluation.selection.types.get)

    def _relations(self) -> Iterator[tuple[StoredObjects, str]]:
        columns = self.evaluation.verdicts
        for objects in {column.program.input_type: column.objects for column in columns}.values():
            yield objects, self._relation(objects)

    def _number(self, condition: str) -> int:
        """Return the number of objects for which a condition holds."""
        query = f"SELECT count(DISTINCT {ROW}) FROM ({{}}) WHERE {condition}"
        return sum(objects.run(query.format(relation))[0][0] for objects, relation in self._relations())

    def _has(self, condition: str) -> bool:
        """Whether a condition holds for some evaluated object."""
        return any(
            objects.run(f"SELECT 1 FROM ({relation}) WHERE {condition} LIMIT 1") for objects, relation in self._relations()
        )

    def _reject_unknown_accounts(self, owners: Mapping[str, frozenset[str]]) -> None:
        """Raise for an account that owns nothing and that neither the configuration nor an input names."""
        stated = {number for source in self.evaluation.inventory.sources for number in source.accounts}
        for account, names in owners.items():
            if names & (stated | self.accounts.keys()) or self._has(ACCOUNT.condition(sorted(names))):
                continue
            numbers = sorted({*stated, *self.accounts})
            known = [(self.accounts[number].name if number in self.accounts else None) or number for number in numbers]
            hint = _hint(account, [*known, *numbers], known, "accounts")
            raise UnknownName(f"no object belongs to the account '{printable(account)}'{hint}")

    def _reject_unknown(self, column: str, names: Sequence[str], what: str) -> None:
        if not names:
            return
        query = f"SELECT DISTINCT {column} FROM ({{}}) WHERE {column} IS NOT NULL"
        known = sorted({one for objects, relation in self._relations() for (one,) in objects.run(query.format(relation))})
        for name in names:
            if name not in known:
                hint = _hint(name, known, known, f"{what}s")
                raise UnknownName(f"no object is in the {what} '{printable(name)}'{hint}")

    def _reject_unknown_objects(self) -> None:
        for name in self.requested.of(OBJECT.name):
            if not self._has(OBJECT.condition([name])):
                raise UnknownName(f"no evaluated object is called '{printable(name)}'")


def object_relation(readable: ReadableTables, object_type: ObjectType, types: Callable[[str], ObjectType | None]) -> str:
    """Return the query for the objects of a type with the columns that filters read, and their row numbers.

    ``types`` gives the declared types of owners.
    """
    table, identity = readable.tables.by_name[object_type.name], object_identity(readable, object_type, types)
    columns = {
        ROW: f"o.{ROW}",
        "type": text(object_type.name),
        **identity.columns,
        "external_id": f"coalesce({identity.columns['external_id']}, {identity.columns['id']})",
        "tags": object_or_null(filled(table, TAGS_FIELD, "o")),
        "in_use": in_use(readable, object_type, types),
    }
    listed = ", ".join(f"{value} AS {column}" for column, value in columns.items())
    named = f"SELECT {listed} FROM {readable.relation(object_type.name)} AS o{identity.joins}"
    return f"SELECT * EXCLUDE (id, name), id AS object_id, {called('n')} AS object_name FROM ({named}) AS n"


def _hint(name: str, candidates: Iterable[str], known: Sequence[str], what: str) -> str:
    near = suggestion(name, [*candidates])
    listed = f"{', '.join(known[:_MAX_LISTED])}{', …' if known[_MAX_LISTED:] else ''}"
    return f" ({near})".replace("`", "'") if near else f": known {what} are {printable(listed)}" if known else ""


def _filter_columns(columns: Sequence[Verdicts], statuses: Collection[Status], objects: _ObjectFilter) -> list[Verdicts]:
    """Return the columns of one type with all other verdicts hidden."""
    if not columns[0].files.rows:
        return [*columns]
    by_number = {
        column.number: frozenset(index for index, verdict in column.program.verdicts.items() if verdict.status in statuses)
        for column in columns
    }
    query = objects.rows_of(columns[0].objects)
    rows = columns[0].objects.write_rows(query) if query is not None else None
    codes = CodeFilter(tuple(by_number.get(number, frozenset()) for number in range(max(by_number) + 1)), rows)
    return [replace(column, files=replace(column.files, shown=codes)) for column in columns]
