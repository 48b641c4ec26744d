"""One file: the same bytes for the same judgement, nothing that could run but our own code, columns that come back."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from array import array
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.read import RatingFiles
from perpend.findings.severity.results import RatedEvaluation
from perpend.reports.html.page import OBJECT_WORD, POLICY_WORD, ReportCommands
from tests.unit.findings.severity.made import rating
from tests.unit.reports.html import pages
from tests.unit.reports.html.packed_columns import EVIL, column
from tests.unit.reports.terminal.evaluations import HOSTILE, MOOD, NOTED, evaluate, thing, with_rival


class Parts(HTMLParser):
    """The elements of a page, and the texts of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note the text of a script or style."""
        if self.lasttag in ("script", "style") and data.strip():
            self.texts.append((self.lasttag, data))


COMMANDS = ReportCommands(
    explain=["perpend", "explain", POLICY_WORD, OBJECT_WORD, EVIL],
    remediate=["perpend", "remediate", POLICY_WORD, EVIL],
    remedies={"/ce/mood"},
)


def page_of(evaluation: Evaluation, **more: Any) -> str:
    return pages.page_of(evaluation, commands=COMMANDS, **more)


def hostile(root: Path) -> Evaluation:
    things = [thing(EVIL, "bad", owner=EVIL), thing(HOSTILE, "odd"), with_rival(thing("cid"), "odd"), thing("dan", notes="[")]
    return evaluate(root, *things, logics={"mood": MOOD, "noted": NOTED}, names={"mood": EVIL}, set_aside=(EVIL,))


def test_severities_are_a_choice_where_something_is_rated_and_nowhere_else(tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann", "bad"), thing("bob", "bad"), thing("cid", "odd"))
    in_force = ratings_in_force(RatingFiles((rating("/ce/mood"),)), ["/ce/mood"])
    raised = RatedEvaluation(in_force, steps={"/ce/mood": {"id-ann": 1}})
    page = page_of(evaluation, rated_evaluation=raised)
    assert '<select id="severity">' in page and '<select id="severity">' not in page_of(evaluation)
    head = json.loads(column(page, "head"))
    assert ["critical", "high", "medium", "low", "info"] == head["severities"]
    ends = array("I", column(page, "ends"))
    assert ["critical (board, raised)", "high (board)", "would be high (board)"] == [head["endings"][end][5] for end in ends]
    assert {4} == set(map(len, json.loads(column(page_of(evaluation), "head"))["endings"]))


def test_the_same_judgement_is_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(hostile(tmp_path / "a")) == page_of(hostile(tmp_path / "b"))


def test_nothing_can_run_but_what_the_policy_names_by_hash(tmp_path: Path) -> None:
    page = page_of(hostile(tmp_path))
    parts = Parts(page)
    (policy,) = [
        said["content"] or ""
        for tag, said in parts.found
        if tag == "meta" and said.get("http-equiv") == "Content-Security-Policy"
    ]
    style, script = parts.texts[0], parts.texts[-1]
    assert ("style", "script") == (style[0], script[0])
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for kind, (_, text) in (("style-src", style), ("script-src", script)):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" == rules[kind]
    assert {"'none'"} == {rules[kind] for kind in ("default-src", "base-uri", "form-action")}
    assert "img" not in {tag for tag, _ in parts.found}
    names = {name for _, said in parts.found for name in said}
    assert not {name for name in names if name.startswith("on")} | (names & {"style", "src", "href"})
    assert not {"\x1b", "\u202e"} & set(page) and EVIL not in page


def test_the_columns_come_back(tmp_path: Path) -> None:
    page = page_of(hostile(tmp_path))
    head = json.loads(column(page, "head"))
    names = column(page, "names").decode().split("\n")[:-1]
    many, ends = (array("I", column(page, name)) for name in ("findings", "ends"))
    assert [EVIL, "cid", "dan"] == [name for name in names if "red" not in name]
    assert head["objects"] == len(names) == len(many) and sum(many) == len(ends)
    assert {"INCOMPLIANT", "UNDETERMINED"} == {head["statuses"][head["endings"][end][1]] for end in ends}
    assert [EVIL, "Policy noted"] == [one["title"] for one in head["policies"]]
    assert ["perpend", "explain", 0, None, EVIL] == head["explain"] and ["perpend", "remediate", 0, EVIL] == head["remediate"]
    assert [1, None] == [one.get("remedy") for one in head["policies"]]


def test_totals_and_reasons_are_read_without_a_script(tmp_path: Path) -> None:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", "", page_of(hostile(tmp_path)), flags=re.DOTALL)
    assert "4 objects" in text and "0 failing" not in text and "Undetermined: 4 verdicts, for 3 reasons" in text
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;: no source can list the objects that it counts" in text


def test_nothing_judged_is_a_page_too(tmp_path: Path) -> None:
    page = page_of(evaluate(tmp_path))
    assert "nothing is known to comply or fail" in page and "<svg" not in page and b"" == column(page, "ends")


def test_what_was_not_judged_is_said_in_front(tmp_path: Path) -> None:
    whole = evaluate(tmp_path, thing("ann"))
    refused = replace(whole.selection, refused={"/ce/<far>": ()})
    page = page_of(replace(whole, selection=refused, inventory=replace(whole.inventory, unread=("gone.csv",))))
    listed = "<li>policies with errors: /ce/&lt;far&gt;</li><li>inputs that cannot be read: gone.csv</li>"
    assert f"<details><summary>Not everything was evaluated</summary><ul>{listed}</ul></details>" in page
    assert "Not everything was evaluated" not in page_of(whole)


def test_a_title_is_the_readers_own_and_is_text(tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann"))
    assert "<h1>Compliance report</h1>" in page_of(evaluation) and "<title>Compliance report, 2026-01-10</title>" in page_of(
        evaluation
    )
    page = page_of(evaluation, title=f"Acme {EVIL}\u202e")
    escaped = "Acme &lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\u202e"
    assert f"<h1>{escaped}</h1>" in page and f"<title>{escaped}, 2026-01-10</title>" in page and EVIL not in page
