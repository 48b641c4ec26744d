"""The tests that library policies bring end in a store as they do in files: their objects come apart into tables that fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.authoring.testing.run import TestObject
from perpend.authoring.testing.run import tests_of as objects_of
from perpend.core.objects.ids import production_of
from perpend.core.values.values import date_time_from_text
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from tests.differential.stores import estate_of, stored_estate
from tests.library_gaps import OTHER_IN_STORES, policies_with

pytestmark = pytest.mark.slow

ANALYZER = Analyzer(open_repository())
LOGICS = set(ANALYZER.repository.logic_ids)
DISPUTED = {
    "role-named-but-not-found",
    "account-not-collected",
    "bucket-without-id",
    "alias-of-another-account",
    "key-of-this-account-not-collected",
    "key-of-another-account-not-collected",
    "account-odd",
}
"""Objects whose key names one that their lookup says is not there: in a store that is not known."""


def agreeing(tests: Iterable[TestObject]) -> list[list[TestObject]]:
    """Return test objects in groups that one estate can hold: what is nested in them by the same Id is the same object.

    Each test object is a world of its own, and most of them call what is around them by the same Ids.
    """
    groups: list[tuple[list[TestObject], dict[str, Any]]] = []
    for one in tests:
        inner = dict(nested(list(one.fields.values())))
        for group, known in groups:
            if all(known.get(name, fields) == fields for name, fields in inner.items()):
                group.append(one)
                known |= inner
                break
        else:
            groups.append(([one], inner))
    return [group for group, _ in groups]


def nested(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the Id and the fields of each object in a value."""
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        if isinstance(inner, Mapping) and isinstance(inner.get("Id"), str):
            yield inner["Id"], inner
        yield from nested(inner)


@pytest.mark.parametrize(
    "policy", policies_with(OTHER_IN_STORES, [one for one in ANALYZER.repository.policy_ids if production_of(one) in LOGICS])
)
def test_a_store_says_what_a_policy_expects(tmp_path: Path, policy: str) -> None:
    logic = production_of(policy)
    program = ANALYZER.analyzed(logic).program
    assert program is not None
    by_time: dict[int, list[TestObject]] = defaultdict(list)
    for one in objects_of(ANALYZER.repository, ANALYZER, logic)[0]:
        by_time[date_time_from_text(one.snapshot_time or "") or 0].append(one)
    assert by_time
    for number, (time, tests) in enumerate(
        (time, group) for time, all_of_it in by_time.items() for group in agreeing(all_of_it)
    ):
        directory = tmp_path / str(number)
        objects = {program.input_type: [dict(one.fields) for one in tests]}
        snapshot = stored_estate(directory, ANALYZER, estate_of(ANALYZER, objects))
        selection = Selection((program,), types={program.input_type: ANALYZER.object_type(program.input_type)})
        with evaluate_snapshot(snapshot, selection, snapshot_time=datetime.fromtimestamp(time / 1000, UTC)) as evaluation:
            found = {one.object.id: str(one.condition_index) for one in evaluation.findings()}
        expected = {one.id: "0" if one.id in DISPUTED else one.expected.index for one in tests}
        assert expected == found
