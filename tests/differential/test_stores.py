"""What a store's judgement says of an estate is what the interpreter says of the same objects as files hold them."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.verdict import Verdict
from tests.differential.mixing import TIME, batches
from tests.differential.stores import NOW, names_of, over_things, stored_estate
from tests.estates import THING, repositories, repositories_with_logic
from tests.reference import evaluate_objects
from tests.regressions import Counterexample, check_agreement
from tests.repositories import program_of, temporary_analyzer

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "28")) // 4
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


def said(finding: Verdict) -> tuple[Any, ...]:
    message = finding.current_state_message if finding.condition_index else ""  # paths are worded as the tables are
    return finding.policy_id, finding.object.id, finding.status, finding.condition_index, message


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
        inventory = Inventory((Source("a.json", "test-data", None, len(objects)),), {THING: objects})
        snapshot = stored_estate(Path(directory), analyzer, inventory)
        selection = over_things(analyzer, program)
        expected = list(evaluate_objects(inventory, selection, snapshot_time=NOW).findings())
        with evaluate_snapshot(snapshot, selection, snapshot_time=NOW) as evaluation:
            found = {one.object.id: one for one in evaluation.findings()}
    asked = [dict(one.object.fields) for one in expected]
    indexes = [one.condition_index for one in expected]
    actual = [found[one.object.id].condition_index for one in expected]
    check_agreement("stored", Counterexample(files, asked, False, TIME, indexes), actual)
    assert sorted(map(said, expected)) == sorted(map(said, found.values()))
