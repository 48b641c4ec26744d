"""What is read of a history for a question: of one object no more than is its own, and the same is said as by all of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from perpend.findings.history.maintenance import problems_of
from perpend.findings.history.queries.findings import about
from perpend.findings.history.queries.views import asking, history_of_object
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write import compaction
from perpend.findings.history.write.commit import commit_run
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.manifest import StoredFile
from tests.histories import BEGIN, TYPE, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

DECLARED = replace(TYPE, external_id_field="region")
BORN = "2025-01-01T00:00:00Z"
ROOTED, PLAIN = Thing("r", region="arn:aws:iam::1:root", name="root"), Thing("p", region="p:root", name="root")
DAYS: list[dict[Thing, list[int]]] = [
    {Thing("a", name="n", created=BORN): [199], Thing("b", "2", name="it's b"): [199], ROOTED: [199], PLAIN: [199]},
    {Thing("a", name="m", created=BORN): [299], Thing("c", region="b"): [199], ROOTED: [300]},
    {Thing("a", name="m", created="2026-01-02T12:00:00Z"): [199], Thing("d", name="n"): [199], ROOTED: [199]},
    {Thing("a", name="m"): [300], Thing("d", name="n"): [300], ROOTED: [300]},
]
OF_OBJECTS = {
    "a": 5,
    "n": 2,
    "m": 5,
    "b": 2,
    "it's b": 1,
    "<root_account>": 4,
    "root": 1,
    "arn:aws:iam::1:root": 4,
    "' OR 1": 0,
}


@pytest.fixture(scope="module", params=[1, 9], ids=["put together", "run by run"])
def place(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> HistoryStorage:
    """A history of four days, in which objects are renamed, replaced, and called alike; its changes put together or not."""
    inventory = Inventory(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MOST_CHANGES", request.param)
        for number, things in enumerate(DAYS):
            run = inventory.judged(things, [program("/ce/p")], time=BEGIN + timedelta(days=number))
            commit_run(inventory.place, replace(run, types=[replace(run.types[0], declared=DECLARED)]))
    assert bool(inventory.place.head().types["Thing"].past) is (request.param == 1)
    return inventory.place


def answered(place: HistoryStorage, name: str) -> list[tuple[Any, ...]]:
    with history_of_object(place, name) as connection:
        return connection.execute(*about(place.head(), name)[1]).fetchall()


def test_the_history_of_an_object_is_the_same_whether_all_is_read_or_what_is_its_own(place: HistoryStorage) -> None:
    with asking(place) as connection:
        whole = {name: connection.execute(*about(place.head(), name)[1]).fetchall() for name in OF_OBJECTS}
    assert OF_OBJECTS == {name: len(rows) for name, rows in whole.items()}
    # What a name means is read of the same files in both: of changes that stand run by run, those are asked that others are unlike.
    asked = OF_OBJECTS if place.head().types["Thing"].past else ("m", "b", "<root_account>", "' OR 1")
    assert {name: whole[name] for name in asked} == {name: answered(place, name) for name in asked}


def test_every_object_has_an_external_id_which_is_its_id_if_its_cloud_has_no_other(place: HistoryStorage) -> None:
    expected = [(thing.id, thing.region or thing.id) for thing in (Thing("a"), Thing("b"), ROOTED, PLAIN)]
    with asking(place) as connection:
        for view in ("finding", "event", "episode"):
            named = f"SELECT DISTINCT object_id, external_id FROM {view} WHERE object_id IN ('a', 'b', 'r', 'p')"
            assert sorted(expected) == sorted(connection.execute(named).fetchall())


def spoil(place: HistoryStorage, *files: StoredFile) -> None:
    """Turn a byte of files into another one: their sizes stay."""
    for file in files:
        path = place.directory / file.path
        path.write_bytes(b"p" + path.read_bytes()[1:])


def test_damage_is_told_by_the_question_that_reads_it(place: HistoryStorage, tmp_path: Path) -> None:
    shutil.copytree(place.directory, tmp_path / "history")
    elsewhere, copied = Inventory(tmp_path / "elsewhere"), HistoryStorage(tmp_path)
    commit_run(elsewhere.place, elsewhere.judged({Thing("z"): [199]}, [program("/ce/p")], time=BEGIN))
    shutil.copytree(elsewhere.place.directory, copied.directory, dirs_exist_ok=True)
    head, other = place.head(), elsewhere.place.head().types["Thing"]
    copied.replace_head(replace(head, types={**head.types, "Other": other}), head)
    mine = head.types["Thing"]
    spoil(copied, *head.ledger, *head.texts, *other.changes, *(file for file in (mine.known, mine.lives) if file))
    assert 5 == len(answered(copied, "a"))
    with pytest.raises(StoreError, match="is damaged: its SHA-256"), asking(copied):
        pass
    spoil(copied, *mine.changes, *mine.past)
    assert [] == answered(copied, "nobody")
    for name in ("a", "z"):
        with pytest.raises(StoreError, match="is damaged: its SHA-256"):
            answered(copied, name)
    spoil(copied, other.objects[-1])
    with pytest.raises(StoreError, match="is damaged: its SHA-256"):
        answered(copied, "nobody")


@pytest.mark.parametrize("layers", [8, 1])
def test_of_what_was_put_together_a_question_opens_what_may_hold_its_object(
    tmp_path: Path, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MOST_CHANGES", 1)
    monkeypatch.setattr(compaction, "PIECE", 1)
    monkeypatch.setattr(compaction, "_MOST_PARTS", layers)
    inventory, things = Inventory(tmp_path), [Thing(name) for name in "abc"]
    for number, code in enumerate((199, 300, 199, 300)):
        judged = inventory.judged(
            {thing: [code] for thing in things}, [program("/ce/p")], time=BEGIN + number * timedelta(days=1)
        )
        commit_run(inventory.place, judged)
    place, head = inventory.place, inventory.place.head()
    thing = head.types["Thing"]
    assert [] == list(problems_of(place))
    assert [3 * min(2, layers), min(2, layers), 4] == [len(thing.past), len(thing.past_of([1])), len(answered(place, "a"))]
    wrong = {path: (least + 1, most + 1) for path, (least, most) in thing.spans.items()}
    place.replace_head(replace(head, types={"Thing": replace(thing, spans=wrong)}), head)
    stray = [f"Thing: {4 // min(2, layers)} changes in the file of other objects"] * len(thing.past)
    assert stray == list(problems_of(place))
    place.replace_head(head, head)
    spoil(place, *set(thing.past) - set(thing.past_of([1])))
    assert 4 == len(answered(place, "a"))
    with pytest.raises(StoreError, match="is damaged: its SHA-256"):
        answered(place, "b")


def test_a_history_of_runs_that_had_nothing_to_judge_answers_with_nothing(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit_run(inventory.place, inventory.judged(None, [program("/ce/p")], time=BEGIN))
    with asking(inventory.place) as connection:
        views = ("finding", "event", "episode", "ledger", "parameter", "rating", "run")
        assert [0, 0, 0, 0, 0, 0, 1] == [len(connection.execute(f"FROM {view}").fetchall()) for view in views]
    assert [] == answered(inventory.place, "a")
    assert [] == list(problems_of(inventory.place))
