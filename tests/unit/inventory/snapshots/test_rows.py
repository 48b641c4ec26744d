"""Spooled lines become Parquet files with the columns that are asked for, whatever stands in them."""

from __future__ import annotations

import json

import pytest

from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.rows import ROW_GROUP, STAGED_GROUP, check_names, copy, json_lines, parquet


def test_lines_are_read_with_these_columns_and_no_others(tmp_path):
    path = tmp_path / "it's [x].ndjson.gz"
    lines = [{"a": 1, "it's": 'é\n\r\u2028,"', "more": 2}, {"a": None}]
    path.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lines), "utf-8")
    source = json_lines(path, {"it's": "VARCHAR", "a": "DOUBLE"}, 0)
    with opened(directories=[tmp_path]) as connection:
        asked = connection.execute(f"SELECT * FROM {source}")
        assert ["it's", "a"] == [one[0] for one in asked.description]
        assert [('é\n\r\u2028,"', 1.0), (None, None)] == asked.fetchall()


def test_a_line_may_be_as_long_as_the_longest_and_a_mebibyte_in_any_case(tmp_path):
    assert "maximum_object_size=1048576," in json_lines(tmp_path, {}, 0)
    path = tmp_path / "x.ndjson"
    path.write_text(json.dumps({"a": "é" * 6_000_000}) + "\n{}\n")
    with opened(directories=[tmp_path]) as connection:
        lengths = f"SELECT length(a) FROM {json_lines(path, {'a': 'VARCHAR'}, path.stat().st_size)}"
        assert [(6_000_000,), (None,)] == connection.execute(lengths).fetchall()


@pytest.mark.parametrize(
    ("staging", "codec", "rows"),
    [({}, "ZSTD", ROW_GROUP), ({"staging": False}, "ZSTD", ROW_GROUP), ({"staging": True}, "SNAPPY", STAGED_GROUP)],
)
def test_files_are_packed_for_as_long_as_they_live(tmp_path, staging, codec, rows):
    target = tmp_path / "it's=1.parquet"
    with opened(directories=[tmp_path]) as connection:
        copy(connection, f"SELECT range AS a FROM range({2 * rows + 1})", target, **staging)
        query = f"SELECT DISTINCT compression, row_group_num_rows FROM parquet_metadata('{target.parent}/*.parquet') ORDER BY 2"
        assert [(codec, 1), (codec, rows)] == connection.execute(query).fetchall()
        assert ["a"] == [one[0] for one in connection.execute(f"SELECT * FROM {parquet(target)}").description]


def test_what_cannot_be_written_is_named(tmp_path):
    with opened(directories=[tmp_path]) as connection, pytest.raises(StoreError) as raised:
        copy(connection, "SELECT 1", tmp_path / "absent" / "x.parquet")
    assert str(raised.value).startswith(f"{tmp_path}/absent/x.parquet: ")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "b", "a"], None),
        (["x" * 255, "é b"], None),
        (["perpend_row"], "here: the name 'perpend_row' is reserved"),
        (["a#unread"], "here: the name 'a#unread' is reserved"),
        (["a", ""], "here: '' cannot be the name of a column"),
        (["x" * 256], f"here: '{'x' * 200}…' cannot be the name of a column"),
        (["a\tb"], r"here: 'a\\tb' cannot be the name of a column"),
        (["ab", "c", "aB"], "here: ab and aB differ only in case; a table can hold only one of them"),
    ],
)
def test_names_that_no_table_can_have_are_refused(names, reason):
    if reason is None:
        assert check_names(names, "here") is None
    else:
        with pytest.raises(StoreError) as raised:
            check_names(names, "here")
        assert reason == str(raised.value)
