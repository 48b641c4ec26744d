"""Import inventories and table files as one snapshot: one table per object type, joined by declared relations."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.registry import cloud_named
from perpend.core.diagnostics.model import Span, whole_file
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.claims import Claims, claims_of, unread_input
from perpend.core.objects.object_types import ObjectType
from perpend.core.objects.relations import NO_OBJECT, OTHER_OBJECT
from perpend.core.schema.shred import RequiredFields, part_of
from perpend.core.schema.tables import Form, unfollowed, unread
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers import rules
from perpend.inventory.importers.assemble import Assembly
from perpend.inventory.importers.merge_relations import merge_same, unite, unstated_lists
from perpend.inventory.importers.object_batches import shred_batch
from perpend.inventory.importers.object_rows import ObjectRows, StagedRows
from perpend.inventory.importers.objects import Objects
from perpend.inventory.importers.observation_order import age_of
from perpend.inventory.importers.scopes import (
    SourceScope,
    claim_mixed,
    leave_open,
    partitions_of,
    scopes_of,
)
from perpend.inventory.importers.tables.table_file import read_table
from perpend.inventory.snapshots.database import name, rows_of, text, translate_errors
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.files import StoreError, shown
from perpend.inventory.snapshots.manifest import Failure, StoredSource
from perpend.inventory.snapshots.plain_sql import teach
from perpend.inventory.snapshots.queries.labels import CALLS_VIEW, SOURCES_VIEW
from perpend.inventory.snapshots.rows import ROW_GROUP, check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import FailedCall, ListClaim
    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.core.schema.shred import Part
    from perpend.inventory.importers.merge_relations import MergedTable, TableFragment
    from perpend.inventory.importers.objects import ObjectBatch
    from perpend.inventory.importers.tables.table_file import TableFile
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import RunWriter

NESTED: Final = "holds objects in a column of a table, which are not followed; import them as a JSON array"

ENGINE: Final = f"duckdb {duckdb.__version__}"
"""What writes the files of a store."""

_MOST_NAMED: Final = 6
_TEMPORARY_GROUP: Final = 61_440
"""The number of rows per row group of a temporary snapshot: large groups take less time to write and to read."""


class Importing:
    """One import. ``declared`` returns the declaration of a type by its API name, None if there is none.

    ``group`` is the number of rows in memory while a table is written. A ``temporary`` snapshot is read once or twice.
    """

    def __init__(
        self,
        run: RunWriter,
        connection: Connection,
        *,
        declared: Callable[[str], ObjectType | None],
        group: int = ROW_GROUP,
        temporary: bool = False,
    ) -> None:
        self.run = run
        self.problems: list[Diagnostic] = []
        self._connection = connection
        self._declared = declared
        self._group = _TEMPORARY_GROUP if temporary else group
        self._temporary = temporary
        self._objects = Objects(declared, lambda number: age_of(run.sources, number))
        self._tables: dict[str, list[TableFragment]] = {}
        self._ready: dict[str, TableFragment] = {}
        self._rows: dict[str, TableFragment] = {}
        self._parts: dict[str, Part] = {}
        self._lost: dict[str, dict[str, set[str]]] = {}
        self._united: set[str] = set()
        self._older: set[str] = set()
        self._list_claims: dict[ListClaim, list[int]] = {}
        self._paths = 0
        teach(connection)

    def add_inventory(self, inventory: Inventory, *, contradiction: Callable[[CloudObject], str]) -> None:
        """Add an inventory that readers have read. ``contradiction`` describes how the readings of an object differ."""
        numbers = {source.name: len(self.run.sources) + place for place, source in enumerate(inventory.sources)}
        self.run.sources += [
            StoredSource(
                source.name,
                source.kind,
                source.observed_at,
                source.objects,
                source.accounts,
                coverage=source.coverage,
                planned=source.planned,
            )
            for source in inventory.sources
        ]
        for source in inventory.sources:
            for claimed in source.list_claims:
                self._list_claims.setdefault(claimed, []).append(numbers[source.name])
        for type_name, objects in inventory.objects.items():
            _check_type(type_name)
            self._objects.pile(type_name)
            for object_ in objects:
                reason = contradiction(object_) if object_.variants else None
                number = numbers[object_.origin.source]
                others = [(other.fields, numbers.get(other.origin.source, number), other.origin) for other in object_.variants]
                self._objects.add(
                    type_name, object_.fields, source=number, origin=object_.origin, contradicted=reason, others=others
                )

    def taking(self) -> ObjectRows:
        """Return rows that take the objects of the inputs to be read next."""
        return ObjectRows(self._declared, self._new_path, first_source=len(self.run.sources))

    def stage(self, rows: ObjectRows, others: Iterable[tuple[str, Mapping[str, Any]]], stated: Container[str]) -> StagedRows:
        """Add the rows of objects that were taken, and return them.

        The objects that are apart are to be added, then the objects that are cited.
        """
        with translate_errors(self.run.temporary):
            staged = StagedRows(self._connection, rows, others, stated)
            self._rows |= staged.fragments()
        return staged

    def add_cited(self, rows: ObjectRows) -> None:
        """Add the objects to which those that were taken only refer."""
        rows.add_cited(self._objects)

    def add_table(self, table: TableFile) -> None:
        """Add a table of one object type. Raises UnreadableTable if it cannot be used.

        Sort several tables with ``in_order`` first, so that the order of arguments does not matter.
        """
        _check_type(table.type_name)
        declared = self._declared(table.type_name)
        source = len(self.run.sources)
        with translate_errors(self.run.temporary):
            read = read_table(self._connection, table, declared=declared, source=source, staging=self._new_path())
            json = read.kind == "ndjson"
            piece, problems = with_relations(self._connection, read.piece, declared, path=table.path, json=json)
        self.problems += [*read.problems, *problems]
        coverage = claims_of(table.type_name, table.complete)
        self.run.sources.append(StoredSource(table.path, read.kind, table.observed_at, read.piece.rows, coverage=coverage))
        self._tables.setdefault(table.type_name, []).append(piece)

    def add_fragments(
        self,
        sources: Sequence[StoredSource],
        pieces: Mapping[str, TableFragment],
        calls: Sequence[FailedCall],
        *,
        older: Collection[str] = (),
    ) -> None:
        """Add table fragments with their sources, and the API calls that failed.

        ``older`` are types with objects that an earlier collection has read and this one has not.
        """
        self._older |= {*older}
        self.run.sources += sources
        self.run.calls += calls
        for type_name, piece in pieces.items():
            self._tables.setdefault(type_name, []).append(piece)

    def add_ready(self, sources: Sequence[StoredSource], pieces: Mapping[str, TableFragment]) -> None:
        """Add tables that only need to be written; no other rows may be added to them.

        The sources have the accounts and regions of all rows. ``readings`` of a table's contradicted objects are a table, too.
        """
        self.run.sources += sources
        self._ready |= pieces

    def add_failure(self, source: str, reason: str) -> None:
        """Record an input that could not be read: any table may lack rows of it."""
        self.run.failures = sorted([*self.run.failures, Failure(source, reason)], key=lambda one: (one.source, one.reason))

    def commit(self) -> Snapshot:
        """Write all tables and make the snapshot the current one."""
        with translate_errors(self.run.store.directory):
            assembly = self._assembly()
            scopes: set[SourceScope] = set()
            differing: dict[str, int] = {}
            for table, path in assembly.write(self.run.directory_of, self._group, temporary=self._temporary):
                if table.name not in self._ready and table.rows:
                    own, number = scopes_of(self._connection, table, path, self._declared(table.type_name))
                    scopes |= own
                    if number:
                        differing[table.type_name] = number
                self.run.add(table, [path])
            self.run.sources[:] = [_with_scopes(number, source, scopes) for number, source in enumerate(self.run.sources)]
        self.problems += assembly.problems
        if differing:
            types = ", ".join(f"{number:,} of `{name}`" for name, number in differing.items())
            message = (
                f"the owner of {counted(sum(differing.values()), 'object')} is another account than the one in the Id: {types}"
            )
            self.problems.append(rules.OTHER_ACCOUNT.at(Span(f"types/{min(differing)}/type.yaml"), message))
        return self.run.commit(ENGINE)

    def _assembly(self) -> Assembly:
        self._objects.tell_apart()
        pieces = {type_name: [piece] for type_name, piece in self._ready.items()}
        for type_name in list(self._objects.by_type):
            self._shred(type_name, pieces)
        for type_name, of_type in self._tables.items():
            part = self._parts.get(type_name)
            undeclared = (*part.lookups, *part.children) if part else ()
            unknown = {**unstated_lists(self._declared(type_name)), **dict.fromkeys(undeclared, MISSING)}
            pieces.setdefault(type_name, []).extend(replace(piece, unknown=unknown) for piece in of_type)
        united = {type_name: unite(of_type) for type_name, of_type in sorted(pieces.items())}
        for type_name, lost in self._lost.items():
            united[type_name].lost = lost
            united[type_name].several = type_name in self._united
        for type_name in self._tables:
            deletions = (self._declared(type_name) or ObjectType(type_name)).deletion_names(united[type_name].forms)
            clashing = merge_same(self._connection, united[type_name], self.run.sources, deletions)
            if clashing:
                message = f"rows contradict each other about {counted(clashing, 'object')} of `{type_name}`"
                self.problems.append(rules.CONTRADICTING_ROWS.at(Span(f"types/{type_name}/type.yaml"), message))
        texts = [table.keys for table in united.values() if table.rows and table.forms.get("Id") is Form.TEXT]
        claim_mixed(self.run.sources, partitions_of(self._connection, texts))
        self._drop_claims(united)
        coverage = self._coverage()
        return Assembly(
            self._connection,
            united,
            declared=self._declared,
            parts=self._parts,
            coverage=coverage,
            older=self._older,
            collected=all(cloud_named(source.kind) is not None for source in self.run.sources if source.objects),
        )

    def _drop_claims(self, tables: Mapping[str, MergedTable]) -> None:
        """Drop claims on child lists if some owner does not state its list, or not all owners were read."""
        coverage = self._coverage()
        for claimed, numbers in self._list_claims.items():
            owners, declared = tables[claimed.owner], self._declared(claimed.owner)
            if not claimed.is_open(coverage) and not leave_open(self._connection, owners, declared, claimed):
                continue
            for number in numbers:
                source = self.run.sources[number]
                rest = tuple(claim for claim in source.coverage if claim != claimed.claim)
                self.run.sources[number] = replace(source, coverage=rest)

    def _coverage(self) -> Claims:
        unread = [unread_input(shown(one.source)) for one in self.run.failures]
        return Claims((*unread, *(claim for source in self.run.sources for claim in source.coverage)))

    def _shred(self, type_name: str, pieces: dict[str, list[TableFragment]]) -> None:
        pile = self._objects.by_type.pop(type_name)
        self._lost[type_name] = pile.lost
        if pile.united:
            self._united.add(type_name)
        if pile.renamed:
            self._note_renamed(type_name, pile)
        declared = self._declared(type_name)
        rows = self._rows.get(type_name)
        if rows and not any(True for _ in pile):
            self._parts[type_name] = part_of(type_name, RequiredFields())
            pieces[type_name] = []
        else:
            shredded = shred_batch(self._connection, type_name, pile, declared=declared, new_path=self._new_path)
            for shredded_part in shredded:
                self._parts[shredded_part.part.name] = shredded_part.part
                pieces[shredded_part.part.name] = [shredded_part.piece]
            self._note_undeclared(self._parts[type_name])
        if rows:
            part = self._parts[type_name]
            check_names({*part.wanted.values, *part.lookups, *part.children, *rows.forms, "Id"}, shown(type_name))
            undeclared = dict.fromkeys((*part.lookups, *part.children), MISSING)
            pieces[type_name].append(replace(rows, unknown={**rows.unknown, **undeclared}))

    def _note_renamed(self, type_name: str, pile: ObjectBatch) -> None:
        first = ", ".join(f"`{shown(one)}`" for one in sorted(pile.renamed)[:_MOST_NAMED])
        more = f" and {len(pile.renamed) - _MOST_NAMED} more" if len(pile.renamed) > _MOST_NAMED else ""
        message = f"`{type_name}` has the same Id in lists of different objects; in the store these are {first}{more}"
        self.problems.append(rules.REPEATED_ID.at(Span(f"types/{type_name}/type.yaml"), message))

    def _note_undeclared(self, part: Part) -> None:
        span = Span(f"types/{part.type_name}/type.yaml")
        for relation in part.lookups:
            key = f"{relation.removesuffix('__r')}__c"
            line = f"lookups: [{{name: {relation}, target: <object type>, key: {key}}}]"
            message = f"`{part.type_name}` has objects under the lookup `{relation}`, which nothing declares"
            self.problems.append(rules.UNDECLARED_RELATION.at(span, message, help=f"add to {span.path}: {line}"))
        for relation in part.children:
            line = f"children: [{{name: {relation}, type: <object type>, key: <the child's field with this object's Id>}}]"
            message = f"`{part.type_name}` has objects in the child list `{relation}`, which nothing declares"
            self.problems.append(rules.UNDECLARED_RELATION.at(span, message, help=f"add to {span.path}: {line}"))

    def _new_path(self) -> Path:
        self._paths += 1
        return self.run.temporary / f"part-{self._paths}"


def _with_scopes(number: int, source: StoredSource, scopes: set[SourceScope]) -> StoredSource:
    """Return a source with the accounts and regions of its rows."""
    mine = [scope for scope in scopes if scope.source == number]
    accounts = {*source.accounts, *(scope.value for scope in mine if not scope.is_region)}
    regions = {*source.regions, *(scope.value for scope in mine if scope.is_region)}
    return replace(source, accounts=tuple(sorted(accounts)), regions=tuple(sorted(regions)))


def _check_type(type_name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", type_name) or type_name.casefold() in (SOURCES_VIEW, CALLS_VIEW):
        raise StoreError(f"{shown(type_name)!r} cannot be the name of an object type")


def with_relations(
    connection: Connection, piece: TableFragment, declared: ObjectType | None, *, path: str, json: bool
) -> tuple[TableFragment, list[Diagnostic]]:
    """Return a fragment with the reasons why relations in its columns are unknown, and the diagnostics about them.

    A table has rows of one type, so objects in its cells are not followed. ``json``: the file distinguishes null from missing,
    so that null and an empty list are statements.
    """
    children = {one.name for one in declared.children.values() if one.key} if declared else set()
    lookups = {one.name: one.key for one in declared.lookups.values() if one.key} if declared else {}
    reasons = {column: _of_children(piece, column, json=json) for column in piece.forms if column in children}
    reasons |= {column: _of_lookup(piece, column, lookups[column], json=json) for column in piece.forms if column in lookups}
    if not reasons:
        return piece, []
    problems = []
    for relation, reason in reasons.items():
        query = f"SELECT count(*) FROM {piece.relation} WHERE {reason} = {text(NESTED)}"
        if count := rows_of(connection, query)[0][0]:
            rows = "1 row" if count == 1 else f"{count} rows"
            message = f"`{relation}` holds objects in {rows}, which are not followed"
            problems.append(rules.NESTED_IN_TABLE.at(whole_file(path), message, help="import the file as a JSON array"))
    more = ", ".join(f"{reason} AS {name(unfollowed(relation))}" for relation, reason in reasons.items())
    marks = piece.marks | {unfollowed(relation) for relation in reasons}
    return replace(piece, relation=f"(SELECT *, {more} FROM {piece.relation})", marks=marks), problems


def _of_children(piece: TableFragment, relation: str, *, json: bool) -> str:
    """Return the expression of the reason why a child list is unknown: the row does not state it, or it has nested objects."""
    null = "NULL" if json else text(MISSING)
    empty = f"{name(relation)} = '[]'" if piece.forms[relation] is Form.VARIANT else "false"
    cases = f"WHEN {name(relation)} IS NULL THEN {null} WHEN {empty} THEN NULL ELSE {text(NESTED)}"
    return f"CASE WHEN {_is_unsaid(piece, relation)} THEN {text(MISSING)} {cases} END"


def _of_lookup(piece: TableFragment, relation: str, key: str, *, json: bool) -> str:
    """Return the expression of the reason why a lookup is unknown: it has a nested object, or null although its key is set."""
    named = f"coalesce({name(key)}, '') <> ''" if json and key in piece.forms else "false"
    cases = f"WHEN {name(relation)} IS NOT NULL THEN {text(NESTED)} WHEN {named} THEN {text(NO_OBJECT)}"
    if piece.forms[relation] is Form.VARIANT and piece.forms.get(key) is Form.TEXT:
        other = f"json_extract_string({name(relation)}, '$.Id') <> coalesce({name(key)}, '')"
        cases = f"WHEN NOT ({_is_unsaid(piece, key)}) AND {other} THEN {text(OTHER_OBJECT)} {cases}"
    return f"CASE WHEN {_is_unsaid(piece, relation)} THEN NULL {cases} END"


def _is_unsaid(piece: TableFragment, relation: str) -> str:
    return f"{name(unread(relation))} IS NOT NULL" if unread(relation) in piece.marks else "false"
