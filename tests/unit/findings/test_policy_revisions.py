"""Revisions of a repository that is in no git repository."""

from __future__ import annotations

import pytest

from perpend.findings import policy_revisions
from perpend.findings.policy_revisions import NoRevision, repository_at
from perpend.language.syntax.repository import Repository
from tests.repositories import policy_files, write


@pytest.mark.parametrize("is_library", [True, False])
def test_what_to_name_is_told(tmp_path, monkeypatch, is_library):
    root = write(tmp_path, policy_files({}))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    if is_library:
        monkeypatch.setattr(policy_revisions, "LIBRARY", root)
    with pytest.raises(NoRevision) as raised, repository_at(Repository(root), "HEAD"):
        pass
    which = "the library" if is_library else str(root)
    assert f"{which} is in no git repository, so it has no revisions; name yours with --repo" == str(raised.value)
