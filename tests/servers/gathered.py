"""One account collected without a command: its rows, and what came of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from perpend.collectors.aws.accounts.account_pool import Accounts
from perpend.collectors.aws.accounts.completeness import Collection, collection_of
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.plan import IDENTITY, plan_of
from perpend.collectors.aws.session.credentials import AccountCredentials, account_of
from perpend.collectors.aws.work_units import CollectedRow
from perpend.collectors.runs.checkpoint import Journal


def gathered(
    client: CloudClient, wanted: Mapping[str, Iterable[str]], regions: Sequence[str] | None = None
) -> tuple[list[CollectedRow], Collection]:
    """Collect the wanted fields of the wanted types of an account, in some regions or all that it has enabled."""
    plan, place = plan_of(wanted), account_of(client)
    with tempfile.TemporaryDirectory() as directory:
        journal = Journal(Path(directory), "plan")
        accounts = Accounts(plan, journal, (lambda _: regions) if regions is not None else None)
        accounts.collect([AccountCredentials(lambda: client, place.account, partition=place.partition, place=place)])
        rows = list(journal.rows(place.account, (IDENTITY, *plan.listings)))
        found = collection_of(plan, tuple(journal.entries.values()), journal.ends, journal.parts)
        journal.close()
    return rows, found
