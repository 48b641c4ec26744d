"""Findings that share a text are written like each one by itself, whatever the names of their objects."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from perpend.core.objects.status import Status
from perpend.findings.severity.levels import FindingSeverity, SeverityLevel
from perpend.reports.formats.asff import write_asff
from perpend.reports.formats.finding import FindingTimes
from perpend.reports.formats.ocsf import write_ocsf
from perpend.reports.formats.sarif import write_sarif
from perpend.reports.formats.subjects import subject_with_names
from tests.unit.reports.formats.made_up import RUN, finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.reports.formats.finding import ReportedFinding

USER = "CA10__CaAwsUser__c"
IDS = ("arn:aws:iam::000000000001:user/a", "arn:aws-cn:iam::1:user/b", "i-1", "%s %(id)s {}", "x" * 600, " ", 'café\n"q"', "")
NAMES = ("", "user", "[a](b) {c}", "y" * 300, "100 %", "\ud800")
ACCOUNTS = ("000000000001", "000000000002", "", None)
REGIONS = ("eu-west-1", "", None)
RATED = {"rating": FindingSeverity(SeverityLevel.HIGH, "us", "so"), "life": FindingTimes(waiver="w {1}")}


def findings() -> list[ReportedFinding]:
    every = []
    for number, (id_, name, account, region) in enumerate(product(IDS, NAMES, ACCOUNTS, REGIONS)):
        subject = subject_with_names(id_, "", name, (USER, "T")[number % 2], account=account, region=region)
        for policy, more in (("/ce/a", {}), ("/ce/b", RATED)):
            judged = replace(finding(number, policy, **more), subject=subject, message="100 % {wrong} [a](b)")
            every += [judged, replace(judged, status=Status.UNDETERMINED)]
    return every


@pytest.mark.parametrize(
    "write",
    [
        lambda findings, stream: write_ocsf(RUN, findings, stream),
        lambda findings, stream: write_asff(RUN, findings, stream, unrated="low"),
        lambda findings, stream: write_sarif(RUN, findings, stream),
    ],
    ids=["ocsf", "asff", "sarif"],
)
def test_a_finding_is_written_the_same_alone_and_among_others(
    write: Callable[[list[ReportedFinding], io.StringIO], object],
) -> None:
    def written(findings: list[ReportedFinding]) -> list[str]:
        write(findings, stream := io.StringIO())
        return [line.rstrip(",") for line in stream.getvalue().splitlines() if "00000000000000000000" in line]

    alone = [line for one in findings() for line in written([one])]
    assert len(alone) > 300
    assert alone == written(findings())
