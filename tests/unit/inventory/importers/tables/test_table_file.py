"""Table files of every kind: what their columns become, what is said of odd ones, and what cannot be used."""

from __future__ import annotations

import gzip
import json
import resource
import signal
from datetime import UTC, datetime

import pytest

from perpend.core.schema.tables import Column, Form
from perpend.core.values.partial_object import BLANK, MISSING
from perpend.inventory.importers.tables.table_bytes import UnreadableTable, holds_table
from perpend.inventory.snapshots.files import StoreError
from tests.unit.inventory.snapshots.stored import (
    EVERYTHING,
    OWNER,
    PART,
    THING,
    inventory,
    json_lines,
    parquet_file,
    rows_of,
    stored,
    table_file,
    write_store,
)

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]


def column(snapshot, name):
    return snapshot.tables.by_name[THING].columns[name]


def test_csv_columns_are_texts_unless_something_else_is_declared(tmp_path):
    content = 'Id,name__c,size__c,on__c,free\na,"x, ""y""\nz",1.5e3,TRUE,1\nb,,,,""\nc,"",-0,false,{}\n'
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "t.csv", content))
    assert [] == problems
    assert [
        (0, "a", 'x, "y"\nz', 1500.0, True, "1"),
        (1, "b", None, None, None, None),
        (2, "c", None, 0.0, False, "{}"),
    ] == rows_of(snapshot, THING, "perpend_row", "Id", "name__c", "size__c", "on__c", "free")
    assert [(None, None), (BLANK, BLANK), (BLANK, None)] == rows_of(snapshot, THING, "name__c#unread", "size__c#unread")
    assert ("csv", 3) == (snapshot.sources[0].kind, snapshot.sources[0].objects)


def test_texts_in_number_columns_make_a_variant_and_are_counted(tmp_path):
    content = "Id,size__c,on__c\n" + "".join(f"{number},{number if number % 2 else 'N/A'},yes\n" for number in range(9))
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "t.csv", content))
    assert [
        ("K301", f"`size__c` of `{THING}` holds texts where numbers are declared: 5 in all, rows 1, 3, 5 …"),
        ("K301", f"`on__c` of `{THING}` holds texts where Booleans are declared: 9 in all, rows 1, 2, 3 …"),
    ] == problems
    assert [('"N/A"', '"yes"'), ("1.0", '"yes"')] == rows_of(snapshot, THING, "size__c", "on__c")[:2]


def test_what_json_would_not_call_a_number_is_none(tmp_path):
    cells = ["1e999", "NaN", "inf", "0x10", "1_000", " 1", "1,5", "+1", "01", ".5", "1.", "--1", "١"]
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    snapshot, [(_, told)] = stored(tmp_path, table_file(tmp_path, "t.csv", f"Id,size__c\n{rows}"))
    assert [(f'"{cell}"',) for cell in cells] == rows_of(snapshot, THING, "size__c")
    assert f"{len(cells)} in all" in told


def test_gzip_tabs_byte_order_marks_and_crlf_are_read(tmp_path):
    content = b"\xef\xbb\xbfId\tname__c\r\na\tx,y\r\n"
    packed = table_file(tmp_path, "t.bin", gzip.compress(content, mtime=0))
    snapshot, _ = stored(tmp_path, packed)
    assert ([("a", "x,y")], "tsv") == (rows_of(snapshot, THING, "Id", "name__c"), snapshot.sources[0].kind)


def test_json_lines_tell_missing_from_null_and_keep_forms(tmp_path):
    objects = [
        {"Id": "a", "name__c": None, "size__c": 1, "on__c": True, "free": [1, {"k": None}], "big": 2**60},
        {"Id": "b", "size__c": 2.5, "on__c": None, "free": "é\x00\n"},
        {"Id": "c", "name__c": "{}", "size__c": None, "big": 1, 'a/b~"': "x"},
    ]
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "t.ndjson", json_lines(*objects)))
    assert [] == problems
    assert [
        ("a", None, None, 1.0, True, '[1,{"k":null}]', "1152921504606846976", MISSING),
        ("b", None, MISSING, 2.5, None, '"é\\u0000\\n"', None, MISSING),
        ("c", "{}", None, None, None, None, "1", None),
    ] == rows_of(snapshot, THING, "Id", "name__c", "name__c#unread", "size__c", "on__c", "free", "big", 'a/b~"#unread')
    assert Column("name__c", Form.TEXT, partial=True, plain=True) == column(snapshot, "name__c")
    assert Form.VARIANT is column(snapshot, "big").form


