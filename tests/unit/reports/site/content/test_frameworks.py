"""Frameworks and sections, counted with all that is below them."""

from __future__ import annotations

from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.page import SectionCoverage
from tests.sites import IDEA, POLICY, book_of, files, slugs, verdict_line


def test_a_framework_counts_what_is_below_it(book):
    page = Frameworks(book).page("/frameworks/acme")
    assert SectionCoverage(automated=2, manual=0, none=1) == page.coverage
    rows = [(row.section.id, row.direct, row.inherited, slugs(row.section.flags)) for row in page.children]
    assert [
        ("/frameworks/acme/01", 1, 0, ["section-automated"]),
        ("/frameworks/acme/02", 0, 1, ["section-automated"]),
        ("/frameworks/acme/03", 0, 0, ["section-unanswered"]),
    ] == rows


def test_a_section_of_policies_that_cannot_judge_is_manual(tmp_path):
    found = files()
    found[f"{IDEA[1:]}/policy.yaml"]["frameworkMappings"] = ["/frameworks/acme/03"]
    assert ["section-manual"] == slugs(book_of(tmp_path, found).section_ref("/frameworks/acme/03").flags)


def test_requirements_of_verdicts_reach_sections(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "INCOMPLIANT", "a")])
    page = Frameworks(book).page("/frameworks/acme")
    assert ([1, 0, 0], 1) == ([row.counts.total for row in page.children], page.counts.total)


def test_a_page_counts_its_requirements_once_for_policies_and_for_verdicts(tmp_path):
    more = {
        "frameworks/acme/03/b/section.yaml": {"name": "3 b"},
        "frameworks/acme/03/section.yaml": {"name": "3", "similar": {"sections": ["/frameworks/acme/04"]}},
        "frameworks/acme/04/section.yaml": {"name": "4"},
    }
    page = Frameworks(book_of(tmp_path / "r", files() | more, [verdict_line(POLICY, "COMPLIANT", "a")])).page(
        "/frameworks/acme"
    )
    assert (5, 5, 3, 3) == (
        page.coverage.total,
        page.results.total,
        page.coverage.none,
        dict(page.results.pairs)[RequirementStatus.UNANSWERED],
    )
