"""The same account on two servers that speak AWS: verdicts of both agree, and what one of them cannot answer is no verdict.

Only with ``PERPEND_MINISTACK`` (see ``second.py``).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from tests.servers import policies
from tests.servers.second import COMMAND, make_what_can_be, ministack

REGIONS = ("--regions", "us-east-1", "--regions", "eu-west-1")
CHOSEN = ["--policy", "/ce/ca/aws"]
KNOWN = ("COMPLIANT", "INCOMPLIANT", "INAPPLICABLE")
DIFFERENT: dict[str, str] = {
    "iam/mfa-for-all-users-with-console-password": "ministack, as AWS, enables no device that nobody has made",
    "opensearch/domain-https": "whether a new domain enforces HTTPS",
    "rds/instance-encryption": "an instance takes over the encryption of its cluster on moto only",
    "s3/bucket-access-control-lists": "new buckets of moto have access control lists, those of ministack and of AWS have none",
}
"""Policies of which both servers say something, and not the same, with why."""


@pytest.mark.skipif(COMMAND not in os.environ, reason=f"{COMMAND} names no ministack")
def test_two_servers_lead_to_the_same_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in policies.KEYS.items():
        monkeypatch.setenv(name, value)
    with ministack(tmp_path) as url:
        refused = make_what_can_be(policies.MAKERS, url)
        second = statuses(policies.judged(url, CHOSEN, *REGIONS)[1])
    with policies.account() as url:
        first = statuses(policies.judged(url, CHOSEN, *REGIONS)[1])
    both = {key for key in first.keys() & second.keys() if first[key] in KNOWN and second[key] in KNOWN}
    found = {key: (first[key], second[key]) for key in both if first[key] != second[key]}
    assert set(DIFFERENT) == {policy.removeprefix("/ce/ca/aws/") for policy, _ in found}, (found, refused)
    assert len(both) > 200


def statuses(verdicts: list[dict[str, object]]) -> dict[tuple[str, str], str]:
    return {(str(one["policyId"]), _plain(one)): str(one["status"]) for one in verdicts}


def _plain(verdict: dict[str, object]) -> str:
    """Return an object's Id as both servers write it: they number the account otherwise."""
    judged = verdict["object"]
    assert isinstance(judged, dict)
    return str(judged["id"]).replace("000000000000", "123456789012")
