"""What is gone: only what a later complete listing lacks. What two answers contradict each other about is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.clouds.aws import answers
from tests.servers.planted.faults import Fault
from tests.servers.planted.rounds import Rounds, account, command
from tests.servers.planted.tables import FAULTS

LIBRARY = "/ce/ca/aws/"
NOT_FOUND = {
    "kms/symmetric-cmk-rotation": ("GetKeyRotationStatus", "NotFoundException", "kms:GetKeyRotationStatus"),
    "dynamodb/table-point-in-time-recovery": (
        "DescribeContinuousBackups",
        "TableNotFoundException",
        "dynamodb:DescribeContinuousBackups",
    ),
    "s3/bucket-versioning": ("GetBucketVersioning", "NoSuchBucket", "s3:GetBucketVersioning"),
}
"""Policies, each with a call that it reads, the code by which this call does not find an object, and its permission."""

STAGES = "apigateway/stage-tracing"


DELETED = {
    "dynamodb/table-point-in-time-recovery": ("dynamodb", "delete_table", "TableName"),
    "s3/bucket-versioning": ("s3", "delete_bucket", "Bucket"),
}
"""What deletes the things of policies: a call, and what it calls a thing. A key of KMS goes a week later at the earliest."""


@pytest.fixture(scope="module")
def rounds(moto_address: str) -> Iterator[Rounds]:
    named = [FAULTS[LIBRARY + name] for name in (*NOT_FOUND, STAGES)]
    with account(moto_address, named) as made:
        made.plant()
        yield made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, rounds: Rounds) -> None:
    monkeypatch.setattr(answers, "PAUSE", 0.0)
    rounds.proxy.answers, rounds.proxy.asked = {}, []


class Story:
    """One policy over one store: what collections say, the status of its planted thing after each, and its finding's life."""

    def __init__(self, rounds: Rounds, policy: str, store: Path) -> None:
        self._rounds, self._store = rounds, store
        self.fault: Fault = FAULTS[LIBRARY + policy]
        self.thing = rounds.planted[self.fault.policy_id]

    def collected(self, **answers: str) -> Any:
        """Collect, where the server answers some operations so, and judge."""
        self._rounds.proxy.answers, self._rounds.proxy.asked = answers, []
        ended = self._rounds.collect(self._store, "--policy", self.fault.policy_id)
        command("check", "--store", self._store, "--policy", self.fault.policy_id)
        return ended

    @property
    def status(self) -> str:
        verdicts = self._rounds.judge(self._store, "--policy", self.fault.policy_id)
        return str(verdicts.get((self.fault.policy_id, self.thing), {}).get("status"))

    @property
    def life(self) -> str:
        query = f"SELECT life FROM finding WHERE object_id = '{self.thing}'"
        return command("inventory", "sql", query, "--store", self._store, "--format", "csv").out.split()[-1]


@pytest.mark.parametrize("policy", NOT_FOUND)
def test_what_is_listed_and_not_found_is_not_known_and_not_gone(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, permission = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    ended = story.collected(**{operation: code})
    assert (3, "UNDETERMINED", "unconfirmed") == (ended.code, story.status, story.life)
    assert f"listed and not found: {permission} ({code}) in " in ended.err
    assert "disappeared" not in ended.out


@pytest.mark.parametrize("policy", NOT_FOUND)
def test_it_is_asked_once_more(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, _ = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    ended = story.collected(**{operation: f"once {code}"})
    assert (0, "INCOMPLIANT", "open") == (ended.code, story.status, story.life)
    asked = rounds.proxy.asked.count(operation)
    story.collected()
    assert asked == rounds.proxy.asked.count(operation) + 1


def test_what_a_listing_within_a_listed_item_does_not_find_is_not_gone(rounds: Rounds, tmp_path: Path) -> None:
    story = Story(rounds, STAGES, tmp_path / "store")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    ended = story.collected(GetStages="NotFoundException")
    assert (3, "INCOMPLIANT", "open") == (ended.code, story.status, story.life)
    assert "not listed this time, stays as it was: " in ended.out
    assert "listed and not found: apigateway:GET (NotFoundException) in " in ended.err


@pytest.mark.parametrize("policy", DELETED)
def test_gone_is_what_a_later_complete_listing_lacks(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, _ = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    story.collected()
    story.collected(**{operation: code})
    service, delete, called = DELETED[policy]
    getattr(rounds.aws.client(service), delete)(**{called: story.thing.rpartition("/")[2].rpartition(":")[2]})
    ended = story.collected()
    assert (0, "DISAPPEARED", "gone") == (ended.code, story.status, story.life)
