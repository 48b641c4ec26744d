"""``perpend explain``, from the hint of a report to the answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, RunWriter
from tests.repositories import logic, policy_files, write

pytestmark = pytest.mark.usefixtures("shared_database")


def test_the_command_that_explains_works_as_printed_wherever_things_are(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        assert ran.out.startswith("INCOMPLIANT  -a b\n")
        assert "-a b" in ran.out


def test_an_object_is_explained_by_the_name_that_the_report_prints(run: RunWriter, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    names = [f"user\u202e{number},arn:aws:iam::111122223333:user/{number},true,true" for number in (1, 2)]
    report.write_text("\n".join(["user,arn,access_key_1_active,access_key_2_active", *names]))
    printed = next(line for line in run("check", report, "--policy", KEY_POLICY).out.splitlines() if "user\\u202e2" in line)
    ran = run("explain", KEY_POLICY, printed.strip(" ✘"), report)
    assert (0, True) == (ran.code, "arn:aws:iam::111122223333:user/2" in ran.out)


def test_the_root_user_goes_by_the_name_that_the_shell_completes(run: RunWriter, imported: Path) -> None:
    for place in ((EXAMPLE,), ("--store", imported)):
        ran = run("explain", "root-user-mfa", "root", *place, *TIME)
        assert (0, "") == (ran.code, ran.err)
        assert ran.out.startswith("INCOMPLIANT  <root_account> (arn:aws:iam::111122223333:root)\n")


def test_where_an_object_stands_is_a_line_or_a_row_that_is_counted_from_one_or_no_number(
    run: RunWriter, tmp_path: Path
) -> None:
    def read_at(name: str, *place: object) -> str:
        ran = run("explain", "bucket-mfa-delete", name, *place, *TIME)
        return ran.out.partition("read at   ")[2].partition("\n")[0].removesuffix(", evaluated as of 2026-11-20 00:00 UTC")

    table, other, store = tmp_path / "a.csv", tmp_path / "b.ndjson", tmp_path / "store"
    table.write_text('Id,CA10__regionName__c\na,"eu\nwest"\nb,x\nc,y\n')
    other.write_text('{"Id":"d"}\n\n{"Id":"e"}\n')
    typed = "--type", "CA10__CaAwsBucket__c"
    assert 0 == run("import", table, *typed, "--store", store).code
    for place in ((table, *typed), ("--store", store)):
        assert [f"{table}, row {row}" for row in (1, 3)] == [read_at(name, *place) for name in "ac"]
    assert 0 == run("import", table, *typed, other, *typed, "--store", store).code
    expected = [f"{table}, row 1", f"{table}, row 3", f"{other}, row 1", f"{other}, row 2"]
    assert expected == [read_at(name, "--store", store) for name in "acde"]
    other.write_text('{"Id":"a"}\n{"Id":"e"}\n')
    assert 0 == run("import", table, *typed, other, *typed, "--store", store).code
    assert [str(table), str(other)] == [read_at(name, "--store", store) for name in "ce"]


def test_a_user_of_a_report_stands_in_a_line(run: RunWriter, imported: Path) -> None:
    told = [run("explain", KEY_POLICY, "kiosk-display", *place, *TIME).out for place in ((EXAMPLE,), ("--store", imported))]
    assert all(f"\n  read at   {EXAMPLE}:18, evaluated as of " in out for out in told)
    form = json.loads(run("explain", KEY_POLICY, "kiosk-display", EXAMPLE, *TIME, "--format", "json").out)
    assert (18, "line") == (form["row"], form["rowUnit"])
