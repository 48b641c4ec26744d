"""The invented organisation: as many accounts, objects and runs as the command promises, and nothing by chance."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import pytest

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.core.values.tags import TAGS_FIELD
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from perpend.reports.demo.build import EXPLAINED
from perpend.reports.demo.defaults import DEFAULTS, type_name
from perpend.reports.demo.organisation import ACCOUNTS, objects
from perpend.reports.demo.story import DAYS, DENIED, FLAWS, JOINS, OBJECTS, RUNS, Story

TODAY = datetime(2026, 11, 30, tzinfo=UTC)


def test_ten_runs_are_spread_over_thirty_days_up_to_today() -> None:
    times = [estate.at for estate in Story(TODAY).estates()]
    assert (10, TODAY - timedelta(days=30), TODAY) == (len(times), times[0], times[-1])
    assert (RUNS, sorted(times)) == (len(DAYS), times)


def test_twelve_accounts_hold_six_hundred_objects_at_the_last_run() -> None:
    *_, last = Story(TODAY).estates()
    held = [each for account in last.accounts for each in account.objects]
    assert (12, 600, 600) == (len(last.accounts), OBJECTS, len(held))
    assert len(held) == len({(each.type_name, each.id) for each in held})


def test_an_account_joins_and_objects_come_and_go() -> None:
    estates = [*Story(TODAY).estates()]
    assert [11] * (JOINS - 1) + [12] * (RUNS - JOINS + 1) == [len(estate.accounts) for estate in estates]
    first, last = ({each.id for account in estate.accounts for each in account.objects} for estate in (estates[0], estates[-1]))
    assert first - last and last - first


@pytest.mark.parametrize("days", [0, 1, 400])
def test_equal_days_give_equal_estates_and_others_differ_in_times_only(days: int) -> None:
    there, here = [*Story(TODAY).estates()], [*Story(TODAY + timedelta(days=days)).estates()]
    assert (days == 0) is (there == here)
    for one, other in zip(there, here, strict=True):
        ids = [
            [(each.type_name, each.id) for account in estate.accounts for each in account.objects] for estate in (one, other)
        ]
        assert ids[0] == ids[1]


def test_every_field_is_one_that_the_collector_reads() -> None:
    for estate in Story(TODAY).estates():
        for account in estate.accounts:
            for each in account.objects:
                assert each.fields.keys() - {TAGS_FIELD} <= TYPES[each.type_name].fields.keys(), each.type_name


def test_every_flaw_and_every_denial_concerns_something() -> None:
    permissions, names = {call.permission for call in CALLS.values()} | {"*"}, {account.name for account in ACCOUNTS} | {"*"}
    assert all(denied.permission in permissions and denied.accounts in names for denied in DENIED)
    assert DEFAULTS.keys() == {each.type for each in objects()}
    keys = {(each.type, each.key) for each in objects()}
    assert all(any(type_ == flaw.type and fnmatchcase(key, flaw.keys) for type_, key in keys) for flaw in FLAWS)


def test_no_number_is_one_of_a_real_account_and_no_address_leads_anywhere() -> None:
    assert {account.number for account in ACCOUNTS} == {f"1111222201{number:02}" for number in range(1, 13)}
    assert all(account.fields["contactFullName"] == "Meridian Outfitters" for account in objects() if account.type == "Account")


def test_most_policies_of_the_library_have_objects() -> None:
    counts = Counter(program.input_type for program in _programs() if program.input_type in {*map(type_name, DEFAULTS)})
    assert 100 < counts.total() and counts.keys() == {*map(type_name, DEFAULTS)} - _READ_BY_OTHERS


_READ_BY_OTHERS = {*map(type_name, ("PasswordPolicy", "IamRolePolicyAttachment", "IamAccessAnalyzer"))}
"""Types that policies over other types read."""


def _programs():  # type: ignore[no-untyped-def]
    from perpend.evaluation.verdicts.selection import select_policies

    return select_policies(Analyzer(open_repository())).programs


def test_the_explained_finding_is_of_the_library_and_of_the_organisation() -> None:
    policy, name = EXPLAINED
    assert f"/ce/ca/aws/ec2/{policy}" in open_repository().policy_ids
    assert 1 == [each.fields.get("Name") for each in objects() if each.type == "SecurityGroup"].count(name)