def test_json_lines_that_do_not_fit_the_declaration_are_counted(tmp_path):
    objects = [{"Id": "a", "size__c": "1", "name__c": 1}, {"Id": "b", "size__c": 2, "name__c": 2}]
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "t.ndjson", json_lines(*objects)))
    assert [
        ("K301", f"`name__c` of `{THING}` holds numbers where texts are declared: 2 in all, rows 1, 2"),
        ("K301", f"`size__c` of `{THING}` holds something else where numbers are declared: 1 in all, row 1"),
    ] == problems
    assert [('"1"', 1.0), ("2", 2.0)] == rows_of(snapshot, THING, "size__c", "name__c")


FORMS = [
    ("'x'::VARCHAR", Form.TEXT, "x"),
    ("7::TINYINT", Form.NUMBER, 7.0),
    ("9007199254740992::BIGINT", Form.NUMBER, 9007199254740992.0),
    ("9007199254740993::BIGINT", Form.VARIANT, "9007199254740993"),
    ("(-9223372036854775808)::BIGINT", Form.VARIANT, "-9223372036854775808"),
    ("18446744073709551615::UBIGINT", Form.VARIANT, "18446744073709551615"),
    ("1.5::FLOAT", Form.NUMBER, 1.5),
    ("'infinity'::DOUBLE", Form.NUMBER, float("inf")),
    ("0.1::DECIMAL(9,2)", Form.NUMBER, 0.1),
    ("12345678901234567.89::DECIMAL(38,2)", Form.VARIANT, "12345678901234567.89"),
    ("true", Form.BOOLEAN, True),
    ("TIMESTAMP '2026-01-02 03:04:05'", Form.TEXT, "2026-01-02T03:04:05Z"),
    ("TIMESTAMP '2026-01-02 03:04:05.678901'", Form.TEXT, "2026-01-02T03:04:05.678901Z"),
    ("TIMESTAMPTZ '2026-01-02 03:04:05+02'", Form.TEXT, "2026-01-02T01:04:05Z"),
    ("TIMESTAMP_NS '2026-01-02 03:04:05.123456789'", Form.TEXT, "2026-01-02T03:04:05.123456789Z"),
    ("DATE '2026-01-02'", Form.TEXT, "2026-01-02T00:00:00Z"),
    ("DATE '0044-01-02'", Form.TEXT, "0044-01-02T00:00:00Z"),
    ("TIME '03:04:05'", Form.TEXT, "03:04:05"),
    ("'x'::BLOB", Form.TEXT, "x"),
    ("'a'::ENUM('a', 'b')", Form.TEXT, "a"),
    ("{'a': 1, 'b': [NULL, 'x']}", Form.VARIANT, '{"a":1,"b":[null,"x"]}'),
    ("[1, 2]", Form.VARIANT, "[1,2]"),
    ("MAP {'k': 'nan'}", Form.VARIANT, '{"k":"nan"}'),
    ("""'{"a": 1}'::JSON""", Form.VARIANT, '{"a": 1}'),
    ("NULL", Form.TEXT, None),
]
"""Values of Parquet, with the form of their column and what is read."""


def parquet_of(directory, values):
    """Return a file of one row, with each value in a column of its own."""
    columns = ", ".join(f"{value} AS v{number}" for number, value in enumerate(values))
    return parquet_file(directory, "t.parquet", f"""SELECT 'a' AS "Id", {columns}""")


def test_types_of_parquet_become_forms(tmp_path):
    snapshot, problems = stored(tmp_path, parquet_of(tmp_path, [value for value, _, _ in FORMS]))
    [row] = rows_of(snapshot, THING)
    assert FORMS == [(value, column(snapshot, f"v{n}").form, row[f"v{n}"]) for n, (value, _, _) in enumerate(FORMS)]
    assert [] == problems


MEANINGLESS = {
    "'nan'::DOUBLE": "holds NaN, which is no number",
    "'nan'::FLOAT": "holds NaN, which is no number",
    "{'a': 'nan'::DOUBLE}": "holds NaN or Infinity, which JSON does not have",
    "['-infinity'::DOUBLE]": "holds NaN or Infinity, which JSON does not have",
    "'\\xFF'::BLOB": "holds bytes that are no UTF-8 text",
    "'infinity'::TIMESTAMP": "holds a time outside the years 0001 to 9999",
    "DATE '0044-01-02 (BC)'": "holds a time outside the years 0001 to 9999",
    "DATE '12026-01-02'": "holds a time outside the years 0001 to 9999",
}


