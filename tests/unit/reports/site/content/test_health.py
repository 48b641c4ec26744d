"""What there is to do in a repository."""

from __future__ import annotations

from perpend.reports.site.content.health import health_page


def test_health_lists_what_there_is_to_do(book):
    page = health_page(book)
    assert page.head.description.endswith(", 2 of 3 tests passing.")
    assert (3, 2, ["o3"]) == (page.tests, page.passed, [ref.name for _, _, ref, _ in page.failing])
