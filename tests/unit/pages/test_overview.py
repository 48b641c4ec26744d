"""Lists, matrices and folders."""

from __future__ import annotations

from perpend.pages.frameworks import Frameworks
from perpend.pages.overview import Overview


def test_every_flag_has_a_list_with_its_bearers(book):
    overview = Overview(book, Frameworks(book))
    numbers = {ref.id: number for ref, _, number in overview.lists().rows}
    assert (1, 1, 2, 1) == tuple(
        numbers[slug] for slug in ("production-policy", "impossible-policy", "section-automated", "type-unused")
    )
    matrix = overview.home("x", own=False).matrix
    assert (["Acme Store"], [((1, 1),)]) == ([ref.name for ref in matrix.services], [cells for _, cells, _ in matrix.rows])
