"""Snapshots: whole or not there, private, one in force; what is damaged is named; pruning leaves what is read."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from perpend.core.schema.tables import Table
from perpend.inventory.snapshots.files import StoreError, shown
from perpend.inventory.snapshots.manifest import Failure, StoredSource
from perpend.inventory.snapshots.store import NoSnapshot, Pruned, Store
from perpend.version import __version__
from tests.unit.inventory.snapshots.stored import OWNER, THING, inventory, rows_of, write_store

FIRST, SECOND = {THING: [{"Id": "a"}]}, {THING: [{"Id": "a"}, {"Id": "b"}]}


def ids(snapshot):
    return [one for (one,) in rows_of(snapshot, THING, "Id")]


def test_the_last_commit_is_in_force_and_earlier_ones_stay_readable(tmp_path):
    first = write_store(tmp_path, inventory(FIRST))
    second = write_store(tmp_path, inventory(SECOND))
    store = Store(tmp_path)
    assert [first.id, second.id] == store.runs() == sorted(store.runs())
    assert second == store.snapshot() == store.snapshot(second.id, verify=True)
    assert (["a"], ["a", "b"]) == (ids(store.snapshot(first.id)), ids(store.snapshot()))


def test_a_run_that_is_not_committed_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    before = write_store(tmp_path, inventory(FIRST))
    with pytest.raises(ZeroDivisionError), store.writing() as run:
        (run.directory_of(THING) / "part-0.parquet").write_bytes(b"half")
        raise ZeroDivisionError
    assert before == store.snapshot()
    assert [f"run={before.id}"] == [one.name for one in (tmp_path / "inventory" / THING).iterdir()]
    assert [] == list((tmp_path / "tmp").iterdir())
    assert ["commit"] == [one.name for one in (tmp_path / "locks").iterdir()]


def test_everything_is_for_its_owner_only(tmp_path):
    write_store(tmp_path / "store", inventory(FIRST))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]}
    assert {} == {path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)}


def test_a_store_without_snapshots_says_so(tmp_path):
    with pytest.raises(NoSnapshot, match="there is no such directory; `perpend import` makes one"):
        Store(tmp_path / "absent").snapshot()
    with pytest.raises(NoSnapshot, match="holds no snapshot yet"):
        Store(tmp_path).snapshot()
    write_store(tmp_path, inventory(FIRST))
    for run in ("20260101", "../runs/x", ".x", ""):
        with pytest.raises(NoSnapshot, match="holds no snapshot"):
            Store(tmp_path).snapshot(run)


def test_a_manifest_that_is_hidden_or_elsewhere_is_none_of_the_store(tmp_path):
    path = tmp_path / "runs" / f"{write_store(tmp_path, inventory(FIRST)).id}.json"
    for run in (f"../runs/{path.stem}", str(path.with_suffix("")), ".hidden"):
        (tmp_path / "runs" / ".hidden.json").write_text(path.read_text())
        with pytest.raises(NoSnapshot) as raised:
            Store(tmp_path).snapshot(run)
        assert f"{tmp_path}: holds no snapshot {run}; `perpend inventory ls` lists them" == str(raised.value)
    assert [path.stem] == Store(tmp_path).runs()


@pytest.mark.parametrize("cut", [1, 5, 200])
def test_a_parquet_file_that_is_cut_off_is_named(tmp_path, cut):
    path = write_store(tmp_path, inventory(FIRST)).files[THING][0]
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(StoreError, match=r"part-0\.parquet: is cut off: \d+ bytes where \d+ were written"):
        Store(tmp_path).snapshot()


def test_a_parquet_file_that_is_gone_or_grown_is_named(tmp_path):
    path = write_store(tmp_path, inventory(FIRST)).files[THING][0]
    with path.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(StoreError, match=r"part-0\.parquet: has grown"):
        Store(tmp_path).snapshot()
    path.unlink()
    with pytest.raises(StoreError, match=r"part-0\.parquet: cannot be read: no such file"):
        Store(tmp_path).snapshot()


def test_a_flipped_byte_is_found_when_files_are_verified(tmp_path):
    path = write_store(tmp_path, inventory(FIRST)).files[THING][0]
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert Store(tmp_path).snapshot()
    with pytest.raises(StoreError, match="is damaged: its SHA-256"):
        Store(tmp_path).snapshot(verify=True)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text[: len(text) // 2], "it is not JSON: truncated or damaged"),
        (lambda text: "", "it is not JSON"),
        (lambda text: "[1]", "it is not a manifest"),
        (lambda text: text.replace(THING, THING.replace("Thing", "Thong")), "its checksum does not match"),
        (lambda text: json.dumps({**json.loads(text), "format": 99}), "newer version of Perpend"),
    ],
)
def test_a_damaged_manifest_is_named_and_earlier_runs_stay_readable(tmp_path, spoil, reason):
    first, second = write_store(tmp_path, inventory(FIRST)), write_store(tmp_path, inventory(SECOND))
    path = tmp_path / "runs" / f"{second.id}.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(StoreError, match=rf"{second.id}\.json: .*{reason}|{second.id}\.json: {reason}"):
        Store(tmp_path).snapshot()
    assert ["a"] == ids(Store(tmp_path).snapshot(first.id))


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 3}', b"null", b'{"format": 3, "\xff": 1}'])
def test_a_damaged_pointer_is_named_and_nothing_else_is_taken(tmp_path, content):
    run = write_store(tmp_path, inventory(FIRST)).id
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(
        StoreError, match=rf"manifest\.json: .*name another snapshot with --run: {run} is the newest that was stored"
    ):
        Store(tmp_path).snapshot()


def test_pruning_keeps_the_newest_and_the_one_in_force(tmp_path):
    runs = [write_store(tmp_path, inventory(FIRST)).id for _ in range(4)]
    store = Store(tmp_path)
    assert runs[:2] == [*store.prune(keep=2).removed]
    assert runs[2:] == store.runs()
    assert sorted(f"run={run}" for run in runs[2:]) == sorted(one.name for one in (tmp_path / "inventory" / THING).iterdir())
    assert () == store.prune(keep=2).removed
    assert ["a"] == ids(store.snapshot(verify=True))


def test_tables_that_differ_only_in_case_are_refused(tmp_path):
    with Store(tmp_path).writing() as run:
        run.directory_of("Thing__c")
        with pytest.raises(StoreError) as raised:
            run.directory_of("thing__c")
        assert "the object types Thing__c and thing__c differ only in case" == str(raised.value)
        assert run.directory_of("Other__c") != run.directory_of("Thing__c")


def test_a_table_whose_directory_cannot_be_made_is_an_error_of_the_store(tmp_path):
    with Store(tmp_path).writing() as run:
        (tmp_path / "inventory" / THING).touch()
        with pytest.raises(StoreError) as raised:
            run.directory_of(THING)
        assert f"{tmp_path}: cannot be written: file exists" == str(raised.value)


def test_what_is_in_force_is_told_or_why_it_is_not_known(tmp_path):
    store = Store(tmp_path / "a\nb")
    assert (None, [], []) == (store.current_run(), store.runs(), store.snapshots())
    with pytest.raises(NoSnapshot) as raised:
        store.snapshot()
    assert f"{tmp_path}/a\\nb: there is no such directory; `perpend import` makes one" == str(raised.value)
    store.directory.mkdir()
    with pytest.raises(NoSnapshot) as raised:
        store.snapshot()
    assert f"{tmp_path}/a\\nb: holds no snapshot yet; `perpend import` makes one" == str(raised.value)
    first, second = (write_store(store.directory, inventory(one)).id for one in (FIRST, SECOND))
    assert (second, [first, second]) == (store.current_run(), [one.run for one in store.snapshots()])
    with pytest.raises(NoSnapshot) as raised:
        store.snapshot("x\ny")
    assert f"{tmp_path}/a\\nb: holds no snapshot x\\ny; `perpend inventory ls` lists them" == str(raised.value)
    (store.directory / "manifest.json").write_text("{")
    hint = f"; name another snapshot with --run: {second} is the newest that was stored"
    for ask in (store.current_run, store.snapshot):
        with pytest.raises(StoreError) as raised:
            ask()
        assert f"{tmp_path}/a\\nb/manifest.json: it is not JSON: truncated or damaged{hint}" == str(raised.value)
    for run in (first, second):
        (store.directory / "runs" / f"{run}.json").unlink()
    with pytest.raises(StoreError) as raised:
        store.current_run()
    alone = "; the store holds no other snapshot: collect or import into a new store"
    assert f"{tmp_path}/a\\nb/manifest.json: it is not JSON: truncated or damaged{alone}" == str(raised.value)


def test_a_run_in_force_whose_manifest_is_gone_or_another_one_is_damage(tmp_path):
    first, second = (write_store(tmp_path, inventory(one)).id for one in (FIRST, SECOND))
    paths = [tmp_path / "runs" / f"{run}.json" for run in (first, second)]
    text = paths[1].read_text()
    paths[1].write_text(paths[0].read_text())
    with pytest.raises(StoreError) as raised:
        Store(tmp_path).snapshot()
    assert f"{paths[1]}: its checksum is not that of the current snapshot" == str(raised.value)
    paths[1].unlink()
    with pytest.raises(StoreError) as raised:
        Store(tmp_path).snapshot()
    hint = f"; name another snapshot with --run: {first} is the newest that was stored"
    assert f"{paths[1]}: is missing, although it is of the current snapshot{hint}" == str(raised.value)
    paths[1].mkdir()
    with pytest.raises(StoreError, match=r"json: cannot be read: is a directory$"):
        Store(tmp_path).snapshot()
    paths[1].rmdir()
    paths[1].write_text(text)
    assert second == Store(tmp_path).snapshot().id


@pytest.mark.parametrize("sign", ["*", "?", "["])
def test_the_path_of_a_store_is_no_pattern(tmp_path, sign):
    with pytest.raises(StoreError) as raised:
        Store(tmp_path / f"a{sign}")
    assert f"{tmp_path}/a{sign}: a store's path cannot have `*`, `?` or `[` in it" == str(raised.value)


def test_pruning_takes_along_what_was_kept_of_what_goes(tmp_path):
    snapshots = [write_store(tmp_path, inventory(one)) for one in (FIRST, SECOND, FIRST)]
    for name in (*(one.content_hash for one in snapshots), "of nobody"):
        (tmp_path / "extracts" / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / "runs" / ".x.json").write_text("no run")
    (tmp_path / "runs" / "x.txt").write_text("no run")
    store = Store(str(tmp_path))
    assert Pruned((), ()) == store.prune(keep=9)
    assert {one.content_hash for one in snapshots} == {path.name for path in (tmp_path / "extracts").iterdir()}
    assert Pruned((snapshots[0].id, snapshots[1].id), ()) == store.prune(keep=0)
    assert [snapshots[2].content_hash] == [path.name for path in (tmp_path / "extracts").iterdir()]
    assert [snapshots[2].id] == store.runs()


def test_pruning_leaves_no_directory_of_a_table_that_nothing_stores(tmp_path):
    write_store(tmp_path, inventory({OWNER: [{"Id": "o"}]}))
    write_store(tmp_path, inventory(FIRST))
    Store(tmp_path).prune(keep=1)
    assert [THING] == [path.name for path in (tmp_path / "inventory").iterdir()]


def test_nothing_is_left_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    run = write_store(tmp_path, inventory(FIRST)).id
    store = Store(tmp_path)
    with store.reading():
        pass
    (tmp_path / "runs" / f"{run}.json").write_text("{")
    for _ in range(3):
        with pytest.raises(StoreError):
            store.snapshot()
    assert before == len(os.listdir("/proc/self/fd"))


def leave(directory, run, *, locked=False):
    """Leave what a writer leaves behind when it dies; return its lock, still held where it lives."""
    for part in (f"inventory/{THING}/run={run}", f"tmp/run={run}", "locks"):
        (directory / part).mkdir(parents=True, exist_ok=True)
        (directory / part / "x").touch()
    (directory / "locks" / "x").unlink()
    stream = (directory / "locks" / f"{run}.lock").open("xb")
    fcntl.flock(stream, fcntl.LOCK_EX if locked else fcntl.LOCK_UN)
    return stream


def names_in(directory, part):
    return sorted(path.name for path in (directory / part).iterdir())


def test_what_dead_runs_left_is_told_and_goes_and_what_living_ones_have_stays(tmp_path):
    whole = write_store(tmp_path, inventory(FIRST)).id
    living = leave(tmp_path, "b-living", locked=True)
    dead = [leave(tmp_path, run) for run in ("a-dead", "c-dead", whole)]
    for part in ("inventory/T/run=d-files", "tmp/run=e-temporary", "locks"):
        (tmp_path / part).mkdir(parents=True, exist_ok=True)
    (tmp_path / "locks" / "f-lock.lock").touch()
    (tmp_path / "runs" / ".g.json.part").touch()
    store = Store(tmp_path)
    assert ["a-dead", "c-dead", "d-files", "e-temporary", "f-lock"] == store.remove_leftovers()
    assert ["run=" + whole, "run=b-living"] == names_in(tmp_path, f"inventory/{THING}")
    assert ([THING], ["run=b-living"]) == (names_in(tmp_path, "inventory"), names_in(tmp_path, "tmp"))
    assert (["b-living.lock", "commit"], [f"{whole}.json"]) == (names_in(tmp_path, "locks"), names_in(tmp_path, "runs"))
    living.close()
    assert ["b-living"] == store.remove_leftovers()
    assert [] == store.remove_leftovers()
    for stream in dead:
        stream.close()


def test_a_run_says_who_wrote_it_when_and_what_it_could_not_read(tmp_path):
    with Store(tmp_path).writing() as run:
        run.failures.append(Failure("bad.json", "no JSON"))
        run.sources.append(StoredSource("x", "kind"))
        path = run.directory_of("a/b") / "part-0.parquet"
        path.write_bytes(b"content")
        path.chmod(0o644)
        run.add(Table("a/b"), [path])
        assert path.relative_to(tmp_path) == Path("inventory", "a~2fb", f"run={run.id}", "part-0.parquet")
        assert run.directory_of("a/b") == path.parent
        snapshot = run.commit("test 1")
    assert f"perpend {__version__}, test 1" == snapshot.engine
    assert ((Failure("bad.json", "no JSON"),), (StoredSource("x", "kind"),)) == (snapshot.failures, snapshot.sources)
    assert (run.created, tmp_path, run.id) == (snapshot.created, snapshot.directory, snapshot.id)
    assert {"a/b": (path,)} == dict(snapshot.files)
    assert ({"a/b": Table("a/b")}, False) == (snapshot.tables.by_name, snapshot.tables.complete)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert snapshot.id[:8].isdigit() and snapshot.id[8] == "T" and "Z-" in snapshot.id


def test_a_file_that_cannot_be_taken_in_is_named(tmp_path):
    with Store(tmp_path).writing() as run, pytest.raises(StoreError) as raised:
        run.add(Table(THING), [run.directory_of(THING) / "absent"])
    assert str(raised.value).endswith("/absent: cannot be written: no such file or directory")


def test_a_store_that_is_a_file_is_named(tmp_path):
    (tmp_path / "store").touch()
    with pytest.raises(StoreError) as raised, Store(tmp_path / "store").writing():
        pass
    assert f"{tmp_path}/store: cannot be written: " in str(raised.value)


def test_a_store_at_a_path_that_cannot_be_is_named(tmp_path):
    store = Store(tmp_path / ("x" * 300))
    for ask in (store.current_run, store.snapshot, store.runs, store.snapshots):
        with pytest.raises(StoreError) as raised:
            ask()
        assert f"{shown(store.directory)}: cannot be read: file name too long" == str(raised.value)


def test_a_store_that_cannot_be_pruned_is_named(tmp_path):
    (tmp_path / "locks").touch()
    with pytest.raises(StoreError) as raised:
        Store(tmp_path).prune(keep=1)
    assert f"{tmp_path}: cannot be written: file exists" == str(raised.value)


def test_a_commit_that_fails_names_the_store_and_leaves_a_run_that_is_whole_as_it_is(tmp_path):
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(StoreError) as raised, Store(tmp_path).writing() as run:
        path = run.directory_of(THING) / "part-0.parquet"
        path.write_text("content")
        run.add(Table(THING, THING), [path])
        run.commit("test")
    assert f"{tmp_path}: cannot be written: is a directory" == str(raised.value)
    assert ([run.id], "content") == (Store(tmp_path).runs(), path.read_text())
    assert {THING: (path,)} == dict(Store(tmp_path).snapshot(run.id, verify=True).files)


def test_what_a_run_has_while_it_lasts_is_its_own_and_its_owners_only(tmp_path):
    with Store(tmp_path).writing() as run, Store(tmp_path).writing() as other:
        assert [tmp_path / "tmp" / f"run={one.id}" for one in (run, other)] == [run.temporary, other.temporary]
        lock = tmp_path / "locks" / f"{run.id}.lock"
        assert [0o700, 0o600] == [stat.S_IMODE(path.stat().st_mode) for path in (run.temporary, lock)]
        lock.unlink()
    assert (["commit"], []) == (names_in(tmp_path, "locks"), names_in(tmp_path, "tmp"))


def test_a_run_is_called_by_its_time_in_utc_wherever_the_machine_stands(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        with Store(tmp_path).writing() as run:
            called = datetime.strptime(run.id[:16], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
            assert timedelta(0) <= run.created - called < timedelta(hours=1)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_manifest_that_cannot_be_opened_is_named(tmp_path):
    write_store(tmp_path, inventory(FIRST))
    with pytest.raises(StoreError) as raised:
        Store(tmp_path).snapshot("x" * 300)
    assert f"{shown(tmp_path / 'runs' / ('x' * 300 + '.json'))}: cannot be read: file name too long" == str(raised.value)


def test_nothing_is_made_where_there_is_nothing_to_prune(tmp_path):
    assert Pruned((), ()) == Store(tmp_path / "typo").prune(keep=1)
    assert [] == list(tmp_path.iterdir())
