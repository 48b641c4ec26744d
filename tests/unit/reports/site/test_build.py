"""Builds: whole or not at all, only what has changed, and never at the cost of anybody else's files."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
import shutil
from functools import partial
from pathlib import Path

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.site import build as building
from perpend.reports.site.build import BuildCache, Options, build_site
from perpend.reports.site.content.verdicts.pages import findings_page
from perpend.reports.site.content.verdicts.tally import SHOWN, InvalidVerdicts
from perpend.reports.site.install import PathConflict
from perpend.reports.site.manifest import NAME, SiteManifest, digest, read_manifest
from perpend.reports.site.render.pages import Renderer
from perpend.reports.site.search import NoIndex, Superseded
from tests.repositories import write
from tests.sites import POLICY, book_of, dead_links, files, leave_out_operations, lines_in, verdict_line

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


def build(root: Path, *, cache: BuildCache | None = None, **more):
    options = Options(**{"out": root.parent / "out", "search": False, **more})
    return build_site(Repository(root), options, cache=cache), options.out


def snapshot(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_an_unchanged_repository_is_not_built_again(root):
    first, out = build(root)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    second, _ = build(root)
    assert (False, True, first.pages) == (first.unchanged, second.unchanged, second.pages)
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*")}


def test_a_page_that_is_gone_is_built_again(site):
    root, out = site
    (out / PAGE).unlink()
    built, _ = build(root)
    assert (1, True) == (built.written, (out / PAGE).is_file())


@pytest.mark.parametrize("cache", [None, BuildCache()])
def test_a_changed_text_writes_its_own_page(root, cache):
    build(root, cache=cache)
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    built, out = build(root, cache=cache)
    assert 1 == built.written
    assert "Lock it." in (out / PAGE).read_text("utf-8")


def rewrite(path: Path, **words: str) -> None:
    text = path.read_text("utf-8")
    for former, word in words.items():
        text = text.replace(former, word)
    path.write_text(text, "utf-8")


def test_a_cache_never_changes_the_site(root):
    cache, folder = BuildCache(), root / POLICY[1:]
    build(root, cache=cache)
    extracts, others = next(root.glob("types/*/object.extracts.yaml")), {"COMPLIANT": "UNDETERMINED", "COST": "RELIABILITY"}
    changes = {
        "types": partial(rewrite, extracts, open__c="used__c"),
        **{name: partial(rewrite, folder / name, **others) for name in ("test-data.json", "policy.yaml")},
        "new": partial(shutil.copytree, folder, folder.parent / "copy"),
        "gone": (folder / "test-data.json").unlink,
        "logic": partial(rewrite, folder / "prod.logic.yaml", **others),  # the last one: it leaves no logic that has tests
    }
    for name, change in changes.items():
        change()
        found = snapshot(build(root, cache=cache)[1])
        fresh = snapshot(build(root, out=root.parent / name)[1])
        for both in (found, fresh):
            both.pop(NAME)
        assert fresh == found, name


def test_pages_of_what_is_gone_go_too(site):
    root, out = site
    shutil.rmtree(root / "ce/acme/cloud/store/idea")
    build(root)
    assert not (out / "ce/acme/cloud/store/idea").exists()


def test_files_of_others_stay(site):
    root, out = site
    (out / "ce/acme/mine.txt").write_text("mine", "utf-8")
    (out / "CNAME").write_text("policies.example", "utf-8")
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    build(root)
    assert ("mine", "policies.example") == ((out / "ce/acme/mine.txt").read_text("utf-8"), (out / "CNAME").read_text("utf-8"))


def test_a_strange_file_in_the_way_stops_the_build_before_it_writes(root):
    out = root.parent / "out"
    write(out, {"ce/index.html": "mine"})
    with pytest.raises(PathConflict, match=r"ce/index\.html; nothing was written"):
        build(root)
    assert {"ce/index.html": b"mine"} == snapshot(out)


def test_a_page_that_somebody_has_changed_is_not_deleted(site):
    root, out = site
    page = out / "ce/acme/cloud/store/idea/index.html"
    page.write_text("mine", "utf-8")
    shutil.rmtree(root / "ce/acme/cloud/store/idea")
    built, _ = build(root)
    assert (["ce/acme/cloud/store/idea/index.html"], "mine") == (built.edited, page.read_text("utf-8"))


def test_a_page_that_somebody_has_changed_is_not_written_over(site):
    root, out = site
    page, first = out / PAGE, (out / PAGE).read_text("utf-8")
    page.write_text(first + "mine", "utf-8")
    assert ([PAGE], True) == ((again := build(root)[0]).edited, again.unchanged)
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    for _ in range(2):
        assert [PAGE] == build(root)[0].edited
        assert first + "mine" == page.read_text("utf-8")
    page.write_text(first, "utf-8")
    assert ([], True) == (build(root)[0].edited, "Lock it." in page.read_text("utf-8"))


def test_a_changed_page_that_says_nothing_new_is_named_whenever_something_is_built(site):
    root, out = site
    (out / "health/index.html").write_text("mine", "utf-8")
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    built, _ = build(root)
    assert (["health/index.html"], "mine") == (built.edited, (out / "health/index.html").read_text("utf-8"))


@pytest.mark.parametrize("changed", [True, False])
def test_force_writes_over_what_somebody_has_changed(site, changed):
    root, out = site
    first = (out / PAGE).read_text("utf-8")
    (out / PAGE).write_text(first + "mine", "utf-8")
    (out / "perpend-site/site.css").write_text("mine", "utf-8")
    if changed:
        (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    built, _ = build(root, force=True)
    text = (out / PAGE).read_text("utf-8")
    assert ([], changed, False) == (built.edited, "Lock it." in text, text.endswith("mine"))
    assert "mine" != (out / "perpend-site/site.css").read_text("utf-8")
    assert build(root)[0].unchanged


@pytest.mark.parametrize("force", [True, False])
def test_a_manifest_that_a_repository_brings_costs_nobody_a_file(root, force):
    out = write(root.parent / "out", {"index.html": "mine", "old.html": "mine too", "notes.md": "mine as well"})
    before = snapshot(out)
    SiteManifest(files={path: digest(content) for path, content in before.items()}).write(out)
    built, _ = build(root, force=force)
    assert sorted(before) == built.edited
    assert before == {path: content for path, content in snapshot(out).items() if path in before}


def test_a_build_that_is_cut_off_while_it_replaces_files_is_made_good_by_the_next(site, monkeypatch):
    root, out = site
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    moved = []

    def replace(source, target):
        if not str(target).endswith(NAME) and moved:
            raise OSError
        moved.extend([] if str(target).endswith(NAME) else [target])
        os.rename(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError):
        build(root)
    monkeypatch.undo()
    built, _ = build(root)
    assert ([], True, 1) == (built.edited, "Lock it." in (out / PAGE).read_text("utf-8"), len(moved))
    shutil.rmtree(out / "perpend-site")
    assert [] == build(root)[0].edited


def test_nothing_is_written_through_links_that_lead_out(root):
    out, elsewhere = root.parent / "out", root.parent / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "ce").symlink_to(elsewhere)
    with pytest.raises(PathConflict):
        build(root)
    assert [] == list(elsewhere.iterdir())


def test_a_build_that_fails_leaves_the_last_one_and_nothing_else(site, monkeypatch):
    root, out = site
    before = snapshot(out)
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    monkeypatch.setattr(building, "sitemap", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build(root)
    assert before == snapshot(out)
    assert ["out", "repository"] == sorted(os.listdir(root.parent))


def test_the_manifest_lists_every_file_and_nothing_outside(site):
    _, out = site
    assert sorted({NAME, *read_manifest(out).files}) == sorted(snapshot(out))
    paths = dict.fromkeys(("../x", "/etc/x", "a/../../x", "ok"), "1")
    (out / NAME).write_text(json.dumps({"version": 1, "files": paths, "left_out": 7}), "utf-8")
    assert ({"ok": "1"}, []) == (read_manifest(out).files, read_manifest(out).left_out)
    (out / NAME).write_text("[", "utf-8")
    assert None is read_manifest(out)


def test_a_manifest_survives_writing_and_reading(tmp_path):
    manifest = SiteManifest("e", "i", {"a": "1"}, {"b": "2"}, {"b": ["a"]}, ["a"], 3, 4)
    manifest.write(tmp_path)
    assert manifest == read_manifest(tmp_path)


def test_images_of_policies_become_part_of_the_site(root):
    (root / POLICY[1:] / "p.png").write_bytes(b"\x89PNG")
    _, out = build(root)
    copy = out / "perpend-site/files" / POLICY[1:] / "p.png"
    assert b"\x89PNG" == copy.read_bytes()
    assert f"perpend-site/files{POLICY}/p.png" in (out / PAGE).read_text("utf-8")
    (root / "ce/folder.yaml").write_text('{"names": {"full": "Everything", "contextual": "All"}}', "utf-8")
    (root / POLICY[1:] / "p.png").write_bytes(b"\x89PNG2")
    build(root)
    assert b"\x89PNG2" == copy.read_bytes()
    (root / POLICY[1:] / "description.md").write_text("No image.\n", "utf-8")
    build(root)
    assert not copy.exists()


def test_verdicts_get_pages_and_files(root, tmp_path):
    judged = {"id": "a", "name": "<b>a</b>", "externalId": "arn", "typeApiName": "T", "master": None}
    line = json.dumps({"policyId": POLICY, "status": "INCOMPLIANT", "conditionIndex": 199, "object": judged})
    unknown = verdict_line(POLICY, "UNDETERMINED", "u")
    odd = [verdict_line("/ce/gone", "INCOMPLIANT", "x"), verdict_line(POLICY, "INCOMPLIANT", "y", conditionIndex=999)]
    built, out = build(root, verdicts=lines_in(tmp_path, [line, unknown, *odd]))
    folder = out / "verdicts" / POLICY[1:]
    assert line + "\n" == (out / f"perpend-site/verdicts{POLICY}.ndjson").read_text("utf-8")
    assert unknown + "\n" == (out / f"perpend-site/verdicts{POLICY}.undetermined.ndjson").read_text("utf-8")
    html = (folder / "index.html").read_text("utf-8")
    assert "1 object does not comply, 1 is undetermined" in html and "&lt;b&gt;a&lt;/b&gt;" in html
    assert 'id="verdicts"' in (out / PAGE).read_text("utf-8")
    every = (out / "verdicts/index.html").read_text("utf-8")
    assert '<svg class="bar whole"' in every and "2 verdicts of 1 policy." in every
    assert (2, 2) == (built.strangers, every.count("Left out: 1 verdict of policies that "))
    assert (True, 2) == ((again := build(root, verdicts=tmp_path / "v.ndjson")[0]).unchanged, again.strangers)
    said = "Left out: 1 verdict of an earlier version of this policy"
    assert said in html and said in (out / PAGE).read_text("utf-8")
    assert '<a href="./verdicts/index.html">Verdicts</a>' in (out / "index.html").read_text("utf-8").partition("<main")[0]


def test_a_group_of_the_first_objects_does_not_pass_for_one_of_all(tmp_path):
    lines = [verdict_line(POLICY, "INCOMPLIANT", f"n{number}") for number in range(SHOWN + 60)]
    page = findings_page(book_of(tmp_path / "repository", files(), lines), POLICY)
    html = Renderer("S", lambda path, base: None, verdicts=True).html(page)
    assert "260 objects do not comply" in html and "200 objects of those shown, decided at" in html


@pytest.mark.parametrize("judged", [False, True])
def test_a_policy_whose_file_cannot_be_read_has_a_page_that_says_why(root, tmp_path, judged):
    write(root, {f"{POLICY[1:]}/policy.yaml": "a: [b\n"})
    (tmp_path / "v.ndjson").write_text(f"{verdict_line(POLICY, 'INCOMPLIANT', 'a')}\n", "utf-8")
    _, out = build(root, verdicts=tmp_path / "v.ndjson" if judged else None)
    assert [] == dead_links(out)
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


def test_an_index_is_given_up_for_something_newer(root):
    _, out = build(root, search=True)
    before = snapshot(out)
    (root / POLICY[1:] / "remediation.md").write_text("Lock it.\n", "utf-8")
    with pytest.raises(Superseded):
        build(root, search=True, superseded=lambda: True)
    assert before == snapshot(out)
    assert ["out", "repository"] == sorted(os.listdir(root.parent))


def test_a_pipe_is_neither_read_nor_written_over(root, tmp_path):
    pipes = [root / POLICY[1:] / "p.png", write(tmp_path / "docs", {"a.md": "# A\n"}) / "b.md", tmp_path / "docs" / ".hidden"]
    for pipe in pipes:
        os.mkfifo(pipe)
    _, out = build(root, documents=tmp_path / "docs")
    assert (out / "docs/a/index.html").is_file() and not (out / "docs/b").exists()
    assert "p.png" not in re.sub(r"<pre.*?</pre>", "", (out / PAGE).read_text("utf-8"), flags=re.DOTALL)
    (out / NAME).unlink()
    os.mkfifo(out / NAME)
    assert None is read_manifest(out)
    os.mkfifo(tmp_path / "v.ndjson")
    with pytest.raises(InvalidVerdicts, match="not a regular file"):
        build(root, verdicts=tmp_path / "v.ndjson", out=tmp_path / "other")


def test_a_file_where_a_directory_belongs_is_in_the_way(root):
    write(root.parent / "out", {"ce": "mine"})
    with pytest.raises(PathConflict, match=r"ce/.+; nothing was written"):
        build(root)
