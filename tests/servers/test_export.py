"""Findings sent to a Security Hub that is not AWS's own: the news only, and what it holds in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter, run
from tests.servers.sessions import session_of

__all__ = ["run"]

ACCOUNT = "123456789012"
"""The account that the server says any credentials are of."""


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def held(address: str) -> dict[str, str]:
    """Return the status of each finding that Security Hub holds."""
    client: Any = session_of().create_client("securityhub", region_name="eu-west-1", endpoint_url=address)
    pages = client.get_paginator("get_findings").paginate()
    return {one["Id"]: one["Compliance"]["Status"] for page in pages for one in page["Findings"]}


def test_a_store_s_news_are_sent_once(run: RunWriter, moto_address: str, tmp_path: Path) -> None:
    report, store = tmp_path / "report.csv", tmp_path / "estate"
    text = Path(EXAMPLE).read_text().replace("111122223333", ACCOUNT)
    report.write_text(text)
    run("import", report, "--store", store, "--observed-at", "2026-11-20T00:00:00Z")

    def push(*options: Any) -> Any:
        words = ("--unrated", "low", "--to-region", "eu-west-1", "--endpoint-url", moto_address)
        return run("export", "security-hub", "--store", store, *words, *options)

    dry = push("--dry-run")
    assert (0, {}) == (dry.code, held(moto_address)), dry.err
    assert "would be sent" in dry.out
    first = push()
    assert 0 == first.code, first.err
    there = held(moto_address)
    assert {"FAILED", "WARNING"} == {*there.values()}
    assert f" {len(there)} sent in 1 call (" in first.out
    assert " 0 sent in 0 calls" in push().out
    run("check", report, *TIME, "--format", "asff", "--unrated", "low", "--out", tmp_path / "elsewhere.json")
    record = next(tmp_path.glob(f"estate.asff-sent-{ACCOUNT}-eu-west-1.ndjson"))
    assert len(there) + 1 == len(record.read_text().splitlines())


def test_findings_of_other_accounts_are_left_out_and_told(run: RunWriter, moto_address: str, tmp_path: Path) -> None:
    target = tmp_path / "findings.json"
    run("check", EXAMPLE, *TIME, "--format", "asff", "--unrated", "low", "--out", target)
    ended = run("export", "security-hub", target, "--to-region", "eu-west-1", "--endpoint-url", moto_address)
    assert 0 == ended.code
    assert "0 sent in 0 calls" in ended.out
    assert "of other accounts not sent" in ended.err


def test_what_cannot_be_sent_is_told_in_a_line(run: RunWriter, moto_address: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[]")
    ended = run("export", "security-hub", other, "--to-region", "eu-west-1", "--endpoint-url", moto_address)
    assert (2, 1) == (ended.code, len(ended.err.splitlines()))
    assert 2 == run("export", "security-hub", "--store", tmp_path).code
    assert 2 == run("export", "security-hub").code
