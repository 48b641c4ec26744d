"""Spans as machines accept them."""

from __future__ import annotations

import pytest
from hypothesis import given

from perpend.core.diagnostics.model import Span, region_from_span
from tests.unit.core.diagnostics.examples import SPANS


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span("a", 2, 3, 2, 9), Span("a", 2, 3, 2, 9)),
        (Span("a", 2, 3, 4, 1), Span("a", 2, 3, 4, 1)),
        (Span("a"), Span("a", 1, 1, 1, 2)),
        (Span("a", 5, 7), Span("a", 5, 7, 5, 8)),
        (Span("a", 5, 7, 5, 7), Span("a", 5, 7, 5, 8)),
        (Span("a", 0, 0, 0, 0), Span("a", 1, 1, 1, 2)),
        (Span("a", 1, 5, 2, 0), Span("a", 1, 5, 2, 1)),
    ],
)
def test_region_is_in_order_and_not_empty(span: Span, expected: Span) -> None:
    assert expected == region_from_span(span)


@given(SPANS)
def test_region_of_any_span_counts_from_one_and_ends_behind_its_start(span: Span) -> None:
    region = region_from_span(span)
    assert min(region.line, region.column, region.end_line, region.end_column) >= 1
    assert (region.line, region.column) < (region.end_line, region.end_column)
