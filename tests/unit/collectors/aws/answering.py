"""A client that answers calls from a table, so that a collection can be tested without a server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perpend.collectors.aws.account_pool import AccountPool
from perpend.collectors.aws.client import CallRefused
from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.aws.session.credentials import SdkAccountCredentials, account_of
from perpend.collectors.completeness import completeness_of
from perpend.collectors.protocol import CollectedRow, Completeness, UsedObjects
from perpend.collectors.runs.checkpoint import Checkpoint

ACCOUNT = "111122223333"
IDENTITY = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/audit", "UserId": "A"}

Reply = Mapping[str, Any] | str | Callable[[Mapping[str, Any], str], Mapping[str, Any] | str]
"""An answer, the code of an error, or a function of parameters and region that returns either."""


@dataclass
class AnsweringClient:
    """A client. ``replies`` has the answers by name of call, ``asked`` names the calls that were made."""

    replies: Mapping[str, Reply]
    asked: list[str] = field(default_factory=list)
    call_counts: dict[str, int] = field(default_factory=dict)

    def pages(self, call: CloudCall, region: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        self.asked.append(call.name)
        reply = IDENTITY if call.name == "sts.identity" else self.replies[call.name]
        found = reply(parameters, region) if callable(reply) else reply
        if isinstance(found, str):
            raise CallRefused(call, Refusal(found))
        yield found

    def known_regions(self, partition: str) -> list[str]:
        return []

    def close(self) -> None: ...


def collected(
    client: AnsweringClient, wanted: Mapping[str, Iterable[str]], texts: Iterable[str] = (), used: UsedObjects | None = None
) -> tuple[list[CollectedRow], Completeness]:
    """Collect the wanted fields of the wanted types from a client."""
    plan = CLOUD.plan(wanted, texts)
    opened: Any = client
    with tempfile.TemporaryDirectory() as directory:
        journal = Checkpoint(Path(directory), "plan")
        place = account_of(opened)
        AccountPool(plan, journal, used=used or {}).collect(
            [SdkAccountCredentials(lambda: opened, place.account, partition=place.partition, place=place)]
        )
        rows = list(journal.rows(place.account, plan.all_listings))
        found = completeness_of(plan, tuple(journal.entries.values()), journal.results, journal.parts)
        journal.close()
    return rows, found
