"""What is otherwise between two runs, and what a change of policies does, in words for people and for reviews."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from rich.console import Console

from perpend.core.objects.account import Account
from perpend.findings.history.queries.findings import HistoryCoverage
from perpend.findings.policy_diff import PolicyDiff, RequirementChange
from perpend.findings.run_diff import Difference
from perpend.reports.terminal.history.policy_diff import print_policy_diff, write_policy_diff_markdown
from perpend.reports.terminal.history.run_diff import print_difference, write_difference_markdown

RUNS = tuple(SimpleNamespace(number=number, time="2026-11-20T00:00:00.000Z", snapshot="s") for number in (1, 2))
ROW = {
    "object_name": "a|b",
    "object_id": "i",
    "external_id": None,
    "type": "T",
    "account": "1",
    "region": "r-1",
    "policy_id": "/ce/p",
    "cause": "resource_change",
    "what": "opened",
}
RADIUS = PolicyDiff("a", "b", "s", (), 3, 1, ("/ce/broken",), (RequirementChange("cis|1", None, "fails"),))


def difference(*rows: dict[str, Any]) -> Difference:
    return Difference(*cast(Any, RUNS), (HistoryCoverage(2, 3, 1, 2), HistoryCoverage(3, 3, 2, 2)), rows)


NAMED: dict[str, Any] = {"accounts": {"1": Account("Shop")}, "title_of": lambda policy_id: f"Title of {policy_id}"}
SHOWN: dict[str, Any] = {**NAMED, "name_of": lambda policy_id: policy_id.rpartition("/")[2]}


def printed(show: Any, found: Any, **more: Any) -> str:
    stream = io.StringIO()
    show(found, Console(file=stream, width=200), **{"limit": 1, **more})
    return stream.getvalue()


def written(write: Any, found: Any, **more: Any) -> str:
    stream = io.StringIO()
    write(found, stream, **{"limit": 1, **more})
    return stream.getvalue()


def test_nothing_is_said_as_well() -> None:
    assert "no finding changed" in printed(print_difference, difference(), **SHOWN)
    assert "| nothing changed | 0 |" in written(write_difference_markdown, difference(), **NAMED)


def test_what_each_run_evaluated_is_a_sentence() -> None:
    text = printed(print_difference, difference(), **SHOWN)
    assert text.startswith(
        "run 1, 2026-11-20: evaluated 1 of 2 policies, 2 of 3 verdicts; the others are those of earlier runs\n"
        "run 2, 2026-11-20: evaluated all 2 policies, 3 verdicts\n"
    )


def test_what_is_not_shown_is_counted_and_what_is_waived_says_so() -> None:
    found = difference({**ROW, "waiver": "w\u202e"}, ROW, ROW)
    text = printed(print_difference, found, **SHOWN)
    assert "opened (3)\nTitle of /ce/p  3 objects, resource change  perpend show p\n" in text
    assert "    a|b, waived by w\\u202e\n" in text
    assert "2 more: --limit shows more" in text
    markdown = written(write_difference_markdown, found, **NAMED)
    shown = "| opened | | Title of /ce/p | a&#124;b | r-1 | Shop | resource change, waived by w&#92;u202e |"
    assert shown in markdown
    assert markdown.endswith("\n2 more.\n")


def test_changes_are_by_severity_then_by_number_then_by_title_and_say_the_region_and_the_account() -> None:
    rows = [
        {**ROW, "policy_id": "/ce/b", "object_id": "v1", "severity": "low"},
        {**ROW, "policy_id": "/ce/b", "object_id": "v2", "severity": "low", "region": "r-2"},
        {**ROW, "policy_id": "/ce/a", "object_id": "v3", "severity": "low", "account": "2"},
        {**ROW, "policy_id": "/ce/c", "object_id": "v4", "severity": "critical", "cause": "policy"},
        {**ROW, "policy_id": "/ce/d", "object_id": "2", "object_name": "2", "type": "A", "account": "2", "region": None},
    ]
    lines = printed(print_difference, difference(*rows), **SHOWN, limit=9).splitlines()[3:]
    assert [
        "opened (5)",
        "critical  Title of /ce/c  1 object, policy  perpend show c",
        "            a|b v4     r-1  Shop",
        "low       Title of /ce/b  2 objects, resource change  perpend show b",
        "            a|b v1     r-1  Shop",
        "            a|b        r-2  Shop",
        "low       Title of /ce/a  1 object, resource change  perpend show a",
        "            a|b        r-1  2",
        "not rated Title of /ce/d  1 object, resource change  perpend show d",
        "            account 2",
    ] == lines


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
    write_difference_markdown(difference(*[ROW] * 5_000), stream, limit=4_000, **NAMED)
    assert 59_000 < len(stream.getvalue()) <= 60_000
    rows = stream.getvalue().count("| opened | | Title")
    assert stream.getvalue().endswith(f"\n{4_000 - rows + 1:,} more lines do not fit into this comment.\n")
    flips = (RequirementChange("cis", "met", "fails"),) * 4_000
    assert len(written(write_policy_diff_markdown, replace(RADIUS, requirements=flips))) <= 60_000
