"""The text of issues: whatever names hold, nobody is mentioned, nothing is referred to, and no command is obeyed."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from perpend.findings.history.manifest import Run
from perpend.findings.notifications.issues.groups import FindingCounts, GroupDetails, IssueObject
from perpend.findings.notifications.issues.text import IssueSubject, comment_on_update, issue_text, jira_document, markdown
from tests.unit.findings.notifications.tracker_doubles import adf_text

PIECES = (
    *(
        "@octocat",
        "@acme/team",
        "#12",
        "GH-12",
        "GH",
        "-12",
        "acme/cloud#1",
        "!34",
        "~bug",
        "%3",
        "$5",
        "&6",
        "^alert#1",
        "fixes #7",
    ),
    *(
        "![x](https://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "<img src=x>",
        "<!-- perpend:0 -->",
        "https://evil.example",
    ),
    *(
        "\n/close",
        "\r\n/assign @me",
        "`",
        "```",
        "\n",
        "|",
        "*",
        "_",
        "\\",
        "a",
        " ",
        "\u202e",
        "[[x]]",
        "{code}",
        "www.evil.example",
    ),
)
FOREIGN = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=5).map("".join)
RUN = Run(7, "s", "c", "2026-11-21T00:00:00Z", False, "", "1", 0)
REFERENCE = re.compile(r"[@#!~%$&^][\w\"{]|\bGH-\d")
"""What GitHub or GitLab turns into a mention or a reference, outside of code."""


def text_of(name: str) -> Any:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    details = GroupDetails([IssueObject(name, f"{name}1", name, now, False)], [name], {"opened": 1})
    counts = FindingCounts(name, name, name, open=1, since=now)
    return issue_text(IssueSubject("high", name, name, name, "https://perpend.example/findings"), counts, details, RUN)


@settings(max_examples=300)
@given(FOREIGN)
@example("@" * 300)
@example("`a` #12 ``b` !3 `c`` <x> & fixes #7 GH-12")
def test_names_are_only_text_in_markdown(name: str) -> None:
    text = text_of(name)
    body = markdown(text.body)
    assert not [line for line in body.split("\n") if line.startswith("/") or line.strip() == "<!-- perpend:0 -->"]
    assert not re.search(r"[@#!~%$&^][\w\"{]", text.title) and len(text.title) <= 255
    links = []
    for token in MarkdownIt("commonmark").parse(body):
        assert token.type not in ("html_block", "fence", "code_block")
        for child in token.children or ():
            assert child.type not in ("html_inline", "image")
            links += [child.attrs["href"]] if child.type == "link_open" else []
        said = "".join("`" if child.type == "code_inline" else child.content for child in token.children or ())
        assert not REFERENCE.search(said), said
    assert ["https://perpend.example/findings"] == links


@given(FOREIGN)
def test_names_are_only_text_in_jira(name: str) -> None:
    text = text_of(name)
    document = jira_document(text.body)
    assert "1 open" in adf_text(document)
    assert 1 == json.dumps(document).count('"href"')
    assert len(json.dumps(document)) < 32_767


def test_an_issue_reads_well() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    objects = [IssueObject("alma", "arn:1", "eu-west-1", now, False), IssueObject("root", "root", None, now, True)]
    details = GroupDetails(objects, ["Run `aws x <y>`."], {"opened": 2, "resolved": 1, "policy_removed": 3}, {"resolved": 1})
    counts = FindingCounts("/ce/a", "1", "/ce/a", 23, 1, 2, 1, since=now)
    text = issue_text(IssueSubject("high", "Keys rotate", "/ce/a", "production, 1"), counts, details, RUN)
    assert "High: Keys rotate (production, 1)" == text.title
    assert markdown(text.body) == (
        "23 open, 1 unconfirmed (not known to be fixed), 1 that had ended cannot be evaluated now, since 2026-11-21. "
        "2 findings with a waiver not counted.\n\nPolicy: `/ce/a`\n\n### Objects\n\n"
        "- `alma` `arn:1` in `eu-west-1`, since 2026-11-21\n- `root`, since 2026-11-21, unconfirmed\n- and 22 more\n\n"
        "### How to fix\n\n- Run `aws x <y>`\\.\n\n"
        "As of run 7 (2026-11-21). Perpend rewrites this text: write comments, they stay.\n"
    )
    assert markdown(comment_on_update(counts, details, RUN)).startswith(
        "Run 7 (2026-11-21): 2 opened, 1 resolved, 3 of a removed policy (nobody has fixed them), "
        "1 of these because the policy, a parameter or the engine changed. 23 open"
    )
    assert html.unescape(text.title) == text.title


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_a_name_of_nothing_is_shown(name: str) -> None:
    assert "- `–`" in markdown(text_of(name).body)
    assert adf_text(jira_document(text_of(name).body))
