"""What an input is, by its first bytes: one table, in which no content is of two kinds."""

from __future__ import annotations

import pytest

from perpend.collect.kinds import KINDS, kind_of, label_of_kind, list_children, table_kind_of

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
    (b"", None, None),
    (b" \n\t", None, None),
]


@pytest.mark.parametrize(("head", "kind", "table"), CASES)
def test_content_tells_the_kind(head: bytes, kind: str | None, table: str | None) -> None:
    found, as_table = kind_of(head), table_kind_of(head)
    assert (kind, table) == (found and found.name, as_table and as_table.name)


def test_every_kind_is_told_and_has_a_name_and_a_label_of_its_own() -> None:
    assert {kind.name for kind in KINDS} == {kind for _, kind, _ in CASES if kind}
    assert len(KINDS) == len({kind.name for kind in KINDS}) == len({kind.label for kind in KINDS})
    assert ["CSV table", "of-old"] == [label_of_kind("csv"), label_of_kind("of-old")]


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
