"""A table of verdicts, counted: of those that the repository's policies give."""

from __future__ import annotations

import duckdb

from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import Repository
from perpend.reports.site.content.verdicts.read import read_verdicts
from tests.repositories import write
from tests.sites import POLICY, files


def test_some_that_are_strange_are_outside_of_all_counts(tmp_path):
    ends = ((POLICY, "INCOMPLIANT", 199), ("/ce/gone", "INCOMPLIANT", 199), (POLICY, "INCOMPLIANT", 999))
    rows = ", ".join(f"('{policy}', 'o{index}', {index}, '{status}', NULL)" for policy, status, index in ends)
    columns = '"policyId", "objectId", "conditionIndex", "status", "runtimeError"'
    duckdb.sql(f"COPY (FROM (VALUES {rows}) AS t({columns})) TO '{tmp_path}/v.parquet'")
    book = read_verdicts(tmp_path / "v.parquet", Analyzer(Repository(write(tmp_path / "repository", files()))))
    assert ({POLICY: [1, 0, 0, 0, 0]}, 1, {POLICY: 1}) == (book.by_policy, book.strangers, book.unlike)
    assert [["o199"]] == [[one.object_id for one in ones] for ones in book.objects.values()]
