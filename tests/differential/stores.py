"""Drawn objects by type as estates and stores, and what judges them: shared by tests that compare files with stores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.evaluation.verdicts.selection import Selection, selection_of
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from tests.differential.mixing import TIME

NOW = datetime.fromtimestamp(TIME / 1000, UTC)


def estate_of(analyzer: Analyzer, objects: dict[str, list[dict[str, Any]]], claims: Iterable[Claim] = ()) -> Inventory:
    """Return the estate of objects by type, all from one source that makes some claims."""
    found = {
        name: [object_from_fields(fields, analyzer.object_type(name), Origin("a.json", row)) for row, fields in enumerate(rows)]
        for name, rows in objects.items()
    }
    return Inventory((Source("a.json", "test-data", None, len(found), coverage=tuple(claims)),), found)


def stored_estate(directory: Path, analyzer: Analyzer, inventory: Inventory) -> Snapshot:
    """Return the snapshot of an estate in a new store."""
    store = Store(directory)
    with store.writing() as run, opened(directories=[store.directory], spill=run.temporary) as connection:
        importing = Importing(run, connection, declared=lambda name: analyzer.repository.object_type(name).value)
        importing.add_inventory(inventory, contradiction=contradiction)
        return importing.commit()


def over_things(analyzer: Analyzer, program: Program) -> Selection:
    """Return a program that judges things as a selection."""
    return selection_of(analyzer, [program])


def names_of(value: Any) -> set[str]:
    """Return the names of all fields in objects."""
    if isinstance(value, dict):
        return {*value, *(name for inner in value.values() for name in names_of(inner))}
    return {name for inner in value for name in names_of(inner)} if isinstance(value, list) else set()
