"""``perpend test --mutate`` and ``--generate``: what they print, write and refuse, and their exit codes."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import RunWriter
from tests.repositories import logic, policy_files, write
from tests.unit.authoring.mutation.programs import entry, greater

DATA = "ce/policy/test-data.json"
ABOVE = entry("above", "INCOMPLIANT", 199, "a__c > number(3.0)", a__c=4)
AT = entry("at", "COMPLIANT", 200, "otherwise", a__c=3)


def repository(root, *tests, **more):
    document = logic(greater("a__c", 3), testData=[{"file": "test-data.json"}])
    return write(root, {**policy_files(document), DATA: list(tests), **more})


def test_survivors_are_underlined_and_their_killers_can_be_pasted(run: RunWriter, tmp_path):
    code, out, _ = run("test", "--repo", repository(tmp_path, ABOVE, AT), "--mutate", "--jobs", "1")
    assert 1 == code
    assert "warning[T101]: no test notices that `a__c > number(3.0)` said yes where `a__c` is empty" in out
    assert "--> ce/policy/prod.logic.yaml:" in out
    assert "^" in out
    killer = out[out.index("kill 1 of them") + len("kill 1 of them") :].split("\n\n")[0]
    assert None is json.loads(killer)["a__c"]
    assert "9 mutants: 8 killed, 1 survived, 0 equivalent (0 proven, 0 listed)" in out


def test_failing_tests_are_told_first(run: RunWriter, tmp_path):
    wrong = {**ABOVE, "expectedResult": {**ABOVE["expectedResult"], "status": "COMPLIANT"}}
    code, out, err = run("test", "--repo", repository(tmp_path, wrong), "--mutate")
    assert 2 == code
    assert "FAILED" in out
    assert "tests fail, so they prove nothing about mutants: fix that first" in err
    assert "mutants:" not in out


def test_a_page_escapes_what_files_say(run: RunWriter, tmp_path):
    odd = {**ABOVE, "Id": "<script>"}
    code, _, _ = run(
        "test",
        "--repo",
        repository(tmp_path / "r", odd),
        "--mutate",
        "--format",
        "html",
        "--out",
        tmp_path / "m.html",
        "--jobs",
        "1",
    )
    page = (tmp_path / "m.html").read_text("utf-8")
    assert (1, False, True) == (code, "<script>" in page, "&lt;script&gt;-changed-1" in page)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--mutate", "--coverage"], "--coverage does not go with --mutate"),
        (["--generate", "--mutate"], "--mutate does not go with --generate"),
        (["--write"], "--write goes with --generate"),
        (["--format", "html"], "--format html, --budget and --jobs go with --mutate"),
        (["--mutate", "--budget", "soon"], "neither a number of mutants, such as 500, nor a duration, such as 90s or 3m"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(run: RunWriter, tmp_path, words, problem):
    code, _, err = run("test", "--repo", repository(tmp_path, ABOVE), *words)
    assert (2, True) == (code, problem in err)


def test_proposals_are_shown_and_added_behind_what_is_there(run: RunWriter, tmp_path):
    root = repository(tmp_path, ABOVE)
    before = (root / DATA).read_text("utf-8")
    code, out, err = run("test", "--repo", root, "--generate")
    assert (1, before) == (code, (root / DATA).read_text("utf-8"))
    assert ["200", "200"] == [one["expectedResult"]["conditionIndex"] for one in json.loads(out)]
    assert "proposed-1 reaches 200 `otherwise`" in err
    code, _, err = run("test", "--repo", root, "--generate", "--write")
    after = (root / DATA).read_text("utf-8")
    assert (0, True, 3) == (code, after.startswith(before.rstrip("\n ]")), len(json.loads(after)))
    assert 0 == run("test", "--repo", root)[0]
    assert 0 == run("test", "--repo", root, "--generate")[0]


def test_where_no_file_is_named_one_is_made_and_nothing_is_overwritten(run: RunWriter, tmp_path):
    root = write(tmp_path, policy_files(logic(greater("a__c", 3))))
    code, _, err = run("test", "--repo", root, "--generate", "--write")
    assert (0, True) == (code, "name it in the logic file, testData: [{file: test-data.json}]" in err)
    written = (root / DATA).read_text("utf-8")
    assert 2 == run("test", "--repo", root, "--generate", "--write")[0]
    assert written == (root / DATA).read_text("utf-8")
