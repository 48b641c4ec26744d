"""People read labels of types and fields, programs read API names, and ``--names api`` shows both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import TIME, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

LIST = "CA10__AWS_CloudTrail_Trails__r"
TYPE = "CA10__CaAwsCloudTrailTrail__c"
BOTH = f'"CloudTrail trails ({LIST})" was not collected: import `AWS CloudTrail Trail ({TYPE})`'
ONLY = ("--policy", "cloudtrail-switched-on", *TIME)


@pytest.fixture
def account(tmp_path: Path) -> tuple[object, ...]:
    path = tmp_path / "account.json"
    path.write_text(json.dumps([{"Id": "111122223333", "CA10__accountId__c": "111122223333"}]))
    return (path, "--type", "AWS Account")


@pytest.mark.parametrize("form", ["table", "html"])
def test_people_get_labels(run: RunWriter, account: tuple[object, ...], tmp_path: Path, form: str) -> None:
    run("check", *account, *ONLY, "--format", form, "--out", tmp_path / "out")
    out = (tmp_path / "out").read_text("utf-8")
    assert "CloudTrail trails" in out
    assert "CA10" not in out


@pytest.mark.parametrize("form", ["csv", "junit"])
def test_programs_get_api_names(run: RunWriter, account: tuple[object, ...], form: str) -> None:
    plain, both = (run("check", *account, *ONLY, "--format", form, *names).out for names in ((), ("--names", "api")))
    assert "CloudTrail trails" not in plain
    assert f"{LIST} was not collected" in plain
    assert both == plain or form == "junit"  # which holds the time of the run


def test_both_names_are_shown_on_request(run: RunWriter, account: tuple[object, ...], tmp_path: Path) -> None:
    config = tmp_path / "perpend.toml"
    config.write_text('[output]\nnames = "api"\n')
    for options in (("--names", "api"), ("--config", config)):
        assert BOTH in " ".join(run("check", *account, *ONLY, *options).out.split())
        explained = run("explain", "cloudtrail-switched-on", "111122223333", *account, *TIME, *options).out
        assert BOTH in " ".join(explained.split())
    assert LIST not in run("check", *account, *ONLY, "--names", "labels", "--config", config).out


def test_objects_of_one_name_stand_in_lines_with_their_ids(run: RunWriter, tmp_path: Path) -> None:
    path = tmp_path / "buckets.json"
    named = (
        {"Id": "first", "CA10__name__c": "web"},
        {"Id": "second", "CA10__name__c": "web"},
        {"Id": "c", "CA10__name__c": "db"},
    )
    path.write_text(json.dumps(named))
    out = run("check", path, "--type", "AWS S3 Bucket", "--policy", "bucket-versioning", *TIME).out
    assert "    ? db\n    ? web  first\n    ? web  second\n" in out
