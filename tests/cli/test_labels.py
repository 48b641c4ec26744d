"""Types by their labels and frameworks without their versions: the same as by API names and whole ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, TIME, Run, RunWriter

USER = "CA10__CaAwsUser__c"
NAMES = ["aws iam user", "aws_iam_user"]
UNKNOWN = "perpend: unknown type 'AWS IAM Usr' (did you mean 'AWS IAM User'?)"


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users.json"
    path.write_text(json.dumps([{"Id": "a", "CA10__userName__c": "ann"}, {"Id": "b", "CA10__userName__c": "bob"}]))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_explain_takes_the_label_of_a_type(run: RunWriter, users: Path, name: str) -> None:
    policy = "user-has-more-than-one-active-access-key"
    by_api_name = run("explain", policy, "ann", users, "--type", USER, *TIME)
    assert 0 == by_api_name.code
    assert by_api_name == run("explain", policy, "ann", users, "--type", name, *TIME)


def test_a_store_takes_a_type_that_nothing_declares_if_it_is_meant_but_no_misspelt_label(
    run: RunWriter, users: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    refused = run("import", users, "--type", "AWS IAM Usr", "--new-type", "--store", store)
    assert (2, "", True) == (refused.code, refused.out, refused.err.startswith(UNKNOWN))
    assert not store.exists()
    meant = run("import", users, "--type", "Acme__Thing__c", "--new-type", "--store", store)
    assert "Acme__Thing__c: 2 rows" in meant.out


def test_a_type_that_nothing_knows_is_told(run: RunWriter, users: Path) -> None:
    asked: list[Run] = [
        run("check", users, "--type", "AWS IAM Usr"),
        run("explain", "root-user-mfa", "ann", users, "--type", "AWS IAM Usr"),
    ]
    for ran in asked:
        assert (2, "", True) == (ran.code, ran.out, ran.err.startswith(UNKNOWN))


@pytest.mark.parametrize(("short", "whole"), [("cis-aws/2.12", "cis-aws-v7.0.0/02/12")])
def test_a_framework_without_a_version_is_the_newest(run: RunWriter, short: str, whole: str) -> None:
    found = run("check", EXAMPLE, "--framework", whole, *TIME, "--format", "ndjson")
    assert found.out
    assert found == run("check", EXAMPLE, "--framework", short, *TIME, "--format", "ndjson")
