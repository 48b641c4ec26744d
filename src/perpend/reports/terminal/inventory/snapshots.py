"""Snapshots of a store in, lists for people out. Refuses to know how they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as Grid

from perpend.core.diagnostics.escape import visible
from perpend.reports.formats.accounts import with_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from rich.console import Console

    from perpend.core.objects.account import Account
    from perpend.core.schema.tables import Column, Table
    from perpend.inventory.snapshots.manifest import Manifest, StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot


def print_snapshots(manifests: Iterable[Manifest], in_force: str | None, console: Console) -> None:
    """Print a line per snapshot: id, time, how much it holds, whether it is in force."""
    grid = _grid("", "snapshot", "created", "tables", "rows", "sources", "not read")
    for manifest in manifests:
        grid.add_row(
            "*" if manifest.run == in_force else "",
            manifest.run,
            _time(manifest.created),
            str(len(manifest.tables)),
            f"{sum(table.rows for table in manifest.tables.values()):,}",
            str(len(manifest.sources)),
            str(len(manifest.failures)) if manifest.failures else "",
        )
    console.print(grid)


def print_snapshot(
    snapshot: Snapshot, views: Mapping[str, str], console: Console, *, accounts: Mapping[str, Account] | None = None
) -> None:
    """Print a snapshot: where it came from, its tables with the names of their views, their columns and relations.

    ``accounts`` says what is known of accounts.
    """
    console.print(f"snapshot {snapshot.id}, created {_time(snapshot.created)} by {snapshot.engine}")
    console.print(f"content {snapshot.content_hash}")
    console.print()
    grid = _grid("#", "source", "kind", "observed at", "objects", "accounts", "regions")
    for number, source in enumerate(snapshot.sources):
        named = [with_name(number, accounts or {}) for number in source.accounts]
        covered = (visible(", ".join(some[:6]) + (" …" if len(some) > 6 else "")) for some in (named, source.regions))
        observed = _time(source.observed_at) if source.observed_at else "not said"
        grid.add_row(str(number), visible(source.name), source.kind, observed, f"{source.objects:,}", *covered)
    console.print(grid)
    for source in snapshot.sources:
        _print_coverage(source, console)
    for failure in snapshot.failures:
        console.print(f"not read: {visible(failure.source)}: {visible(failure.reason)}")
    for name, table in snapshot.tables.by_name.items():
        _print_table(table, views.get(name, name), console)


def _print_coverage(source: StoredSource, console: Console) -> None:
    for claim in source.coverage:
        what = f"{claim.type_name or 'objects'}{f' in {claim.relation}' if claim.relation else ''} of {claim.scope}"
        how = "in full" if claim.lacking is None else f"not in full: {claim.lacking}"
        console.print(f"{visible(source.name)} holds {visible(what)} {visible(how)}")


def _print_table(table: Table, view: str, console: Console) -> None:
    console.print()
    other = f" ({visible(view)})" if view != table.name else ""
    console.print(f"{visible(table.name)}{other}: {table.rows:,} {'row' if table.rows == 1 else 'rows'}")
    for column in table.columns.values():
        console.print(f"  {visible(column.name)}: {_described(column)}")
    for kind, joins in (("lookup", table.lookups), ("list", table.children)):
        for join in joins.values():
            partly = ", not known" if join.lacking else ", not known for some" if join.partial else ""
            console.print(f"  {visible(join.name)}: {kind} of {visible(join.table)}{partly}")


def _described(column: Column) -> str:
    return column.form.value + (", not known for some" if column.partial else "")


def _grid(*columns: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=column == "snapshot")
    return grid


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
