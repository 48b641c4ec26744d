"""Cached columns are reused if they mean the same, and only then."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perpend.core.schema.tables import Column, Form, Join, Table, Tables
from perpend.evaluation.engines.duckdb.column_cache import ColumnCache
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.planner.build import Plan, plan_of
from perpend.evaluation.planner.cached_columns import EXTRACTS, VERDICTS
from perpend.evaluation.planner.describe import plan_lines
from perpend.evaluation.planner.udfs import NATIVES
from tests.repositories import analyzer_of, logic, policy_files, program_of
from tests.unit.evaluation.planner.plans import TABLES, equal, plan

pytestmark = pytest.mark.medium

DOCUMENTS = ['{"a": "x", "b": "y"}', '{"a": "y"}', "{}", "nonsense", "", None]
TYPE = "CA10__CaThing__c"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = tmp_path / "work"
    found.mkdir()
    return found


@pytest.fixture
def engine(directory: Path) -> Iterator[DuckDb]:
    with duck_db(directories=[directory]) as opened:
        yield opened


def table(engine: DuckDb, directory: Path, documents: list[str | None]) -> dict[str, list[Path]]:
    path = directory / f"{len(list(directory.iterdir()))}.parquet"
    rows = ", ".join(
        f"({row}, 0, '{row}', NULL, {'NULL' if text is None else repr(text)}, {str(bool(text and text[0] == '{')).lower()})"
        for row, text in enumerate(documents)
    )
    named = '(perpend_row, perpend_source, "Id", "CA10__text__c", "CA10__json__c", "CA10__json__c#plain")'
    engine.run(f"COPY (SELECT * FROM (VALUES {rows}) AS t{named}) TO '{path}' (FORMAT parquet)")
    return {TYPE: [path]}


def codes(engine: DuckDb, kept: ColumnCache, found: Plan, directory: Path) -> list[int]:
    out = directory / "verdicts.parquet"
    engine.evaluate(*kept.over_cache(found), out)
    return [code for (code,) in engine.run(f"SELECT v0 FROM '{out}' ORDER BY perpend_row")]


def counts(kept: ColumnCache, what: str) -> tuple[int, int]:
    """Columns reused and computed by the last plan."""
    found = [cost for cost in kept.costs if cost.what == what][-1]
    return found.reused, found.computed


def test_a_second_run_computes_nothing_and_says_the_same(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    files = table(engine, directory, DOCUMENTS)
    kept = ColumnCache(engine, directory / "kept", "one", files)
    found = [codes(engine, kept, plan(tmp_path / name, equal("a", "x")), directory) for name in ("a", "b")]
    assert [[199, 200, 200, 102, 200, 200]] * 2 == [[code if code != 101 else 102 for code in one] for one in found]
    assert [EXTRACTS, VERDICTS, VERDICTS] == [cost.what for cost in kept.costs], "extracts are not asked for again"
    assert (1, 0) == counts(kept, VERDICTS)


def test_an_edited_policy_pays_for_what_changed(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    codes(engine, kept, plan(tmp_path / "a", equal("a", "x")), directory)
    _, first = counts(kept, EXTRACTS)
    found = codes(engine, kept, plan(tmp_path / "b", equal("a", "y")), directory)
    assert [200, 199] == found[:2]
    assert (first - 1, 1) == counts(kept, EXTRACTS)
    assert (0, 1) == counts(kept, VERDICTS)


def test_policies_that_stay_beside_an_edited_one_are_not_judged_again(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    for name, text in (("a", "y"), ("b", "z")):
        one, other = plan(tmp_path / name / "one", equal("a", "x")), plan(tmp_path / name / "other", equal("a", text))
        both = plan_of([*one.programs, *other.programs], TABLES, 0)
        engine.evaluate(*kept.over_cache(both), directory / f"{name}.parquet")
    assert (1, 1) == counts(kept, VERDICTS)
    query = f"SELECT v0, v1 FROM '{directory / 'b.parquet'}' ORDER BY perpend_row LIMIT 2"
    assert [(199, 200), (200, 200)] == engine.run(query)


def test_a_function_is_not_called_for_rows_that_an_earlier_condition_decided(
    tmp_path: Path, engine: DuckDb, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str | None] = []
    monkeypatch.setitem(NATIVES, "access allowed", lambda *_: lambda text, *_: called.append(text) or ["vtrue"])
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    asked = {"policyExtField": "CA10__json__c", "widestAcceptableAccessLevel": "NOBODY", "actions": ["s3:Get*"]}
    ids = {"IS_EQUAL": {"left": {"FIELD": {"path": "Id"}}, "right": {"TEXT": "0"}}}
    first = plan(tmp_path / "a", {"NOT": {"arg": ids}}, {"AWS_POLICY_ALLOWS": asked})
    assert [299, *[199] * 5] == codes(engine, kept, first, directory)
    assert DOCUMENTS[:1] == called
    second = plan(tmp_path / "b", ids, {"AWS_POLICY_ALLOWS": asked})
    assert [199, *[299] * 5] == codes(engine, kept, second, directory), "the first run kept nothing of these rows"
    assert DOCUMENTS[1:] == called[1:]


def test_where_only_some_rows_are_judged_verdicts_are_not_kept(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    kept.over_cache(plan(tmp_path / "a", equal("a", "x")), whole=False)
    assert [EXTRACTS] == [cost.what for cost in kept.costs]


def test_another_snapshot_uses_nothing_of_the_first(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    one = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    codes(engine, one, plan(tmp_path / "a", equal("a", "x")), directory)
    other = ColumnCache(engine, directory / "kept", "other", table(engine, directory, DOCUMENTS[::-1]))
    found = codes(engine, other, plan(tmp_path / "b", equal("a", "x")), directory)
    assert 199 == found[-1]
    assert [0, 0] == [cost.reused for cost in other.costs]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1 and nothing else PAR1"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, engine: DuckDb, directory: Path, damage: bytes) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    before = codes(engine, kept, plan(tmp_path / "a", equal("a", "x")), directory)
    files = list((directory / "kept").glob("*/*/*.parquet"))
    assert 2 == len(files), "extracts and verdicts"
    for file in files:
        file.write_bytes(damage)
    kept.costs.clear()
    assert before == codes(engine, kept, plan(tmp_path / "b", equal("a", "x")), directory)
    assert [0, 0] == [cost.reused for cost in kept.costs]


def test_what_cannot_be_written_is_computed_all_the_same(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    files = table(engine, directory, DOCUMENTS * 100)
    expected = codes(
        engine, ColumnCache(engine, directory / "kept", "one", files), plan(tmp_path / "a", equal("a", "x")), directory
    )
    kept, found = ColumnCache(engine, directory / "full", "one", files), plan(tmp_path / "b", equal("a", "x"))
    limit, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
        over = kept.over_cache(found)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    out = directory / "verdicts.parquet"
    engine.evaluate(*over, out)
    assert expected == [code for (code,) in engine.run(f"SELECT v0 FROM '{out}' ORDER BY perpend_row")]
    assert [] == [path for path in (directory / "full").rglob("*") if path.is_file()]
    assert [] == kept.costs


@pytest.mark.parametrize("index", ["", "[]", "{", '{"k": 5}'])
def test_a_damaged_index_is_no_index(tmp_path: Path, engine: DuckDb, directory: Path, index: str) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    before = codes(engine, kept, plan(tmp_path / "a", equal("a", "x")), directory)
    for file in (directory / "kept").glob("*/*/columns.json"):
        file.write_text(index)
    assert before == codes(engine, kept, plan(tmp_path / "b", equal("a", "x")), directory)


def test_tables_without_rows_are_not_kept(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    files = table(engine, directory, DOCUMENTS[:1])
    kept = ColumnCache(engine, directory / "kept", "one", files)
    found = plan(tmp_path / "a", equal("a", "x"), tables=Tables({}))
    kept.over_cache(found)
    assert [] == kept.costs


def test_files_that_leave_the_index_can_be_read_for_a_day_more(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    files = table(engine, directory, DOCUMENTS)
    kept = ColumnCache(engine, directory / "kept", "one", files)
    for number in range(8):
        codes(engine, kept, plan(tmp_path / f"p{number}", equal("a", f"w{number}")), directory)
    for file in (directory / "kept").glob("*/*/*.parquet"):
        os.utime(file, (time.time() - 100_000,) * 2)
    under_way = kept.over_cache(plan(tmp_path / "under way", equal("a", "x")))
    for name in ("y", "z"):
        codes(engine, kept, plan(tmp_path / name, equal("a", name)), directory)
    engine.evaluate(*under_way, directory / "late.parquet")
    query = f"SELECT v0 FROM '{directory / 'late.parquet'}' ORDER BY perpend_row LIMIT 2"
    assert [(199,), (200,)] == engine.run(query)


def test_what_is_kept_is_for_its_owner_only(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    kept = ColumnCache(engine, directory / "kept", "one", table(engine, directory, DOCUMENTS))
    assert kept.is_writable()
    codes(engine, kept, plan(tmp_path / "a", equal("a", "x")), directory)
    made = [directory / "kept", *(directory / "kept").rglob("*")]
    assert [0o700 if one.is_dir() else 0o600 for one in made] == [one.stat().st_mode & 0o777 for one in made]


def test_a_plan_over_kept_columns_leaves_the_plan_as_it_was(tmp_path: Path, engine: DuckDb, directory: Path) -> None:
    parts, join = "CA10__CaPart__c", Join("Parts__r", "CA10__CaPart__c", "Id", "thing__c")
    columns = {name: Column(name, Form.TEXT) for name in ("Id", "thing__c", "name__c")}
    tables = Tables(
        {
            TYPE: replace(TABLES.by_name[TYPE], children={"Parts__r": join}),
            parts: Table(parts, parts, columns, rows=2),
        }
    )
    files = table(engine, directory, DOCUMENTS)
    files[parts] = [directory / "parts.parquet"]
    rows = "(0, 0, 'p', '1', 'a b'), (1, 0, 'q', '2', 'c')"
    named = 'perpend_row, perpend_source, "Id", thing__c, name__c'
    engine.run(f"COPY (SELECT * FROM (VALUES {rows}) AS t({named})) TO '{files[parts][0]}' (FORMAT parquet)")
    child = {"IS_EQUAL": {"left": {"FIELD": {"path": "name__c"}}, "right": {"TEXT": "A B"}}}
    related = [{"relationshipName": "Parts__r", **block_of(logic(child))}]
    asked = logic({"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}, relatedLists=related)
    types = {
        f"types/{TYPE}/type.yaml": {"label": "T", "children": [{"name": "Parts__r", "type": parts, "key": "thing__c"}]},
        f"types/{parts}/type.yaml": {"label": "P", "fields": [{"name": "name__c", "type": "text"}], "deletionField": "none"},
    }
    found = plan_of([program_of(analyzer_of(tmp_path / "r", policy_files(asked, **types)))], tables, 0)
    before = plan_lines(found)
    kept = ColumnCache(engine, directory / "kept", "one", files)
    assert [200, 199, 200, 200, 200, 200] == codes(engine, kept, found, directory)
    assert [200, 199, 200, 200, 200, 200] == codes(engine, kept, found, directory)
    out = directory / "plain.parquet"
    engine.evaluate(found, lambda name: engine.files(files[name]), out)
    assert [200, 199, 200, 200, 200, 200] == [code for (code,) in engine.run(f"SELECT v0 FROM '{out}' ORDER BY perpend_row")]
    assert before == plan_lines(found)


def block_of(written: dict[str, Any]) -> dict[str, Any]:
    return {name: written[name] for name in ("conditions", "otherwise")}
