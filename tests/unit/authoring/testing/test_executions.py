"""Tests of logic files, expected and actual side by side."""

from __future__ import annotations

from perpend.reports.site.content.logic import Logics
from tests.sites import POLICY, book_of, files


def test_failing_tests_show_expected_and_actual(tmp_path):
    book = book_of(tmp_path, files())
    view = Logics(book).view(f"{POLICY}/prod.logic.yaml")
    assert [True, True, False] == [execution.passed for _, execution in view.tests]
    execution = view.tests[2][1]
    assert ("COMPLIANT", "300", "INAPPLICABLE", "299") == (
        execution.expected.status,
        execution.expected.index,
        execution.actual.status,
        execution.actual.index,
    )
    assert ("status", "conditionIndex", "conditionText") == execution.wrong
    assert (2, 1, 3, 3) == (view.card.passed, view.card.failed, view.card.covered, view.card.branches)
