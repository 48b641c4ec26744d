"""The summary of a run has the numbers that counting its verdicts one by one gives, with waivers, ratings and filters."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from perpend.core.objects.account import Account
from perpend.core.objects.claims import NOT_ASKED, Claim, FailedCall, Scope
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.findings.filters import Filter
from perpend.findings.severity.levels import LEVELS
from perpend.findings.verdict_filter import filter_verdicts
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports import overview as module
from perpend.reports.overview import NeededCall, OpenCounts, UnknownCauses
from perpend.reports.overview_texts import places_text, unknown_text, unread_text
from tests.unit.reports.summed_run import ACCOUNTS, DAY, POLICIES, REGIONS, analyzer, evaluation, overview, things

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

__all__ = ["analyzer", "evaluation"]


def level_of(policy: str, fields: dict[str, Any]) -> str | None:
    """Return the severity of a thing by a policy, by the rules of the files above."""
    level = POLICIES[policy]
    if level is None:
        return None
    is_raised = (fields["CA10__owner__c"], fields["CA10__region__c"]) == (ACCOUNTS[0], REGIONS[0])
    places = [one.value for one in LEVELS]
    return places[min(places.index(level) + 2 * is_raised, len(places) - 1)]


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("wanted", [{}, {"status": ("INCOMPLIANT",)}, {"account": ACCOUNTS[:1]}, {"status": ("UNDETERMINED",)}])
def test_numbers_are_those_of_the_verdicts_counted_one_by_one(
    evaluation: Evaluation, analyzer: Analyzer, wanted: dict[str, tuple[str, ...]], decided: bool
) -> None:
    found = overview(filter_verdicts(evaluation, Filter(wanted), {}), analyzer, decided=decided)
    by_id = {fields["Id"]: fields for fields in things()}
    counts, waived = Counter[Status](), Counter[Status]()
    severities, services, groups = dict[Any, Counter[str]](), dict[str, Counter[str]](), dict[Any, list[str]]()
    for verdict in evaluation.findings():
        counts[verdict.status] += 1
        fields, policy = by_id[verdict.object.id], verdict.policy_id.removeprefix("/ce/")
        name, status = verdict.object.name, verdict.status
        is_waived = decided and (
            (name.endswith(("3", "4")) and status is Status.INCOMPLIANT)
            or (name.endswith("4") and status is Status.UNDETERMINED)
        )
        waived[status] += is_waived
        is_shown = status in wanted.get("status", Status) and fields["CA10__owner__c"] in wanted.get("account", ACCOUNTS)
        what = {Status.INCOMPLIANT: "failing", Status.UNDETERMINED: "unknown"}.get(status)
        if what is None or not is_shown or (is_waived and what == "failing"):
            continue
        level = level_of(policy, fields) if decided else None
        service = {"iam": "IAM", "s3": "s3", "d": "ce"}[policy.partition("/")[0]]
        severities.setdefault(level, Counter())[what] += 1
        services.setdefault(service, Counter())[what] += 1
        if what == "failing":
            groups.setdefault((level, policy), []).append(verdict.object.id)
    assert {status: counts[status] for status in Status} == dict(found.counts)
    assert (waived[Status.INCOMPLIANT], waived[Status.UNDETERMINED]) == tuple(
        found.waived.get(status, 0) for status in (Status.INCOMPLIANT, Status.UNDETERMINED)
    )
    assert counts[Status.INCOMPLIANT] - waived[Status.INCOMPLIANT] == found.failing
    assert {level: OpenCounts(one["failing"], one["unknown"]) for level, one in severities.items()} == dict(found.severities)
    assert {name: OpenCounts(one["failing"], one["unknown"]) for name, one in services.items()} == dict(found.services)
    places = ["critical", "high", "medium", "low", "info", None]
    expected = sorted((places.index(level), -len(ids), policy[-1], ids[:2]) for (level, policy), ids in groups.items())
    actual = [
        (places.index(one.level), -one.failing, one.title[-1], [named.object.id for named in one.objects])
        for one in found.to_fix
    ]
    assert (expected[:5], len(expected)) == (actual, found.failing_policies)
    assert [places.index(level) for level, _ in found.severities] == sorted(
        places.index(level) for level, _ in found.severities
    )
    if not wanted:
        assert found.failing == sum(one.failing for _, one in found.severities)
        assert found.unknown == sum(one.unknown for _, one in found.severities)


def test_an_object_is_named_with_its_account_and_region(evaluation: Evaluation, analyzer: Analyzer) -> None:
    by_id = {fields["Id"]: fields for fields in things()}
    for policy in overview(evaluation, analyzer).to_fix:
        for failing in policy.objects:
            fields = by_id[failing.object.id]
            assert (fields["Name"], fields["CA10__owner__c"], fields["CA10__region__c"]) == (
                failing.name,
                failing.account,
                failing.region,
            )


def test_the_scope_of_a_run(evaluation: Evaluation, analyzer: Analyzer) -> None:
    found = overview(evaluation, analyzer, accounts={ACCOUNTS[0]: Account("production")})
    assert (120, 4, 4, 0, (), "", DAY) == (
        *(found.objects, found.policies, found.all_policies, found.without_objects, found.frameworks, found.filter, found.time),
    )
    assert found.compliant + found.counts[Status.INCOMPLIANT] == found.known
    assert found.known + found.unknown == found.applicable


def test_unknown_verdicts_belong_to_the_calls_that_failed_where_their_objects_are(
    evaluation: Evaluation, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    needing = {"x:A": frozenset({"/ce/iam/a"}), "x:B": frozenset({"/ce/iam/a", "/ce/d"})}
    monkeypatch.setattr(module, "_policies_by_label", lambda evaluation, labels: needing)
    calls = [
        FailedCall(ACCOUNTS[0], REGIONS[0] or "", "x", "A", "x:A", "denied", "AccessDenied"),
        FailedCall(ACCOUNTS[0], REGIONS[1] or "", "x", "A", "x:A", "denied", "AccessDenied"),
        FailedCall(ACCOUNTS[1], "", "x", "B", "x:B", "throttled out:", "Throttling"),
        FailedCall(ACCOUNTS[1], "", "x", "C", "x:C", "denied", ""),
    ]
    by_id = {fields["Id"]: fields for fields in things()}
    expected: Counter[str] = Counter()
    for verdict in evaluation.findings():
        fields = by_id[verdict.object.id]
        for call in calls[1:]:  # the first two are in all known regions
            if (
                verdict.status is Status.UNDETERMINED
                and verdict.policy_id in needing.get(call.label, ())
                and fields["CA10__owner__c"] == call.account
            ):
                expected[call.label] += 1
    found = overview(evaluation, analyzer, calls=calls)
    both = ("111122223333/eu-west-1", "111122223333/us-east-1")
    assert {
        "x:A": ("denied", "AccessDenied", both, 2, expected["x:A"]),
        "x:B": ("throttled out", "Throttling", (ACCOUNTS[1],), 1, expected["x:B"]),
        "x:C": ("denied", "", (ACCOUNTS[1],), 1, 0),
    } == {one.label: (one.refusal, one.code, one.places, one.calls, one.verdicts) for one in found.unread}
    assert sum(expected.values()) == found.unread_verdicts
    assert sorted((one.verdicts for one in found.unread), reverse=True) == [one.verdicts for one in found.unread]


def test_each_unknown_verdict_is_counted_at_one_cause(
    evaluation: Evaluation, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    needing = {"x:A": frozenset({"/ce/iam/a"}), "x:B": frozenset({"/ce/iam/a", "/ce/d"})}
    monkeypatch.setattr(module, "_policies_by_label", lambda evaluation, labels: needing)
    calls = [
        FailedCall(ACCOUNTS[0], "", "x", "A", "x:A", "denied", "AccessDenied"),
        FailedCall(ACCOUNTS[0], "", "x", "B", "x:B", "failed:", "InternalError"),
    ]
    assert "" == unknown_text(overview(evaluation, analyzer))
    claim = Claim("CA10__CaThing__c", Scope(ACCOUNTS[1], REGIONS[0]), f"{NOT_ASKED} x:A in there")
    sources = tuple(replace(source, coverage=(*source.coverage, claim)) for source in evaluation.inventory.sources)
    narrower = replace(evaluation, inventory=replace(evaluation.inventory, sources=sources))
    by_id = {fields["Id"]: fields for fields in things()}
    expected: Counter[str] = Counter()
    for verdict in evaluation.findings():
        if verdict.status is not Status.UNDETERMINED:
            continue
        fields = by_id[verdict.object.id]
        if fields["CA10__owner__c"] == ACCOUNTS[0]:
            expected[{"/ce/iam/a": "denied", "/ce/d": "failed"}.get(verdict.policy_id, "other")] += 1
        else:
            expected["not_asked" if fields["CA10__region__c"] in (REGIONS[0], None) else "other"] += 1
    found = overview(narrower, analyzer, calls=calls)
    assert len(expected) == 4 and UnknownCauses(**expected) == found.unknown_causes
    assert found.unknown == found.unknown_causes.total and expected["denied"] + expected["failed"] == found.unread_verdicts
    assert (
        f"of {found.unknown} unknown: {expected['denied']} need denied calls, {expected['failed']} need failed calls, "
        f"{expected['not_asked']} read what was not asked for, {expected['other']} have other reasons"
    ) == unknown_text(found)
    assert unread_text(found).startswith("1 call was denied, 1 failed, ")


def test_many_places_are_counted() -> None:
    regions = tuple(f"region-{number}" for number in range(24))

    def text(places: tuple[str, ...], accounts: int, number: int) -> str:
        return places_text(NeededCall("x:A", "failed", "", places, len(places), 0, accounts, number))

    assert "24 regions" == text(regions, 1, 24)
    assert "region-0, region-1" == text(regions[:2], 1, 2)
    assert "24 regions of 2 accounts" == text(tuple(f"111122223333/{one}" for one in regions), 2, 24)
    assert "5 accounts" == text(tuple("12345"), 5, 0)


def test_policies_that_need_a_call_are_those_whose_fields_it_serves() -> None:
    from types import SimpleNamespace

    from perpend.language.syntax.repository import open_repository

    library = Analyzer(open_repository())
    names = ("/ce/ca/aws/account/security-hub", "/ce/ca/aws/iam/user-has-more-than-one-active-access-key")
    programs = select_policies(library, names).programs
    inventory = SimpleNamespace(sources=[SimpleNamespace(kind="aws")])
    run: Any = SimpleNamespace(programs=programs, inventory=inventory)
    labels = ("securityhub:DescribeHub", "iam:GetCredentialReport", "s3:ListAllMyBuckets", "sts:AssumeRole")
    first, second = (frozenset({name}) for name in names)
    assert {labels[0]: first, labels[1]: second, labels[3]: first | second} == module._policies_by_label(run, labels)
    run.inventory = SimpleNamespace(sources=[SimpleNamespace(kind="test-data")])
    assert {} == module._policies_by_label(run, labels)


def test_a_run_without_verdicts_still_names_the_calls_that_failed(evaluation: Evaluation, analyzer: Analyzer) -> None:
    call = FailedCall(ACCOUNTS[0], "", "x", "A", "x:A", "denied", "AccessDenied")
    found = overview(replace(evaluation, verdicts=()), analyzer, decided=False, calls=[call])
    assert ((), 0, [("x:A", 0)]) == (found.to_fix, found.failing_policies, [(one.label, one.verdicts) for one in found.unread])
