"""Rows of a history as formats tell them: valid whatever became of a finding, and never a pass that nobody has seen."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from perpend.core.objects.status import Status
from perpend.findings.history.identity import program_hash
from perpend.findings.history.manifest import HistoryManifest, RecordedPolicy, Run
from perpend.findings.severity.effective import EffectiveRatings
from perpend.reports.formats.asff import write_asff
from perpend.reports.formats.finding import ReportedFinding, ReportedRun
from perpend.reports.formats.junit import write_findings_junit
from perpend.reports.formats.markdown import write_findings_markdown
from perpend.reports.formats.ocsf import write_ocsf
from perpend.reports.formats.oscal import write_oscal_poam
from perpend.reports.formats.sarif import write_sarif
from perpend.reports.terminal.history.finding import (
    NO_NEWS,
    HistoryAnnotations,
    changed_findings,
    history_findings,
    history_run,
)
from tests.repositories import analyzer_of, policy_files, program_of
from tests.schemas import asff_faults, faults
from tests.unit.reports.terminal.evaluations import HOSTILE, MOOD, THING, TYPES

DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21, 22)]
NEWEST = DAYS[-1]
POLICY = "/ce/policy"
LIVES = {
    "open": ("INCOMPLIANT", 199),
    "unconfirmed": ("UNDETERMINED", 499),
    "unknown": ("UNDETERMINED", 0),
    "resolved": ("COMPLIANT", 599),
    "resource_deleted": ("DISAPPEARED", 99),
    "policy_removed": ("INCOMPLIANT", 199),
}
WHATS = {
    "opened": ("COMPLIANT", "INCOMPLIANT"),
    "reopened": ("DISAPPEARED", "INCOMPLIANT"),
    "became_unknown": ("INCOMPLIANT", "UNDETERMINED"),
    "reconfirmed": ("UNDETERMINED", "INCOMPLIANT"),
    "changed": ("INCOMPLIANT", "INCOMPLIANT"),
    "resolved": ("INCOMPLIANT", "COMPLIANT"),
    "resource_deleted": ("INCOMPLIANT", "DISAPPEARED"),
    "policy_removed": ("INCOMPLIANT", "INCOMPLIANT"),
}


def row(name: str, **more: Any) -> dict[str, Any]:
    about = {"finding_id": f"{name}-id".ljust(32, "0"), "policy_id": POLICY, "type": THING, "account": "111122223333"}
    called = {"object_id": f"thing/{name}", "object_name": f"{name} {HOSTILE}", "external_id": None, "region": "eu-west-1"}
    said = {"current_state_message": f"It is {HOSTILE}.", "remediation_message": None, "waiver": None, "open_since": DAYS[0]}
    return {**about, **called, **said, **more}


FINDINGS = [
    row(life, life=life, status=status, condition_index=index, changed_in_run=1, last_seen=NEWEST)
    for life, (status, index) in LIVES.items()
] + [
    row("fresh", life="open", status="INCOMPLIANT", condition_index=199, changed_in_run=3, last_seen=NEWEST, open_since=NEWEST),
    row("edited", life="open", status="INCOMPLIANT", condition_index=299, changed_in_run=3, last_seen=NEWEST),
    row("waived", life="open", status="INCOMPLIANT", condition_index=199, changed_in_run=1, last_seen=DAYS[1], waiver="w1"),
]
DIFFERENCES = [
    row(what, what=what, before=before, after=after, before_index=599, after_index=199) | {"current_state_message": None}
    for what, (before, after) in WHATS.items()
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[HistoryManifest, HistoryAnnotations]:
    analyzer = analyzer_of(tmp_path_factory.mktemp("repository"), policy_files(MOOD, **TYPES))
    meaning = program_hash(program_of(analyzer))
    runs = tuple(Run(n, f"s{n}", "", day.isoformat(), False, day.isoformat(), "engine", 0) for n, day in enumerate(DAYS, 1))
    policies = (
        RecordedPolicy(1, POLICY, THING, POLICY, meaning, 1, 1, 3),
        RecordedPolicy(2, "/ce/../../old", "Old", "/ce/../../old", "", 1, 1, 1),
    )
    said = HistoryAnnotations(analyzer.repository, {"w1": "until 2026-12-31: planned (w1)"}, EffectiveRatings(), lines=True)
    return HistoryManifest(runs, ((1,),), policies), said


Told = tuple[ReportedRun, list[ReportedFinding]]


@pytest.fixture(scope="module")
def told(known: tuple[HistoryManifest, HistoryAnnotations]) -> Told:
    head, said = known
    counts = {POLICY: {**dict.fromkeys(Status, 0), Status.INCOMPLIANT: 4, Status.UNDETERMINED: 2}}
    run = history_run(head, NEWEST, counts, said)
    return run, list(history_findings(FINDINGS, run, head, said))


@pytest.fixture(scope="module")
def otherwise(known: tuple[HistoryManifest, HistoryAnnotations], told: Told) -> Told:
    head, said = known
    return told[0], list(changed_findings(DIFFERENCES, told[0], head, said))


def written(told: Told, write: Callable[..., Any], **options: Any) -> str:
    stream = io.StringIO()
    write(*told, stream, **options)
    return stream.getvalue()


@pytest.mark.parametrize("which", ["told", "otherwise"])
def test_whatever_became_of_a_finding_is_valid(which: str, request: pytest.FixtureRequest) -> None:
    found: Told = request.getfixturevalue(which)
    for version in ("1.5.0", "1.8.0"):
        events = [json.loads(line) for line in written(found, write_ocsf, version=version).splitlines()]
        assert len(found[1]) == len(events)
        assert [] == [fault for event in events for fault in faults(f"ocsf-compliance-finding-{version}", event)]
    assert [] == asff_faults(json.loads(written(found, write_asff, unrated="low")))
    assert [] == faults("sarif-2.1.0", json.loads(written(found, write_sarif)))
    assert [] == faults("oscal-complete-1.1.2", json.loads(written(found, write_oscal_poam)))
    assert "\x1b" not in written(found, write_findings_markdown)


def test_each_life_has_its_word_in_ocsf_sarif_and_asff(told: Told) -> None:
    events = [json.loads(line) for line in written(told, write_ocsf).splitlines()]
    results = json.loads(written(told, write_sarif))["runs"][0]["results"]
    imported = json.loads(written(told, write_asff, unrated="low"))["Findings"]
    assert {
        "open": (2, 1, "unchanged", "ACTIVE"),
        "unconfirmed": (2, 1, "unchanged", "ACTIVE"),
        "unknown": (2, 1, "unchanged", "ACTIVE"),
        "resolved": (3, 4, "absent", "ACTIVE"),
        "resource_deleted": (3, 5, "absent", "ARCHIVED"),
        "policy_removed": (3, 5, "absent", "ARCHIVED"),
        "fresh": (1, 1, "new", "ACTIVE"),
        "edited": (2, 1, "updated", "ACTIVE"),
        "waived": (2, 3, "unchanged", "ACTIVE"),
    } == {
        event["finding_info"]["uid"].partition("-")[0]: (
            event["activity_id"],
            event["status_id"],
            result["baselineState"],
            one["RecordState"],
        )
        for event, result, one in zip(events, results, imported, strict=True)
    }
    waived = results[-1]
    assert "until 2026-12-31: planned (w1)" == waived["suppressions"][0]["justification"]
    assert "2026-11-21T00:00:00.000Z" == imported[-1]["LastObservedAt"]


def test_what_is_otherwise_closes_opens_or_updates(otherwise: Told) -> None:
    events = [json.loads(line) for line in written(otherwise, write_ocsf).splitlines()]
    assert [1, 1, 2, 2, 2, 3, 3, 3] == [one["activity_id"] for one in events]
    assert ("Fail", 5) == (events[6]["compliance"]["status"], events[6]["status_id"])
    items = json.loads(written(otherwise, write_oscal_poam))["plan-of-action-and-milestones"]["poam-items"]
    assert 5 == len(items)


def elements(text: str) -> dict[str, str]:
    cases = ElementTree.fromstring(text).iter("testcase")
    return {case.attrib["name"].partition(" ")[0]: next((one.tag for one in case), "") for case in cases}


def test_a_case_is_green_only_where_something_was_seen_to_comply(told: Told, otherwise: Told) -> None:
    failing = dict.fromkeys(("open", "fresh", "edited"), "failure") | dict.fromkeys(("unconfirmed", "unknown"), "error")
    skipped = dict.fromkeys(("resource_deleted", "policy_removed", "waived"), "skipped")
    assert {**failing, **skipped, "resolved": ""} == elements(written(told, write_findings_junit))
    news = elements(written(otherwise, write_findings_junit, old=NO_NEWS))
    assert ("failure", "error", "skipped", "skipped") == (
        news["opened"],
        news["became_unknown"],
        news["reconfirmed"],
        news["changed"],
    )


def test_a_line_is_told_where_the_policy_still_means_the_same(
    told: Told, known: tuple[HistoryManifest, HistoryAnnotations]
) -> None:
    head, said = known
    assert 1 < told[1][0].line < told[1][-2].line
    changed = HistoryManifest(head.runs, head.asked, (RecordedPolicy(1, POLICY, THING, POLICY, "other", 1, 1, 3),))
    assert {1} == {one.line for one in history_findings(FINDINGS, told[0], changed, said)}
    assert "/ce/../../old" == told[0].policies["/ce/../../old"].title


def test_markdown_counts_lives_and_waivers(told: Told) -> None:
    text = written(told, write_findings_markdown)
    assert text.startswith(
        "<!-- perpend:findings -->\n### Perpend: 4 open, 1 unconfirmed, 1 unknown, 1 resolved, 1 resource deleted"
    )
    assert "; 1 of these are waived." in text
