"""``perpend explain``, from the hint of a report to the answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run
from tests.repositories import logic, policy_files, write


def test_the_command_that_explains_works_as_printed_wherever_things_are(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repository = write(Path("my policies"), policy_files(logic({"FIELD": {"path": "on"}}, input_type="Acme__Thing__c")))
    Path("things of\tmine.json").write_text(json.dumps([{"Id": "-a b", "on": True}]))
    Path("other.toml").write_text('repository = "my policies"\n')
    for options in (("--repo", str(repository)), ("--config", "other.toml")):
        hint = run("check", "things of\tmine.json", "--type", "Acme__Thing__c", *options, *TIME).out.splitlines()[-1]
        split = subprocess.run(["bash", "-c", f"printf '%s\\0' {hint}"], capture_output=True, text=True, check=True).stdout
        ran = run(*split.split("\0")[1:-1])
        assert (0, "") == (ran.code, ran.err)
        assert "verdict   INCOMPLIANT" in ran.out
        assert "-a b" in ran.out


def test_an_object_is_explained_by_the_name_that_the_report_prints(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    names = [f"user\u202e{number},arn:aws:iam::111122223333:user/{number},true,true" for number in (1, 2)]
    report.write_text("\n".join(["user,arn,access_key_1_active,access_key_2_active", *names]))
    printed = next(line for line in run("check", report, "--policy", KEY_POLICY).out.splitlines() if "user\\u202e2" in line)
    ran = run("explain", KEY_POLICY, printed.strip(" ✘"), report)
    assert (0, True) == (ran.code, "arn:aws:iam::111122223333:user/2" in ran.out)


def test_the_root_user_goes_by_the_name_that_the_shell_completes(run: Run, tmp_path: Path) -> None:
    assert 0 == run("import", EXAMPLE, "--store", tmp_path).code
    for place in ((EXAMPLE,), ("--store", tmp_path)):
        ran = run("explain", "root-user-mfa", "root", *place, *TIME)
        assert (0, "") == (ran.code, ran.err)
        assert "object    <root_account>\n          arn:aws:iam::111122223333:root\n" in ran.out
