"""What is sent to Security Hub: the news, in batches, and again before it expires; remembered through kills."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors.aws.security_hub import BATCH, SentRecord, UnusableFindings, findings_in, push_findings
from perpend.collectors.protocol import PushResult

DAY = datetime.fromisoformat("2026-11-20T00:00:00.000+00:00")


def finding(name: str, status: str = "FAILED", *, days: int = 0, **more: Any) -> dict[str, Any]:
    at = (DAY + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "Id": name,
        "ProductArn": "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default",
        "AwsAccountId": "111122223333",
        "CreatedAt": at,
        "UpdatedAt": at,
        "Compliance": {"Status": status},
        **more,
    }


class Hub:
    """What was sent, batch by batch; it refuses the ids that are named, and ends before a call."""

    def __init__(self, *refuses: str, ends_before: int = 99) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._refuses = refuses
        self._ends_before = ends_before

    def __call__(self, batch: list[dict[str, Any]]) -> dict[str, Any]:
        if len(self.batches) == self._ends_before:
            raise KeyboardInterrupt
        self.batches.append(batch)
        failed = [{"Id": one["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "no"} for one in batch]
        return {"FailedFindings": [one for one in failed if one["Id"] in self._refuses]}


def push(path: Path, hub: Hub, *findings: dict[str, Any]) -> PushResult:
    with closing(SentRecord(path)) as record:
        return push_findings(iter(findings), record, hub, region="eu-west-1")


def test_only_news_are_sent(tmp_path: Path) -> None:
    path, hub = tmp_path / "sent", Hub()
    first = push(path, hub, finding("a"), finding("b", "WARNING"), finding("c", "PASSED"), finding("d", "NOT_AVAILABLE"))
    assert (2, 2, 1) == (first.new, first.no_news, first.calls)
    assert ["eu-west-1"] * 2 == [one["ProductArn"].split(":")[3] for one in hub.batches[0]]
    again = push(path, hub, finding("a", days=1), finding("b", "WARNING", days=1))
    assert (0, 2, 0) == (again.sent, again.same, again.calls)
    passes = push(path, hub, finding("a", "PASSED", days=2))
    assert (1, 1, 1) == (passes.changed, passes.sent, passes.unmentioned)
    assert [("a", "PASSED", finding("a")["CreatedAt"])] == [
        (one["Id"], one["Compliance"]["Status"], one["CreatedAt"]) for one in hub.batches[-1]
    ]


def test_what_would_expire_is_sent_again(tmp_path: Path) -> None:
    path, hub = tmp_path / "sent", Hub()
    push(path, hub, finding("a"))
    assert 0 == push(path, hub, finding("a", days=59)).sent
    assert 1 == push(path, hub, finding("a", days=60)).refreshed
    assert 0 == push(path, hub, finding("a", days=61)).sent


def test_what_is_refused_is_told_and_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    told = push(path, Hub("b"), finding("a"), finding("b"))
    assert ({"b": "InvalidInput: no"}, 1) == (told.refused, told.sent)
    hub = Hub()
    push(path, hub, finding("a"), finding("b"))
    assert [["b"]] == [[one["Id"] for one in batch] for batch in hub.batches]


def test_batches_hold_no_more_than_a_call_takes(tmp_path: Path) -> None:
    hub = Hub()
    push(tmp_path / "many", hub, *(finding(str(number)) for number in range(2 * BATCH + 1)))
    assert [BATCH, BATCH, 1] == list(map(len, hub.batches))
    hub = Hub()
    push(tmp_path / "large", hub, *(finding(str(number), Title="x" * 2_000_000) for number in range(3)))
    assert [2, 1] == list(map(len, hub.batches))


def test_a_push_that_ends_goes_on_where_it_was(tmp_path: Path) -> None:
    path, hub = tmp_path / "sent", Hub(ends_before=1)
    findings = [finding(str(number)) for number in range(BATCH + 5)]
    with pytest.raises(KeyboardInterrupt):
        push(path, hub, *findings)
    path.write_bytes(path.read_bytes()[:-9])
    hub = Hub()
    assert 6 == push(path, hub, *findings).sent
    assert 0 == push(path, Hub(), *findings).sent
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_dry_run_sends_and_remembers_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    assert 1 == push_findings(iter([finding("a")]), SentRecord(path, read_only=True), None, region="eu-west-1").sent
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not findings as"),
        ("[]", "not findings as"),
        ('{"Findings":[\n', "ends before its end"),
        ('{"Findings":[\n]}\n{}\n', "ends before its end"),
        ('{"Findings":[\nnull\n]}\n', ":2: not a finding of Security Hub"),
        ('{"Findings":[\n{"Id":\n]}\n', ":2: not a finding in JSON"),
        ('{"Findings":[\n{"Id":1}\n]}\n', ":2: not a finding of Security Hub"),
        (f'{{"Findings":[\n{json.dumps(finding("a", ProductArn="x"))}\n]}}\n', ":2: not a finding of Security Hub"),
    ],
)
def test_a_file_of_something_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnusableFindings, match=said):
        list(findings_in(text.splitlines(keepends=True), "file"))


def test_findings_that_occur_twice_and_records_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFindings, match="occurs twice"):
        push(tmp_path / "sent", Hub(), finding("a"), finding("a"))
    other = tmp_path / "other"
    for text in ("[1]\n", "no line end"):
        other.write_text(text)
        with pytest.raises(UnusableFindings, match="not a record"):
            SentRecord(other)
        assert text == other.read_text()


def test_two_pushes_at_once_do_not_send_the_same(tmp_path: Path) -> None:
    with closing(SentRecord(tmp_path / "sent")), pytest.raises(UnusableFindings, match="another process sends"):
        SentRecord(tmp_path / "sent")
