"""Import inputs of all formats into one snapshot: tables and reports with DuckDB, other formats with the readers."""

from __future__ import annotations

import os
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import ACCOUNT_TYPE, USER_TYPE
from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError, reject_single_text
from perpend.core.schema.tables import readings
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.importers.input import is_of_tool
from perpend.inventory.importers.object_rows import OnlyNumbered
from perpend.inventory.importers.reports.report_file import copied_report, is_report, report_file
from perpend.inventory.importers.reports.report_table import Doubtful, are_as_usual, read_reports
from perpend.inventory.importers.tables.table_bytes import UnreadableTable, head_of
from perpend.inventory.importers.tables.table_file import TableFile, in_order
from perpend.inventory.importers.tables.tool_parquet import lines_of_tool
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.readers.errors import UnusableContent, UnusableInput
from perpend.inventory.readers.files import STANDARD_INPUT, write_standard_input
from perpend.inventory.readers.formats import DETAILS, PLAN
from perpend.inventory.readers.merge import REPORT_TYPES
from perpend.inventory.readers.read import Collecting
from perpend.inventory.readers.terraform.refusals import STORED
from perpend.inventory.snapshots.database import MEMORY_LIMIT, opened, translate_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.object_rows import ObjectRows
    from perpend.inventory.importers.reports.report_file import ReportFile
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store

    Declared = Callable[[str], ObjectType | None]
    Progress = Callable[[int], None]

_MEMORY: Final = "180MB"
"""The most memory that DuckDB uses for reports."""

