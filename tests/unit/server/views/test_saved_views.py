"""Saved views: each file is a view, or a sentence that says what is wrong with it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from perpend.language.syntax.repository import Repository
from perpend.server.answers import SavedView
from perpend.server.parameters import ORDER, read_parameters
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.views import saved_views as module
from perpend.server.views.saved_views import GROUP, SHAPE, saved_views, stamps_of
from tests.repositories import write

VIEW = {"name": "mine", "title": "Mine", "filters": {"severity": ["critical", "high"], "account": ["1"]}, "order": "age"}


def views(root: Path, **files: Any) -> tuple[SavedView, ...]:
    places = {f"views/{name}.yaml": content for name, content in files.items()}
    folder = {"ce/folder.yaml": {"names": {"full": "R", "contextual": "R"}}}
    return saved_views(Repository(write(root, {**folder, **places})))


def test_a_view_stands_for_a_list_of_findings(tmp_path: Path) -> None:
    [view] = views(tmp_path, a={**VIEW, "waived": "no", "group": "policy"})
    assert (view.name, view.title, view.file, view.problem) == ("mine", "Mine", "views/a.yaml", None)
    asked = read_parameters(parse_qsl(view.query), ALL_ACCOUNTS, (GROUP, ORDER))
    assert asked.question.filter.values == {"severity": ("critical", "high"), "account": ("1",)}
    assert (asked.question.waived, asked.text(GROUP), asked.text(ORDER)) == ("no", "policy", "age")


def test_no_folder_and_no_filters(tmp_path: Path) -> None:
    assert views(tmp_path) == ()
    [view] = views(tmp_path, a={"name": "all", "title": "All"})
    assert (view.query, view.problem) == ("", None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({**VIEW, "name": "No Name"}, "lower case letters"),
        ({**VIEW, "name": "../../etc"}, "lower case letters"),
        ({**VIEW, "filters": {"severity": ["worst"]}}, "'worst' is not one of"),
        ({**VIEW, "filters": {"owner": ["x"]}}, "owner"),
        ({**VIEW, "filters": {"policy": []}}, "policy"),
        ({**VIEW, "filters": {"since": ["soon"]}}, "since"),
        ({**VIEW, "filters": {"policy": [f"p{n}" for n in range(51)]}}, "more than 50 values"),
        ({**VIEW, "filters": {"object": ["x" * 501]}}, "at most 500 characters"),
        ({**VIEW, "filters": {"search": ["a\u0007"]}}, "control characters"),
        ({**VIEW, "filters": {"since": ["2026-01-01", "2026-01-02"]}}, "since"),
        ({**VIEW, "order": "sideways"}, "sideways"),
        ({**VIEW, "filters": {"object": [f"{n}{'x' * 490}" for n in range(9)]}}, "longer than"),
        ({**VIEW, "title": "t" * 201}, "title"),
        ({"title": "Mine"}, "`name` is missing"),
        ([1], "mapping"),
        ("name: [", "line"),
        ("", "empty"),
        ("a: &a [*a]", "line"),
        ("[" * 5_000, "line"),
    ],
)
def test_a_faulty_file_is_a_sentence(tmp_path: Path, content: Any, sentence: str) -> None:
    good, bad = views(tmp_path, a={**VIEW, "name": "good"}, b=content)
    assert good.problem is None
    assert bad.file == "views/b.yaml"
    assert bad.name == bad.query == ""
    assert sentence in (bad.problem or "")
    assert "\n" not in (bad.problem or "")


def test_a_name_is_given_once(tmp_path: Path) -> None:
    first, second = views(tmp_path, a=VIEW, b={**VIEW, "title": "Other"})
    assert (first.name, first.problem) == ("mine", None)
    assert second.name == ""
    assert "views/a.yaml" in (second.problem or "")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    views(tmp_path, a=VIEW)
    repository = Repository(tmp_path)
    before, [view] = stamps_of(repository), saved_views(repository)
    assert stamps_of(repository) == before
    write(tmp_path, {"views/a.yaml": {**VIEW, "title": "Another title"}})
    assert stamps_of(repository) != before
    assert [one.title for one in saved_views(repository)] == ["Another title"] != [view.title]


def test_no_link_leads_out_of_the_repository(tmp_path: Path) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("name: secret\ntitle: Secret\n")
    root = tmp_path / "root"
    (root / "views").mkdir(parents=True)
    os.symlink(outside, root / "views/secret.yaml")
    assert all(view.problem for view in views(root))


def test_files_beyond_the_bound_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_FILES", 1)
    view, problem = views(tmp_path, a=VIEW, b={**VIEW, "name": "other"})
    assert view.problem is None
    assert "1 more file" in (problem.problem or "")


def test_the_reference_shows_a_view_and_every_key(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs/reference/saved-views.md").read_text("utf-8")
    example = re.search(r'```yaml title="views/urgent.yaml"\n(.*?)```', page, re.DOTALL)
    assert example is not None
    [view] = views(tmp_path, urgent=example[1])
    assert (view.name, view.problem) == ("urgent", None)
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [key.name for key in SHAPE.keys]
