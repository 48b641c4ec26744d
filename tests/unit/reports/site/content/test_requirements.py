"""How requirements fared: what nobody asked is never compliance."""

from __future__ import annotations

import pytest

from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.requirements import RequirementResults, requirement_result
from tests.sites import IDEA, POLICY, book_of, files, logic_document, verdict_line

OTHER = "/ce/acme/cloud/store/other"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (((POLICY, "INCOMPLIANT"), (POLICY, "UNDETERMINED"), (POLICY, "COMPLIANT")), RequirementResults(incompliant=1)),
        (((POLICY, "UNDETERMINED"), (POLICY, "COMPLIANT")), RequirementResults(undetermined=1)),
        (((POLICY, "COMPLIANT"),), RequirementResults(undetermined=1)),
        (((POLICY, "COMPLIANT"), (OTHER, "INAPPLICABLE")), RequirementResults(compliant=1)),
        (((POLICY, "INAPPLICABLE"), (OTHER, "INAPPLICABLE")), RequirementResults(inapplicable=1)),
    ],
)
def test_the_worst_verdict_counts_and_silence_of_one_policy_is_no_compliance(tmp_path, verdicts, expected):
    found = files()
    found[f"{OTHER[1:]}/policy.yaml"] = found[f"{POLICY[1:]}/policy.yaml"]
    found[f"{OTHER[1:]}/prod.logic.yaml"] = logic_document(testData=[])
    lines = [verdict_line(policy, status, "a") for policy, status in verdicts]
    book = book_of(tmp_path / "repository", found, lines)
    assert expected == requirement_result(book, [POLICY, OTHER])


def test_what_was_judged_in_part_is_not_known_to_be_met(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "COMPLIANT", "a")])
    book.verdicts.in_part = {POLICY: "denied"}
    assert RequirementResults(undetermined=1) == requirement_result(book, [POLICY])


def test_what_cannot_be_asked_is_manual_or_without_policy(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "COMPLIANT", "a")])
    assert (RequirementResults(manual=1), RequirementResults(none=1)) == (
        requirement_result(book, [IDEA]),
        requirement_result(book, []),
    )
    results = Frameworks(book).results("/frameworks/acme")
    assert (RequirementResults(compliant=2, none=1), 2, 3) == (results, results.asked, results.total)
