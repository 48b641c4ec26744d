"""Findings that nobody judged, for writers of formats."""

from __future__ import annotations

from typing import Any

from perpend.core.objects.status import Status
from perpend.reports.formats.finding import ReportedFinding, ReportedPolicy, ReportedRun
from perpend.reports.formats.subjects import subject_with_names

POLICIES = {name: ReportedPolicy(name, name, "ce/p/prod.logic.yaml") for name in ("/ce/a", "/ce/b")}
RUN = ReportedRun(0, POLICIES, dict.fromkeys(Status, 0), 0)


def finding(number: int, policy: str = "/ce/a", account: str = "1", **more: Any) -> ReportedFinding:
    subject = subject_with_names(f"o{number}", "", "", "T", account=account.rjust(12, "0"), region=None)
    return ReportedFinding(
        f"{number:032}", POLICIES[policy], subject, Status.INCOMPLIANT, 199, f"message {number}", None, 3, **more
    )