_WIDE: Final = 4_096
"""Rows of more bytes on average need more memory: DuckDB holds thousands of rows at once."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the snapshot, None if no input was usable; the unusable inputs; diagnostics of the others.

    ``by_hand`` is the number of rows that the readers' rules decided about one by one, by the reason.
    """

    snapshot: Snapshot | None
    failures: tuple[UnusableInput | UnreadableTable, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    by_hand: Mapping[str, int] = field(default_factory=dict)


def import_inputs(
    store: Store,
    inputs: Sequence[Input],
    *,
    declared: Callable[[str], ObjectType | None],
    keep_going: bool = False,
    progress: Callable[[int], None] | None = None,
    temporary: bool = False,
) -> Imported:
    """Import inputs into a store as one snapshot, which becomes the current one.

    ``declared`` returns the declaration of an object type, None if there is none: a repository's ``declared_type``. The first
    unusable input raises UnusableInput or UnreadableTable, and nothing is stored. With ``keep_going`` the other inputs are
    stored, and the snapshot records the failures. ``progress`` is called with the number of rows read so far. A ``temporary``
    snapshot takes less time to write, and more space.
    """
    reject_single_text(inputs, "inputs")
    paths = [os.path.realpath(given.path) for given in inputs if given.path != STANDARD_INPUT]
    with store.writing() as run, opened(directories=[store.directory], paths=paths, spill=run.temporary) as connection:
        # Equal inputs must give equal files, and several threads write in any order.
        connection.execute("SET threads = 1")
        importing = Importing(run, connection, declared=declared, temporary=temporary)
        imported = _Inputs(importing, connection, declared, keep_going, progress)
        imported.add(inputs)
        for failure in imported.failures:
            importing.add_failure(*_named(failure))
        if not temporary and (planned := next((one for one in run.sources if one.kind == PLAN.name), None)):
            raise UnusableInput(planned.name, STORED)
        snapshot = importing.commit() if run.sources else None
    return Imported(snapshot, tuple(imported.failures), tuple(importing.problems), imported.by_hand)


@dataclass(slots=True)
class _Inputs:
    """The inputs of one import. ``failures`` and ``by_hand`` grow while they are read."""

    importing: Importing
    connection: Connection
    declared: Declared
    keep_going: bool
    progress: Progress | None
    failures: list[UnusableInput | UnreadableTable] = field(default_factory=list)
    by_hand: dict[str, int] = field(default_factory=dict)

    def add(self, inputs: Sequence[Input]) -> None:
        """Read all inputs. Raises the first failure, unless other inputs are to be imported all the same."""
        tables = [table for table in inputs if table.is_table]
        others = [other for other in inputs if not other.is_table]
        read_from = _lines_of_tools(self.connection, self._temporary, tables)
        if any(other.path == STANDARD_INPUT for other in others):
            read_from[STANDARD_INPUT] = str(self._standard_input())
        others += [table for table in tables if table.path in read_from]
        tables = [table for table in tables if table.path not in read_from]
        reports = [other for other in others if _is_report(other, read_from.get(other.path, other.path))]
        rest = [other for other in others if other not in reports]
        self.failures += _read_tables(self.importing, tables, keep_going=self.keep_going)
        groups, rows = self._read_objects(rest, read_from)
        described = {table.type_name for table in tables} | rows.described
        described |= {object_.type_name for group in groups for object_ in group.collected()}
        usual = are_as_usual(self.declared(USER_TYPE), self.declared(ACCOUNT_TYPE))
        by_duckdb = usual and not described & {*REPORT_TYPES}
        if reports and not by_duckdb:
            # Several formats describe users, so that the readers merge each of them.
            groups, rows = self._read_objects(others, read_from)
        self._add_objects(groups, rows)
        if reports and by_duckdb:
            self._add_reports(reports, read_from, alone=not rest and not tables)
        places = {given.path: place for place, given in enumerate(inputs)}
        self.failures.sort(key=lambda failure: places[_named(failure)[0]])

    @property
    def _temporary(self) -> Path:
        return self.importing.run.temporary

    def _standard_input(self) -> Path:
        path = self._temporary / "standard-input"
        try:
            write_standard_input(path)
        except UnusableContent as error:
            raise UnusableInput(STANDARD_INPUT, str(error)) from None
        return path

    def _add_reports(self, reports: Sequence[Input], read_from: Mapping[str, str], *, alone: bool) -> None:
        """Import credential reports. DuckDB reads those whose bytes leave no doubt, the readers the others.

        If they are ``alone``, DuckDB needs little memory.
        """
        files: list[ReportFile] = []
        for number, given in enumerate(reports):
            path = Path(os.path.realpath(read_from.get(given.path, given.path)))
            copy, several = self._temporary / f"report-{number}.csv", len(reports) > 1
            self._keep(files, partial(report_file, given.path, path, copy, type_name=given.type_name, digested=several))
            if self.progress:
                self.progress(sum(file.rows for file in files))
        narrow = alone and all(os.path.getsize(file.path) <= _WIDE * file.rows for file in files)
        for attempt in range(2):
            files.sort(key=lambda file: (file.digest, file.source))
            if not files:
                return
            self.connection.execute(f"SET memory_limit = '{_MEMORY if narrow else MEMORY_LIMIT}'")
            directory = self._temporary / f"reports-{attempt}"
            directory.mkdir(mode=0o700)
            try:
                with translate_errors(self._temporary):
                    read = read_reports(
                        self.connection,
                        files,
                        declared=self.declared,
                        complete={given.path: given.complete for given in reports},
                        observed_at={given.path: given.observed_at for given in reports if given.observed_at},
                        directory=directory,
                        first_source=len(self.importing.run.sources),
                    )
            except Doubtful as doubt:
                files = self._read_by_readers(files, doubt.numbers, [given.path for given in reports])
                continue
            pieces = read.pieces if read.same_id is None else {**read.pieces, readings(USER_TYPE): read.same_id}
            self.importing.add_ready(read.sources, pieces)
            self.by_hand |= read.by_hand
            return
        raise PerpendError("the credential reports changed while they were read, or DuckDB reads them differently: try again")

    def _read_by_readers(
        self, files: Sequence[ReportFile], doubtful: Collection[int], order: Sequence[str]
    ) -> list[ReportFile]:
        """Return the reports, plain copies of those in doubt. The readers find the fault of a wrong one, in the order given."""
        by_readers = [file for number, file in enumerate(files) if doubtful and number not in doubtful]
        copies = [file for file in files if file not in by_readers]
        for number, file in enumerate(sorted(copies, key=lambda file: order.index(file.source))):
            self._keep(by_readers, partial(copied_report, file, self._temporary / f"again-{number}.csv"))
        return by_readers

    def _keep(self, files: list[ReportFile], read: Callable[[], ReportFile]) -> None:
        try:
            files.append(read())
        except UnusableInput as failure:
            if not self.keep_going:
                raise
            self.failures.append(failure)

    def _read_objects(self, inputs: Sequence[Input], read_from: Mapping[str, str]) -> tuple[list[Collecting], ObjectRows]:
        """Read inputs of other formats. Most objects are rows at once; those that need merging are collected."""
        # Files of other tools state their types, and pages of one answer must be read together.
        types = {given.path: given.type_name for given in inputs if given.type_name and is_of_tool(given)}
        declared = [(None if given.path in types else given.type_name, given) for given in inputs]
        rows = self.importing.taking()
        groups = []
        for type_name in sorted({name for name, _ in declared}, key=lambda name: name or ""):
            alike = [given for name, given in declared if name == type_name]
            group = Collecting(
                type_name,
                self.declared(type_name) if type_name else None,
                {given.path: given.complete for given in alike if given.complete},
                self.progress,
                read_from,
                {given.path: given.observed_at for given in alike if given.observed_at},
                types,
                rows,
                {given.path: given.planned_account for given in alike if given.planned_account},
            )
            group.read([given.path for given in alike], keep_going=self.keep_going)
            groups.append(group)
        return groups, rows

    def _add_objects(self, groups: Sequence[Collecting], rows: ObjectRows) -> None:
        """Import the objects that were read, after those that need merging were read again."""
        if not groups:
            return
        others = [(object_.type_name, object_.fields) for group in groups for object_ in group.collected()]
        stated = {name for group in groups for kind, name in group.not_left_out if kind == DETAILS.name}
        staged = self.importing.stage(rows, others, stated)
        firsts = staged.firsts()
        for group in groups:
            sources = {source.name for source in group.sources}
            group.reread([path for path in staged.apart if path in sources], OnlyNumbered(staged.apart))
            inventory = group.inventory([reading for reading in firsts if reading.origin.source in sources])
            self.importing.add_inventory(inventory, contradiction=contradiction)
            self.failures += group.failures
        self.importing.add_cited(rows)


def _is_report(given: Input, path: str) -> bool:
    """Whether an input is read as a credential report. An input that cannot be opened is not."""
    try:
        return not given.is_mapped and os.path.isfile(path) and is_report(head_of(path), given.type_name)
    except (OSError, PerpendError):
        return False


def _lines_of_tools(connection: Connection, directory: Path, tables: Sequence[Input]) -> dict[str, str]:
    """Return files with the rows of other tools' tables as JSON lines, by path of the input."""
    unnamed = [table.path for table in tables if table.type_name is None and not table.is_mapped]
    with translate_errors(directory):
        lines = {path: lines_of_tool(connection, path, directory / f"tool-{place}") for place, path in enumerate(unnamed)}
    return {path: str(line) for path, line in lines.items() if line is not None}


def _read_tables(importing: Importing, tables: Sequence[Input], *, keep_going: bool) -> list[UnreadableTable]:
    failures = [
        UnreadableTable(table.path, "a table does not state its object type; set it with --type")
        for table in tables
        if table.type_name is None
    ]
    named = [
        TableFile(
            table.path,
            table.type_name,
            table.columns,
            table.constants,
            table.observed_at,
            table.complete,
            table.new_fields,
            table.blank_is_none,
        )
        for table in tables
        if table.type_name is not None
    ]
    for table in in_order(named) if keep_going or not failures else ():
        try:
            importing.add_table(table)
        except UnreadableTable as error:
            failures.append(error)
            if not keep_going:
                break
    if failures and not keep_going:
        raise failures[0]
    return failures


def _named(failure: UnreadableTable | UnusableInput) -> tuple[str, str]:
    return (failure.path, failure.reason) if isinstance(failure, UnreadableTable) else (failure.source, failure.reason)
