"""Questions in SQL are answered over views with names that people know; one that has no answer says why and where."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.core.errors import PerpendError
from perpend.core.objects.inventory import Inventory, Source
from perpend.core.objects.object_types import Field, ObjectType
from perpend.core.schema.tables import Column, Form, Table
from perpend.inventory.snapshots.queries.views import QueryResult, SqlFailed, query_result
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import OWNER, THING, TYPES, inventory, parquet_file, write_store

pytestmark = pytest.mark.medium

UNBOUND = 'referenced column "nope" was not found because the FROM clause is missing'
NOWHERE = "1:1-1"
NEVER_DONE = "SELECT count(*) FROM range(100000000000) a, range(1000) b"


def answer(snapshot: Snapshot, question: str, **more: Any) -> tuple[tuple[str, ...], list[Any]]:
    """Return the columns and rows of an answer."""
    with query_result(snapshot, question, declared=TYPES.get, **more) as found:
        return found.columns, [row for batch in found.batches for row in batch]


def failed(snapshot: Snapshot, question: str, **more: Any) -> tuple[str, str]:
    """Return what is wrong with a question, and where."""
    with pytest.raises(SqlFailed) as raised:
        answer(snapshot, question, **more)
    found = raised.value.diagnostic
    assert ("K310", found.message) == (found.code, str(raised.value))
    span = found.span
    assert ("<sql>", span.line) == (span.path, span.end_line)
    return found.message, f"{span.line}:{span.column}-{span.end_column}"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    things = [{"Id": "a", "name__c": "A", "owner__c": "o", "list__r": [{"n": 1}]}, {"Id": "b", "name__c": None}]
    return write_store(tmp_path_factory.mktemp("store"), inventory({THING: things, OWNER: [{"Id": "o", "name__c": "O"}]}))


def test_tables_and_columns_have_the_names_of_people_beside_their_own(snapshot):
    assert (("Id", "name", "name__c"), [("a", "A", "A"), ("b", None, None)]) == answer(
        snapshot, "SELECT id, name, name__c FROM a_thing ORDER BY perpend_row"
    )
    assert (("Id", "name"), [("a", "A")]) == answer(snapshot, f'SELECT "Id", name FROM "{THING}" WHERE name = \'A\'')
    assert (("n",), [(1.0,)]) == answer(snapshot, "SELECT n FROM a_thing__list")
    assert [("a", "O")] == answer(snapshot, 'SELECT t."Id", o.name__c FROM a_thing t JOIN owner o ON o."Id" = t.owner__c')[1]


def test_every_column_of_a_table_is_there_once_under_its_own_name(snapshot):
    columns, _ = answer(snapshot, "FROM a_thing")
    assert ("name", "owner", "perpend_row", "perpend_source") == tuple(
        one for one in columns if one in ("name", "owner", "perpend_row", "perpend_source")
    )
    assert {"Id", "name__c", "owner__c"} < set(columns) and len(set(columns)) == len(columns)


def test_views_are_those_of_the_tables_and_one_of_the_sources(snapshot):
    names = [THING, f"{THING}/list__r[]", OWNER, "a_thing", "a_thing__list", "owner", "perpend_calls", "perpend_sources"]
    query = "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY view_name"
    assert sorted(names) == [one for (one,) in answer(snapshot, query)[1]]


def test_sources_can_be_asked_for_with_their_times(tmp_path):
    sources = [Source("it's.json", "kind", datetime(2026, 1, 2, 3, tzinfo=UTC), 7), Source("b", "other", None, 0)]
    snapshot = write_store(tmp_path, Inventory(sources, {THING: []}))
    query = "SELECT number, name, kind, observed_at = TIMESTAMPTZ '2026-01-02 03:00:00+00', observed_at, objects FROM perpend_sources"
    columns, (one, other) = answer(snapshot, f"{query} ORDER BY number")
    assert ("number", "name", "kind", "observed_at", "objects") == (*columns[:3], *columns[4:])
    assert (0, "it's.json", "kind", True, 7) == (*one[:4], one[5])
    assert (1, "b", "other", None, None, 0) == other


def test_a_snapshot_of_nothing_can_be_asked(tmp_path):
    snapshot = write_store(tmp_path, Inventory([], {}))
    assert (("number", "name", "kind", "observed_at", "objects"), []) == answer(snapshot, "FROM perpend_sources")
    columns = ("account", "region", "service", "operation", "permission", "kind", "code", "objects")
    assert (columns, []) == answer(snapshot, "FROM perpend_calls")


def test_files_are_read_with_their_own_columns_only(tmp_path):
    directory = tmp_path / "year=2026" / "it's"
    snapshot = write_store(directory, inventory({THING: [{"Id": "a"}]}))
    columns, rows = answer(snapshot, f'FROM "{THING}"')
    assert ("year" in columns, "run" in columns, 1) == (False, False, len(rows))


def test_rows_come_in_batches(snapshot):
    with query_result(snapshot, "FROM range(2500)", declared=TYPES.get) as found:
        assert isinstance(found, QueryResult)
        assert [1_000, 1_000, 500] == [len(batch) for batch in found.batches]


@pytest.mark.parametrize(
    ("question", "message", "place"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"', "1:1-2"),
        ("SELECT 1;\nSELECT 2;", "the question holds 2 statements; it must be one SELECT", NOWHERE),
        ("", "the question holds no statement; it must be one SELECT", NOWHERE),
        ("CREATE TABLE t AS SELECT 1", "a snapshot can only be read: CREATE is not allowed, SELECT is", NOWHERE),
        ("SELECT error('Odd {thing')", "odd {thing", NOWHERE),
        ("SELECT *\r\nFROM\n   nope", "table with name nope does not exist!", "3:4-5"),
        ("SELECT 'a'::INTEGER", "could not convert string 'a' to INT32", "1:11-12"),
        ("SELECT * FROM read_text('/etc/hostname')", "only the snapshot's own tables can be read", "1:15-16"),
        (f"SELECT {'1 + ' * 60} nope{' + 1' * 60}", UNBOUND, "1:249-250"),
        (f"SELECT 1,\n{' ' * 90}nope, {'1, ' * 60}2", UNBOUND, "2:91-92"),
        (f"SELECT 'é日本',\t\t{' ' * 90}nope", UNBOUND, "1:106-107"),
        ("SELECT '\u2028', nope", UNBOUND, "1:13-14"),
    ],
)
def test_a_question_without_answer_says_why_and_where(snapshot, question, message, place):
    assert (message, place) == failed(snapshot, question)


def test_a_question_of_odd_bytes_is_no_question(snapshot):
    assert ("the question is not UTF-8 text", NOWHERE) == failed(snapshot, "SELECT '\udcff'")


@pytest.mark.parametrize("said", ["it is closed", "it is {closed"])
def test_an_error_that_the_database_did_not_say_itself_is_told_as_it_is(snapshot, said):
    with pytest.raises(SqlFailed) as raised, query_result(snapshot, "SELECT 1", declared=TYPES.get):
        raise duckdb.InvalidInputException(said)
    assert said == str(raised.value)


def test_what_was_meant_is_offered(snapshot):
    with pytest.raises(SqlFailed) as raised:
        answer(snapshot, "SELECT nam FROM a_thing")
    assert raised.value.diagnostic.help is not None
    assert raised.value.diagnostic.help.startswith("Candidate bindings: ") and '"name"' in raised.value.diagnostic.help
    assert "#" not in raised.value.diagnostic.help
    for table, meant in (("a_thin", "did you mean `a_thing`?"), ("pg_enun", "there are ")):
        with pytest.raises(SqlFailed) as raised:
            answer(snapshot, f"FROM {table}")
        assert raised.value.diagnostic.help is not None and raised.value.diagnostic.help.startswith(meant)
    with pytest.raises(SqlFailed) as raised:
        answer(snapshot, "SELEC 1")
    assert raised.value.diagnostic.help is None


def test_mistakes_that_show_in_later_rows_are_told_too(snapshot):
    question = "SELECT CASE WHEN range < 200000 THEN 1 ELSE error('odd') END FROM range(300000)"
    message, _ = failed(snapshot, question)
    assert "odd" == message


@pytest.mark.parametrize(("timeout", "within"), [(0.2, " within 0.2 seconds"), (1.0, " within 1 seconds")])
def test_a_question_that_takes_too_long_is_given_up(snapshot, timeout, within):
    assert (f"the question was not answered{within}", NOWHERE) == failed(snapshot, NEVER_DONE, timeout=timeout)


def test_no_timer_is_left_behind(snapshot):
    before = threading.active_count()
    assert [(1,)] == answer(snapshot, "SELECT 1", timeout=3_600)[1]
    assert before == threading.active_count()


def test_a_question_that_needs_too_much_memory_is_told(snapshot):
    question = "SELECT string_agg(a::VARCHAR || repeat('x', 1000), ',' ORDER BY a) FROM range(1000000) t(a)"
    assert ("the question needs more memory or temporary disk space than may be used", NOWHERE) == failed(
        snapshot, question, memory_limit="30MB"
    )


def test_settings_cannot_be_changed_and_errors_are_those_of_perpend(snapshot):
    assert failed(snapshot, "SET threads = 1")[0] == "a snapshot can only be read: SET is not allowed, SELECT is"
    assert issubclass(SqlFailed, PerpendError)


def test_tables_of_files_have_views_as_well(tmp_path):
    file = parquet_file(tmp_path, "t.parquet", "SELECT 'a' AS \"Id\", 5 AS size__c")
    snapshot = write_store(tmp_path / "store", tables=[file])
    assert (("size",), [(5,)]) == answer(snapshot, "SELECT size FROM a_thing")


def test_paths_of_files_may_be_odd(tmp_path):
    directory = Path(tmp_path) / "a'b {c}"
    assert [("a",)] == answer(write_store(directory, inventory({THING: [{"Id": "a"}]})), "SELECT id FROM a_thing")[1]


def test_a_table_may_stand_in_several_files(tmp_path):
    with Store(tmp_path).writing() as run:
        directory = run.directory_of(THING)
        paths = [directory / f"part-{number}.parquet" for number in range(2)]
        for number, path in enumerate(paths):
            duckdb.connect().execute(
                f"COPY (SELECT {number} AS perpend_row, 'i{number}' AS \"Id\") TO '{path}' (FORMAT parquet)"
            )
        run.add(Table(THING, THING, {"Id": Column("Id", Form.TEXT)}, rows=2), paths)
        snapshot = run.commit("test")
    assert [("i0",), ("i1",)] == answer(snapshot, "SELECT id FROM a_thing ORDER BY 1")[1]


def test_columns_of_a_list_that_no_type_declares_have_no_labels(snapshot):
    nothing = ObjectType("", "Nothing", {"n": Field("n", "number", "Number")})
    with query_result(snapshot, f'FROM "{THING}/list__r[]"', declared={**TYPES, "": nothing}.get) as found:
        assert (True, False) == ("n" in found.columns, "number" in found.columns)
