"""What others do to a store in the midst of a step: nobody is given half of anything, or what is gone."""

from __future__ import annotations

import errno
import fcntl

from perpend.core.schema.tables import Table
from perpend.inventory.snapshots import store as store_module
from perpend.inventory.snapshots.store import Pruned, Store
from tests.unit.inventory.snapshots.stored import THING, inventory, write_store

FIRST, SECOND = {THING: [{"Id": "a"}]}, {THING: [{"Id": "a"}, {"Id": "b"}]}


def test_a_snapshot_is_read_where_nothing_can_be_locked(tmp_path, monkeypatch):
    written = write_store(tmp_path, inventory(FIRST))

    def flock(stream, how):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert written == Store(tmp_path).snapshot()


def test_who_comes_while_another_run_comes_into_force_and_the_former_goes_finds_the_other(tmp_path, monkeypatch):
    write_store(tmp_path, inventory(FIRST))
    real, later = store_module._shared_lock, []

    def beaten(path):
        if not later:
            later.append(None)
            later.append(write_store(tmp_path, inventory(SECOND)))
            Store(tmp_path).prune(keep=1)
        return real(path)

    monkeypatch.setattr(store_module, "_shared_lock", beaten)
    assert Store(tmp_path).snapshot() == later[1]


def test_a_commit_gives_its_own_snapshot_though_another_one_is_in_force_by_then(tmp_path, monkeypatch):
    write_store(tmp_path, inventory(FIRST))
    store = Store(tmp_path)
    [first], real = store.snapshots(), Store.make_current

    def beaten(store, manifest):
        real(store, manifest)
        real(store, first)

    monkeypatch.setattr(Store, "make_current", beaten)
    with store.writing() as run:
        assert run.id == run.commit("test").id
    assert first.run == store.current_run()


def test_two_writers_at_once_do_not_disturb_each_other(tmp_path):
    store = Store(tmp_path)
    with store.writing() as one, store.writing() as other:
        for run, name in ((one, "one"), (other, "other")):
            path = run.directory_of(THING) / "part-0.parquet"
            path.write_text(name)
            run.add(Table(THING, THING), [path])
        last = other.commit("test")
        first = one.commit("test")
    assert first.id < last.id
    assert first == store.snapshot()
    assert last == store.snapshot(last.id, verify=True)


def test_pruning_passes_over_what_is_read_in_this_process_too(tmp_path):
    first = write_store(tmp_path, inventory(FIRST))
    store = Store(tmp_path)
    with store.reading() as read:
        second = write_store(tmp_path, inventory(SECOND))
        third = write_store(tmp_path, inventory(SECOND))
        assert (first, Pruned((second.id,), (first.id,))) == (read, store.prune(keep=1))
    assert Pruned((first.id,), ()) == store.prune(keep=1)
    assert [third.id] == store.runs()
