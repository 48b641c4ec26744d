"""A span in, the span as formats for machines demand it out: counted from 1, in order, at least one character wide."""

from __future__ import annotations

from perpend.core.diagnostics.model import Span


def region_from_span(span: Span, root: str = "") -> Span:
    """Return the span with numbers of at least 1 and, where it is empty or ends before it starts, one character wide.

    ``root`` says where the repository stands for whoever reads the path; empty leaves it relative to the repository.
    """
    path = f"{root}/{span.path}" if root else span.path
    line, column = max(span.line, 1), max(span.column, 1)
    if (span.end_line, span.end_column) <= (line, column):
        return Span(path, line, column, line, column + 1)
    return Span(path, line, column, span.end_line, max(span.end_column, 1))