def test_values_without_meaning_are_not_known(tmp_path):
    snapshot, problems = stored(tmp_path, parquet_of(tmp_path, MEANINGLESS))
    [row] = rows_of(snapshot, THING)
    named = {f"v{number}": reason for number, reason in enumerate(MEANINGLESS.values())}
    assert dict.fromkeys(named) == {name: row[name] for name in named}
    assert named == {name: row[f"{name}#unread"] for name in named}
    expected = [("K302", f"`{name}` of `{THING}` {reason}: 1 in all, row 1") for name, reason in named.items()]
    assert expected == problems


def test_parquet_columns_of_other_types_are_noted(tmp_path):
    query = """SELECT 'a' AS "Id", 'x' AS size__c, 1 AS name__c, 'true' AS on__c, DATE '2026-01-02' AS at__c"""
    snapshot, problems = stored(tmp_path, parquet_file(tmp_path, "t.parquet", query))
    assert ["`size__c`", "`name__c`", "`on__c`"] == [message.split()[0] for _, message in problems]
    assert [('"x"', 1.0, '"true"', "2026-01-02T00:00:00Z")] == rows_of(snapshot, THING, "size__c", "name__c", "on__c", "at__c")


def test_a_mapping_names_what_is_taken_and_constants_are_for_all(tmp_path):
    observed = datetime(2026, 1, 2, tzinfo=UTC)
    columns, constants = {"key": "Id", "n": "size__c"}, {"owner__c": "o", "on__c": True, "free": 1, "none": None}
    table = table_file(tmp_path, "t.csv", "key,n,more\na,1,x\n", columns=columns, constants=constants, observed_at=observed)
    snapshot, problems = stored(tmp_path, table)
    assert [("a", 1.0, "o", True, 1.0, None)] == rows_of(snapshot, THING, "Id", "size__c", "owner__c", "on__c", "free", "none")
    assert [("K304", "the mapping does not name `more`")] == problems
    assert observed == snapshot.sources[0].observed_at


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", "Id,b\na\n", "line 2 has 1 field where the header has 2"),
        ("t.csv", "Id,b\na,1\nb,1,2\n", "line 3 has 3 fields where the header has 2"),
        ("t.csv", 'Id,b\na,"x\n', "line 2: a quote is not closed"),
        ("t.csv", 'Id,b\na,"x"y\n', "line 2: a quote is not closed, or text stands behind a closing quote"),
        ("t.csv", b"Id,b\na,\xff\n", "not UTF-8 text"),
        ("t.csv", "b,c\n1,2\n", "has no column `Id`: name its column in a mapping file"),
        ("t.csv", "Id,Id\n1,2\n", "the column `Id` stands there twice"),
        ("t.csv", "Id,x,X\n1,2,3\n", "x and X differ only in case"),
        ("t.csv", "Id,\n1,2\n", "'' cannot be the name of a column"),
        ("t.csv", "Id,x#unread\n1,2\n", "the name 'x#unread' is reserved"),
        ("t.csv", "Id,perpend_row\n1,2\n", "the name 'perpend_row' is reserved"),
        ("t.csv", "Id,file_row_number\n1,2\n", "the name `file_row_number` is reserved"),
        ("t.csv", 'Id,b\na,1\n,2\n"",3\n', r"row 2 \(and 1 more\) has no `Id`"),
        ("t.csv", b"Id,b\n\x00,1\n", "holds a NUL byte"),
        ("t.ndjson", '{"Id":"a"}\n{"Id":"b"\n', "line 2: not valid JSON; each line holds one object"),
        ("t.ndjson", '{"Id":"a"}\n{"Id":"b"} x\n', "line 2: not valid JSON; each line holds one object"),
        ("t.ndjson", '{"Id":"a"}\n[1]\n', "object 2 is no object"),
        ("t.ndjson", '{"Id":"a"}\n{"Id":"b","Id":"c"}\n', "object 2 is an object that has a key twice"),
        ("t.ndjson", '{"Id":"a"}\n{"Id":"b","x":[NaN]}\n', "object 2 is no JSON: NaN, Infinity or a comma too many"),
        ("t.ndjson", '{"Id":"a"}\n{"Id":"b","x":[1,]}\n', "object 2 is no JSON"),
        ("t.ndjson", b'{"Id":"a"}\n{"Id":"\xff"}\n', "line 2: not UTF-8 text"),
        ("t.ndjson", '{"Id":1}\n', "its column `Id` does not hold texts"),
        ("t.ndjson", '{"Id":"a"}\n{"x":1}\n', "row 2 has no `Id`"),
        ("t.parquet", b"PAR1" + b"\0" * 50 + b"PAR1", "damaged Parquet"),
        ("t.parquet", b"PAR1", "damaged Parquet"),
        ("t.gz", gzip.compress(b"Id,b\n" + b"a,1\n" * 99, mtime=0)[:-12], "truncated gzip|damaged or truncated gzip"),
        ("t.gz", b"\x1f\x8bxxxxxxxx", "gzip"),
        ("t.json", "[]", "an array of JSON is not read as a table"),
        ("t.csv", "", "the file is empty"),
    ],
)
def test_files_that_cannot_be_used_say_why_in_one_line(tmp_path, name, content, reason):
    with pytest.raises(UnreadableTable, match=reason) as raised:
        stored(tmp_path, table_file(tmp_path, name, content))
    assert str(raised.value).startswith(f"{tmp_path / name}: ")
    assert str(raised.value).isprintable()


