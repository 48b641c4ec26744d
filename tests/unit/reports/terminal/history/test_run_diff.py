"""What is otherwise between two runs, and what a change of policies does, in words for people and for reviews."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from rich.console import Console

from perpend.findings.policy_diff import PolicyDiff, RequirementChange
from perpend.reports.terminal.history.policy_diff import print_policy_diff, write_policy_diff_markdown
from perpend.reports.terminal.history.run_diff import Difference, print_difference, write_difference_markdown

RUNS = tuple(SimpleNamespace(number=number, time="2026-11-20T00:00:00.000Z", snapshot="s") for number in (1, 2))
ROW = {
    "object_name": "a|b",
    "object_id": "i",
    "account": "1",
    "policy_id": "/ce/p",
    "cause": "resource_change",
    "what": "opened",
}
RADIUS = PolicyDiff("a", "b", "s", (), 3, 1, ("/ce/broken",), (RequirementChange("cis|1", None, "fails"),))


def difference(*rows: dict[str, Any]) -> Difference:
    return Difference(*cast(Any, RUNS), ((2, 3), (3, 3)), rows)


def printed(show: Any, found: Any) -> str:
    stream = io.StringIO()
    show(found, Console(file=stream, width=200), limit=1)
    return stream.getvalue()


def written(write: Any, found: Any) -> str:
    stream = io.StringIO()
    write(found, stream, limit=1)
    return stream.getvalue()


def test_nothing_is_said_as_well() -> None:
    assert "no finding changed" in printed(print_difference, difference())
    assert "| nothing changed | 0 |" in written(write_difference_markdown, difference())


def test_what_is_not_shown_is_counted_and_what_is_waived_says_so() -> None:
    found = difference({**ROW, "waiver": "w\u202e"}, ROW, ROW)
    text = printed(print_difference, found)
    assert "opened (3)" in text
    assert r"a|b in 1, /ce/p (resource change), waived by w\u202e" in text
    assert "2 more: use --limit" in text
    markdown = written(write_difference_markdown, found)
    assert "| opened | a&#124;b | /ce/p | resource change, waived by w&#92;u202e |" in markdown
    assert markdown.endswith("\n2 more.\n")


def test_requirements_that_flip_and_policies_that_cannot_be_used_are_told() -> None:
    text = printed(print_policy_diff, RADIUS)
    assert "cis|1: - → fails" in text
    assert "cannot be used in b: /ce/broken (perpend lint)" in text
    markdown = written(write_policy_diff_markdown, RADIUS)
    assert "| cis&#124;1 | – | fails |" in markdown
    assert "Cannot be used in b: /ce/broken" in markdown
    assert markdown.startswith("<!-- perpend:diff-policies -->\n")
    assert "\nEvaluated on the snapshot s.\n" in markdown


def test_a_comment_has_room_for_itself_and_counts_what_it_has_none_for() -> None:
    stream = io.StringIO()
    write_difference_markdown(difference(*[ROW] * 5_000), stream, limit=4_000)
    assert 59_000 < len(stream.getvalue()) <= 60_000
    rows = stream.getvalue().count("| opened | a")
    assert stream.getvalue().endswith(f"\n{4_000 - rows + 1:,} more lines do not fit into this comment.\n")
    flips = (RequirementChange("cis", "met", "fails"),) * 4_000
    assert len(written(write_policy_diff_markdown, replace(RADIUS, requirements=flips))) <= 60_000
