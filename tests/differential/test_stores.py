"""What a store's judgement says of an estate is what the interpreter says of the same objects as files hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from perpend.analyze.programs import Analyzer
from perpend.collect.contradictions import contradiction
from perpend.intake.importing import Importing
from perpend.ir.coverage import Claim
from perpend.ir.estate import Estate, Origin, Source, object_from_fields
from perpend.ir.program import Program
from perpend.judge.estates import judge_estate
from perpend.judge.finding import Finding
from perpend.judge.selection import Selection, selection_of
from perpend.judge.snapshots import judge_snapshot
from perpend.store.database import opened
from perpend.store.snapshot import Snapshot
from perpend.store.store import Store
from tests.differential.mixing import TIME, batches
from tests.estates import THING, repositories, repositories_with_logic
from tests.regressions import Counterexample, check_agreement
from tests.repositories import program_of, temporary_analyzer

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "60")) // 4
RELATIONS = ("CA10__owner__r", "CA10__Parts__r")


def with_own_ids(fields: dict[str, Any], path: str) -> dict[str, Any]:
    """Return an object of which every declared one has an Id of its own, and no key that says otherwise."""
    found: dict[str, Any] = {**fields, "Id": path}
    found.pop("CA10__owner__c", None)
    for name in RELATIONS:
        value = fields.get(name)
        if isinstance(value, dict):
            found[name] = with_own_ids(value, f"{path}.{name}")
        elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
            found[name] = [with_own_ids(item, f"{path}.{name}{place}") for place, item in enumerate(value)]
            for item in found[name]:
                item.pop("CA10__thing__c", None)
    return found


def estate_of(analyzer: Analyzer, objects: dict[str, list[dict[str, Any]]], claims: Iterable[Claim] = ()) -> Estate:
    """Return the estate of objects by type, all from one source that makes some claims."""
    found = {
        name: [object_from_fields(fields, analyzer.object_type(name), Origin("a.json", row)) for row, fields in enumerate(rows)]
        for name, rows in objects.items()
    }
    return Estate((Source("a.json", "test-data", None, len(found), coverage=tuple(claims)),), found)


def stored_estate(directory: Path, analyzer: Analyzer, estate: Estate) -> Snapshot:
    """Return the snapshot of an estate in a new store."""
    store = Store(directory)
    with store.writing() as run, opened(directories=[store.directory], spill=run.temporary) as connection:
        importing = Importing(run, connection, declared=lambda name: analyzer.repository.object_type(name).value)
        importing.add_estate(estate, contradiction=contradiction)
        return importing.commit()


NOW = datetime.fromtimestamp(TIME / 1000, UTC)


def over_things(analyzer: Analyzer, program: Program) -> Selection:
    """Return a program that judges things as a selection."""
    return selection_of(analyzer, [program])


def said(finding: Finding) -> tuple[Any, ...]:
    message = finding.current_state_message if finding.condition_index else ""  # paths are worded as the tables are
    return finding.policy_id, finding.object.id, finding.status, finding.condition_index, message


def names_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(name for inner in value.values() for name in names_of(inner))}
    return {name for inner in value for name in names_of(inner)} if isinstance(value, list) else set()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=repositories() | repositories_with_logic(), drawn=batches())
def test_a_store_says_what_files_say(files: dict[str, Any], drawn: list[dict[str, Any]]) -> None:
    assume(all(name.isascii() and name.isprintable() and name for name in names_of(drawn)))  # a store refuses such columns
    with temporary_analyzer(files) as analyzer, TemporaryDirectory() as directory:
        program, declared = program_of(analyzer), analyzer.object_type
        objects = [
            object_from_fields(with_own_ids(fields, f"o{row}"), declared(THING), Origin("a.json", row))
            for row, fields in enumerate(drawn)
        ]
        estate = Estate((Source("a.json", "test-data", None, len(objects)),), {THING: objects})
        snapshot = stored_estate(Path(directory), analyzer, estate)
        selection = over_things(analyzer, program)
        expected = list(judge_estate(estate, selection, snapshot_time=NOW).findings())
        with judge_snapshot(snapshot, selection, snapshot_time=NOW) as judgement:
            found = {one.object.id: one for one in judgement.findings()}
    asked = [dict(one.object.fields) for one in expected]
    indexes = [one.condition_index for one in expected]
    actual = [found[one.object.id].condition_index for one in expected]
    check_agreement("stored", Counterexample(files, asked, False, TIME, indexes), actual)
    assert sorted(map(said, expected)) == sorted(map(said, found.values()))
