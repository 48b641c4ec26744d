"""Frameworks and sections, counted with all that is below them."""

from __future__ import annotations

from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.page import SectionCoverage
from tests.sites import IDEA, book_of, files, slugs


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
