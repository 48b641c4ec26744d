"""Cleaning takes away what a build has made, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.reports.site.directory import MARK, NAME, OWN, Cleaned, NotBuilt, clean_site, digest

pytestmark = pytest.mark.medium

CONTENT = f"<!-- {MARK}` -->made".encode()


def listed(root: Path, files: dict[str, str]) -> None:
    """Write the list of a build that made some files, by their digests."""
    (root / NAME).write_text(json.dumps({"version": 1, "files": files}))


def built(root: Path, *paths: str, **more: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(CONTENT)
    listed(root, {path: digest(CONTENT) for path in (*paths, *more.values())})
    return root


def left(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_all_that_was_made_goes_with_its_empty_directories(tmp_path: Path) -> None:
    built(tmp_path, "index.html", "ce/a/index.html", "ce/b/index.html")
    (tmp_path / "ce/b/policy.yaml").write_text("mine")
    (tmp_path / "empty").mkdir()
    assert Cleaned(("ce/a/index.html", "ce/b/index.html", "index.html"), ()) == clean_site(tmp_path)
    assert ["ce", "ce/b", "ce/b/policy.yaml", "empty"] == left(tmp_path)


def test_what_somebody_has_changed_is_kept_and_named(tmp_path: Path) -> None:
    built(tmp_path, "a.html", "b.html")
    (tmp_path / "b.html").write_text("edited")
    assert Cleaned(("a.html",), ("b.html",)) == clean_site(tmp_path)
    assert ["b.html"] == left(tmp_path)


def test_a_manifest_that_a_repository_brings_deletes_none_of_its_files(tmp_path: Path) -> None:
    files = {
        "README.md": b"ours",
        "ce/policy.yaml": b"names:",
        "index.html": b"<!doctype html>",
        "long.html": b" " * 600 + CONTENT,
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    listed(tmp_path, {path: digest(content) for path, content in files.items()})
    assert Cleaned((), tuple(sorted(files))) == clean_site(tmp_path)
    assert files == {path: (tmp_path / path).read_bytes() for path in files}


def test_what_can_carry_no_mark_goes_from_our_own_directory_only(tmp_path: Path) -> None:
    image = b"\x89PNG"
    paths = (f"{OWN}/files/p.png", f"{OWN}-2/p.png", "ce/p.png")
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(image)
    listed(tmp_path, dict.fromkeys(paths, digest(image)))
    assert Cleaned((paths[0],), ("ce/p.png", f"{OWN}-2/p.png")) == clean_site(tmp_path)


def test_what_is_gone_already_is_no_fault(tmp_path: Path) -> None:
    built(tmp_path, "a/a.html")
    (tmp_path / "a/a.html").unlink()
    assert Cleaned((), ()) == clean_site(tmp_path)
    assert [] == left(tmp_path)


def test_nothing_is_deleted_behind_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "site", tmp_path / "outside"
    outside.mkdir()
    (outside / "x.html").write_bytes(CONTENT)
    root.mkdir()
    built(root, directory="linked/x.html", file="y.html", same="z.html")
    (root / "linked").symlink_to(outside)
    (root / "y.html").symlink_to(outside / "x.html")
    (root / "z.html").mkdir()
    assert Cleaned((), ("linked/x.html", "y.html", "z.html")) == clean_site(root)
    assert CONTENT == (outside / "x.html").read_bytes()


@pytest.mark.parametrize("path", ["../x.html", "/x.html", "a/../../x.html", "", ".", "a//x.html"])
def test_a_manifest_that_leads_out_deletes_nothing(tmp_path: Path, path: str) -> None:
    root = tmp_path / "site"
    root.mkdir()
    (tmp_path / "x.html").write_bytes(CONTENT)
    built(root, path=path)
    assert Cleaned((), ()) == clean_site(root)
    assert (tmp_path / "x.html").exists()


@pytest.mark.parametrize("text", [None, "", "[]", "{", json.dumps({"version": 99, "files": {"a.html": "x"}})])
def test_without_a_manifest_nothing_is_touched(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / NAME).write_text(text)
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(NotBuilt, match="it has no manifest of"):
        clean_site(tmp_path)
    assert (tmp_path / "a.html").exists()