def test_a_parquet_file_cut_off_anywhere_cannot_be_used(tmp_path):
    whole = parquet_file(tmp_path, "t.parquet", """SELECT i::VARCHAR AS "Id", repeat('x', 50) AS v FROM range(500) t(i)""")
    content = (tmp_path / "t.parquet").read_bytes()
    for size in range(4, len(content), len(content) // 20):
        (tmp_path / "t.parquet").write_bytes(content[:size])
        with pytest.raises(UnreadableTable, match="damaged Parquet"):
            stored(tmp_path, whole)


@pytest.mark.parametrize(
    "name", ["it's.csv", "a*b?.csv", "[ab].csv", 'q"uote.csv', "new\nline.csv", "é.csv", "a;DROP TABLE x.csv"]
)
def test_files_are_read_whatever_they_are_called(tmp_path, name):
    (tmp_path / "ab.csv").write_text("Id\nwrong\n")
    (tmp_path / "a.csv").write_text("Id\nwrong\n")
    snapshot, _ = stored(tmp_path, table_file(tmp_path, name, "Id\nright\n"))
    assert [("right",)] == rows_of(snapshot, THING, "Id")


def test_rows_of_one_id_are_one_where_they_agree_and_marked_where_not(tmp_path):
    first = table_file(tmp_path, "1.csv", "Id,name__c,size__c\na,x,1\nb,x,1\nb,x,1\nc,x,1\n")
    second = table_file(tmp_path, "2.csv", "Id,name__c,free\na,x,new\nc,y,new\nd,z,\n")
    snapshot, problems = stored(tmp_path, first, second)
    one, other = tmp_path / "1.csv", tmp_path / "2.csv"
    reason = f"sources contradict each other about name__c ({one}, {other})"
    found = rows_of(
        snapshot, THING, "Id", "name__c", "size__c", "free", "size__c#unread", "free#unread", "perpend_contradicted"
    )
    assert [
        ("a", "x", 1.0, "new", None, None, None),
        ("b", "x", 1.0, None, None, MISSING, None),
        ("c", "x", 1.0, "new", None, None, reason),
        ("d", "z", None, None, MISSING, BLANK, None),
    ] == sorted(found)
    assert 4 == snapshot.tables.by_name[THING].rows
    assert [("K305", f"rows contradict each other about 1 object of `{THING}`")] == problems


def test_a_number_is_one_value_whatever_else_its_column_holds(tmp_path):
    values = {
        "a": (65536, 65536.0),
        "b": (7, 7.5),
        "c": ("five", "six"),
        "d": (2**53, 2**53 + 1),
        "e": (True, False),
        "f": ("5", 5),
    }
    rows = [[json.dumps({"Id": one, "size__c": said[place]}) for one, said in values.items()] for place in (0, 1)]
    files = [table_file(tmp_path, f"{place}.ndjson", "\n".join(rows[place])) for place in (0, 1)]
    alone = table_file(tmp_path, "2.ndjson", '{"Id": "a", "size__c": 65536}')
    snapshot, problems = stored(tmp_path, *files, alone)
    assert set("bcdef") == {one for one, why in rows_of(snapshot, THING, "Id", "perpend_contradicted") if why}
    assert "K305" in {code for code, _ in problems}


def test_null_and_a_value_contradict_each_other(tmp_path):
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "1.csv", "Id,name__c\na,\na,x\n", blank_is_none=True))
    assert 1 == len(problems)
    assert snapshot.tables.by_name[THING].contradicted


