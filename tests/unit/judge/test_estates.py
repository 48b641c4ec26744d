"""An engine that judges an estate by way of tables says what the interpreter says, and tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.engines.duckdb.engine import DuckDb, duck_db
from perpend.ir.estate import Estate, EstateObject, Origin, Source
from perpend.judge.estates import judge_estate
from perpend.judge.selection import select_policies
from tests.repositories import NAMES, analyzer_of, logic
from tests.unit.judge.estates import estate, thing

OTHER = "CA10__CaOther__c"
ON = {"FIELD": {"path": "on"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
FILES: dict[str, Any] = {
    "ce/a/prod.logic.yaml": logic(
        ON,
        {
            "JSON_QUERY_BOOLEAN": {
                "arg": DOCUMENT,
                "expression": "on",
                "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"},
            }
        },
    ),
    "ce/b/prod.logic.yaml": logic(ON, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic(OLD),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
DAY = datetime(2026, 1, 10, 18, tzinfo=UTC)
RIVAL = thing("g", on=False, seen="2026-01-01T00:00:00Z", n=2)
THINGS = [
    thing("a", on=True, seen="2026-01-10T01:00:00Z"),
    thing("b", on=False, doc='{"on": true}', seen="2026-01-09T23:00:00Z"),
    thing("c", on=False, doc="{x", seen="odd"),
    thing("d", on="odd", seen=None),
    thing("e", on=False, doc='{"on": 5}'),
    thing("f", on=False, doc='{"on": false}', CA10__disappearanceTime__c="2026-01-01T00:00:00Z"),
    thing("g", on=True, seen="2026-01-01T00:00:00Z", n=1, variants=(RIVAL,)),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDb]:
    (tmp_path / "work").mkdir()
    with duck_db(directories=[tmp_path / "work"]) as opened:
        yield opened


def both(things: list[EstateObject]) -> Estate:
    found = estate(*things)
    others = [EstateObject(OTHER, "x", "x", "x", {"Id": "x", "on": True}, Origin("o.json", 1))]
    return Estate((*found.sources, Source("o.json", "test-data", None, 1)), {**found.objects, OTHER: others})


def test_an_engine_says_what_the_interpreter_says(tmp_path: Path, engine: DuckDb) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES))
    expected = judge_estate(both(THINGS), selection, snapshot_time=DAY)
    found = judge_estate(both(THINGS), selection, snapshot_time=DAY, engine=engine)
    assert list(expected.findings()) == list(found.findings())
    assert expected.ledger == found.ledger
    said = {(one.policy_id, one.object.id): (one.status, one.current_state_message) for one in found.findings()}
    assert ("INCOMPLIANT", "condition 1") == said["/ce/a", "a"]
    assert ("UNDETERMINED", "Not JSON.") == said["/ce/a", "c"]
    assert ("UNDETERMINED", "sources contradict each other about n, on (a.json:1, a.json:1)") == said["/ce/a", "g"]
    assert ("INCOMPLIANT", "condition 1") == said["/ce/c", "g"]
    assert {"DISAPPEARED"} == {said["/ce/a", "f"][0], said["/ce/c", "f"][0]}
    errors = [one.runtime_error for one in found.findings() if one.runtime_error is not None]
    assert len(errors) >= 4


def test_the_end_of_a_day_is_that_day_to_an_engine_too(tmp_path: Path, engine: DuckDb) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES), ["/ce/c"])
    found = judge_estate(estate(*THINGS[:2]), selection, snapshot_time=DAY.replace(hour=23, minute=59), engine=engine)
    assert ["COMPLIANT", "INCOMPLIANT"] == [one.status for one in found.findings()]


def test_an_engine_tells_when_a_type_is_done_and_the_interpreter_now_and_then(tmp_path: Path, engine: DuckDb) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES), ["/ce/a", "/ce/b"])
    told: list[int] = []
    judge_estate(both(THINGS), selection, snapshot_time=DAY, engine=engine, progress=told.append)
    assert [7, 8] == told
    told.clear()
    many = [thing(str(number), on=True) for number in range(999)]
    judge_estate(both(many), selection, snapshot_time=DAY, progress=told.append)
    assert [1_000] == told


def test_a_type_of_which_there_are_no_objects_has_no_verdicts(tmp_path: Path, engine: DuckDb) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES))
    for one in (None, engine):
        found = judge_estate(estate(THINGS[0]), selection, snapshot_time=DAY, engine=one)
        assert (1, 2, 0) == (found.ledger.objects, found.ledger.verdicts, sum(found.counts(found.programs[1]).values()))
