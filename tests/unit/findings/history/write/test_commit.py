"""What a commit makes of runs: causes, absence without a table, late accounts, births, what is not committed at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.findings.history.compliance import newest_counts_of
from perpend.findings.history.maintenance import problems_of
from perpend.findings.history.queries.findings import by_event, compared
from perpend.findings.history.queries.views import asking
from perpend.findings.history.write.commit import commit_run
from perpend.findings.history.write.evaluated_run import ReevaluationRequest
from perpend.inventory.snapshots.files import StoreError
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

A, B = Thing("a"), Thing("b", "2")
ASKED = [program("/ce/p")]
DAY = timedelta(days=1)


def commit(
    inventory: Inventory, codes: dict[Thing, list[int]] | None, day: int, *, asked: Sequence[Any] = ASKED, **more: Any
) -> Any:
    """Commit the codes of a day, and return what happened."""
    engine = more.pop("engine", "engine 1")
    run = inventory.judged(codes, asked, time=BEGIN + day * DAY, **more)
    committed = commit_run(inventory.place, replace(run, engine=engine), now=BEGIN + 99 * DAY)
    return dict(committed.events) if committed else None


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one day, on which a policy finds one object, to be copied."""
    directory = tmp_path_factory.mktemp("begun") / "store"
    commit(Inventory(directory), {A: [199]}, 1)
    return directory


@pytest.fixture
def begun(first_day: Path, tmp_path: Path) -> Inventory:
    return Inventory(Path(shutil.copytree(first_day, tmp_path / "store")), runs=1)


def told(inventory: Inventory, columns: str = "object_id, event, cause") -> list[tuple[Any, ...]]:
    with asking(inventory.place, "event", "run") as connection:
        query = f"SELECT {columns} FROM event WHERE run = (SELECT max(number) FROM run) ORDER BY ALL"
        return connection.execute(query).fetchall()


def answering(codes: dict[str, int], asked: list[ReevaluationRequest]) -> Any:
    """Return what judges an older snapshot again: these codes by Id."""

    def again(question: ReevaluationRequest) -> bool:
        asked.append(question)
        rows = " UNION ALL ".join(f"SELECT '{one}' AS id, {code} AS v0" for one, code in codes.items())
        duckdb.sql(f"COPY ({rows}) TO '{question.out}' (FORMAT parquet)")
        return True

    return again


def test_an_object_that_changed_is_the_estates_doing_and_one_not_known_is_knowledge(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    assert {"opened": 1} == commit(inventory, {A: [199], B: [300]}, 1)
    assert {"became_unknown": 1, "opened": 1} == commit(inventory, {A: [101], B: [199]}, 2)
    assert [("a", "became_unknown", "visibility_change"), ("b", "opened", "resource_change")] == told(inventory)


def test_an_edited_policy_is_the_cause_of_what_it_says_of_the_former_snapshot_too(tmp_path: Path) -> None:
    inventory, asked = Inventory(tmp_path), []
    c = Thing("c")
    commit(inventory, {A: [199], B: [199], c: [300]}, 1)
    edited = [program("/ce/p", 2)]
    again = answering({"a": 300, "b": 199, "c": 300}, asked)
    assert {"resolved": 2, "opened": 1} == commit(inventory, {A: [300], B: [300], c: [199]}, 2, asked=edited, reevaluate=again)
    assert [("a", "resolved", "policy"), ("b", "resolved", "resource_change"), ("c", "opened", "resource_change")] == told(
        inventory
    )
    assert [("run-1", BEGIN + DAY, 1)] == [(one.snapshot, one.time, len(one.programs)) for one in asked]


def test_another_engine_is_the_cause_where_the_program_is_the_same(begun: Inventory) -> None:
    commit(begun, {A: [300]}, 2, engine="engine 2", reevaluate=answering({"a": 300}, []))
    assert [("a", "resolved", "engine")] == told(begun)


def test_another_value_of_a_parameter_is_the_cause_if_nothing_else_of_the_policy_changed(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: [300]}, 1, asked=[program("/ce/p", days=90, by_parameter=False)])
    commit(inventory, {A: [300]}, 2, asked=[program("/ce/p", days=90)])
    for day, days, code, event in ((3, 30, 199, "opened"), (4, 90, 300, "resolved")):
        commit(inventory, {A: [code]}, day, asked=[program("/ce/p", days=days)], reevaluate=answering({"a": code}, []))
        assert [("a", event, "parameter")] == told(inventory)
    edited = [program("/ce/p", 2, days=30)]
    commit(inventory, {A: [199]}, 5, asked=edited, reevaluate=answering({"a": 199}, []))
    assert [("a", "reopened", "policy")] == told(inventory)
    without = [program("/ce/p", 2, days=7, by_parameter=False)]
    commit(inventory, {A: [300]}, 6, asked=without, reevaluate=answering({"a": 300}, []))
    assert [("a", "resolved", "policy")] == told(inventory)
    with asking(inventory.place, "parameter") as connection:
        rows = connection.execute("SELECT since_run, policy_id, name, value, default_value FROM parameter").fetchall()
    assert [(run, "/ce/p", "days", str(days), "90") for run, days in ((2, 90), (3, 30), (4, 90), (5, 30))] == rows
    head = inventory.place.head()
    assert [[], [90], [30], [90], [30], []] == [[one.value for one in head.values_in("/ce/p", run)] for run in range(1, 7)]


