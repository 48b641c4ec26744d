"""What a collection over REST reads, without a store: rows with the reasons of unknown fields, and claims."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from perpend.collectors.cloud import TableCloud
from perpend.collectors.protocol import CollectedRow
from perpend.collectors.rest.rows import RestPlan
from perpend.collectors.runs.checkpoint import Checkpoint


class Gathered(NamedTuple):
    """What a collection read: its rows, and why each account and type is incomplete, None if it was read in full."""

    rows: list[CollectedRow]
    claims: dict[tuple[str, str], str | None]

    @property
    def whole(self) -> set[tuple[str, str]]:
        """The accounts and types that were read in full."""
        return {key for key, lacking in self.claims.items() if lacking is None}

    @property
    def objects(self) -> dict[tuple[str, str], CollectedRow]:
        """The rows by type and Id."""
        return {(row.type_name, row.fields["Id"]): row for row in self.rows}


def gathered(cloud: TableCloud[Any], api: Any, plan: RestPlan, options: Any) -> Gathered:
    """Collect a plan from a double that options name."""
    accounts, _ = api.credentials(plan, options)
    with tempfile.TemporaryDirectory() as folder:
        journal = Checkpoint(Path(folder), "plan")
        api.collect(plan, accounts, journal, options)
        rows = [row for one in accounts for row in journal.rows(one.account, plan.all_listings)]
        completeness = cloud.completeness(plan, tuple(journal.entries.values()), journal.results, journal.parts)
        journal.close()
    shown = {(str(claim.scope), claim.type_name): claim.lacking for source in completeness.sources for claim in source.coverage}
    return Gathered(rows, shown)
