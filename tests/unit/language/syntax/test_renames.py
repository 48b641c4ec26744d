"""``renames.yaml``: what policies were called, and what of it contradicts the repository or itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.language.syntax.renames import Renames
from perpend.language.syntax.repository import Repository
from tests.repositories import logic, policy_files, write


def repository(tmp_path: Path, renames: Any) -> Repository:
    return Repository(write(tmp_path, {**policy_files(logic()), "renames.yaml": renames}))


def test_a_repository_without_the_file_has_renamed_nothing(tmp_path: Path) -> None:
    found = Repository(write(tmp_path, policy_files(logic()))).renames
    assert (Renames(), ()) == (found.value, found.diagnostics)


def test_policies_that_were_renamed_twice_and_retired_are_known(tmp_path: Path) -> None:
    found = repository(
        tmp_path,
        """
        renames:
          - {from: /ce/first, to: /ce/second, since: 2026-01-01}
          - {from: /ce/second, to: /ce/policy}
        retired:
          - {policy: /ce/old, since: 2026-01-01}
        """,
    ).renames
    assert () == found.diagnostics
    assert Renames({"/ce/second": "/ce/first", "/ce/policy": "/ce/second"}, frozenset({"/ce/old"})) == found.value


@pytest.mark.parametrize(
    ("written", "message", "place"),
    [
        ("renames: [{from: /ce/policy, to: /ce/x}]", "`/ce/policy` is a former id, but still a policy", (1, 18)),
        ("renames: [{from: /ce/a, to: /ce/polcy}]", "there is no policy `/ce/polcy`", (1, 29)),
        ("renames: [{from: /ce/a, to: /ce/policy}, {from: /ce/b, to: /ce/policy}]", "two policies are renamed to", (1, 60)),
        ("renames: [{from: /ce/a, to: /ce/policy}, {from: /ce/a, to: /ce/policy}]", "`/ce/a` is renamed twice", (1, 49)),
        ("renames: [{from: /ce/a, to: /ce/b}, {from: /ce/b, to: /ce/a}]", "is renamed in a circle", (1, 29)),
        ("retired: [{policy: /ce/policy}]", "is retired, but still a policy", (1, 20)),
        ("renames: [{from: /ce/a}]", "to", (1, 11)),
        ("renames: 5", "expected a list", (1, 10)),
        ("a: [", "", (2, 1)),
    ],
)
def test_what_cannot_be_is_told_and_left_out(tmp_path: Path, written: str, message: str, place: tuple[int, int]) -> None:
    found = repository(tmp_path, written)
    problem = found.diagnostics()[0]
    assert message in problem.message
    assert ("renames.yaml", *place) == (problem.span.path, problem.span.line, problem.span.column)
    assert not (found.renames.value or Renames()).retired
    assert set((found.renames.value or Renames()).former) <= {"/ce/policy"}