def test_a_history_without_parameters_calls_another_value_a_change_of_the_policy(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: [300]}, 1, asked=[program("/ce/p", days=90)])
    head = inventory.place.head()
    inventory.place.replace_head(replace(head, parameters=()), head)
    commit(inventory, {A: [199]}, 2, asked=[program("/ce/p", days=30)], reevaluate=answering({"a": 199}, []))
    assert [("a", "opened", "policy")] == told(inventory)


def test_where_the_former_snapshot_is_gone_the_cause_is_unclear(begun: Inventory) -> None:
    commit(begun, {A: [300]}, 2, asked=[program("/ce/p", 2)])
    assert [("a", "resolved", "unknown")] == told(begun)


def test_a_new_policy_over_known_objects_is_the_policys_doing(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: [300]}, 1)
    commit(inventory, {A: [300, 199], B: [300, 199]}, 2, asked=[*ASKED, program("/ce/q")])
    assert [("a", "opened", "policy"), ("b", "opened", "resource_change")] == told(inventory)


def test_a_type_of_which_nothing_is_left_is_gone_where_a_claim_says_so(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: [199], B: [199]}, 1)
    assert {} == commit(inventory, None, 2)
    assert {"resource_deleted": 1} == commit(inventory, None, 3, claims=[Claim("Thing", Scope("1"))])
    assert [("a", "resource_deleted", "resource_change")] == told(inventory)
    lacking = [Claim("Thing"), Claim("Thing", Scope("2"), "throttled")]
    assert {} == commit(inventory, None, 4, claims=lacking)
    assert {"resource_deleted": 1} == commit(inventory, None, 5, claims=[Claim("Thing")])


def test_what_was_made_at_another_time_is_another_object(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {Thing("a", created="2025-01-01T00:00:00Z"): [199]}, 1)
    assert {} == commit(inventory, {Thing("a", created="2025-01-01T00:00:00+00:00"): [199]}, 2)
    assert {} == commit(inventory, {Thing("a"): [199]}, 3)
    assert {"resource_deleted": 1, "opened": 1} == commit(inventory, {Thing("a", created="2026-01-04T00:00:01Z"): [199]}, 4)
    ids = told(inventory, "finding_id, incarnation, event")
    assert [(1, "resource_deleted"), (2, "opened")] == sorted(one[1:] for one in ids)
    assert ids[0][0] != ids[1][0]
    assert {"resource_deleted": 1, "opened": 1} == commit(inventory, {Thing("a", "3"): [199]}, 5)


SPOILT_TIMES = (
    "2025-03-04",  # the day alone
    "2025-03-04 12:30:00",  # a clock of another zone, and no word of it
    "2025-04-03T11:30:00Z",  # day and month the other way round
    "1970-01-01T00:00:00Z",
    "2026-01-02T00:00:00Z",  # the former one was looked at then
    "2099-01-01T00:00:00Z",
    "N/A",
)


