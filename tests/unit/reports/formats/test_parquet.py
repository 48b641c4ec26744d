"""Verdicts as Parquet: a row for each, with its policy, object, account, region, severity and time; or why it cannot be written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.read import RatingFiles
from perpend.findings.severity.results import RatedEvaluation
from perpend.inventory.snapshots.files import StoreError
from perpend.reports.formats.parquet import write_parquet
from tests.repositories import analyzer_of, logic
from tests.unit.evaluation.verdicts.evaluate_objects import THING, evaluation, inventory
from tests.unit.evaluation.verdicts.stored import DAY, OTHER, SEEN, Case
from tests.unit.findings.severity.made import rating
from tests.unit.inventory.snapshots.stored import write_store

KIND = {
    "label": "Thing",
    "fields": [{"name": name, "type": "text"} for name in ("Id", "Name", "CA10__arn__c", "CA10__region__c")],
    "externalIdField": "CA10__arn__c",
}
NAMES = {"names": {"full": "Thing is on", "contextual": "On"}}
THINGS: list[dict[str, Any]] = [
    {"Id": "a", "Name": "Anna's", "CA10__on__c": True, "CA10__arn__c": "arn:aws:x:eu-west-1:111122223333:a"},
    {"Id": "b", "CA10__on__c": False, "CA10__region__c": "eu-central-1"},
    {"Id": "111122223333", "CA10__on__c": "odd", "CA10__region__c": "Mars!"},
    {"Id": "d", "CA10__on__c": False},
]


def rows_of(path: Path) -> list[dict[str, Any]]:
    table = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]


def test_a_row_holds_what_the_verdict_says(tmp_path: Path) -> None:
    case, path = Case(tmp_path), tmp_path / "verdicts.parquet"
    with evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as stored:
        write_parquet(stored, path)
        expected = {
            (one.policy_id, one.object.type_name, one.object.id): (
                one.status.value,
                one.condition_index,
                one.runtime_error,
                one.current_state_message,
                one.object.name,
                one.object.origin.source,
                one.observed_at,
                stored.selection.policies[one.policy_id].full_name,
                stored.type_label(one.object.type_name),
            )
            for one in stored.findings()
        }
    keys = ("status", "conditionIndex", "runtimeError", "message", "objectName", "source", "observedAt", "title", "type")
    found = rows_of(path)
    assert expected == {
        (row["policyId"], row["typeApiName"], row["objectId"]): tuple(row[key] for key in keys) for row in found
    }
    assert len(expected) == len(found) and {None, SEEN} == {row["observedAt"] for row in found}
    assert any(row["runtimeError"] and row["runtimeError"] != row["message"] for row in found)
    assert {(OTHER, None), (THING, None)} == {(row["typeApiName"], row["severity"]) for row in found}
    [kinds] = duckdb.sql(
        f'SELECT typeof("observedAt"), typeof("conditionIndex") FROM read_parquet(\'{path}\') LIMIT 1'
    ).fetchall()
    assert ("TIMESTAMP WITH TIME ZONE", "INTEGER") == kinds


def test_accounts_and_regions_have_the_form_of_one_and_severities_are_by_object(tmp_path: Path) -> None:
    on = {"FIELD": {"path": "CA10__on__c"}}
    files = {"ce/a/prod.logic.yaml": logic(on), "ce/a/policy.yaml": NAMES, f"types/{THING}/type.yaml": KIND}
    analyzer = analyzer_of(tmp_path / "repository", files)
    kind = analyzer.object_type(THING)
    origins = [*("a.json",) * 3, "b.json"]
    things = [
        object_from_fields(one, kind, Origin(name, row)) for row, (one, name) in enumerate(zip(THINGS, origins, strict=True))
    ]
    sources = [Source(name, "test-data", datetime(2026, 1, 1, tzinfo=UTC), len(things)) for name in ("a.json", "b.json")]
    held = Inventory(sources, {THING: things})
    snapshot = write_store(tmp_path / "store", held, declared=analyzer.object_type)
    in_force = ratings_in_force(RatingFiles((rating("/ce/a"),)), ["/ce/a"])
    with evaluate_snapshot(snapshot, select_policies(analyzer), snapshot_time=DAY) as stored:
        write_parquet(stored, tmp_path / "x", rated_evaluation=RatedEvaluation(in_force, steps={"/ce/a": {"a": 1}}))
        write_parquet(stored, tmp_path / "y", rated_evaluation=RatedEvaluation(in_force))
    found = {row["objectId"]: row for row in rows_of(tmp_path / "x")}
    assert {
        "a": ("Anna's", "111122223333", "eu-west-1", "INCOMPLIANT", "critical"),
        "b": ("b", "111122223333", "eu-central-1", "COMPLIANT", None),
        "111122223333": ("111122223333", "111122223333", None, "UNDETERMINED", "high"),
        "d": ("d", "111122223333", None, "COMPLIANT", None),
    } == {
        name: tuple(row[key] for key in ("objectName", "account", "region", "status", "severity"))
        for name, row in found.items()
    }
    assert {"high", None} == {row["severity"] for row in rows_of(tmp_path / "y")}
    assert {("Thing is on", "Thing")} == {(row["title"], row["type"]) for row in found.values()}
    assert "CA10__on__c holds the text 'odd', not Boolean" == found["111122223333"]["message"]
    assert Status.UNDETERMINED.value == found["111122223333"]["status"]


def test_without_verdicts_the_columns_are_there(tmp_path: Path) -> None:
    write_parquet(evaluation(inventory(), ()), tmp_path / "x")
    assert [] == rows_of(tmp_path / "x")
    assert {"policyId", "observedAt", "region"} < set(duckdb.sql(f"SELECT * FROM read_parquet('{tmp_path / 'x'}')").columns)


def test_a_directory_that_is_not_there_is_what_is_told(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "verdicts.parquet"
    with pytest.raises(StoreError) as raised:
        write_parquet(evaluation(inventory(), ()), target)
    assert f"{os.path.realpath(target)}: cannot be written: there is no such directory" == str(raised.value)
