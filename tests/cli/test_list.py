"""``perpend list`` narrowed down by words, type, framework and service."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import RunWriter
from tests.repositories import logic, write

USER, THING = "CA10__CaAwsUser__c", "Acme__Thing__c"


def policy(name: str, **keys: Any) -> dict[str, Any]:
    return {"names": {"full": name, "contextual": name}, "description": "", **keys}


FILES = {
    "ce/ca/aws/folder.yaml": {"names": {"full": "Cloud", "contextual": "Cloud"}},
    "ce/ca/aws/iam/folder.yaml": {"names": {"full": "Identity and Access", "contextual": "Identity"}},
    "ce/ca/aws/iam/users/one/policy.yaml": policy("First", frameworkMappings=["/frameworks/f-v9/1"]),
    "ce/ca/aws/iam/users/one/prod.logic.yaml": logic(input_type=USER),
    "ce/ca/aws/iam/users/one/description.md": "Keys that GRÜSSE nobody.",
    "ce/ca/aws/iam/two/policy.yaml": policy("Second", frameworkMappings=["/frameworks/f-v10/1"]),
    "ce/ca/aws/iam/two/prod.logic.yaml": logic(input_type=THING),
    "ce/ca/aws/s3/three/policy.yaml": policy(
        "Third", description="iam is not meant", similarPolicies={"internal": ["dec-x-1"]}
    ),
    "ce/ca/aws/s3/broken/policy.yaml": "x",
    "frameworks/f-v9/section.yaml": {"name": "F 9", "description": ""},
    "frameworks/f-v9/1/section.yaml": {"name": "1.1 Rotate", "description": ""},
    "frameworks/f-v10/section.yaml": {"name": "F 10", "description": ""},
    "frameworks/f-v10/1/section.yaml": {"name": "1.1 Enforce", "description": ""},
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write(tmp_path, FILES)


def listed(run: RunWriter, *arguments: object) -> list[str]:
    ran = run("list", "policies", *arguments, "--format", "json")
    assert (0, "") == (ran.code, ran.err)
    return [row["id"].rpartition("/")[2] for row in json.loads(ran.out)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["two", "one", "broken", "three"]),
        (("SECOND",), ["two"]),
        (("grüsse", "FIRST"), ["one"]),
        (("aws iam user",), ["one"]),
        (("dec-x-1",), ["three"]),
        (("--type", "AWS IAM User"), ["one"]),
        (("--type", THING), ["two"]),
        (("--framework", "f"), ["two", "broken"]),
        (("--framework", "f-v9/1.1"), ["one", "broken"]),
        (("--service", "iam"), ["two", "one"]),
        (("--service", "/ce/ca/aws/s3"), ["broken", "three"]),
        (("--service", "iam", "--type", USER, "first"), ["one"]),
    ],
)
def test_policies_are_narrowed_down(run: RunWriter, repository: Path, arguments: tuple[str, ...], expected: list[str]) -> None:
    """A descriptor that cannot be read may answer any section: it stays."""
    assert expected == listed(run, *arguments, "--repo", repository)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("policies", "--type", "AWS IAM Usr"), "unknown type 'AWS IAM Usr' (did you mean 'AWS IAM User'?)"),
        (("policies", "--framework", "cis-aws-v9"), "unknown framework or section 'cis-aws-v9'"),
        (("policies", "--service", "iamm"), "unknown service 'iamm' (did you mean 'iam'?)"),
        (
            ("access key",),
            "'operations' (`perpend list policies 'access key'` looks for it in policies); `perpend list --help` shows",
        ),
        (("types", "--service", "iam"), "--type and --service go with `list policies`"),
    ],
)
def test_what_names_nothing_is_told(run: RunWriter, arguments: tuple[str, ...], reason: str) -> None:
    ran = run("list", *arguments)
    assert (2, "") == (ran.code, ran.out)
    assert reason in ran.err


def test_words_narrow_down_types_frameworks_and_operations(run: RunWriter) -> None:
    assert ["CA10__CaAwsUserPolicy__c"] == [
        line.split()[0] for line in run("list", "types", "IAM user inline").out.splitlines()
    ]
    assert 1 == len(run("list", "frameworks", "v6", "amazon").out.splitlines())
    assert "IS_EQUAL\tComparison\t" in run("list", "operations", "both", "equal").out
    assert "none\n" == run("list", "operations", "no such word").out
    assert "none (did you mean 'mfa'?)\n" == run("list", "policies", "mfaa").out


def test_sections_are_found_by_words_and_framework(run: RunWriter, repository: Path) -> None:
    found = json.loads(run("list", "sections", "--repo", repository, "--format", "json").out)
    assert [
        {"id": "/frameworks/f-v10/1", "name": "1.1 Enforce", "policies": 1},
        {"id": "/frameworks/f-v9/1", "name": "1.1 Rotate", "policies": 1},
    ] == found
    rows = run("list", "sections", "--framework", "cis-aws", "rotated").out.splitlines()
    assert ["/frameworks/cis-aws-v7.0.0/02/12"] == [row.split()[0] for row in rows if "2.12 " in row]
    assert all(row.startswith("/frameworks/cis-aws-v7.0.0/") for row in rows)
    described = run("list", "sections", "--framework", "cis-aws/2.12", "older than 90 days").out
    assert described.startswith("/frameworks/cis-aws-v7.0.0/02/12\t")


def test_numbers_in_lines_say_what_they_count(run: RunWriter) -> None:
    types = run("list", "types").out
    assert re.search(r"^CA10__CaAwsAccount__c\tAWS Account\t\d+ fields\t0 extracts$", types, re.MULTILINE)
    assert "\t1 policy\n" in run("list", "sections", "--framework", "cis-aws").out
