"""``perpend check`` of plans: exit codes, the lines about a plan, annotations, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import RunWriter
from tests.terraform_plans import DIRECTORY, plan

CREATED = str(DIRECTORY / "created.json")
CHANGED = str(DIRECTORY / "changed.json")


def untouched() -> dict[str, Any]:
    """Return a plan of what is there and stays as it is."""
    document = plan("changed")
    changes = [one for one in document["resource_changes"] if one["change"]["after"] is not None]
    document["resource_changes"] = [one | {"change": one["change"] | {"actions": ["no-op"]}} for one in changes]
    return document


def test_what_a_plan_changes_fails_a_run(run: RunWriter) -> None:
    assert run("check", CREATED, "--fail-on", "incompliant").code == 1


def test_what_a_plan_leaves_fails_no_run_and_is_reported(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(untouched()))
    written = run("check", str(tmp_path / "plan.json"))
    assert written.code == 0
    assert "changes 0 objects, which may fail the run, and leaves 4 as they are" in written.out
    assert run("check", str(tmp_path / "plan.json"), "--fail-on", "medium").code == 0


def test_a_waiver_of_an_unchanged_finding_hides_no_changed_one(run: RunWriter, tmp_path: Path) -> None:
    document = untouched()
    for one in document["resource_changes"]:
        if one["address"] == "aws_s3_bucket.replaced":
            one["change"]["actions"] = ["create"]
    (tmp_path / "plan.json").write_text(json.dumps(document))
    assert run("check", str(tmp_path / "plan.json")).code == 1


def test_the_first_lines_say_what_is_not_known(run: RunWriter) -> None:
    out = run("check", CREATED, "--planned-account", "111122223333").out
    assert "not known until apply: 17 verdicts: a block that a dynamic one may fill is known after apply" in out
    assert re.search(r"\b[1-9][0-9]* policies over accounts and regions: no verdict", out)


def test_beside_an_account_its_policies_are_not_counted(run: RunWriter) -> None:
    numbers = []
    for inputs in ([CREATED], [CREATED, "examples/credential-report.csv"]):
        match = re.search(r"([0-9]+) policies over accounts and regions", run("check", *inputs).out)
        numbers.append(int(match[1]) if match else 0)
    assert numbers[0] > numbers[1] > 0


def test_a_comment_has_the_lines_about_the_plan(run: RunWriter) -> None:
    out = run("check", CREATED, "--format", "markdown").out
    assert "- the plan changes 27 objects" in out
    assert re.search(r"\n- [1-9][0-9]* policies over accounts and regions\\: no verdict", out)


def test_a_comment_names_addresses(run: RunWriter) -> None:
    out = run("check", CREATED, "--format", "markdown").out
    assert "`module.log[0].aws_s3_bucket.log`" in out
    assert '`aws_s3_bucket.each["one"]`' in out


def test_cases_of_junit_name_addresses(run: RunWriter) -> None:
    root = ElementTree.fromstring(run("check", CREATED, "--format", "junit").out)
    shown = {line.strip() for one in root.iter() if one.tag in ("failure", "error") for line in (one.text or "").splitlines()}
    assert {"module.log[0].aws_s3_bucket.log", 'aws_s3_bucket.each["one"]'} <= shown


def test_a_terminal_shows_addresses(run: RunWriter) -> None:
    assert "  aws_security_group.web" in run("check", CREATED).out.replace(",", " ")
    assert "module.log[0].aws_s3_bucket.log" in run("check", CREATED, "--details", "--limit", "50").out


def test_two_plans_with_the_same_address_are_told_apart(run: RunWriter, tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps(plan("created")))
    out = run("check", str(tmp_path / "one.json"), str(tmp_path / "two.json"), "--format", "markdown").out
    assert "one.json/aws_security_group.web`" in out
    assert "two.json/aws_security_group.web`" in out


def test_annotations_name_addresses(run: RunWriter, tmp_path: Path) -> None:
    lines = run("check", CREATED, "--format", "github").out.splitlines()
    errors = [one for one in lines if one.startswith("::error ")]
    assert any("::module.log[0].aws_s3_bucket.log: " in one for one in errors)
    assert all(one.startswith(("::error title=", "::notice title=Not known::")) for one in lines)
    (tmp_path / "plan.json").write_text(json.dumps(untouched()))
    assert not any(
        one.startswith("::error") for one in run("check", str(tmp_path / "plan.json"), "--format", "github").out.splitlines()
    )


def test_code_scanning_gets_the_address(run: RunWriter) -> None:
    log = json.loads(run("check", CREATED, "--format", "sarif").out)
    places = [place for one in log["runs"][0]["results"] for place in one["locations"][0]["logicalLocations"]]
    assert "module.log[0].aws_s3_bucket.log" in {place["fullyQualifiedName"] for place in places}


def test_a_plan_meets_no_requirement(run: RunWriter) -> None:
    card = json.loads(run("check", CREATED, "--framework", "cis-aws", "--format", "json").out)["frameworks"][0]
    assert (card["met"], card["fails"] > 0) == (0, True)


def test_annotations_of_an_account_name_objects(run: RunWriter) -> None:
    assert "::<root_account>: " in run("check", "examples/credential-report.csv", "--format", "github").out


def test_a_plan_enters_no_store(run: RunWriter, tmp_path: Path) -> None:
    written = run("import", CREATED, "--store", str(tmp_path / "store"))
    assert (written.code, "enters no store" in written.err) == (2, True)


def test_a_state_can_be_imported(run: RunWriter, tmp_path: Path) -> None:
    values = {"bucket": "b", "id": "b", "arn": "arn:aws:s3:::b"}
    resource = {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": values}
    (tmp_path / "state.json").write_text(
        json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}})
    )
    assert run("import", str(tmp_path / "state.json"), "--store", str(tmp_path / "store")).code == 0


@pytest.mark.parametrize("account", ["12", "123456789012x", "acme"])
def test_a_planned_account_has_twelve_digits(run: RunWriter, account: str) -> None:
    assert "it has twelve digits" in run("check", CREATED, "--planned-account", account).err


def test_secrets_are_in_no_output(run: RunWriter) -> None:
    for form in ("json", "csv", "sarif", "junit", "markdown", "github"):
        out = run("check", CREATED, str(DIRECTORY / "provider-6.json"), "--format", form).out
        for secret in ("password-of-the-database", "secret-of-the-provider", "key-of-the-provider", "SECRET-NAME"):
            assert secret not in out
