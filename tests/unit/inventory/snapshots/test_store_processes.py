"""Stores beside other processes: what is read stays, what was begun by the dead goes, and a whole snapshot is in force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import THING, inventory, rows_of, write_store

pytestmark = pytest.mark.medium

FIRST, SECOND = {THING: [{"Id": "a"}]}, {THING: [{"Id": "a"}, {"Id": "b"}]}


def ids(snapshot):
    return [one for (one,) in rows_of(snapshot, THING, "Id")]


READ = """
import sys
from perpend.inventory.snapshots.store import Store
store = Store(sys.argv[1])
for line in sys.stdin:
    with store.reading() as snapshot:
        print(snapshot.id, flush=True)
        sys.stdin.readline()
        assert all(snapshot.files.values()), "whole"
        assert all(path.exists() for path in snapshot.files.paths)
    print("read", flush=True)
"""


def test_a_snapshot_stays_as_long_as_anybody_reads_it(tmp_path):
    store, first = Store(tmp_path), write_store(tmp_path, inventory(FIRST))
    readers = [
        subprocess.Popen([sys.executable, "-c", READ, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        print(file=reader.stdin, flush=True)
        assert f"{first.id}\n" == reader.stdout.readline()
    second = write_store(tmp_path, inventory(SECOND))
    for reader in readers:
        assert ((), (first.id,)) == (store.prune(keep=1).removed, store.prune(keep=1).in_use)
        print(file=reader.stdin, flush=True)
        assert "read\n" == reader.stdout.readline()
    assert ((first.id,), ()) == ((pruned := store.prune(keep=1)).removed, pruned.in_use)
    for reader in readers:
        reader.communicate()
        assert 0 == reader.returncode
    assert second == store.snapshot()


CHANGE = """
import sys
from pathlib import Path
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import inventory, write_store
for number in range(8):
    write_store(Path(sys.argv[1]), inventory({"CA10__CaThing__c": [{"Id": str(number)}]}))
    Store(sys.argv[1]).prune(keep=1)
print("done", flush=True)
"""


def test_readers_beside_imports_and_pruning_always_find_a_whole_snapshot(tmp_path):
    write_store(tmp_path, inventory(FIRST))
    store, root = Store(tmp_path), Path(__file__).parents[4]
    with subprocess.Popen([sys.executable, "-c", CHANGE, tmp_path], cwd=root) as writer:
        seen = set()
        while writer.poll() is None:
            with store.reading() as snapshot:
                assert 1 <= len(ids(snapshot))
                seen.add(snapshot.id)
    assert 0 == writer.returncode
    assert store.current_run() in store.runs()
    assert len(seen) > 1


CRASHES = """
import os, signal, sys
from pathlib import Path
from perpend.inventory.snapshots.store import Store
from perpend.core.schema.tables import Table

def write(directory, content):
    with Store(directory).writing() as run:
        path = run.directory_of("T") / "part-0.parquet"
        path.write_text(content)
        run.add(Table("T", "T"), [path])
        return run.commit("test").id

def die_at(step):
    def counting(real):
        def call(*arguments, **options):
            nonlocal step
            step -= 1
            if step < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        return call
    for name in ("fsync", "replace", "mkdir", "unlink", "rmdir", "open", "fchmod"):
        setattr(os, name, counting(getattr(os, name)))

first, step, whole = write(sys.argv[1], "first"), 0, []
while True:
    child = os.fork()
    if not child:
        die_at(step)
        write(sys.argv[1], "later")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    snapshot = Store(sys.argv[1]).snapshot(verify=True)
    whole.append((snapshot.id == first, snapshot.files["T"][0].read_text()))
    assert whole[-1] in ((True, "first"), (False, "later")), whole[-1]
    if not os.WIFSIGNALED(status):
        break
    step += 1
print(step, len(set(whole)))
"""


def test_a_writer_that_dies_at_any_step_leaves_a_whole_snapshot_in_force(tmp_path):
    ended = subprocess.run([sys.executable, "-c", CRASHES, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "" == ended.stderr
    steps, outcomes = map(int, ended.stdout.split())
    assert steps > 20
    assert 2 == outcomes
    store = Store(tmp_path)
    store.prune(keep=1)
    assert 1 == len(list((tmp_path / "inventory/T").iterdir())) == len(store.runs())
    assert ([], ["commit"]) == ([*(tmp_path / "tmp").iterdir()], [one.name for one in (tmp_path / "locks").iterdir()])


FULL = """
import resource, sys
sys.dont_write_bytecode = True  # a module cut off there would stay so
from perpend.cli.app import main
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        main(["import", "x.json", "--type", sys.argv[1], "--new-type", "--store", str(limit)])
    except SystemExit as ended:
        print(ended.code, flush=True)
"""


def test_a_full_disk_leaves_the_last_snapshot_in_force(tmp_path):
    limits = [str(limit) for limit in (0, 100, 1_000, 4_000, 20_000)]
    before = {limit: write_store(tmp_path / limit, inventory(FIRST)) for limit in limits}
    objects = [{"Id": f"{number}", "text__c": os.urandom(40).hex()} for number in range(800)]
    (tmp_path / "x.json").write_text(json.dumps(objects))
    ended = subprocess.run(
        [sys.executable, "-c", FULL, THING, *limits], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (0, ["2"] * 5) == (ended.returncode, ended.stdout.split())
    assert [True] * 5 == ["cannot be written: file too large" in line for line in ended.stderr.splitlines()]
    for limit, first in before.items():
        store = Store(tmp_path / limit)
        assert first == store.snapshot(verify=True)
        assert [first.id] == store.runs()
        with store.writing():
            assert [f"run={first.id}"] == [one.name for one in (tmp_path / limit / "inventory" / THING).iterdir()]
