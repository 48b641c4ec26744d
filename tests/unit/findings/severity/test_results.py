"""The order of policies in lists."""

from __future__ import annotations

from perpend.core.objects.status import Status
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.levels import DEFAULT_NOTE, DEFAULT_SOURCE, FindingSeverity, SeverityLevel
from perpend.findings.severity.read import RatingFiles
from perpend.findings.severity.results import RatedEvaluation, policy_order
from tests.unit.findings.severity.made import rating

COUNTS = {
    "/critical-compliant": (0, 0, "A"),
    "/critical-unknown": (0, 1, "Z"),
    "/high-many": (9, 0, "Z"),
    "/high-some": (2, 3, "B"),
    "/high-title": (2, 3, "a"),
    "/none": (99, 0, "A"),
}


def test_policies_with_findings_come_first_then_severity_number_of_objects_and_title() -> None:
    files = RatingFiles((rating("/critical-*", level=SeverityLevel.CRITICAL), rating("/high-*")))
    rated = RatedEvaluation(ratings_in_force(files, COUNTS))

    def ordered(rated: RatedEvaluation | None) -> list[str]:
        counts = {
            policy: {Status.INCOMPLIANT: incompliant, Status.UNDETERMINED: undetermined}
            for policy, (incompliant, undetermined, _) in COUNTS.items()
        }
        return sorted(COUNTS, key=lambda policy: policy_order(rated, policy, counts[policy], COUNTS[policy][2]))

    assert ["/critical-unknown", "/high-many", "/high-title", "/high-some", "/none", "/critical-compliant"] == ordered(rated)
    assert ["/none", "/high-many", "/high-title", "/high-some", "/critical-unknown", "/critical-compliant"] == ordered(None)


def test_a_default_is_overridden_policy_by_policy_and_named_in_a_footnote() -> None:
    default = rating("/a", "/b", source=DEFAULT_SOURCE)
    in_force = ratings_in_force(RatingFiles((rating("/b", level=SeverityLevel.LOW),), defaults=(default,)), ["/a", "/b", "/c"])
    assert {"/a": ("high", DEFAULT_SOURCE), "/b": ("low", "board")} == {
        policy: (str(one.level), one.source) for policy, one in in_force.by_policy.items()
    }
    assert (DEFAULT_NOTE, "", "") == (in_force.note(["/a", "/b"]), in_force.note(["/b"]), in_force.note(["/c"]))


def test_a_short_text_leaves_out_the_source_of_a_default_only() -> None:
    default, board = (FindingSeverity(SeverityLevel.HIGH, source, "Why.", 1) for source in (DEFAULT_SOURCE, "board"))
    assert "high (raised)" == default.short_text(Status.INCOMPLIANT)
    assert "would be high (Perpend's default, raised)" == default.text(Status.UNDETERMINED)
    assert "would be high (board, raised)" == board.short_text(Status.UNDETERMINED)
