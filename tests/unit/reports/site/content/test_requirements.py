"""Requirements by status: a requirement without an evaluated policy is never compliant."""

from __future__ import annotations

import pytest

from perpend.evaluation.verdicts.requirements import RequirementStatus as R
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.requirements import requirement_results
from tests.sites import POLICY, book_of, files, logic_document, verdict_line

OTHER = "/ce/acme/cloud/store/other"


def _counts(results):
    return {str(standing): number for standing, number in results.pairs if number}


def _requirement_of(book):
    """Return the ID of the requirement that the policy names."""
    return next(mapping.section_id for mapping in book.mappings.of_policy(POLICY) if mapping.how == "direct")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (((POLICY, "INCOMPLIANT"), (POLICY, "UNDETERMINED"), (POLICY, "COMPLIANT")), R.FAILS),
        (((POLICY, "UNDETERMINED"), (POLICY, "COMPLIANT")), R.UNDETERMINED),
        (((POLICY, "COMPLIANT"),), R.UNDETERMINED),
        (((POLICY, "COMPLIANT"), (OTHER, "INAPPLICABLE")), R.MET),
        (((POLICY, "INAPPLICABLE"), (OTHER, "INAPPLICABLE")), R.NOTHING_TO_JUDGE),
    ],
)
def test_the_worst_verdict_counts_and_a_policy_that_was_not_run_is_no_compliance(tmp_path, verdicts, expected):
    found = files()
    found[f"{OTHER[1:]}/policy.yaml"] = found[f"{POLICY[1:]}/policy.yaml"]
    found[f"{OTHER[1:]}/prod.logic.yaml"] = logic_document(testData=[])
    lines = [verdict_line(policy, status, "a") for policy, status in verdicts]
    book = book_of(tmp_path / "repository", found, lines)
    assert _counts(requirement_results(book)[_requirement_of(book)]) == {expected: 1}


def test_a_policy_that_was_evaluated_in_part_is_not_known_to_be_met(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "COMPLIANT", "a")])
    book.verdicts.in_part = {POLICY: "denied"}
    assert _counts(requirement_results(book)[_requirement_of(book)]) == {R.UNDETERMINED: 1}


def test_inherited_mappings_count_only_on_request(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "COMPLIANT", "a")])
    direct = Frameworks(book).results("/frameworks/acme")
    book.verdicts.inherited = True
    inherited = Frameworks(book).results("/frameworks/acme")
    assert (direct.total, inherited.total) == (3, 3)
    assert _counts(direct) == {R.MET: 1, R.NOT_ASKED: 1, R.UNANSWERED: 1}
    assert _counts(inherited) == {R.MET: 2, R.UNANSWERED: 1}
