"""Rows become Parquet files with the columns that a table's description says, whatever stands in them."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from perpend.store.database import opened
from perpend.store.files import StoreError
from perpend.store.rows import ROW_GROUP, check_names, copy, json_lines, parquet, physical_columns, write_rows
from perpend.tables.schema import CONTRADICTED, OWNER, ROW, SOURCE, Column, Form, Join, Table, plain, unfollowed, unread

TABLE = Table(
    "T",
    "T",
    {
        "t": Column("t", Form.TEXT, plain=True),
        "n": Column("n", Form.NUMBER, partial=True),
        "b": Column("b", Form.BOOLEAN),
        "v": Column("v", Form.VARIANT),
    },
    {"l__r": Join("l__r", "L", "l", "Id", partial=True), "whole__r": Join("whole__r", "L", "l", "Id")},
    {"c__r": Join("c__r", "C", ROW, OWNER, partial=True)},
    contradicted=True,
)
VALUES = {
    "t": "VARCHAR",
    plain("t"): "BOOLEAN",
    "n": "DOUBLE",
    unread("n"): "VARCHAR",
    "b": "BOOLEAN",
    "v": "VARCHAR",
    unfollowed("l__r"): "VARCHAR",
    unfollowed("c__r"): "VARCHAR",
}


def directories(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "out", tmp_path / "spool"
    for one in made:
        one.mkdir()
    return made


def written(path: Path) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    """Return the columns of a Parquet file with their types, and its rows."""
    relation = duckdb.connect().execute(f"SELECT * FROM read_parquet('{path}', hive_partitioning=false)")
    return {name: str(kind) for name, kind, *_ in relation.description}, relation.fetchall()


def test_columns_are_those_of_the_system_then_values_with_their_companions_then_relations():
    assert list({ROW: "BIGINT", CONTRADICTED: "VARCHAR", **VALUES}.items()) == list(physical_columns(TABLE).items())
    assert {ROW: "BIGINT"} == physical_columns(Table("T"))
    assert [(ROW, "BIGINT"), (OWNER, "BIGINT"), (SOURCE, "INTEGER")] == [
        *physical_columns(Table("T"), owner=True, source=True).items()
    ]
    assert {ROW, OWNER} == physical_columns(Table("T"), owner=True).keys()
    assert {ROW, SOURCE} == physical_columns(Table("T"), source=True).keys()


def test_rows_are_written_in_their_form_and_nothing_is_left_in_the_spool(tmp_path):
    out, spool = directories(tmp_path)
    rows = [
        {ROW: 0, SOURCE: 3, "t": 'é\n\r\u2028,"', plain("t"): False, "n": 0.1, "b": True, "v": '{"a": [1]}'},
        {ROW: 1, OWNER: 7, CONTRADICTED: "why", "t": None, unread("n"): "denied", unfollowed("l__r"): "lost"},
    ]
    with opened(directories=[out, spool]) as connection:
        path = write_rows(connection, TABLE, rows, out, spool)
    assert (out / "part-0.parquet", [], ["part-0.parquet"]) == (path, [*spool.iterdir()], [one.name for one in out.iterdir()])
    columns, found = written(path)
    assert [ROW, OWNER, SOURCE, CONTRADICTED, *VALUES] == list(columns)
    assert [
        (0, None, 3, None, 'é\n\r\u2028,"', False, 0.1, None, True, '{"a": [1]}', None, None),
        (1, 7, None, "why", None, None, None, "denied", None, None, "lost", None),
    ] == found


def test_a_row_may_be_long_and_there_may_be_none(tmp_path):
    out, spool = directories(tmp_path)
    table = Table("T", columns={"t": Column("t", Form.TEXT)})
    with opened(directories=[out, spool]) as connection:
        assert [] == written(write_rows(connection, table, [], out, spool))[1]
        rows = [{ROW: 0, "t": "x"}, {ROW: 1, "t": "é" * 17_000_000}, {ROW: 2, "t": "y"}]
        _, found = written(write_rows(connection, table, rows, out, spool))
    assert [(0, 1), (1, 17_000_000), (2, 1)] == [(row, len(text)) for row, text in found]


def test_lines_are_read_with_these_columns_and_no_others(tmp_path):
    path = tmp_path / "it's [x].ndjson"
    path.write_text('{"a": 1, "it\'s": "x", "more": 2}\n')
    source = json_lines(path, {"it's": "VARCHAR", "a": "DOUBLE"}, 0)
    assert "maximum_object_size=1048576," in source
    assert f"maximum_object_size={5 << 20}," in json_lines(path, {}, 5 << 20)
    with opened(directories=[tmp_path]) as connection:
        assert [("x", 1.0)] == connection.execute(f"SELECT * FROM {source}").fetchall()


@pytest.mark.parametrize(("staging", "codec"), [({}, "ZSTD"), ({"staging": False}, "ZSTD"), ({"staging": True}, "SNAPPY")])
def test_files_are_packed_for_as_long_as_they_live(tmp_path, staging, codec):
    target = tmp_path / "it's=1.parquet"
    with opened(directories=[tmp_path]) as connection:
        copy(connection, f"SELECT range AS a FROM range({2 * ROW_GROUP + 1})", target, **staging)
        query = f"SELECT DISTINCT compression, row_group_num_rows FROM parquet_metadata('{target.parent}/*.parquet') ORDER BY 2"
        assert [(codec, 1), (codec, ROW_GROUP)] == connection.execute(query).fetchall()
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
        (["ab", "c", "aB"], "here: ab and aB differ in nothing but case; a table can hold only one of them"),
    ],
)
def test_names_that_no_table_can_have_are_refused(names, reason):
    if reason is None:
        assert check_names(names, "here") is None
    else:
        with pytest.raises(StoreError) as raised:
            check_names(names, "here")
        assert reason == str(raised.value)


def test_what_is_written_is_a_plain_file(tmp_path):
    out, spool = directories(tmp_path)
    with opened(directories=[out, spool]) as connection:
        assert stat.S_ISREG(write_rows(connection, Table("T"), [{ROW: 0}], out, spool).stat().st_mode)
