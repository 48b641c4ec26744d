"""The forms of others from the command line: what goes with which, what is told beside, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

CHECK = ("check", EXAMPLE, *TIME)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "csv", "--all"], "--all goes with --format ocsf or ocsf-parquet or asff or sarif, not csv"),
        (["--format", "ocsf", "--github"], "--github goes with --format sarif, not ocsf"),
        (["--format", "sarif", "--ocsf-version", "1.5.0"], "--ocsf-version goes with"),
        (["--format", "oscal-ar", "--status", "INCOMPLIANT"], "counts all verdicts"),
    ],
)
def test_what_does_not_go_together_is_refused(run: RunWriter, options: list[str], said: str) -> None:
    ended = run(*CHECK, *options)
    assert 2 == ended.code
    assert said in ended.err


def test_what_is_open_is_written_unless_all_is_asked_for(run: RunWriter) -> None:
    def statuses(*options: str) -> list[str]:
        ended = run(*CHECK, "--format", "ocsf", *options)
        assert 1 == ended.code
        return sorted({json.loads(line)["compliance"]["status_code"] for line in ended.out.splitlines()})

    assert ["INCOMPLIANT", "UNDETERMINED"] == statuses()
    assert ["COMPLIANT", "INAPPLICABLE", "INCOMPLIANT", "UNDETERMINED"] == statuses("--all")
    assert ["COMPLIANT"] == statuses("--status", "COMPLIANT")


def test_a_comparison_counts_what_was_known_after_its_later_run(run: RunWriter, days: Path) -> None:
    counts = [run("diff", *runs, "--store", days, "--format", "junit").out for runs in (("1", "2"), ("2", "3"))]
    assert [19, 20] == [int(re.findall(r'name="INCOMPLIANT" value="(\d+)"', text)[0]) for text in counts]


def test_an_event_of_a_comparison_names_the_finding_that_the_list_names(run: RunWriter, days: Path) -> None:
    (event,) = [json.loads(line) for line in run("diff", "--store", days, "--format", "ndjson").out.splitlines()]
    rows = run("diff", "--store", days, "--format", "csv").out.splitlines()
    (listed,) = json.loads(run("findings", "--store", days, "--object", event["object_id"], "--format", "json").out)
    assert [listed[name] for name in ("finding_id", "current_state_message", "open_since")] == [
        event[name] for name in ("finding_id", "current_state_message", "open_since")
    ]
    assert list(event) == rows[0].split(",")


def test_a_trend_and_a_story_are_written_as_rows(run: RunWriter, days: Path) -> None:
    lines = run("trend", "--store", days, "--format", "ndjson").out.splitlines()
    assert (3, [20, 19, 20]) == (len(lines), [json.loads(line)["open"] for line in lines])
    assert "run,time,open" in run("trend", "--store", days, "--format", "csv").out
    assert "| 3 | 2026-11-22 | 20 | 0 |" in run("trend", "--store", days, "--format", "markdown").out
    story = ("history", "alma.brekke", "--store", days, "--format")
    assert run(*story, "csv").out.count("\r\n") - 1 == len(run(*story, "ndjson").out.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("findings", "--format", "oscal-ar"), "perpend findings does not write oscal-ar; it writes table, json, ndjson"),
        (("diff", "--format", "parquet"), "perpend diff does not write parquet; it writes text, json"),
        (("diff", "--policies", "a", "b", "--format", "ocsf"), "perpend diff --policies does not write ocsf; it writes text,"),
        (("findings", "--format", "asff"), "--unrated LEVEL"),
    ],
)
def test_a_form_that_a_command_does_not_write_is_refused_with_those_it_writes(
    run: RunWriter, days: Path, words: tuple[str, ...], said: str
) -> None:
    ended = run(*words, "--store", days)
    assert (2, "") == (ended.code, ended.out)
    assert said in " ".join(ended.err.split())