def test_tables_and_nested_objects_of_one_type_are_one_table(tmp_path):
    things = [{"Id": "a", "x__r": {"y": 1}, "owner__r": {"Id": "o"}}]
    tables = [
        table_file(tmp_path, "1.csv", "Id,name__c,owner__c\na,x,o\nb,y,p\n"),
        table_file(tmp_path, "2.csv", "Id,name__c\no,Ann\n", type_name=OWNER),
        table_file(tmp_path, "3.csv", "Id,thing__c\np,b\n", type_name=PART, complete=EVERYTHING),
    ]
    snapshot = write_store(tmp_path / "store", inventory({THING: things}), tables=tables)
    assert [
        (0, "a", "x", "o", None, None, None),
        (2, "b", "y", "p", MISSING, "leads to `p`, which was not collected", None),
    ] == rows_of(
        snapshot,
        THING,
        "perpend_row",
        "Id",
        "name__c",
        "owner__c",
        "x__r#unfollowed",
        "owner__r#unfollowed",
        "parts__r#unfollowed",
    )
    assert [("o", "Ann")] == rows_of(snapshot, OWNER, "Id", "name__c")
    assert [(0, 1.0)] == rows_of(snapshot, f"{THING}/x__r", "perpend_owner", "y")


def test_forms_that_differ_between_sources_make_a_variant(tmp_path):
    tables = [
        table_file(tmp_path, "1.csv", "Id,free\na,x\n"),
        parquet_file(tmp_path, "2.parquet", """SELECT 'b' AS "Id", 1.5 AS free"""),
        parquet_file(tmp_path, "3.parquet", """SELECT 'c' AS "Id", true AS free"""),
    ]
    snapshot, _ = stored(tmp_path, *tables)
    assert [('"x"',), ("1.5",), ("true",)] == rows_of(snapshot, THING, "free")


def test_relations_without_their_other_table_are_noted_once_per_table(tmp_path):
    problems = []
    snapshot = write_store(tmp_path / "s", tables=[table_file(tmp_path, "1.csv", "Id,owner__c\na,o\n")], problems=problems)
    assert {} == snapshot.tables.by_name[THING].lookups
    message = f"`{THING}` has relations that cannot be followed: `owner__r` (`{OWNER}` was not imported)"
    assert [("K306", message)] == [(one.code, one.message) for one in problems]


@pytest.mark.parametrize(
    ("content", "type_name", "expected"),
    [
        (b"PAR1", None, True),
        (b"Id,x\n", THING, True),
        (b"Id,x\n", None, False),
        (b"user,arn\n", THING, False),
        (b'[{"Id": "a"}]', THING, False),
        (b'{"Id": "a"}\n{"Id": "b"}\n', THING, True),
        (b'{"Id": "a"}', THING, True),
        (b'{"Id": "a"}', None, False),
        (b'{"Content": "eA=="}', THING, False),
        (b'{\n "Content": "eA=="\n}', THING, False),
        (gzip.compress(b"Id,x\n", mtime=0), THING, True),
    ],
)
def test_what_is_a_table_is_told_by_its_content(tmp_path, content, type_name, expected):
    (tmp_path / "f").write_bytes(content)
    assert expected is holds_table(str(tmp_path / "f"), type_name, mapped=False)


@pytest.mark.parametrize("query", ["SELECT 'a' AS \"Id\", 'x' AS name__c", "SELECT 'a' AS \"Id\""])
def test_a_table_of_texts_without_rows_is_an_empty_table(tmp_path, query):
    snapshot, problems = stored(tmp_path, parquet_file(tmp_path, "t.parquet", f"{query} WHERE false"))
    assert ([], 0) == (problems, snapshot.tables.by_name[THING].rows)


@pytest.mark.parametrize("content", ["Id,name__c\n", "Id,name__c", "\ufeffId,name__c\r\n"])
def test_a_file_of_only_a_header_is_an_empty_table(tmp_path, content):
    snapshot, problems = stored(tmp_path, table_file(tmp_path, "t.csv", content))
    assert ([], 0) == (problems, snapshot.tables.by_name[THING].rows)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_disk_that_is_full_is_not_blamed_on_the_file_that_is_read(tmp_path, kind):
    rows = [{"Id": str(number), "name__c": f"{number * 7919:x}" * 9} for number in range(20_000)]
    lines = json_lines(*rows) if kind == "ndjson" else "\n".join(["Id,name__c", *(",".join(one.values()) for one in rows)])
    table = table_file(tmp_path, "t", lines)
    before = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[0][1]))
    try:
        with pytest.raises(StoreError, match="cannot be written: file too large"):
            write_store(tmp_path / "store", tables=[table])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before[0])
        signal.signal(signal.SIGXFSZ, before[1])


