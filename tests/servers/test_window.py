"""Many accounts, a few of them open at once: of those that are done nothing stays in memory."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from botocore.session import Session

from perpend.clouds.aws.client import CloudClient
from perpend.clouds.aws.plan import plan_of
from perpend.clouds.aws.reach.entering import entrances_of_organization
from perpend.clouds.aws.runs.window import WINDOW, Accounts
from perpend.gather.journal import Journal
from tests.servers.stub import SECRET, Stub

WANTED = {"CA10__CaAwsUser__c": ("CA10__credReportAttributesJson__c",)}


def test_of_accounts_that_are_done_nothing_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", SECRET)):
        monkeypatch.setenv(name, value)
    stub, plan = Stub(3 * WINDOW, 1), plan_of(WANTED)
    client = CloudClient(endpoint_url=stub.url)
    entrances, _ = entrances_of_organization(client, plan, role_name="audit", external_id=None)
    journal = Journal(tmp_path / "journal", "plan")
    gc.unfreeze()  # what was passed over comes to light again when a collection ends: it is counted before, too
    gc.collect()
    gc.disable()  # as in a command, which looks for circles seldom
    before = sessions()
    try:
        Accounts(plan, journal, None).collect(entrances)
        left = sessions() - before
    finally:
        gc.enable()
        journal.close()
        stub.close()
    assert (3 * WINDOW, True) == (len(journal.entries), left <= 2 * WINDOW)


def sessions() -> int:
    return sum(issubclass(type(one), Session) for one in gc.get_objects())  # a dead reference has no class to be asked
