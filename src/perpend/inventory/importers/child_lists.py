"""Find out which child lists of tables are known, and report problems of their keys and claims.

A row's own list counts, unless a row that is not in it names the row. Any other list needs a claim that covers its scope.
A key that matches no row may be damaged, so it leaves all lists of that relation unknown. ``tests.reference.child_lists``
has the same rules for objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import cloud_of_type, is_account_sql
from perpend.core.diagnostics.model import Span
from perpend.core.objects.claims import ALL, NOT_IN_FULL, unclaimed, unmatched_keys
from perpend.core.objects.object_types import MASTER_KEY
from perpend.core.objects.relations import OTHER_OBJECT
from perpend.core.schema.tables import ROW, holds_readings, listed, unfollowed, unread
from perpend.core.values.partial_object import BLANK, MISSING
from perpend.inventory.importers import rules
from perpend.inventory.importers.merge_relations import lost_values
from perpend.inventory.importers.scopes import covers, meets, scope_columns
from perpend.inventory.snapshots.database import name, rows_of, text
from perpend.inventory.snapshots.files import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    from perpend.core.diagnostics.model import Diagnostic, Rule
    from perpend.core.objects.claims import Claims
    from perpend.core.objects.object_types import Children, ObjectType
    from perpend.inventory.importers.merge_relations import MergedTable
    from perpend.inventory.snapshots.database import Connection

LONGEST_KEY: Final = 60
_MOST_SHOWN: Final = 3
_NAMELESS: Final = "cannot be looked up: the object has no Id"
_BLANK: Final = r"[\s\p{Z}\p{C}]*"
_UNTYPED: Final = r"[\s\p{Z}\p{C}\p{Pi}\p{Pf}'\"`]"
_DASH: Final = r"\p{Pd}"
_SCOPE: Final = "\0"
_MAY_BE_GONE: Final = "may hold objects that are gone, and is not known in full: "
_NOTHING: Final = "CAST(NULL AS VARCHAR)"


class Lists:
    """Find out why child lists are unknown. ``problems`` collects the diagnostics about keys and claims.

    ``older`` are types with objects that an earlier collection has read and this one has not. ``collected``: all rows are
    those of collections, whose keys nobody has typed.
    """

    def __init__(
        self,
        connection: Connection,
        tables: Mapping[str, MergedTable],
        *,
        declared: Callable[[str], ObjectType | None],
        coverage: Claims,
        older: Collection[str] = (),
        collected: bool = False,
    ) -> None:
        self.problems: list[Diagnostic] = []
        self._connection = connection
        self._tables = tables
        self._declared = declared
        self._coverage = coverage
        self._older = older
        self._collected = collected
        self._blank: set[tuple[str, str]] = set()

    def reason(self, table: str, child: Children) -> str:
        """Return the expression of the reason why a child list is unknown, null for rows whose list is known."""
        own, other = self._tables[table], self._tables[child.type_name]
        mark = name(unfollowed(child.name)) if unfollowed(child.name) in own.marks else _NOTHING
        cases = [f"WHEN {mark} <> {text(MISSING)} THEN {mark}", *self._doubts(table, child)]
        spoken_against = self._against(table, child, mark)
        cases.append(f"WHEN {mark} IS NULL THEN {spoken_against}")
        cases.append(f"""WHEN "Id" IS NULL THEN {text(_NAMELESS)}""")
        if mark != _NOTHING:
            self._note_unclaimed(table, child, mark)
        cases += self._covered(own, table, child)
        return f"CASE {' '.join(cases)} END" if own.rows and (other.rows or mark != _NOTHING) else "NULL"

    def _doubts(self, table: str, child: Children) -> list[str]:
        """Return the cases in which any list may be incomplete, even one that the row states itself."""
        own, other, key = self._tables[table], self._tables[child.type_name], child.key
        cases = []
        lost = lost_values(other, key) if own.rows else None
        if lost and self._count(lost):
            cases.append(_within(lost, f"sources contradict each other about which `{child.type_name}` belong here"))
        if self._orphans(child.type_name, key):
            reason = f"may hold more: some `{child.type_name}` do not say in `{key}` what they belong to"
            cases.append(f"WHEN true THEN {text(reason)}")
        return cases + self._unmatched(own, other, table, child)

    def _unmatched(self, own: MergedTable, other: MergedTable, table: str, child: Children) -> list[str]:
        """Return the case of a key that matches no row: it may belong to any row, unless all keys are account numbers.

        A whole key of a collection names an object that was not collected, and so none of the rows.
        """
        if child.whole_key and self._collected:
            return []
        key = name(child.key)
        ids = f'SELECT "Id" FROM ({own.keys}) WHERE "Id" IS NOT NULL'
        unmatched = f"SELECT {key} AS unmatched FROM ({other.keys}) WHERE NOT {is_blank(key)} AND {key} NOT IN ({ids})"
        if not own.rows or not other.rows or not (count := self._count(unmatched)):
            return []
        message = f"`{child.key}` of `{child.type_name}` matches no `{table}`: {count} in all, {self._named(unmatched)}"
        self._tell(rules.UNMATCHED_KEY, child.type_name, message)
        is_account = is_account_sql("key", cloud_of_type(table) or AWS)
        forms = f"SELECT bool_and({is_account}) FROM (({unmatched}) UNION ALL ({ids} AND \"Id\" <> '')) AS keys (key)"
        if self._rows(forms)[0][0]:
            return []
        return [f"WHEN true THEN {text(unmatched_keys(child.type_name, child.key, table))}"]

    def _against(self, table: str, child: Children, mark: str) -> str:
        """Return the expression of the reason why a list that a row states is unknown: other rows name it as their owner."""
        own, other, key = self._tables[table], self._tables[child.type_name], name(child.key)
        alone = f"{name(listed(child.key))} IS NULL" if listed(child.key) in other.marks else "true"
        unlisted = f"SELECT {key} FROM ({other.keys}) WHERE {key} IS NOT NULL AND {alone}"
        spoken = f'SELECT "Id" FROM ({own.keys}) WHERE {mark} IS NULL AND "Id" IN ({unlisted})'
        if not own.rows or not other.rows or not (count := self._count(spoken)):
            return "NULL"
        message = (
            f"`{child.name}` of `{table}` does not hold all `{child.type_name}` that name its object in `{child.key}`: "
            f"{count} in all, {self._named(spoken)}"
        )
        self._tell(rules.LIST_CONTRADICTED, table, message)
        reason = f"does not hold all `{child.type_name}` that say in `{child.key}` that they belong here"
        return f'CASE WHEN "Id" IN ({unlisted}) THEN {text(reason)} END'

    def _covered(self, own: MergedTable, table: str, child: Children) -> list[str]:
        """Return the cases of a list that the row does not state: null if claims cover its scope, else the reason."""
        account, region = scope_columns(own.forms, self._declared(table))
        # INVARIANT: an object that may be gone answers for no list, so the reason is not one of an incomplete list.
        begin = _MAY_BE_GONE if child.type_name in self._older else NOT_IN_FULL
        cases = []
        for scope, why in self._coverage.lacking(child.type_name, child.name):
            cases.append(f"WHEN {meets(scope, account, region)} THEN {text(begin + why)}")
        scopes = self._coverage.complete(child.type_name, child.name)
        if scopes:
            cases.append(f"WHEN {covers(scopes, account, region)} THEN NULL")
        written = f"coalesce({account} || coalesce('/' || {region}, ''), {text(ALL)})"
        before, after = (begin + unclaimed(child.type_name, _SCOPE).removeprefix(NOT_IN_FULL)).split(_SCOPE)
        return [*cases, f"ELSE {text(before)} || {written} || {text(after)}"]

    def _note_unclaimed(self, table: str, child: Children, mark: str) -> None:
        own = self._tables[table]
        account, region = scope_columns(own.forms, self._declared(table))
        scopes = self._coverage.complete(child.type_name, child.name)
        covered = covers(scopes, account, region) if scopes else "false"
        open_ones = f'SELECT "Id" FROM ({own.keys}) WHERE {mark} = {text(MISSING)} AND NOT coalesce({covered}, false)'
        if own.rows and (count := self._count(open_ones)):
            message = (
                f"`{child.name}` is not known of {count} of `{table}`, {self._named(open_ones)}: no input claims to have "
                f"all their `{child.type_name}`"
            )
            hint = f"state the scope of which the input has every `{child.type_name}`: --complete all, or --complete ACCOUNT,…"
            self._tell(rules.NOT_CLAIMED, table, message, hint)

    def _orphans(self, table: str, key: str) -> int:
        """Return how many rows have no known owner: the key is unknown, contradicts a nested object, or is a blank master key.

        Reports blank keys with the Ids of the first rows.
        """
        united, declared = self._tables[table], self._declared(table)
        if not united.rows:
            return 0
        doubts = [f"{name(unread(key))} IS NOT NULL"] if unread(key) in united.marks else []
        stated = [f"coalesce({name(unread(key))} <> {text(BLANK)}, false)"] if doubts else []
        lookups = [unfollowed(one.name) for one in declared.lookups.values() if one.key == key] if declared else []
        others = [f"coalesce({name(mark)} = {text(OTHER_OBJECT)}, false)" for mark in lookups if mark in united.marks]
        unknown, different = (f"({' OR '.join([*reasons, *others, 'false'])})" for reasons in (doubts, stated))
        blank = f"NOT ({different}) AND ({name(key)} IS NULL OR {is_blank(name(key))})"
        listed_ids = f"""array_agg("Id" ORDER BY {name(ROW)}) FILTER (WHERE {blank})"""
        counts = f"count(*) FILTER (WHERE {unknown}), count(*) FILTER (WHERE {blank}), ({listed_ids})[1:{_MOST_SHOWN}]"
        unread_keys, blank_keys, first = self._rows(f"SELECT {counts} FROM ({united.keys})")[0]
        if not blank_keys or not (declared and key in declared.fields and declared.fields[key].kind == MASTER_KEY):
            return int(unread_keys)
        if (table, key) not in self._blank:
            self._blank.add((table, key))
            more = " …" if blank_keys > len(first) else ""
            rows = self._quoted(one for one in first if one) or "no Id"
            message = f"`{key}` of `{table}` is blank where each row must belong to another: {blank_keys} in all, {rows}{more}"
            self._tell(rules.BLANK_KEY, table, message)
        return int(unread_keys) + int(blank_keys)

    def _tell(self, rule: Rule, table: str, message: str, hint: str | None = None) -> None:
        if holds_readings(table):
            return  # the note about the objects' own table is enough
        self.problems.append(rule.at(Span(f"types/{table}/type.yaml"), message, help=hint))

    def _named(self, query: str) -> str:
        ids = self._first(query)
        return self._quoted(ids[:_MOST_SHOWN]) + (" …" if len(ids) > _MOST_SHOWN else "")

    def _quoted(self, names: Iterable[str]) -> str:
        return ", ".join(f"`{shown(one[:LONGEST_KEY])}`" for one in names)

    def _first(self, query: str) -> list[str]:
        return [str(one) for (one,) in self._rows(f"SELECT DISTINCT * FROM ({query}) ORDER BY 1 LIMIT {_MOST_SHOWN + 1}")]

    def _count(self, query: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM ({query})")[0][0])

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows_of(self._connection, query)


def near(expression: str) -> str:
    """Return the expression of a key without white space, quotes, case, leading zeros and kinds of dashes.

    ``core.objects.claims.near_key`` is the same for a text.
    """
    seen = f"regexp_replace(regexp_replace({expression}, {text(_UNTYPED)}, '', 'g'), {text(_DASH)}, '-', 'g')"
    return f"ltrim(lower(nfc_normalize({seen})), '0')"


def is_blank(expression: str) -> str:
    """Return the expression of whether a key has no visible character."""
    return f"regexp_full_match({expression}, {text(_BLANK)})"


def _within(query: str, reason: str) -> str:
    return f'WHEN "Id" IN ({query}) THEN {text(reason)}'
