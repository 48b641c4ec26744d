"""An engine that judges an estate by way of tables says what the interpreter says, and tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.engines.duckdb.engine import DuckDb, duck_db
from perpend.ir.estate import Estate, EstateObject, Origin, Source
from perpend.ir.object_types import TypesDiffer
from perpend.judge.estates import judge_estate
from perpend.judge.selection import Selection, select_policies
from tests.repositories import NAMES, analyzer_of, logic, policy_files, program_of
from tests.unit.judge.estates import THING, estate, thing

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


def mixed(root: Path, *types: dict[str, Any]) -> Selection:
    """Return one policy of each of several repositories that differ in what they declare."""
    files = policy_files(logic({"IS_EQUAL": {"left": {"FIELD": {"path": "o__r.name"}}, "right": {"TEXT": "x"}}}))
    analyzers = [analyzer_of(root / str(number), {**files, **declared}) for number, declared in enumerate(types)]
    return Selection(tuple(program_of(analyzer) for analyzer in analyzers))


@pytest.mark.parametrize("by_engine", [False, True])
def test_policies_are_not_judged_by_what_another_repository_declares(
    tmp_path: Path, engine: DuckDb, *, by_engine: bool
) -> None:
    """A missing deletion field of a lookup's target says nothing of a type that is declared, or of one that is not."""
    way = {"label": "Thing", "lookups": [{"name": "o__r", "target": OTHER, "key": "o__c"}]}
    declared = {f"types/{THING}/type.yaml": way, f"types/{OTHER}/type.yaml": {"label": "Other", "deletionField": "none"}}
    undeclared = {f"types/{THING}/type.yaml": way}
    gone = thing("a", o__c="1", o__r={"Id": "1", "name": "x", "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"})
    asked = engine if by_engine else None
    for one, status in ((declared, "INCOMPLIANT"), (undeclared, "COMPLIANT")):
        agreed = judge_estate(estate(gone), mixed(tmp_path / status, one, one), engine=asked, snapshot_time=DAY)
        assert [status] * 2 == [finding.status.value for finding in agreed.findings()]
    with pytest.raises(TypesDiffer, match=f"declare {OTHER} differently"):
        judge_estate(estate(gone), mixed(tmp_path, declared, undeclared), engine=asked, snapshot_time=DAY)