def test_what_was_made_before_the_former_one_was_looked_at_or_is_yet_to_come_is_the_same_object(tmp_path: Path) -> None:
    """A time was written otherwise, or spoilt: whose finding is open would be gone by it."""
    inventory, made = Inventory(tmp_path), "2025-03-04T11:30:00Z"
    commit(inventory, {Thing(f"made {spoilt}", created=made): [199] for spoilt in SPOILT_TIMES}, 1)
    commit(inventory, {Thing(f"made {spoilt}", created=spoilt): [0] for spoilt in SPOILT_TIMES}, 2)
    assert [(f"made {spoilt}", "became_unknown", "visibility_change") for spoilt in sorted(SPOILT_TIMES)] == told(inventory)
    assert {"reconfirmed": len(SPOILT_TIMES)} == commit(
        inventory, {Thing(f"made {spoilt}", created=made): [199] for spoilt in SPOILT_TIMES}, 3
    )


def test_what_was_made_since_its_source_looked_is_the_same_object(tmp_path: Path) -> None:
    """The run is of a later day than its old source, which cannot have seen what was made since."""
    inventory = Inventory(tmp_path)
    commit(inventory, {Thing("a", created="2025-03-04T11:30:00Z"): [199]}, 1)
    old = inventory.judged(
        {Thing("a", created="2026-01-08T00:00:00Z"): [0]},
        [program("/ce/p")],
        time=BEGIN + 9 * DAY,
        seen={"1": BEGIN + 2 * DAY},
    )
    committed = commit_run(inventory.place, old)
    assert committed and {"became_unknown": 1} == committed.events


SPOILT_ACCOUNTS = {
    "012345678901": "12345678901",
    "022345678901": " 022345678901",
    "032345678901": "0323-4567-8901",
    "042345678901": "042345678901.0",
    "052345678901": "5.2E+10",
    "062345678901": "N/A",
    "072345678901": "prod",
}


def test_an_account_that_was_written_otherwise_makes_no_other_object(tmp_path: Path) -> None:
    inventory, many = Inventory(tmp_path), len(SPOILT_ACCOUNTS)
    commit(inventory, {Thing(f"of {account}", account): [199] for account in SPOILT_ACCOUNTS}, 1)
    commit(inventory, {Thing(f"of {account}", spoilt): [0] for account, spoilt in SPOILT_ACCOUNTS.items()}, 2)
    assert [(f"of {account}", "became_unknown", "visibility_change") for account in SPOILT_ACCOUNTS] == told(inventory)
    assert {"reconfirmed": many} == commit(
        inventory, {Thing(f"of {account}", account): [199] for account in SPOILT_ACCOUNTS}, 3
    )
    moved = {Thing(f"of {account}", f"1{account[1:]}"): [199] for account in SPOILT_ACCOUNTS}
    assert {"resource_deleted": many, "opened": many} == commit(inventory, moved, 4)


SPELT_OTHERWISE = {"o-0a1": " o-0a1", "o-0b1": "O-0B1", "o-0c1": "o\u20130c1", "o-0d1": "'o-0d1'"}


def test_who_is_there_in_another_spelling_is_not_gone(tmp_path: Path) -> None:
    inventory, whole, many = Inventory(tmp_path), [Claim("Thing")], len(SPELT_OTHERWISE)
    commit(inventory, {Thing(former): [199] for former in SPELT_OTHERWISE}, 1)
    spelt = [Thing(other) for other in SPELT_OTHERWISE.values()]
    assert {"opened": many} == commit(inventory, {thing: [199] for thing in spelt}, 2, claims=whole)
    assert {"resolved": many} == commit(inventory, {thing: [300] for thing in spelt}, 3, claims=whole)
    assert {"resolved": many} == commit(inventory, {Thing(former): [300] for former in SPELT_OTHERWISE}, 4, claims=whole)
    assert {(former, "resolved", "resource_change") for former in SPELT_OTHERWISE} <= {*told(inventory)}


def test_who_was_there_beside_another_spelling_is_gone_without_it(tmp_path: Path) -> None:
    inventory, whole = Inventory(tmp_path), [Claim("Thing")]
    commit(inventory, {Thing("o-a"): [199], Thing("O-A"): [199]}, 1)
    assert {"resource_deleted": 1} == commit(inventory, {Thing("O-A"): [199]}, 2, claims=whole)
    assert {"reopened": 1} == commit(inventory, {Thing("o-a"): [199], Thing("O-A"): [199]}, 3, claims=whole)
    assert {"resource_deleted": 2} == commit(inventory, {Thing("o-b"): [300]}, 4, claims=whole)


def test_a_late_account_does_not_move_and_others_do(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: [199]}, 5)
    assert {"opened": 1} == commit(inventory, {A: [300], B: [199]}, 3)
    assert ("1",) == inventory.place.head().runs[-1].late
    assert [("b", "opened", "resource_change")] == told(inventory)


