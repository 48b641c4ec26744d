"""``perpend check --store --engine spark`` comes to what the interpreter says of the files, to the byte.

A few policies will do: `test_spark` judges by all of them. Where a user without a name can be lent one, it is such a user's
command, as in a container with a random user id. It is the command of a copy to which an operation was added by CONTRIBUTING's
blocks: the operation's vectors are asked in the session that the command has opened.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.added_operation import copied, python
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, RunWriter, run, spawn
from tests.differential.on_spark import SMALL_OPTIONS, why_not
from tests.nameless import NAMELESS, has_wrapper, may_be_nameless
from tests.repositories import policy_files, write

__all__ = ["run"]

pytestmark = [pytest.mark.skipif(why_not() is not None, reason=why_not() or ""), pytest.mark.slow]

POLICIES = (KEY_POLICY, "root-user-mfa")


def test_a_store_comes_to_what_its_files_come_to_and_an_added_operation_to_what_the_interpreter_says(
    run: RunWriter, tmp_path: Path
) -> None:
    asked = [word for policy in POLICIES for word in ("--policy", policy)]
    expected = run("check", EXAMPLE, *TIME, *asked, "--engine", "interpreter", "--format", "ndjson")
    assert (1, "") == (expected.code, expected.err)
    assert 0 == run("import", EXAMPLE, "--store", tmp_path / "store").code
    command = ("check", "--store", str(tmp_path / "store"), *TIME, *asked, "--engine", "spark", *SMALL_OPTIONS)
    both = ("-m", "tests.differential.vectors_on_spark", str(tmp_path / "ends.json"), "ops/field-is-set.yaml")
    user = NAMELESS if may_be_nameless() and has_wrapper() else ()
    ran = python(copied(tmp_path / "copy"), *both, *command, "--format", "ndjson", user=user)
    assert expected == (ran.returncode, ran.stdout, ran.stderr)
    ends = json.loads((tmp_path / "ends.json").read_text("utf-8"))
    assert len(ends["expected"]) >= 6
    assert ends["expected"] == ends["found"]


def test_workers_import_nothing_from_the_working_directory(tmp_path: Path) -> None:
    matches = {"REGEX_MATCHES": {"arg": {"FIELD": {"path": "name__c"}}, "regex": "^prod-[0-9]$"}}
    conditions = [{"status": "COMPLIANT", "check": matches, "currentStateMessage": "It matches."}]
    otherwise = {"status": "INCOMPLIANT", "currentStateMessage": "It does not."}
    write(tmp_path, policy_files({"inputType": "Thing", "conditions": conditions, "otherwise": otherwise}))
    write(tmp_path, {"things.json": [{"Id": "a", "name__c": "prod-1"}, {"Id": "b", "name__c": "test-1"}]})
    write(tmp_path, dict.fromkeys(("pyspark/__init__.py", "pyspark/daemon.py"), "open('executed', 'w')\n"))
    words = (
        "check",
        "things.json",
        "--type",
        "Thing",
        "--repo",
        ".",
        "--engine",
        "spark",
        *SMALL_OPTIONS,
        "--format",
        "ndjson",
    )
    ran = spawn(*words, cwd=tmp_path, seconds=300)
    assert not (tmp_path / "executed").exists()
    assert (1, ["COMPLIANT", "INCOMPLIANT"]) == (ran.code, [json.loads(line)["status"] for line in ran.out.splitlines()]), ran
