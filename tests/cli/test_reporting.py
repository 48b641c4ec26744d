"""What ``perpend check`` reports of a run: requirements, filters, how much of it, and which exit code."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from tests.cli.conftest import EXAMPLE, TIME, RunWriter, done

pytestmark = pytest.mark.usefixtures("shared_database")

CIS = ("--framework", "cis-aws-v6.0.0")
ASKED = "7 of 63 requirements asked, 53 not asked, 3 manual, 0 without a policy"
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated\n"
)


def row(user: str, account: str = "111122223333", *, mfa: str = "true") -> str:
    fields = ["2026-01-01T00:00:00+00:00", "true", "2026-11-19T00:00:00+00:00", "2026-11-01T00:00:00+00:00", "N/A", mfa]
    keys = ["false", "N/A", "N/A", "N/A", "N/A"] * 2
    return ",".join([user, f"arn:aws:iam::{account}:user/{user}", *fields, *keys, "false", "N/A", "false", "N/A"]) + "\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    root = (
        row("<root_account>").replace("user/<root_account>", "root").replace(",true,2026-11-19", ",not_supported,2026-01-02", 1)
    )
    path.write_text(HEADER + root + row("ann"), "utf-8")
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the example and of another report, which stands beside it."""
    other = tmp_path_factory.mktemp("two") / "other.csv"
    other.write_text(HEADER + row("ann", "444455556666", mfa="false") + row("bob", "444455556666", mfa=""), "utf-8")
    done("import", EXAMPLE, other, "--store", other.with_name("store"))
    return other.with_name("store")


def test_a_clean_result_over_a_few_requirements_does_not_read_as_compliance(run: RunWriter, good: Path) -> None:
    ran = run("check", good, *CIS, *TIME)
    assert (0, "") == (ran.code, ran.err)
    assert "%" not in ran.out
    assert f"  {ASKED}\n  5 of 63 met: 0 fail + 0 undetermined + 5 met + 2 nothing to judge = 7 asked\n" in ran.out
    assert "    no AWS IAM Policy among the inputs: 2.15, 2.21\n" in ran.out


@pytest.mark.usefixtures("small_library")
def test_requirements_without_a_policy_are_named(run: RunWriter, good: Path) -> None:
    ran = run("check", good, "--framework", "cis-aws-v7.0.0", *TIME)
    found = re.search(r"(\d+) without a policy\n(?:.*\n)*  without a policy \((\d+)\): 2\.\d", ran.out)
    assert found is not None
    assert found[1] == found[2] > "1"


@pytest.mark.parametrize(
    ("framework", "code"),
    [
        (("cis-aws-v6.0.0",), 3),
        (("cis-aws-v6.0.0/2.9", "cis-aws-v6.0.0/2.14"), 3),
        (("cis-aws-v6.0.0/2.9", "cis-aws-v6.0.0/2.12"), 0),
    ],
)
def test_coverage_that_is_required_is_of_every_requirement(
    run: RunWriter, good: Path, framework: tuple[str, ...], code: int
) -> None:
    named = [word for one in framework for word in ("--framework", one)]
    for verdicts in ((), ("--fail-on", "never")):
        ran = run("check", good, *named, *TIME, "--require-coverage", "--quiet", *verdicts)
        assert code == ran.code
        assert bool(code) is ("requirements asked" in ran.err or "requirement asked" in ran.err)
    assert 1 == run("check", EXAMPLE, *named, *TIME, "--require-coverage", "--quiet").code


@pytest.mark.parametrize(
    ("policy", "codes"),
    [("root-user-mfa", (1, 1, 0)), ("security-hub", (3, 0, 0))],
)
def test_which_verdicts_fail_a_run_can_be_said(run: RunWriter, tmp_path: Path, policy: str, codes: tuple[int, ...]) -> None:
    check = ("check", EXAMPLE, *TIME, "--policy", policy, "--quiet")
    for word, code in zip(("undetermined", "incompliant", "never"), codes, strict=True):
        assert code == run(*check, "--fail-on", word).code
    (tmp_path / "perpend.toml").write_text('fail-on = "never"\n', "utf-8")
    assert 0 == run(*check, "--config", tmp_path / "perpend.toml").code
    assert 2 == run("check", tmp_path / "none.csv", "--fail-on", "never").code


def test_every_form_says_how_much_of_a_framework_was_asked(run: RunWriter, tmp_path: Path) -> None:
    for form in ("json", "csv", "junit"):
        ran = run("check", EXAMPLE, *CIS, *TIME, "--format", form, "--out", tmp_path / form)
        assert f"perpend: /frameworks/cis-aws-v6.0.0: {ASKED}\n" == ran.err
    framework: dict[str, Any]
    (framework,) = json.loads((tmp_path / "json").read_text("utf-8"))["frameworks"]
    classes = ("fails", "undetermined", "met", "nothingToJudge", "notAsked", "manual", "unanswered")
    assert (63, 7, 63) == (framework["requirements"], framework["asked"], sum(framework[one] for one in classes))
    assert Counter({one: framework[one] for one in classes}) == Counter(one["standing"] for one in framework["results"])
    suite = ElementTree.parse(tmp_path / "junit").getroot()[0]
    assert ("63", "7", "0", "56") == tuple(suite.attrib[one] for one in ("tests", "failures", "errors", "skipped"))


