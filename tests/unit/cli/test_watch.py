"""A watch on a repository sees every change of its files, and no other change."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("watchfiles", reason="the extra `site` is not installed")

from perpend.cli.watch import Watch


def changed(watch: Watch) -> set[str]:
    return {Path(path).name for path in next(islice(watch, 1))}


def test_changes_of_a_repository_are_yielded(tmp_path: Path) -> None:
    page = tmp_path / "ce" / "a" / "description.md"
    page.parent.mkdir(parents=True)
    watch = Watch(tmp_path)
    assert not watch.is_changed()
    page.write_text("one")
    assert {"description.md"} == changed(watch)
    page.rename(page.with_name("remediation.md"))
    assert {"description.md", "remediation.md"} == changed(watch)
    (tmp_path / "internal-id-map.json").write_text("{}")
    assert {"internal-id-map.json"} == changed(watch)
    (tmp_path / "types").mkdir()
    assert {"types"} == changed(watch)
    (tmp_path / "types" / "new.yaml").write_text("{}")
    assert {"new.yaml"} == changed(watch)


def test_other_files_are_no_change(tmp_path: Path) -> None:
    (tmp_path / "ce").mkdir()
    watch = Watch(tmp_path)
    (tmp_path / "README.md").write_text("not a part of the repository")
    (tmp_path / "ce" / ".git").mkdir()
    assert not watch.is_changed()


def test_a_further_file_may_be_replaced_again_and_again(tmp_path: Path) -> None:
    verdicts = tmp_path / "verdicts.json"
    watch = Watch(tmp_path / "repository", verdicts)
    for number in range(3):
        (tmp_path / "part").write_text(str(number))
        (tmp_path / "part").rename(verdicts)
        assert {"verdicts.json"} == changed(watch)
