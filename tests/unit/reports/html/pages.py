"""Pages of evaluations in memory, whose summary has only the totals: no file holds their verdicts."""

from __future__ import annotations

import io
from typing import Any

from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.reports.html.page import write_html_report
from perpend.reports.overview import Overview


def totals_only(evaluation: Evaluation) -> Overview:
    """Return a summary without severities, services and policies to fix."""
    number, ledger = len(evaluation.programs), evaluation.ledger
    return Overview(
        *((), evaluation.day.time, ledger.objects, number, number, 0, ()),
        *("", ledger.counts, {}, (), (), (), 0),
    )


def page_of(evaluation: Evaluation, **more: Any) -> str:
    """Return the page of an evaluation."""
    stream = io.StringIO(newline="")
    write_html_report(evaluation, totals_only(evaluation), stream, **more)
    return stream.getvalue()