def test_requirements_are_written_beside_any_form(run: RunWriter, tmp_path: Path) -> None:
    written = {ending: tmp_path / f"found.{ending}" for ending in ("json", "ndjson", "csv")}
    for path in written.values():
        run("check", EXAMPLE, *CIS, *TIME, "--format", "csv", "--out", tmp_path / "verdicts.csv", "--requirements", path)
    (framework,) = json.loads(written["json"].read_text("utf-8"))
    lines = [json.loads(line) for line in written["ndjson"].read_text("utf-8").splitlines()]
    assert framework["results"] == [{key: line[key] for key in line if key != "frameworkId"} for line in lines]
    rows = list(csv.DictReader(io.StringIO(written["csv"].read_text("utf-8"), newline="")))
    assert [(one["id"], one["standing"], str(one["INCOMPLIANT"])) for one in framework["results"]] == [
        (one["requirementId"], one["standing"], one["INCOMPLIANT"]) for one in rows
    ]
    assert "/ce/ca/aws/iam/root-user-mfa" == rows[3]["policies"]
    assert rows[6]["notAsked"].endswith(": needs objects or fields that these inputs do not list")


FILTERS = [
    ("--status", "incompliant", "--account", "Staging"),
    ("--category", "security", "--status", "COMPLIANT", "--status", "INAPPLICABLE"),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=" ".join)
def test_filters_choose_what_every_form_writes_of_files_and_stores(
    run: RunWriter, store: Path, tmp_path: Path, wanted: tuple[str, ...]
) -> None:
    (tmp_path / "perpend.toml").write_text('[accounts.444455556666]\nname = "staging"\n', "utf-8")
    policies = ("--policy", "root-user-mfa", "--policy", "mfa-for-all-users-with-console-password")
    known = ("--config", tmp_path / "perpend.toml", *TIME, *policies)
    inputs = (EXAMPLE, store.with_name("other.csv"))
    every = json.loads(run("check", *inputs, *known, "--format", "json").out)
    statuses = {value.upper() for option, value in zip(wanted[::2], wanted[1::2], strict=True) if option == "--status"}
    of_other = any(option == "--account" for option in wanted)
    expected = [
        one
        for one in every["verdicts"]
        if (not statuses or one["status"] in statuses) and (not of_other or one["object"]["master"]["name"] == "444455556666")
    ]
    assert 0 < len(expected) < len(every["verdicts"])
    keys = sorted((one["policyId"], one["object"]["id"]) for one in expected)
    for given in (inputs, ("--store", store, "--no-history")):
        document = json.loads(run("check", *given, *known, *wanted, "--format", "json").out)
        assert expected == document["verdicts"]
        assert (every["ledger"], len(expected)) == (document["ledger"], document["filter"]["verdicts"])
        if wanted != FILTERS[0]:
            continue  # which verdicts a filter means is the same for all forms: the first asks each of them
        ran = run("check", *given, *known, *wanted, "--format", "csv")
        assert keys == sorted((one["policyId"], one["objectId"]) for one in csv.DictReader(io.StringIO(ran.out, newline="")))
        assert f"perpend: {len(expected)} of 56 verdicts shown (" in ran.err
        assert 1 == run("check", *given, *known, *wanted, "--format", "parquet", "--out", tmp_path / "found.parquet").code
        assert keys == sorted(duckdb.sql(f'SELECT "policyId", "objectId" FROM \'{tmp_path}/found.parquet\'').fetchall())
        table = run("check", *given, *known, *wanted).out
        assert f"{len(expected)} of 56 verdicts shown (" in table
        assert table.startswith("Evaluated 28 objects with 2 policies\n")
        assert ("✘ INCOMPLIANT" in table) is any(one["status"] == "INCOMPLIANT" for one in expected)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--account", "11112222333"), "no object belongs to the account '11112222333' (did you mean '111122223333'?)"),
        (("--category", "sec"), "no evaluated policy has the category 'sec': the categories are SECURITY"),
        (("--summary", "--quiet"), "--summary and --quiet exclude each other"),
        (
            ("--format", "junit", "--status", "COMPLIANT"),
            "--format junit counts all verdicts: it does not go with --status COMPLIANT",
        ),
        ((*CIS, "--requirements", "x.xml"), "--requirements x.xml: the file's name ends in .json or .ndjson or .csv"),
        ((*CIS, "--requirements", "x.csv", "--out", "./x.csv"), "--out and --requirements name the same file"),
        ((*CIS, "--requirements", EXAMPLE), "credential-report.csv: is an input as well; nothing was written"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("check", EXAMPLE, *TIME, *arguments)
    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err
    assert [] == list(tmp_path.iterdir())
