"""What a history knows, on a page: lives go with the verdicts that are shown, or are not told; a trend that adds up."""

from __future__ import annotations

import json
import re
from array import array
from pathlib import Path

import pytest

from perpend.core.objects.status import Status
from perpend.findings.waivers.states import StateShown
from perpend.reports.html.history import HIGH, ReportHistory, ReportPoint, history_section
from tests.unit.reports.html import pages
from tests.unit.reports.html.packed_columns import EVIL, column
from tests.unit.reports.terminal.evaluations import HOSTILE, THING, evaluate, thing

DAYS = [ReportPoint(run, f"2026-11-{run:02}", opened, run, 30 - run, 3, 1) for run, opened in ((1, 10), (2, 40), (3, 20))]
LIVES = [
    StateShown("new", "2026-11-03", 1),
    StateShown("open", "2026-11-01", 1, "w1", "2026-12-31", EVIL),
    StateShown("unconfirmed", "2026-11-02", 2, "w\u202e2", None, "why"),
]
OBJECTS = {"id-ann": 1, "id-bob": 2, "id-cid": 3, "id-dan": 3}
HISTORY = ReportHistory(DAYS, LIVES, {("/ce/mood", THING): OBJECTS})


def page_of(root: Path, history: ReportHistory | None) -> str:
    things = [thing("ann", "bad"), thing("bob", "bad"), thing("cid", "odd"), thing("dan", "bad"), thing(HOSTILE, "odd")]
    return pages.page_of(evaluate(root, *things), history=history, waived="of which waived: 1")


def test_lives_stand_beside_findings_where_they_go_with_the_verdict(tmp_path: Path) -> None:
    page = page_of(tmp_path, HISTORY)
    head = json.loads(column(page, "head"))
    names = column(page, "names").decode().split("\n")[:-1]
    lives = dict(zip(names, array("I", column(page, "lives")), strict=True))
    assert (1, 2, 3) == (lives["ann"], lives["bob"], lives["cid"])
    assert 0 == lives["dan"], "the history says that it is not known, the page that it fails"
    assert ["open", "2026-11-01", 1, "w1", "2026-12-31", EVIL] == head["lives"][1]
    assert "w\\u202e2" == head["lives"][2][3]
    assert EVIL not in page and 'id="waived"' in page and "<p>Of which waived: 1</p>" in page
    assert page == page_of(tmp_path / "again", HISTORY)


def test_a_page_without_a_history_says_nothing_of_it(tmp_path: Path) -> None:
    page = page_of(tmp_path, None)
    assert 'id="column-lives"' not in page and 'id="life"' not in page and "Trend" not in page
    other = page_of(tmp_path / "other", ReportHistory(DAYS, same_snapshot=False))
    assert 'id="column-lives"' not in other and "of another snapshot" in other and "Trend" in other


def test_a_trend_is_drawn_and_said_in_words() -> None:
    said = history_section(HISTORY)
    assert "<b>20</b> open, <b>3</b> unconfirmed, <b>27</b> unknown after run 3 (2026-11-03)" in said
    assert "open from 10 to 20, unconfirmed from 1 to 3, unknown from 29 to 27" in said and "from 0 to 70" in said
    assert 3 == said.count("<tr><td>")
    drawn = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', said)
    bars: dict[str, dict[str, tuple[float, float]]] = {}
    for name, x, y, height in drawn:
        bars.setdefault(x, {})[name] = (float(y), float(height))
    assert [run.open for run in DAYS] == [round(one["open"][1] * 70 / HIGH) for one in bars.values()]
    assert [run.unknown for run in DAYS] == [round(one["unknown"][1] * 70 / HIGH) for one in bars.values()]
    for one in bars.values():
        assert [HIGH, one["open"][0], one["unconfirmed"][0]] == pytest.approx([sum(part) for part in one.values()], abs=0.02)


def test_fewer_than_three_runs_are_no_trend() -> None:
    assert "" == history_section(ReportHistory(DAYS[:2]))
    assert "of another snapshot" in history_section(ReportHistory(DAYS[:1], same_snapshot=False))


def test_a_status_that_has_no_life_gets_none() -> None:
    assert [1, 0, 0] == [
        HISTORY.life_of("/ce/mood", THING, "id-ann", status)
        for status in (Status.INCOMPLIANT, Status.UNDETERMINED, Status.COMPLIANT)
    ]
    assert 0 == HISTORY.life_of("/ce/mood", THING, "nobody", Status.INCOMPLIANT)
