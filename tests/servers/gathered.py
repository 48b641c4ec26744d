"""One account collected without a command: its rows, and their completeness."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from perpend.collectors.aws.account_pool import AccountPool
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.session.credentials import SdkAccountCredentials, account_of
from perpend.collectors.completeness import completeness_of
from perpend.collectors.protocol import CollectedRow, Completeness
from perpend.collectors.runs.checkpoint import Checkpoint


def gathered(
    client: CloudClient, wanted: Mapping[str, Iterable[str]], regions: Sequence[str] | None = None
) -> tuple[list[CollectedRow], Completeness]:
    """Collect the wanted fields of the wanted types of an account, in some regions or all that it has enabled."""
    plan, place = CLOUD.plan(wanted), account_of(client)
    with tempfile.TemporaryDirectory() as directory:
        journal = Checkpoint(Path(directory), "plan")
        accounts = AccountPool(plan, journal, (lambda _: regions) if regions is not None else None)
        accounts.collect([SdkAccountCredentials(lambda: client, place.account, partition=place.partition, place=place)])
        rows = list(journal.rows(place.account, plan.all_listings))
        found = completeness_of(plan, tuple(journal.entries.values()), journal.results, journal.parts)
        journal.close()
    return rows, found
