"""What an input is, by its first bytes: one table, in which the first kind that recognises content is it."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.inventory.readers.formats import KINDS, kind_of, label_of_kind, list_children, table_kind_of
from tests.unit.inventory.readers.reports import reason_of

CASES = [
    (b"PAR1\x15\x04", "parquet", "parquet"),
    (b' \n[{"Id": "a"}]', "test-data", None),
    (b'{"Id": "a"}\n{"Id": "b"}\n', "ndjson", "ndjson"),
    (b'{"Id": "a"}', "ndjson", "ndjson"),
    (b'{"Content": "eA=="}', "credential-report-json", "ndjson"),
    (b'{\n "Content": "eA=="\n}', "credential-report-json", "ndjson"),
    (b"user,arn,x\n", "credential-report", "csv"),
    (b"\xef\xbb\xbfarn,user\r\na,b\r\n", "credential-report", "csv"),
    (b"user\tarn\n", "tsv", "tsv"),
    (b"Id\tx\n", "tsv", "tsv"),
    (b"Id,x\ty\n", "csv", "csv"),
    (b"Id\n", "csv", "csv"),
    (b'{"UserDetailList": [{"Arn": "a"}]}', "authorization-details", "ndjson"),
    (b'{\n "RoleDetailList": [\n  {"Arn": "a", "Path', "authorization-details", "ndjson"),
    (b'{"fileVersion": "1.0", "configurationItems": [', "aws-config", "ndjson"),
    (b'{"Users": [{"UserName": "a", "UserId": "b"}]}', "unsupported", "ndjson"),
    (b'[{"metadata": {}, "class_uid": 2004, "finding_info": {}}]', "prowler-ocsf", None),
    (b'{"metadata": {}, "class_uid": 2004}', "unsupported", "ndjson"),
    (b'{"metadata": {}, "class_uid": 2004, "finding_info": {}}\n{"metadata": {}}', "unsupported", "ndjson"),
    (b"AUTH_METHOD;TIMESTAMP;ACCOUNT_UID;FINDING_UID;PROVIDER;CHECK_ID;STATUS\n", "csv", "csv"),
    (b"ASSESSMENT_START_TIME;FINDING_UNIQUE_ID;PROVIDER;CHECK_ID\n", "csv", "csv"),
    (b'[{"AssessmentStartTime": "2023", "FindingUniqueId": "a", "Provider": "aws", "CheckID": "b"', "unsupported", None),
    (b'[{"UserDetailList": [{"Arn": "a"}], "GroupDetailList": []}, {', "unsupported", None),
    (b"name;arn;_ctx\n", "csv", "csv"),
    (b"_cq_id;arn\n", "csv", "csv"),
    (b'{"Findings": [{"class_uid": 2004, "metadata": {"product": {}}}]}', "unsupported", "ndjson"),
    (b'{"Findings": [{"SchemaVersion": "2018-10-08"}]}', "unsupported", "ndjson"),
    (b'[{"SchemaVersion": "2018-10-08", "ProductArn": "a"}]', "unsupported", None),
    (b'{"format_version": "1.2", "planned_values": {"root', "terraform-plan", "ndjson"),
    (b'{"format_version": "1.0", "terraform_version": "1.9", "values": {"root', "terraform-state", "ndjson"),
    (b'{"version": 4, "terraform_version": "1.9"}', "terraform-plan", "ndjson"),
    (b'{"plan_format_version": "1.2", "resource_changes": []}', "terraform-plan", "ndjson"),
    (b'{"@level":"info","@message":"a","@module":"terraform.ui"}\n{"@level":"info"}', "terraform-plan", "ndjson"),
    (b'[{"name": "a", "_ctx": {}}]', "steampipe", None),
    (b'{"columns": [{"name": "a"}], "rows": [', "steampipe", "ndjson"),
    (b'{"rows": [{"name": "a", "akas": [], "title": "a"}]}', "steampipe", "ndjson"),
    (b"name,arn,sp_connection_name\n", "steampipe", "csv"),
    (b"user,arn,_ctx\n", "steampipe", "csv"),
    (b'{"_cq_id": "1"}\n{"_cq_id": "2"}\n', "cloudquery", "ndjson"),
    (b"_cq_sync_time,arn\n", "cloudquery", "csv"),
    (b"dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1l", "csv", "csv"),
    (b'"dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1l"\n', "csv", "csv"),
    (b"dXNlcixhcm4sdXNl\t2026-11-20T08:15:00+00:00\ttext/csv\n", "tsv", "tsv"),
    (b"USERS\tarn:aws:iam::111122223333:user/a\t2026-11-20T08:15:00Z\n", "tsv", "tsv"),
    (b"-----------\n|  ListUsers  |\n", "csv", "csv"),
    (b"Content: dXNlcixhcm4\nGeneratedTime: '2026'\n", "csv", "csv"),
    (b"Users:\n- Arn: a\n", "csv", "csv"),
    (b"GroupDetailList: []\nPolicies: []\n", "csv", "csv"),
    (b"GroupDetailList:\n- Arn: a\n", "csv", "csv"),
    (b"- Arn: arn:aws:iam::111122223333:user/a\n  Path: /\n", "csv", "csv"),
    (b"- arn:aws:iam::111122223333:user/a\n", "csv", "csv"),
    (b'{"Users": [], "IsTruncated": false}', "unsupported", "ndjson"),
    (b'{\n "Buckets": []\n}', "unsupported", "ndjson"),
    (b'{"name": "a", "tags": []}', "ndjson", "ndjson"),
    (b'{"Roles": [{"Arn": "a"}]}', "unsupported", "ndjson"),
    (b'{"Id": "a", "CA10__x__r": [{"Id": "b"}]}', "ndjson", "ndjson"),
    (b'{"arn": "a", "tags": [{"k": "v"}]}\n{"arn": "b"}', "ndjson", "ndjson"),
    (b"", None, None),
    (b" \n\t", None, None),
]
"""Heads of files, what they are, and what they are as the table that somebody says they are."""


@pytest.mark.parametrize(("head", "kind", "table"), CASES)
def test_content_tells_the_kind(head: bytes, kind: str | None, table: str | None) -> None:
    found, as_table = kind_of(head), table_kind_of(head)
    assert (kind, table) == (found and found.name, as_table and as_table.name)


def test_every_kind_is_told_and_has_a_name_and_a_label_of_its_own() -> None:
    assert {kind.name for kind in KINDS} == {kind for _, kind, _ in CASES if kind}
    assert len(KINDS) == len({kind.name for kind in KINDS}) == len({kind.label for kind in KINDS})
    assert ["CSV table", "of-old"] == [label_of_kind("csv"), label_of_kind("of-old")]


def test_unsupported_json_is_rejected(tmp_path: Path) -> None:
    for head, kind, _ in CASES:
        if kind == "unsupported":
            assert reason_of(tmp_path, head).startswith("unsupported JSON: ")


@pytest.mark.parametrize(
    "head",
    [
        b"name;arn;_ctx\n",
        b"dXNlcixhcm4sdXNl",
        b"-----------\n|  ListUsers  |\n",
        b"Users:\n- Arn: a\n",
        b"FINDING_UID;CHECK_ID\n",
    ],
)
def test_texts_that_are_no_report_are_rejected(tmp_path: Path, head: bytes) -> None:
    assert reason_of(tmp_path, head).startswith(
        ("not a credential report: ", "not a format that Perpend knows, ", "fields are separated by `;`")
    )


def test_a_head_may_end_anywhere() -> None:
    cut = [(head[:end], kind) for head, kind, _ in CASES for end in range(len(head))]
    assert {None, *(kind.name for kind in KINDS)} >= {found and found.name for found in (kind_of(head) for head, _ in cut)}
    assert ["credential-report-json", "test-data"] == [kind_of(mark * 3000).name for mark in (b'{"a":', b"[")]  # type: ignore[union-attr]  # they hold something


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["credential-report", "credential-report-json"], False),
        (["credential-report", "test-data"], True),
        (["parquet"], True),
        (["of-old"], True),
        ([], True),
    ],
)
def test_only_where_no_source_can_list_children_are_none_listed(names: list[str], expected: bool) -> None:
    assert expected is list_children(names)
