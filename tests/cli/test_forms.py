"""The forms of others from the command line: what goes with which, what is told beside, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import EXAMPLE, TIME, Run
from tests.schemas import asff_faults, faults

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
def test_what_does_not_go_together_is_refused(run: Run, options: list[str], said: str) -> None:
    ended = run(*CHECK, *options)
    assert 2 == ended.code
    assert said in ended.err


def test_what_is_open_is_written_unless_all_is_asked_for(run: Run) -> None:
    def statuses(*options: str) -> list[str]:
        ended = run(*CHECK, "--format", "ocsf", *options)
        assert 1 == ended.code
        return sorted({json.loads(line)["compliance"]["status_code"] for line in ended.out.splitlines()})

    assert ["INCOMPLIANT", "UNDETERMINED"] == statuses()
    assert ["COMPLIANT", "INAPPLICABLE", "INCOMPLIANT", "UNDETERMINED"] == statuses("--all")
    assert ["COMPLIANT"] == statuses("--status", "COMPLIANT")


def test_the_library_s_findings_are_valid(run: Run, tmp_path: Path) -> None:
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


def test_a_plan_of_nothing_leaves_no_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    ended = run(*CHECK, "--policy", "root-user-mfa", "--status", "INAPPLICABLE", "--format", "oscal-poam", "--out", target)
    assert (2, False) == (ended.code, target.exists())
    assert "nothing is open" in ended.err


def test_parquet_holds_what_lines_hold_and_a_place_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "findings.parquet"
    asked = (*CHECK, "--policy", "root-user-mfa", "--all")
    lines = run(*asked, "--format", "ocsf").out.splitlines()
    assert 1 == run(*asked, "--format", "ocsf-parquet", "--out", target).code
    assert len(lines) == duckdb.sql(f"SELECT count(*) FROM read_parquet('{target}')").fetchall()[0][0]
    ended = run(*asked, "--format", "ocsf-parquet", "--out", tmp_path / "absent" / "x.parquet")
    assert (2, 1) == (ended.code, ended.err.count("\n"))
