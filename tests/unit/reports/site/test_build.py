"""Builds: whole or not at all, and never at the cost of anybody else's files."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.site import build as building
from perpend.reports.site import directory
from perpend.reports.site.build import Options, build_site
from perpend.reports.site.directory import NAME, PathConflict, digest
from perpend.reports.site.search import NoIndex
from tests.repositories import write
from tests.sites import POLICY, dead_links, files, leave_out_operations

pytestmark = pytest.mark.medium

PAGE = f"{POLICY[1:]}/index.html"


@pytest.fixture(scope="module", autouse=True)
def few_operations():
    with pytest.MonkeyPatch.context() as patch:
        leave_out_operations(patch)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "repository", files())


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The directory of the small repository and of the site that was built of it."""
    return build(write(tmp_path_factory.mktemp("made") / "repository", files()))[1].parent


@pytest.fixture
def site(made: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A repository, and the site that was built of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "repository", tmp_path / "out"


def build(root: Path, **more):
    options = Options(**{"out": root.parent / "out", "search": False, **more})
    return build_site(Repository(root), options), options.out


def snapshot(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def edit(root: Path) -> None:
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")


def test_a_site_replaces_the_last_one_as_a_whole(site):
    root, out = site
    (out / "health/index.html").unlink()
    shutil.rmtree(root / "ce/acme/cloud/store/idea")
    out.chmod(0o750)
    built, _ = build(root)
    assert ([], True) == (built.edited, (out / "health/index.html").is_file())
    assert not (out / "ce/acme/cloud/store/idea").exists()
    assert (["out", "repository"], 0o750) == (sorted(os.listdir(root.parent)), out.stat().st_mode & 0o777)
    assert [] == dead_links(out)


def test_the_list_of_a_build_names_every_file(site):
    _, out = site
    listed = json.loads((out / NAME).read_text("utf-8"))["files"]
    assert {path: digest(content) for path, content in snapshot(out).items() if path != NAME} == listed


def test_files_of_others_stay(site):
    root, out = site
    others = {"ce/acme/mine.txt": "mine", "CNAME": "policies.example", ".git/HEAD": "ref"}
    for path, text in others.items():
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_text(text, "utf-8")
    (out / ".git/refs").mkdir()
    (out / "link").symlink_to("/nowhere")
    shutil.rmtree(root / "ce/acme/cloud")
    for force in (False, True):
        assert [] == build(root, force=force)[0].edited
        assert others == {path: (out / path).read_text("utf-8") for path in others}
        assert (out / ".git/refs").is_dir() and "/nowhere" == os.readlink(out / "link")


@pytest.mark.parametrize(("path", "more"), [("ce/index.html", ""), ("ce", "/.+")])
@pytest.mark.parametrize("force", [True, False])
def test_a_strange_file_in_the_way_stops_the_build(root, path, more, force):
    out = write(root.parent / "out", {path: "mine"})
    with pytest.raises(PathConflict, match=rf"{path}; nothing was written"):
        build(root, force=force)
    assert {path: b"mine"} == snapshot(out)
    assert ["out", "repository"] == sorted(os.listdir(root.parent))


def test_nothing_is_written_or_deleted_through_links(root):
    out, elsewhere = root.parent / "out", root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    out.mkdir()
    (out / "ce").symlink_to(elsewhere)
    with pytest.raises(PathConflict, match="other files at the paths of pages: ce; nothing"):
        build(root)
    assert {"mine": b"mine"} == snapshot(elsewhere)
    gone = root.parent / "gone"
    gone.symlink_to(root.parent / "nowhere")
    with pytest.raises(PathConflict, match="there is no such directory"):
        build(root, out=gone)
    assert not (root.parent / "nowhere").exists()


def test_a_site_behind_a_link_is_replaced_where_it_is(site):
    root, out = site
    link = root.parent / "link"
    link.symlink_to(out)
    edit(root)
    build(root, out=link)
    assert link.is_symlink() and "Lock it." in (out / PAGE).read_text("utf-8")


def test_an_edited_page_stays_and_is_named_until_it_is_undone(site):
    root, out = site
    first = (out / PAGE).read_text("utf-8")
    (out / PAGE).write_text(first + "mine", "utf-8")
    edit(root)
    for _ in range(2):
        assert [PAGE] == build(root)[0].edited
        assert first + "mine" == (out / PAGE).read_text("utf-8")
    (out / PAGE).write_text(first, "utf-8")
    assert ([], True) == (build(root)[0].edited, "Lock it." in (out / PAGE).read_text("utf-8"))


def test_an_edited_page_stays_if_its_policy_is_gone(site):
    root, out = site
    page = "ce/acme/cloud/store/idea/index.html"
    (out / page).write_text("mine", "utf-8")
    shutil.rmtree(root / page.removesuffix("/index.html"))
    assert ([page], "mine") == (build(root)[0].edited, (out / page).read_text("utf-8"))


def test_force_replaces_edited_pages(site):
    root, out = site
    (out / PAGE).write_text((out / PAGE).read_text("utf-8") + "mine", "utf-8")
    (out / "perpend-site/site.css").write_text("mine", "utf-8")
    before = snapshot(out)
    assert [] == build(root, force=True)[0].edited
    assert {PAGE, "perpend-site/site.css"} == {path for path, content in snapshot(out).items() if before[path] != content}


@pytest.mark.parametrize("force", [True, False])
def test_a_list_that_a_repository_brings_costs_nobody_a_file(root, force):
    out = write(root.parent / "out", {"index.html": "mine", "old.html": "mine too", "notes.md": "mine as well"})
    before = snapshot(out)
    listed = {path: digest(content) for path, content in before.items()}
    (out / NAME).write_text(json.dumps({"version": 1, "files": listed}))
    built, _ = build(root, force=force)
    assert sorted(before) == sorted(built.edited)
    assert before == {path: content for path, content in snapshot(out).items() if path in before}


@pytest.mark.parametrize("text", ["[", "[]", '{"version": 1, "files": 7}', None])
def test_without_a_valid_list_the_files_are_those_of_others(site, text):
    root, out = site
    (out / NAME).unlink()
    if text is None:
        os.mkfifo(out / NAME)
    else:
        (out / NAME).write_text(text, "utf-8")
    assert [] == build(root)[0].edited, "the same site"
    (out / NAME).unlink()
    edit(root)
    with pytest.raises(PathConflict, match=rf"other files at the paths of pages: {PAGE}"):
        build(root)


@pytest.mark.parametrize("fails_at", ["sitemap", "put", "second put"])
def test_a_build_that_fails_leaves_the_last_one_and_nothing_else(site, monkeypatch, fails_at):
    root, out = site
    before, puts, put = snapshot(out), [], directory.put
    edit(root)

    def failing(part: Path, target: Path) -> None:
        puts.append(target)
        if len(puts) == (2 if fails_at == "second put" else 1):
            raise PermissionError(13, "Permission denied")
        put(part, target)

    if fails_at == "sitemap":
        monkeypatch.setattr(building, "sitemap", lambda *_: 1 / 0)
    else:
        monkeypatch.setattr(directory, "put", failing)
    with pytest.raises((ZeroDivisionError, PathConflict), match=r"by zero|out: cannot be replaced: permission denied"):
        build(root)
    assert before == snapshot(out)
    assert ["out", "repository"] == sorted(os.listdir(root.parent))


def test_a_directory_that_cannot_be_made_is_told_before_any_page_is_made(root, monkeypatch):
    monkeypatch.setattr(building, "Site", pytest.fail)
    (root.parent / "file").write_text("kept")
    for place in ("file", "file/site"):
        with pytest.raises(PathConflict, match=r"is a file, not a directory|cannot be written: (file exists|not a directory)"):
            build(root, out=root.parent / place)
    assert "kept" == (root.parent / "file").read_text()


def test_images_of_policies_become_part_of_the_site(root):
    (root / POLICY[1:] / "p.png").write_bytes(b"\x89PNG")
    _, out = build(root)
    copy = out / "perpend-site/files" / POLICY[1:] / "p.png"
    assert b"\x89PNG" == copy.read_bytes()
    assert f"perpend-site/files{POLICY}/p.png" in (out / PAGE).read_text("utf-8")
    (root / POLICY[1:] / "description.md").write_text("No image.\n", "utf-8")
    build(root)
    assert not copy.exists()


def test_a_policy_whose_file_cannot_be_read_has_a_page_that_says_why(root):
    write(root, {f"{POLICY[1:]}/policy.yaml": "a: [b\n"})
    built, out = build(root)
    assert ([], True) == (dead_links(out), built.errors > 0)
    html = (out / PAGE).read_text("utf-8")
    assert "policy.yaml:2" in html and "<code>L110</code>" in html and "prod.logic.yaml" in html


def test_documents_become_pages_with_their_links(root, tmp_path):
    docs = write(
        tmp_path / "docs",
        {"tour.md": "# A tour\n\n[how](how-to/x.md) [is](reference/operations/is-equal.md)\n", "how-to/x.md": "# X\n"},
    )
    _, out = build(root, documents=docs)
    assert [] == dead_links(out)
    html = (out / "docs/tour/index.html").read_text("utf-8").partition("<main")[2].partition("</main>")[0]
    assert 'href="../../docs/how-to/x/index.html"' in html and 'href="../../operations/is-equal/index.html"' in html


def test_without_pagefind_the_error_says_what_to_install(root, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if "pagefind" in name else known(name, *more))
    with pytest.raises(NoIndex, match="needs Pagefind: pip install "):
        build(root, search=True)


def test_the_index_has_the_texts_of_pages(root):
    _, out = build(root, search=True)
    assert (out / "perpend-site/pagefind/pagefind.js").is_file() and not list((out / "perpend-site/pagefind").glob("*-ui*"))
    texts = [gzip.decompress(path.read_bytes()) for path in (out / "perpend-site/pagefind/fragment").iterdir()]
    assert [True] == [b"Copy the" not in text for text in texts if b"ID /frameworks/acme/01 Requirements" in text]
    assert " data-titles" not in (out / "index.html").read_text("utf-8")


def test_without_an_index_pages_search_titles(site):
    assert " data-titles>" in (site[1] / "index.html").read_text("utf-8")


def test_a_pipe_is_never_read(root, tmp_path):
    pipes = [root / POLICY[1:] / "p.png", write(tmp_path / "docs", {"a.md": "# A\n"}) / "b.md", tmp_path / "docs" / ".hidden"]
    for pipe in pipes:
        os.mkfifo(pipe)
    _, out = build(root, documents=tmp_path / "docs")
    assert (out / "docs/a/index.html").is_file() and not (out / "docs/b").exists()
    assert "p.png" not in re.sub(r"<pre.*?</pre>", "", (out / PAGE).read_text("utf-8"), flags=re.DOTALL)
