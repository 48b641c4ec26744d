"""Counts add up; the key of a page is what it says, and nothing of how Python shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.contents import pages_of
from perpend.reports.site.content.links import PageKind, Ref
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.page import STATUSES, Counts, Head, key_of
from perpend.reports.site.content.policy import policy_page
from tests.sites import POLICY, book_of, files

HEAD = Head(Ref(PageKind.LIST, "x", "X"), "About x.")


@dataclass(frozen=True)
class Observation:
    """A page that says anything."""

    head: Head
    said: Any
    shown: str = field(default="", compare=False)


def key(said: object) -> str:
    return key_of(Observation(HEAD, said))


def test_equal_pages_have_one_key_and_others_another(tmp_path):
    first, second = (book_of(tmp_path / name, files()) for name in "ab")
    page, same = (policy_page(book, Logics(book), POLICY) for book in (first, second))
    assert (page == same, key_of(page)) == (True, key_of(same))
    changed = replace(page, view=replace(page.view, tests=page.view.tests[:-1]))
    assert key_of(page) != key_of(changed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ("b",)), ("a", "b")),
        ((1,), ("1;",)),
        (("a", ""), ("a",)),
        (None, "None;"),
        ((1, 2), (12,)),
        (Ref(PageKind.LIST, "x", "X"), Ref(PageKind.LIST, "x", "X", there=False)),
        (FLAGS["type-unused"], FLAGS["type-declared"]),
        ("\ud800", "\ud801"),
    ],
)
def test_what_differs_is_never_written_alike(one, other):
    assert key(one) != key(other)


def test_how_a_flag_is_shown_is_no_part_of_what_a_page_says():
    assert key(replace(FLAGS["type-unused"], label="other")) == key(FLAGS["type-unused"])
    assert key_of(Observation(HEAD, "x", "a")) == key_of(Observation(HEAD, "x", "b"))


@pytest.mark.parametrize("said", [["a"], {"a"}, {"a": 1}, 1.5, object(), b"a"])
def test_what_is_no_value_is_refused(said):
    with pytest.raises(TypeError, match="a page holds a"):
        key(said)


def test_every_page_has_a_key_of_its_own(tmp_path):
    keys = [key_of(page) for page in pages_of(book_of(tmp_path, files()), title="x", documents=None)]
    assert len(keys) == len(set(keys))


ELSEWHERE = """
import sys
from pathlib import Path
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import Repository
from perpend.reports.site.content.site_model import SiteModel
from perpend.reports.site.content.contents import pages_of
from perpend.reports.site.content.page import key_of

for page in pages_of(SiteModel(Analyzer(Repository(Path(sys.argv[1])))), title="x", documents=None):
    print(ascii(key_of(page)))
"""


@pytest.mark.medium
def test_keys_are_the_same_in_every_process(tmp_path):
    book = book_of(tmp_path / "repository", files())
    other = {**os.environ, "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"}
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "repository")]
    there = subprocess.run(command, env=other, check=True, capture_output=True, text=True).stdout.splitlines()
    assert there == [ascii(key_of(page)) for page in pages_of(book, title="x", documents=None)]


def test_counts_add_up():
    assert Counts((1, 1, 1, 1, 2)) == Counts((1, 0, 0, 0, 2)) + Counts((0, 1, 1, 1, 0))
    assert len(STATUSES) == len(Counts().numbers)
