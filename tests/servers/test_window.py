"""Many accounts, a few of them open at once: of those that are done nothing stays in memory."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from botocore.session import Session

from perpend.collectors.aws.account_pool import WINDOW, AccountPool
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.session.credentials import credentials_of_organization
from perpend.collectors.runs.checkpoint import Checkpoint
from tests.servers.stub import SECRET, Stub

pytestmark = pytest.mark.slow

WANTED = {"CA10__CaAwsUser__c": ("CA10__credReportAttributesJson__c",)}


def test_of_accounts_that_are_done_nothing_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", SECRET)):
        monkeypatch.setenv(name, value)
    stub, plan = Stub(3 * WINDOW, 1), CLOUD.plan(WANTED)
    client = CloudClient(endpoint_url=stub.url)
    entrances, _ = credentials_of_organization(client, plan, role_name="audit", external_id=None)
    journal = Checkpoint(tmp_path / "journal", "plan")
    sessions: WeakSet[Session] = WeakSet()
    begin = Session.__init__

    def noted(session: Session, **named: Any) -> None:
        sessions.add(session)
        begin(session, **named)

    monkeypatch.setattr(Session, "__init__", noted)
    gc.disable()  # as in a command, which looks for circles seldom
    try:
        AccountPool(plan, journal, None).collect(entrances)
        left = len(sessions)
    finally:
        gc.enable()
        journal.close()
        stub.close()
    assert (3 * WINDOW, True) == (len(journal.entries), left <= 2 * WINDOW)
