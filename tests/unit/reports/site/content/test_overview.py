"""Lists, matrices and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.core.diagnostics.model import Severity
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.overview import SiteOverview
from tests.sites import POLICY, TYPE, book_of, files


def test_every_flag_has_a_list_with_its_bearers(book):
    overview = SiteOverview(book, Frameworks(book))
    numbers = {ref.id: number for ref, _, number in overview.lists().rows}
    assert (1, 1, 2, 1) == tuple(
        numbers[slug] for slug in ("production-policy", "impossible-policy", "section-automated", "type-unused")
    )
    matrix = overview.home("x", own=False).matrix
    assert (["Acme Store"], [((1, 1),)]) == ([ref.name for ref in matrix.services], [cells for _, cells, _ in matrix.rows])


@pytest.mark.parametrize(
    ("name", "broken", "code"),
    [
        ("policy.yaml", {"frameworkMappings": ["/frameworks/acme/9"]}, "A220"),
        ("prod.logic.yaml", {"importExtracts": [{"file": f"/types/{TYPE}/none.extracts.yaml"}]}, "L133"),
    ],
)
def test_the_first_page_counts_policies_with_errors_as_lint_tells_them(
    tmp_path: Path, name: str, broken: dict[str, object], code: str
) -> None:
    found = files()
    found[f"{POLICY[1:]}/{name}"] |= broken
    book = book_of(tmp_path, found)
    states = SiteOverview(book, Frameworks(book)).home("x", own=False).states
    assert code in {one.code for one in book.problems if one.severity is Severity.ERROR}
    assert [1] == [number for ref, number in states if ref.id.endswith("policy-with-errors")]