FRACTIONS = {
    "TIMESTAMP": {".123456": ".123456Z", ".120000": ".120Z", ".000450": ".000450Z", "": "Z"},
    "TIMESTAMPTZ": {".123456+00": ".123456Z"},
    "TIMESTAMP_MS": {".123": ".123Z"},
    "TIMESTAMP_NS": {".123456789": ".123456789Z", ".123456": ".123456Z", ".1": ".100Z", "": "Z"},
}


def test_fractions_of_seconds_are_kept(tmp_path):
    cases = [(kind, *one) for kind, fractions in FRACTIONS.items() for one in fractions.items()]
    times = [f"CAST('2026-01-02 03:04:05{fraction}' AS {kind})" for kind, fraction, _ in cases]
    [row] = rows_of(stored(tmp_path, parquet_of(tmp_path, times))[0], THING)
    assert [f"2026-01-02T03:04:05{shown}" for *_, shown in cases] == [row[f"v{number}"] for number in range(len(cases))]


def test_json_lines_keep_whole_numbers_that_no_double_can_hold(tmp_path):
    content = '{"Id": "a", "size__c": 12345678901234567890123}\n{"Id": "b", "size__c": 1.5}\n'
    snapshot, _ = stored(tmp_path, table_file(tmp_path, "t.ndjson", content))
    assert [("12345678901234567890123",), ("1.5",)] == rows_of(snapshot, THING, "size__c")


def test_a_first_line_of_any_length_is_a_line(tmp_path):
    (tmp_path / "f").write_text(json_lines({"Id": "a", "name__c": "x" * 1_100_000}, {"Id": "b"}))
    assert holds_table(str(tmp_path / "f"), THING, mapped=False)


@pytest.mark.parametrize(
    "line",
    [
        *('{"Id":"b","x":NaN}', '{"Id":"b","x": -inf}', '{"Id":"b","x":\t+Infinity}', '{"x":nan,"Id":"b"}'),
        *(
            '{"Id":"b","x":[1,NaN]}',
            '{"Id":"b","x":[-InF]}',
            '{"Id":"b","x":{"y": [ nAn ]}}',
            '{"Id":"b",}',
            '{"Id":"b","x":[1,]}',
        ),
    ],
)
def test_a_line_that_only_a_lenient_parser_reads_is_refused(tmp_path, line):
    with pytest.raises(UnreadableTable, match=r"object 2 is no JSON|line 2: not valid JSON"):
        stored(tmp_path, table_file(tmp_path, "t.ndjson", f'{{"Id":"a","x":1}}\n{line}\n'))


def test_words_of_a_lenient_parser_in_texts_are_texts(tmp_path):
    objects = [{"Id": "a", "name__c": value} for value in (": NaN", ",inf", "[-Infinity", ",}", "no_information", '":nan')]
    snapshot, _ = stored(
        tmp_path,
        table_file(tmp_path, "t.ndjson", json_lines(*[{**one, "Id": str(place)} for place, one in enumerate(objects)])),
    )
    assert [one["name__c"] for one in objects] == [name for (name,) in rows_of(snapshot, THING, "name__c")]


@pytest.mark.parametrize("odd", [None, "missing", 1, [], {"a": 1}])
def test_a_column_of_texts_in_lines_keeps_what_is_no_text(tmp_path, odd):
    lines = [{"Id": "a", "more__c": 'é\n"x'}, {"Id": "b"} if odd == "missing" else {"Id": "b", "more__c": odd}]
    snapshot, _ = stored(tmp_path, table_file(tmp_path, "t.ndjson", json_lines(*lines)))
    (first, second) = rows_of(snapshot, THING)
    column = snapshot.tables.by_name[THING].columns["more__c"]
    is_text = odd in (None, "missing")
    assert ((Form.TEXT if is_text else Form.VARIANT), odd == "missing") == (column.form, column.partial)
    assert lines[0]["more__c"] == (first["more__c"] if is_text else json.loads(first["more__c"]))
    assert (None if is_text else odd) == (second["more__c"] and json.loads(second["more__c"]))
