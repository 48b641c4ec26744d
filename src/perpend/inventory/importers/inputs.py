"""Import inputs of all formats into one snapshot: tables with DuckDB, other formats with the readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.core.errors import reject_single_text
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.importers.input import is_of_tool
from perpend.inventory.importers.object_rows import OnlyNumbered
from perpend.inventory.importers.reports.readings import are_as_usual, read_reports, readings_of
from perpend.inventory.importers.reports.staged import MEMORY, stage_reports
from perpend.inventory.importers.tables.table_bytes import UnreadableTable
from perpend.inventory.importers.tables.table_file import TableFile, in_order
from perpend.inventory.importers.tables.tool_parquet import lines_of_tool
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.readers.files import are_large
from perpend.inventory.readers.formats import DETAILS
from perpend.inventory.readers.merge import ACCOUNT_TYPE, USER_TYPE
from perpend.inventory.readers.read import Collecting
from perpend.inventory.snapshots.database import MEMORY_LIMIT, opened, translate_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.inventory import Inventory
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.reports.readings import Readings
    from perpend.inventory.importers.reports.staged import StagedReports
    from perpend.inventory.readers.errors import UnusableInput
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store

    Declared = Callable[[str], ObjectType | None]


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the snapshot, None if no input was usable; the unusable inputs; diagnostics of the others."""

    snapshot: Snapshot | None
    failures: tuple[UnusableInput | UnreadableTable, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def import_inputs(
    store: Store,
    inputs: Sequence[Input],
    *,
    declared: Callable[[str], ObjectType | None],
    keep_going: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Import inputs into a store as one snapshot, which becomes the current one.

    ``declared`` returns the declaration of an object type, None if there is none: a repository's ``declared_type``. The first
    unusable input raises UnusableInput or UnreadableTable, and nothing is stored. With ``keep_going`` the other inputs are
    stored, and the snapshot records the failures. ``progress`` is called with the number of rows read so far.
    """
    reject_single_text(inputs, "inputs")
    tables = [table for table in inputs if table.is_table]
    others = [other for other in inputs if not other.is_table]
    paths = [table.path for table in tables]
    with store.writing() as run, opened(directories=[store.directory], paths=paths, spill=run.temporary) as connection:
        # Equal inputs must give equal files, and several threads write in any order.
        connection.execute("SET threads = 1")
        importing = Importing(run, connection, declared=declared)
        failures: list[UnusableInput | UnreadableTable] = []
        if not _reports_read(importing, connection, inputs, declared, progress=progress):
            read_from = _lines_of_tools(connection, run.temporary, tables)
            others += [table for table in tables if table.path in read_from]
            tables = [table for table in tables if table.path not in read_from]
            failures += _read_tables(importing, tables, keep_going=keep_going)
            failures += _read_others(importing, others, declared, read_from, keep_going=keep_going, progress=progress)
        for failure in failures:
            importing.add_failure(*_named(failure))
        snapshot = importing.commit() if run.sources else None
    return Imported(snapshot, tuple(failures), tuple(importing.problems))


def import_inventory(
    store: Store, inventory: Inventory, *, declared: Declared, failures: Sequence[UnusableInput] = ()
) -> Imported:
    """Import an inventory that readers have read as one snapshot. ``failures`` are the inputs that they could not read."""
    with store.writing() as run, opened(directories=[store.directory], spill=run.temporary) as connection:
        importing = Importing(run, connection, declared=declared)
        importing.add_inventory(inventory, contradiction=contradiction)
        for failure in failures:
            importing.add_failure(*_named(failure))
        snapshot = importing.commit()
    return Imported(snapshot, tuple(failures), tuple(importing.problems))


def stage_inputs(
    connection: Connection,
    inputs: Sequence[Input],
    *,
    declared: Declared,
    directory: Path,
    streamed: bool,
    progress: Callable[[int], None] | None = None,
) -> StagedReports | None:
    """Stage large credential reports for evaluation; return None if the inputs are something else.

    ``directory`` takes their copies. ``streamed``: all users will be read in their order.
    """
    if not _may_be_reports(inputs, declared):
        return None
    with translate_errors(directory):
        return stage_reports(
            connection,
            [given.path for given in inputs],
            declared=declared,
            complete={given.path: given.complete for given in inputs},
            observed_at={given.path: given.observed_at for given in inputs if given.observed_at},
            directory=directory,
            streamed=streamed,
            progress=progress,
        )


def readings_of_inputs(
    connection: Connection,
    inputs: Sequence[Input],
    *,
    declared: Declared,
    directory: Path,
    progress: Callable[[int], None] | None = None,
) -> Readings | None:
    """Return the rows of large credential reports, None if the inputs are something else. ``directory`` takes their copies."""
    if not _may_be_reports(inputs, declared):
        return None
    with translate_errors(directory):
        return readings_of(connection, [given.path for given in inputs], declared, directory, progress, memory=MEMORY)


def _may_be_reports(inputs: Sequence[Input], declared: Declared) -> bool:
    """Whether inputs are large and may be plain credential reports, and users and accounts are declared as in the library."""
    usual = are_as_usual(declared(USER_TYPE), declared(ACCOUNT_TYPE))
    typed = any(given.type_name or given.is_mapped for given in inputs)
    return usual and not typed and are_large([given.path for given in inputs])


def _reports_read(
    importing: Importing,
    connection: Connection,
    inputs: Sequence[Input],
    declared: Declared,
    *,
    progress: Callable[[int], None] | None,
) -> bool:
    """Import large credential reports with DuckDB. Return False, with nothing read, if the readers must do it."""
    if not _may_be_reports(inputs, declared):
        return False
    with translate_errors(importing.run.temporary):
        read = read_reports(
            connection,
            [given.path for given in inputs],
            declared=declared,
            complete={given.path: given.complete for given in inputs},
            observed_at={given.path: given.observed_at for given in inputs if given.observed_at},
            directory=importing.run.temporary,
            progress=progress,
        )
    if read is None:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        return False
    importing.add_ready(read.sources, read.pieces)
    return True


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


def _read_others(
    importing: Importing,
    inputs: Sequence[Input],
    declared: Declared,
    read_from: Mapping[str, str],
    *,
    keep_going: bool,
    progress: Callable[[int], None] | None,
) -> list[UnusableInput]:
    # Files of other tools state their types, and pages of one answer must be read together.
    types = {other.path: other.type_name for other in inputs if other.type_name and is_of_tool(other)}
    asked = [(None if other.path in types else other.type_name, other) for other in inputs]
    taken = importing.taking()
    groups: list[Collecting] = []
    for type_name in sorted({name for name, _ in asked}, key=lambda name: name or ""):
        alike = [other for name, other in asked if name == type_name]
        group = Collecting(
            type_name,
            declared(type_name) if type_name else None,
            {other.path: other.complete for other in alike if other.complete},
            progress,
            read_from,
            {other.path: other.observed_at for other in alike if other.observed_at},
            types,
            taken,
        )
        group.read([other.path for other in alike], keep_going=keep_going)
        groups.append(group)
    others = [(one.type_name, one.fields) for group in groups for one in group.collected()]
    staged = importing.stage(
        taken, others, {name for group in groups for kind, name in group.not_left_out if kind == DETAILS.name}
    )
    firsts = staged.firsts()
    for group in groups:
        sources = {source.name for source in group.sources}
        group.read_again([path for path in staged.apart if path in sources], OnlyNumbered(staged.apart))
        inventory = group.inventory([reading for reading in firsts if reading.origin.source in sources])
        importing.add_inventory(inventory, contradiction=contradiction)
    importing.add_cited(taken)
    return [failure for group in groups for failure in group.failures]


def _named(failure: UnreadableTable | UnusableInput) -> tuple[str, str]:
    return (failure.path, failure.reason) if isinstance(failure, UnreadableTable) else (failure.source, failure.reason)
