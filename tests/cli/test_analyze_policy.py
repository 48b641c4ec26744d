"""``perpend analyze-policy``: who can use a policy document, for people and for programs, from files, AWS's answers and pipes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Run, RunWriter

SPEC = json.loads((ROOT / "spec" / "access" / "levels.json").read_text("utf-8"))
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
HOSTILE = "[red]\x1b[31m\u202egnp.exe[/red]"


def write(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return write(tmp_path / "context.json", SPEC["context"])


MANY = {
    "Statement": [
        {**PUBLIC, "Sid": HOSTILE, "Condition": {"Bool": {"aws:SecureTransport": True}}},
        {**PUBLIC, "Sid": "Org", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-own0000001"}}},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"AWS": "333344445555"},
            "NotAction": "iam:*",
            "NotResource": [f"arn:aws:s3:::{n}" for n in "abcdef"],
        },
    ]
}


def test_people_are_told_why(run: RunWriter, tmp_path: Path, context: Path) -> None:
    ran = run("analyze-policy", write(tmp_path / "policy.json", MANY), "--context", context)
    assert (0, "") == (ran.code, ran.err)
    expected = """\
ANONYMOUS_PRINCIPAL  statement 1  [red]\\x1b[31m\\u202egnp.exe[/red]
    grants  s3:GetObject on *
    because names everybody
            `Bool aws:SecureTransport` says nothing of who asks
            left: anybody, without credentials too

SAME_ORG  statement 2  Org
    grants  s3:GetObject on *
    because names everybody
            `StringEquals aws:PrincipalOrgID` leaves principals of the own organization
            left: principals of the own organization

SAME_ORG  statement 4
    grants  all but iam:* on all but arn:aws:s3:::a, arn:aws:s3:::b, arn:aws:s3:::c, arn:aws:s3:::d and 2 more
    because names account 333344445555, in the own organization
            left: principals of account 333344445555, in the own organization

3 Allow statements: 1 ANONYMOUS_PRINCIPAL, 2 SAME_ORG
"""
    assert expected == ran.out


def test_what_is_not_known_is_told_and_has_an_exit_code_of_its_own(run: RunWriter, tmp_path: Path) -> None:
    document = write(tmp_path / "policy.json", MANY)
    ran = run("analyze-policy", document)
    assert (3, "") == (ran.code, ran.err)
    assert "3 Allow statements: 1 ANONYMOUS_PRINCIPAL, 2 not known\n" in ran.out
    assert "To describe your accounts and organizations, give a file: --context FILE." in ran.out
    ran = run("analyze-policy", document, "--format", "json")
    assert [3, "ANONYMOUS_PRINCIPAL", None, None] == [ran.code, *(row["level"] for row in json.loads(ran.out))]
    assert "organizations:DescribeOrganization" in json.loads(ran.out)[1]["because"]


def test_a_statement_that_is_not_understood_has_no_level(run: RunWriter, tmp_path: Path, context: Path) -> None:
    document = write(tmp_path / "policy.json", {"Statement": {**PUBLIC, "Principal": {"AWS": "arn:aws:iam::*:root"}}})
    ran = run("analyze-policy", document, "--context", context)
    assert 3 == ran.code
    assert "not understood: `arn:aws:iam::*:root` is no principal of AWS" in ran.out
    assert "--context" not in ran.out


def test_a_document_without_an_allow_lets_nobody_in(run: RunWriter, tmp_path: Path) -> None:
    document = write(tmp_path / "policy.json", {"Statement": {**PUBLIC, "Effect": "Deny"}})
    assert Run(0, "no Allow statement: the document grants no access\n", "") == run("analyze-policy", document)
    assert Run(0, "[]\n", "") == run("analyze-policy", document, "--format", "json")


@pytest.mark.parametrize(
    "given",
    [
        {"Statement": [PUBLIC]},
        {"Policy": json.dumps({"Statement": [PUBLIC]}), "RevisionId": "1"},
        {"Policy": {"Statement": [PUBLIC]}},
        json.dumps(json.dumps({"Statement": [PUBLIC]})),
    ],
)
def test_standard_input_and_answers_of_aws_are_taken(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: Any
) -> None:
    text = given if isinstance(given, str) else json.dumps(given)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    out = tmp_path / "access.json"
    ran = run("analyze-policy", "-", "--format", "json", "--out", out)
    assert (0, "", "") == ran
    assert "ANONYMOUS_PRINCIPAL" == json.loads(out.read_text())[0]["level"]
    assert 0o600 == out.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "the file is empty (zero bytes)"),
        ("[" * 100, "line 1, column 65: nested deeper than 64 levels"),
        ('{"Statement": [], "Statement": []}', "an object has the key `Statement` twice"),
        (
            {"Policy": "{x"},
            "the text in it holds no policy document: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ([], "the policy document is not an object"),
        ({"Statement": [PUBLIC], HOSTILE: 1}, "the policy document has the unknown key `[red]\\x1b[31m\\u202egnp.exe[/red]`"),
        ({"Statement": [{**PUBLIC, "Effect": "allow"}]}, "a statement's `Effect` is neither `Allow` nor `Deny`"),
    ],
)
def test_what_is_no_policy_document_is_refused_in_a_line(run: RunWriter, tmp_path: Path, given: Any, reason: str) -> None:
    document = write(tmp_path / "policy.json", given)
    assert Run(2, "", f"perpend: {document}: {reason}\n") == run("analyze-policy", document)


def test_only_one_file_can_be_standard_input(run: RunWriter) -> None:
    ran = run("analyze-policy", "-", "--context", "-")
    assert (2, True) == (ran.code, "only one of DOCUMENT and --context can be standard input" in ran.err)


def test_the_document_is_never_written_over(run: RunWriter, tmp_path: Path) -> None:
    document = write(tmp_path / "policy.json", MANY)
    ran = run("analyze-policy", document, "--out", document)
    assert (2, f"perpend: {document}: is an input as well; nothing was written\n") == (ran.code, ran.err)
    assert MANY == json.loads(document.read_text())