@pytest.mark.parametrize(("before", "later"), [("1", None), ("1", "2"), (None, "2")])
def test_an_object_of_a_late_account_does_not_move_whatever_account_is_told_of_it(
    tmp_path: Path, before: str | None, later: str | None
) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {Thing("a", before): [199]}, 5)
    assert {} == commit(inventory, {Thing("a", later): [300]}, 3)
    assert {"resolved": 1} == commit(inventory, {Thing("a", before): [300]}, 6)


def test_a_run_that_says_nothing_new_is_none(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    run = inventory.judged({A: [199]}, ASKED, time=BEGIN)
    assert commit_run(inventory.place, run) is not None
    assert commit_run(inventory.place, run) is None
    assert commit_run(inventory.place, replace(run, engine="engine 2")) is not None


def test_a_day_in_the_future_is_refused(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    with pytest.raises(StoreError, match="2026-04-12, is in the future"):
        commit(inventory, {A: [199]}, 101)
    assert () == inventory.place.head().runs


def test_a_commit_that_fails_leaves_nothing(begun: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(begun.directory.rglob("history/**/*"))
    monkeypatch.setattr("perpend.findings.history.write.commit.write_counts", _full)
    with pytest.raises(StoreError, match="no space"):
        commit(begun, {A: [300]}, 2)
    assert [] != before == sorted(begun.directory.rglob("history/**/*"))


def _full(*given: Any) -> None:
    raise StoreError("no space is left on the disk")


def counted(inventory: Inventory) -> list[tuple[Any, ...]]:
    """Return what is counted after each run: the run, the policy, how many are incompliant, how many it has judged."""
    with asking(inventory.place, "ledger") as connection:
        return connection.execute("SELECT run, policy_id, incompliant, judged FROM ledger ORDER BY ALL").fetchall()


def test_what_is_retired_is_counted_no_more_and_a_namesake_is(begun: Inventory) -> None:
    renamed = [program("/ce/q")]
    commit(begun, {A: [199]}, 2, asked=renamed)  # nobody has said that it is /ce/p
    assert [(2, "/ce/p", 1, 0), (2, "/ce/q", 1, 1)] == counted(begun)[1:]
    assert {"policy_removed": 1} == commit(begun, {A: [199]}, 3, asked=renamed, renames={"/ce/q": "/ce/p"})
    assert [(3, "/ce/q", 1, 1)] == [one for one in counted(begun) if one[0] == 3]
    with asking(begun.place) as connection:
        assert [("policy_removed", "/ce/q")] == [
            (row[0], row[2]) for row in connection.execute(by_event(compared(2, 3))).fetchall()
        ]


def test_what_was_retired_and_is_asked_again_is_not_counted_in_between(tmp_path: Path) -> None:
    inventory, two, gone = Inventory(tmp_path), [program("/ce/p"), program("/ce/q")], frozenset({"/ce/p"})
    commit(inventory, {A: [199, 300]}, 1, asked=two)
    assert {"policy_removed": 1} == commit(inventory, {A: [300]}, 2, asked=two[1:], retired=gone)
    assert {"opened": 1} == commit(inventory, {A: [199]}, 3, asked=two[1:], retired=gone)
    assert {"reopened": 1} == commit(inventory, {A: [199, 199]}, 4, asked=two)
    assert {"policy_removed": 1} == commit(inventory, {A: [199]}, 5, asked=two[1:], retired=gone)
    of_p = [(run, incompliant) for run, policy, incompliant, _ in counted(inventory) if policy == "/ce/p"]
    assert [(1, 1), (4, 1)] == of_p
    asked = [[one for one in ("/ce/p", "/ce/q") if one in newest_counts_of(inventory.place, until=run)] for run in range(1, 6)]
    assert [["/ce/p", "/ce/q"], ["/ce/q"], ["/ce/q"], ["/ce/p", "/ce/q"], ["/ce/q"]] == asked
    assert [] == list(problems_of(inventory.place))


def test_what_is_gone_altogether_is_not_counted_as_it_was(begun: Inventory) -> None:
    whole = [Claim("Thing")]
    assert {"resource_deleted": 1} == commit(begun, None, 2, claims=whole)
    assert [(1, "/ce/p", 1, 1)] == counted(begun)
