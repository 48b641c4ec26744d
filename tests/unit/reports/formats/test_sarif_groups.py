"""Findings beyond what code scanning shows, by policy and account; none is lost, and a waived one stays beside the others."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from perpend.findings.severity.levels import FindingSeverity, SeverityLevel
from perpend.reports.formats.finding import FindingTimes, ReportedFinding
from perpend.reports.formats.sarif import SarifGroup, grouped, write_sarif
from tests.schemas import faults
from tests.unit.reports.formats.made_up import RUN, finding

HIGH = FindingSeverity(SeverityLevel.HIGH, "us", "why")


def many() -> Iterator[ReportedFinding]:
    yield from (finding(number, account=str(number % 2)) for number in range(8))
    yield finding(8, life=FindingTimes(waiver="why"))
    yield finding(9, policy="/ce/b", rating=HIGH)
    yield finding(10, policy="/ce/b")


def test_few_stay_as_they_are() -> None:
    assert list(many()) == list(grouped(many(), most=11))


@pytest.mark.parametrize(("most", "groups"), [(10, 4), (4, 4), (3, 3)])
def test_more_are_counted_by_policy_and_account_and_else_by_policy(most: int, groups: int) -> None:
    found = [one for one in grouped(many(), most=most) if isinstance(one, SarifGroup)]
    assert (groups, 11) == (len(found), sum(one.number for one in found))
    assert [1] == [one.number for one in found if one.first.life.waiver]
    assert [HIGH] == [one.first.rating for one in found if one.first.policy.id == "/ce/b"]
    assert all(len(one.names) <= 5 for one in found)


def test_a_log_for_github_groups_and_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "__defaults__", (10,))
    stream = io.StringIO()
    write_sarif(RUN, many(), stream, github=True)
    log = json.loads(stream.getvalue())
    assert [] == faults("sarif-2.1.0", log)
    results = log["runs"][0]["results"]
    assert [4, 4, 1, 2] == [one["occurrenceCount"] for one in results]
    assert results[0]["message"]["text"].startswith("4 objects in account 000000000000 (first 4: o0, o2, o4, o6): message 0")
    assert 4 == len({one["partialFingerprints"]["perpendGroup/v1"] for one in results})
    stream = io.StringIO()
    write_sarif(RUN, many(), stream)
    assert 11 == len(json.loads(stream.getvalue())["runs"][0]["results"])
