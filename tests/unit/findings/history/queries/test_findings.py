"""Runs compared: what is otherwise is what findings say that were looked at after each of the two, whichever lie between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Claim
from perpend.findings.history.queries.findings import COMPARED, FINDING_COLUMNS, FindingList, compared
from perpend.findings.history.queries.views import FOUND, asking
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write import compaction
from perpend.findings.history.write.commit import commit_run
from perpend.inventory.snapshots.manifest import StoredFile
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

THINGS = [Thing(name) for name in "abcdefg"]
# A column is what one object's policy says day by day; None: the object is not there, "-": the policy is retired.
DAYS: list[list[int | None]] = [
    [199, 300, 199, None, 101, 199, 300],
    [101, 199, 299, 199, 199, 300, 300],
    [199, 101, 101, 299, 300, 199, 300],
    [],
    [199, 300, None, 300, 199, 101, 300],
    [101, 199, 199, 199, 101, 300, 300],
]
ENDED = ("resolved", "resource_deleted", "policy_removed")

State = dict[str, tuple[str, str, int | None, int]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, HistoryStorage], list[State]]:
    """Histories of six days, whose changes are put together and not, with what was known of each finding after each of them."""
    places, states = {}, list[State]()
    for name, most in (("put together", 2), ("run by run", 9)):
        places[name] = HistoryStorage(tmp_path_factory.mktemp("store"))
        for _ in lived(places[name], most):
            if most == 2:
                states.append(known(places[name]))
        assert states[-1] == known(places[name])
    return places, states


@pytest.fixture(params=["put together", "run by run"])
def told(
    both: tuple[dict[str, HistoryStorage], list[State]], request: pytest.FixtureRequest
) -> tuple[HistoryStorage, list[State]]:
    return both[0][request.param], both[1]


def lived(place: HistoryStorage, most: int) -> Iterator[None]:
    """Commit a run of each day, and yield after each."""
    inventory, asked, other = Inventory(place.store), program("/ce/p"), program("/ce/q")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MOST_CHANGES", most)
        patch.setattr(compaction, "PIECE", 4)
        for number, codes in enumerate(DAYS):
            met = {thing: [code, 300] for thing, code in zip(THINGS, codes, strict=False) if code is not None}
            programs, rows, retired = [asked, other], met, frozenset[str]()
            if not codes:
                programs, rows, retired = [other], {thing: [300] for thing in THINGS}, frozenset({"/ce/p"})
            time = BEGIN.replace(day=1 + number)
            commit_run(place, inventory.judged(rows, programs, time=time, claims=[Claim("Thing")], retired=retired))
            yield


def known(place: HistoryStorage) -> State:
    with asking(place, "finding") as connection:
        rows = connection.execute("SELECT object_id, life, status, condition_index, episodes FROM finding").fetchall()
    return {name: tuple(row) for name, *row in rows}  # type: ignore[misc]


def test_the_first_findings_are_those_of_all_and_only_they_get_ids(told: tuple[HistoryStorage, list[State]]) -> None:
    place = told[0]
    found = FindingList(f"FROM {FOUND}")
    with asking(place, "finding") as connection:
        everything = connection.execute(*found.query()).fetchall()
        assert sorted(everything) == sorted(connection.execute(f"SELECT {', '.join(FINDING_COLUMNS)} FROM finding").fetchall())
        for limit in (1, 3, len(everything) + 1):
            assert everything[:limit] == connection.execute(*found.query(limit)).fetchall()
        explained = connection.execute(f"EXPLAIN {found.query(1)[0]}").fetchall()[0][1].lower()
        plan = "".join(filter(str.isalnum, explained))
        assert plan.index("findingid") < plan.rindex("topn"), "ids are computed of the first rows only"


def otherwise(before: tuple[str, str, int | None, int] | None, after: tuple[str, str, int | None, int]) -> str | None:
    """Return how a finding is otherwise, by nothing but what was known of it at both times."""
    was, now = before and before[0], after[0]
    was_open, is_open = was in ("open", "unconfirmed"), now in ("open", "unconfirmed")
    if is_open and (not was_open or after[3] > (before[3] if before else 0)):
        return "reopened" if after[3] > 1 else "opened"
    if was_open and not is_open:
        return "became_unknown" if now == "unknown" else now
    if was_open and was != now:
        return "became_unknown" if now == "unconfirmed" else "reconfirmed"
    return "changed" if was_open and before and before[2] != after[2] else None


def answered(place: HistoryStorage, before: int, *after: int) -> list[list[tuple[Any, ...]]]:
    """Return what is otherwise in each of some runs than in one before them."""
    query = "SELECT object_id, what, before_index, after_index FROM ({}) ORDER BY 1"
    with asking(place, *COMPARED, since=before) as connection:
        return [connection.execute(query.format(compared(before, one))).fetchall() for one in after]


def test_what_is_otherwise_in_one_run_than_in_another_is_what_findings_said_after_both(
    told: tuple[HistoryStorage, list[State]],
) -> None:
    place, states = told
    seen = set()
    for before, old in enumerate(states, 1):
        later = range(before + 1, len(DAYS) + 1)
        for after, rows in zip(later, answered(place, before, *later), strict=True):
            new = states[after - 1]
            expected = [(name, what) for name, state in sorted(new.items()) if (what := otherwise(old.get(name), state))]
            assert expected == [row[:2] for row in rows], (before, after)
            seen |= {what for _, what in expected}
    assert {"opened", "reopened", "became_unknown", "reconfirmed", "changed", *ENDED} == seen


def test_what_began_between_two_runs_was_nothing_before(told: tuple[HistoryStorage, list[State]]) -> None:
    assert ("d", "opened", None, 299) in answered(told[0], 1, 3)[0]


def spoil(place: HistoryStorage, files: Sequence[StoredFile]) -> None:
    for file in files:
        path = place.directory / file.path
        path.write_bytes(b"p" + path.read_bytes()[1:])


def test_a_comparison_of_the_last_runs_opens_no_changes_that_were_put_together(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MOST_CHANGES", 1)
        for day, code in enumerate((199, 300, 199), 1):
            commit_run(inventory.place, inventory.judged({THINGS[0]: [code]}, [program("/ce/p")], time=BEGIN.replace(day=day)))
    head = inventory.place.head()
    thing = head.types["Thing"]
    assert (2, 1) == (thing.past_run, len(thing.changes))
    spoil(inventory.place, [*thing.past, *[one for one in (thing.lives, thing.known) if one]])
    assert [[("a", "reopened", 300, 199)]] == answered(inventory.place, 2, 3)
    with pytest.raises(Exception, match="is damaged: its SHA-256"):
        answered(inventory.place, 1, 3)
