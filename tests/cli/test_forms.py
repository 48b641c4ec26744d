"""The forms of others from the command line: what goes with which, what is told beside, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter
from tests.schemas import asff_faults, faults

pytestmark = pytest.mark.usefixtures("shared_database")

CHECK = ("check", EXAMPLE, *TIME)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "asff"], "--unrated LEVEL"),
        (["--format", "csv", "--all"], "--all goes with --format ocsf or ocsf-parquet or asff or sarif, not csv"),
        (["--format", "ocsf", "--github"], "--github goes with --format sarif, not ocsf"),
        (["--format", "sarif", "--ocsf-version", "1.5.0"], "--ocsf-version goes with"),
        (["--format", "ocsf-parquet"], "--format ocsf-parquet goes with --out FILE"),
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


def test_the_library_s_findings_are_valid(run: RunWriter, tmp_path: Path) -> None:
    written = {
        form: run(*CHECK, "--framework", "cis-aws", "--format", form, *more).out
        for form, *more in (["asff", "--unrated", "low"], ["sarif"], ["oscal-ar"], ["oscal-poam"], ["markdown"])
    }
    assert [] == asff_faults(json.loads(written["asff"]))
    assert [] == faults("sarif-2.1.0", json.loads(written["sarif"]))
    assert [] == faults("oscal-complete-1.1.2", json.loads(written["oscal-ar"]))
    assert [] == faults("oscal-complete-1.1.2", json.loads(written["oscal-poam"]))
    lines = {
        one["locations"][0]["physicalLocation"]["region"]["startLine"]
        for one in json.loads(written["sarif"])["runs"][0]["results"]
    }
    assert {1} != lines
    assert written["markdown"].startswith("<!-- perpend:check -->\n")


def test_a_plan_of_nothing_leaves_no_file(run: RunWriter, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    ended = run(*CHECK, "--policy", "root-user-mfa", "--status", "INAPPLICABLE", "--format", "oscal-poam", "--out", target)
    assert (2, False) == (ended.code, target.exists())
    assert "no finding is open" in ended.err


def test_parquet_holds_what_lines_hold_and_a_place_that_cannot_be_written_is_told(run: RunWriter, tmp_path: Path) -> None:
    target = tmp_path / "findings.parquet"
    asked = (*CHECK, "--policy", "root-user-mfa", "--all")
    lines = run(*asked, "--format", "ocsf").out.splitlines()
    assert 1 == run(*asked, "--format", "ocsf-parquet", "--out", target).code
    assert len(lines) == duckdb.sql(f"SELECT count(*) FROM read_parquet('{target}')").fetchall()[0][0]
    ended = run(*asked, "--format", "ocsf-parquet", "--out", tmp_path / "absent" / "x.parquet")
    assert (2, 1) == (ended.code, ended.err.count("\n"))


LISTED = ("ocsf", "asff", "sarif", "oscal-poam", "junit", "markdown")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["findings", "diff"])
def test_a_history_is_written_as_check_writes_and_valid(run: RunWriter, days: Path, tmp_path: Path, command: str) -> None:
    more = {"asff": ("--unrated", "low"), "sarif": ("--github",)}
    code = {"findings": 0, "diff": 1}[command]
    found = {form: run(command, "--store", days, "--format", form, *more.get(form, ())) for form in LISTED}
    assert {(code, "")} == {(one.code, one.err) for one in found.values()}
    number = {"findings": 20, "diff": 1}[command]
    events = [json.loads(line) for line in found["ocsf"].out.splitlines()]
    assert number == len(events)
    assert [] == [fault for one in events for fault in faults("ocsf-compliance-finding-1.8.0", one)]
    assert [] == asff_faults(json.loads(found["asff"].out))
    log = json.loads(found["sarif"].out)
    assert [] == faults("sarif-2.1.0", log)
    results = log["runs"][0]["results"]
    assert {1} != {one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in results}
    plan = json.loads(found["oscal-poam"].out)
    assert [] == faults("oscal-complete-1.1.2", plan)
    assert number == len(plan["plan-of-action-and-milestones"]["poam-items"])
    assert number == found["junit"].out.count("<failure")
    assert found["markdown"].out.startswith(f"<!-- perpend:{command} -->\n")
    target = tmp_path / "events.parquet"
    assert code == run(command, "--store", days, "--format", "ocsf-parquet", "--out", target).code
    assert number == duckdb.sql(f"SELECT count(*) FROM read_parquet('{target}')").fetchall()[0][0]


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


def test_requirements_are_written_from_a_history(run: RunWriter, days: Path) -> None:
    asked = ("compliance", "--store", days, "--framework", "cis-aws")
    results = json.loads(run(*asked, "--format", "oscal-ar").out)
    assert [] == faults("oscal-complete-1.1.2", results)
    states = [one["target"]["status"]["state"] for one in results["assessment-results"]["results"][0]["findings"]]
    lines = [json.loads(line) for line in run(*asked, "--format", "ndjson").out.splitlines()]
    assert states.count("satisfied") == sum(one["standing"] == "met" for one in lines)
    assert len(lines) == run(*asked, "--format", "csv").out.count("\r\n") - 1
    junit = run(*asked, "--format", "junit").out
    assert junit.count("<failure") == sum(one["standing"] == "fails" for one in lines)


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
        (("findings", "--format", "pdf"), "'pdf' is not one of 'table'"),
        (("findings", "--format", "asff"), "--unrated LEVEL"),
        (("diff", "--format", "csv", "--github"), "--github goes with --format sarif, not csv"),
    ],
)
def test_a_form_that_a_command_does_not_write_is_refused_with_those_it_writes(
    run: RunWriter, days: Path, words: tuple[str, ...], said: str
) -> None:
    ended = run(*words, "--store", days)
    assert (2, "") == (ended.code, ended.out)
    assert said in " ".join(ended.err.split())
