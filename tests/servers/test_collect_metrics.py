"""What CloudWatch measures of instances on a server: two instances, a call for each metric, and what is not known of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.collectors.aws import responses as answers
from perpend.collectors.aws.client import CloudClient
from tests.servers.aws import Proxy
from tests.servers.gathered import gathered
from tests.servers.planted.account import HOME, Account
from tests.servers.planted.machines import busy, measured, started

INSTANCE = "CA10__CaAwsInstance__c"
CPU, RECEIVED, SENT = (
    f"CA10__{name}OneWeek{unit}__c" for name, unit in (("averageCpu", ""), ("sum", "NetworkInMb"), ("sum", "NetworkOutMb"))
)
METRICS = [CPU, RECEIVED, SENT]


@pytest.fixture(scope="module")
def account(moto_address: str) -> Account:
    """An account with an instance that was measured each day, and one that is three days old."""
    aws = Account(moto_address)
    aws.there(busy("old", 2.5, 3e6))
    started(aws, "young")
    measured(aws.client("cloudwatch"), aws.ids["young"], 90.0, 5e6, days=3)
    return aws


@pytest.fixture
def proxy(moto_address: str, account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    found = Proxy(moto_address)
    yield found
    found.close()


def collected(proxy: Proxy, account: Account, fields: list[str]) -> tuple[dict[str, Any], set[str]]:
    """Return by a word what is known of the metrics of instances and why of the rest, and what is said to be not read."""
    rows, collection = gathered(CloudClient(endpoint_url=proxy.url), {INSTANCE: ["CA10__stateName__c", *fields]}, [HOME])
    names = {number: name for name, number in account.ids.items()}
    found = {
        names[row.fields["Id"].rpartition("/")[2]]: (
            {name: row.fields.get(name) for name in METRICS if name in row.fields},
            {name: row.reasons.get(name) for name in METRICS if name in row.reasons},
        )
        for row in rows
        if row.type_name == INSTANCE
    }
    return found, {f"{one.kind} {one.label} ({one.code})" for one in collection.unread}


def test_a_week_is_averaged_and_summed_and_less_of_it_is_not_known(proxy: Proxy, account: Account) -> None:
    found, unread = collected(proxy, account, METRICS)
    assert ({CPU: 2.5, RECEIVED: 21.0, SENT: 21.0}, {}) == found["old"]
    known, why = found["young"]
    assert ({}, METRICS, set()) == (known, [*why], unread)
    assert all("of the last 7 days" in one for one in why.values())
    assert 3 == proxy.asked.count("GetMetricData")  # one for each metric, of both instances


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("AccessDenied", "denied cloudwatch:GetMetricData (AccessDenied)"),
        ("repeat", "failed: cloudwatch:GetMetricData (RepeatedToken)"),
        ("html", "failed: cloudwatch:GetMetricData (NoResult)"),
    ],
)
def test_what_is_not_answered_is_not_known_of_any_instance(proxy: Proxy, account: Account, how: str, told: str) -> None:
    proxy.answers = {"GetMetricData": how}
    found, unread = collected(proxy, account, [CPU])
    assert {told} == unread
    assert [{}, {}] == [known for known, _ in found.values()]
    assert all(why[CPU].startswith(f"was not read: {told}") for _, why in found.values())


def test_only_metrics_that_are_wanted_are_asked_for(proxy: Proxy, account: Account) -> None:
    found, _ = collected(proxy, account, [CPU])
    assert (1, {CPU: 2.5}) == (proxy.asked.count("GetMetricData"), found["old"][0])


def test_more_instances_take_more_calls(proxy: Proxy, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_MEASURED", 1)
    found, _ = collected(proxy, account, [CPU])
    assert (2, {CPU: 2.5}) == (proxy.asked.count("GetMetricData"), found["old"][0])
