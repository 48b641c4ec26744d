"""The library's tables of policies and the files that follow from them agree, and no text is unfinished."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.authoring.scaffold.table import Row, read_table
from perpend.authoring.scaffold.table_files import TABLES, derived_files
from perpend.authoring.scaffold.table_texts import UNFINISHED
from perpend.core.diagnostics.model import Diagnostic
from perpend.findings.severity.read import FOLDER, ratings_below
from perpend.language.syntax.repository import LIBRARY, Repository

pytestmark = pytest.mark.medium

REPOSITORY = Repository(LIBRARY)
FILES = sorted((LIBRARY / TABLES).glob("*.yaml"))


def rows(path: Path) -> tuple[Row, ...]:
    table = read_table(path, REPOSITORY)
    assert () == table.diagnostics
    return table.rows


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_logic_and_test_data_follow_from_the_table(path: Path) -> None:
    diagnostics: list[Diagnostic] = []
    derived = derived_files(rows(path), REPOSITORY, diagnostics)
    assert [] == diagnostics
    assert [] == [file for file, text in derived.items() if text != (LIBRARY / file).read_text("utf-8")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_policy_has_the_names_sections_and_severity_of_its_row(path: Path) -> None:
    rated = {policy: rating for rating in ratings_below(REPOSITORY.files, FOLDER).ratings for policy in rating.policies}
    for row in rows(path):
        policy, severity = REPOSITORY.policy(row.id).value, row.severity
        assert policy is not None
        assert severity is not None
        assert (row.full, row.contextual, row.description) == (policy.names.full, policy.names.contextual, policy.description)
        assert (row.mappings, row.categories) == (tuple(one.value for one in policy.mappings), policy.categories)
        rating = rated[row.id]
        assert (severity.level, severity.because, severity.source) == (rating.level.name.lower(), rating.because, rating.source)


def test_no_text_is_unfinished() -> None:
    assert [] == [str(path) for path in LIBRARY.rglob("*.md") if UNFINISHED in path.read_text("utf-8")]


def test_no_policy_is_in_two_tables() -> None:
    ids = [row.id for path in FILES for row in rows(path)]
    assert ids
    assert len(ids) == len(set(ids))
