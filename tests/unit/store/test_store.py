"""Snapshots: whole or not there, private, one in force; what is damaged is named; the dead leave nothing behind."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from perpend.ir.coverage import Claim, Scope
from perpend.store.files import StoreError, directory_name
from perpend.store.manifest import WITHOUT_CLAIMS, manifest_from, text_of
from perpend.store.nest import nested
from perpend.store.store import NoSnapshot, Store
from perpend.tables.schema import Table
from perpend.tables.shred import Wanted
from tests.unit.store.stored import OWNER, PART, THING, estate, rows_of, write_store

FIRST, SECOND = {THING: [{"Id": "a"}]}, {THING: [{"Id": "a"}, {"Id": "b"}]}


def ids(snapshot):
    return [one for (one,) in rows_of(snapshot, THING, "Id")]


def test_the_last_commit_is_in_force_and_earlier_ones_stay_readable(tmp_path):
    first = write_store(tmp_path, estate(FIRST))
    second = write_store(tmp_path, estate(SECOND))
    store = Store(tmp_path)
    assert [first.id, second.id] == store.runs() == sorted(store.runs())
    assert second == store.snapshot() == store.snapshot(second.id, verify=True)
    assert (["a"], ["a", "b"]) == (ids(store.snapshot(first.id)), ids(store.snapshot()))


def test_a_run_that_is_not_committed_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    before = write_store(tmp_path, estate(FIRST))
    with pytest.raises(ZeroDivisionError), store.writing() as run:
        (run.directory_of(THING) / "part-0.parquet").write_bytes(b"half")
        raise ZeroDivisionError
    assert before == store.snapshot()
    assert [f"run={before.id}"] == [one.name for one in (tmp_path / "inventory" / THING).iterdir()]
    assert [] == list((tmp_path / "tmp").iterdir())
    assert ["commit"] == [one.name for one in (tmp_path / "locks").iterdir()]


def test_the_same_content_has_the_same_hash(tmp_path):
    one, other = write_store(tmp_path / "1", estate(FIRST)), write_store(tmp_path / "2", estate(FIRST, "other.json"))
    assert one.content_hash == other.content_hash
    assert one.content_hash != write_store(tmp_path / "3", estate(SECOND)).content_hash


READ = """
import sys
from perpend.store.store import Store
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
    store, first = Store(tmp_path), write_store(tmp_path, estate(FIRST))
    readers = [
        subprocess.Popen([sys.executable, "-c", READ, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        print(file=reader.stdin, flush=True)
        assert f"{first.id}\n" == reader.stdout.readline()
    second = write_store(tmp_path, estate(SECOND))
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
from perpend.store.store import Store
from tests.unit.store.stored import estate, write_store
for number in range(12):
    write_store(Path(sys.argv[1]), estate({"CA10__CaThing__c": [{"Id": str(number)}]}))
    Store(sys.argv[1]).prune(keep=1)
print("done", flush=True)
"""


def test_readers_beside_imports_and_pruning_always_find_a_whole_snapshot(tmp_path):
    write_store(tmp_path, estate(FIRST))
    store, root = Store(tmp_path), Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", CHANGE, tmp_path], cwd=root) as writer:
        seen = set()
        while writer.poll() is None:
            with store.reading() as snapshot:
                assert 1 <= len(ids(snapshot))
                seen.add(snapshot.id)
    assert 0 == writer.returncode
    assert store.run_in_force() in store.runs()
    assert len(seen) > 1


def test_everything_is_for_its_owner_only(tmp_path):
    write_store(tmp_path / "store", estate(FIRST))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]}
    assert {} == {path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)}


def test_a_store_without_snapshots_says_so(tmp_path):
    with pytest.raises(NoSnapshot, match="there is no such directory; `perpend import` makes one"):
        Store(tmp_path / "absent").snapshot()
    with pytest.raises(NoSnapshot, match="holds no snapshot yet"):
        Store(tmp_path).snapshot()
    write_store(tmp_path, estate(FIRST))
    for run in ("20260101", "../runs/x", ".x", ""):
        with pytest.raises(NoSnapshot, match="holds no snapshot"):
            Store(tmp_path).snapshot(run)


@pytest.mark.parametrize("cut", [1, 5, 200])
def test_a_parquet_file_that_is_cut_off_is_named(tmp_path, cut):
    path = write_store(tmp_path, estate(FIRST)).files[THING][0]
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(StoreError, match=r"part-0\.parquet: is cut off: \d+ bytes where \d+ were written"):
        Store(tmp_path).snapshot()


def test_a_parquet_file_that_is_gone_or_grown_is_named(tmp_path):
    path = write_store(tmp_path, estate(FIRST)).files[THING][0]
    with path.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(StoreError, match=r"part-0\.parquet: has grown"):
        Store(tmp_path).snapshot()
    path.unlink()
    with pytest.raises(StoreError, match=r"part-0\.parquet: cannot be read: no such file"):
        Store(tmp_path).snapshot()


def test_a_flipped_byte_is_found_when_files_are_verified(tmp_path):
    path = write_store(tmp_path, estate(FIRST)).files[THING][0]
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert Store(tmp_path).snapshot()
    with pytest.raises(StoreError, match="is damaged: its SHA-256"):
        Store(tmp_path).snapshot(verify=True)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text[: len(text) // 2], "it is no JSON: cut off or damaged"),
        (lambda text: "", "it is no JSON"),
        (lambda text: "[1]", "it holds something else than a manifest"),
        (lambda text: text.replace(THING, THING.replace("Thing", "Thong")), "its checksum does not match"),
        (lambda text: json.dumps({**json.loads(text), "format": 99}), "it is of format 99"),
    ],
)
def test_a_damaged_manifest_is_named_and_earlier_runs_stay_readable(tmp_path, spoil, reason):
    first, second = write_store(tmp_path, estate(FIRST)), write_store(tmp_path, estate(SECOND))
    path = tmp_path / "runs" / f"{second.id}.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(StoreError, match=rf"{second.id}\.json: .*{reason}|{second.id}\.json: {reason}"):
        Store(tmp_path).snapshot()
    assert ["a"] == ids(Store(tmp_path).snapshot(first.id))


@pytest.mark.parametrize("content", ["", "{", '{"format": 1}', "null"])
def test_a_damaged_pointer_is_named_and_nothing_else_is_taken(tmp_path, content):
    run = write_store(tmp_path, estate(FIRST)).id
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(StoreError, match=rf"manifest\.json: .*the newest snapshot that was stored is {run}"):
        Store(tmp_path).snapshot()


def test_a_manifest_reads_back_as_it_was_written(tmp_path):
    write_store(tmp_path, estate({THING: [{"Id": "a", "n": 1, "owner__r": None, "x__r": [{"y": "{}"}]}]}))
    [manifest] = Store(tmp_path).snapshots()
    assert manifest == manifest_from(text_of(manifest))


def as_format_1(text):
    """Return a manifest as it was written before sources claimed anything."""
    document = json.loads(text)
    del document["checksum"]
    document["format"] = 1
    for source in document["sources"]:
        del source["coverage"]
    for table in document["tables"]:
        table["lacking"] = None
        for join in (*table["lookups"], *table["children"]):
            del join["lacking"]
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return json.dumps({**document, "checksum": hashlib.sha256(canonical.encode()).hexdigest()})


def test_a_snapshot_of_before_claims_knows_no_list_but_those_that_objects_held_themselves(tmp_path):
    things = [{"Id": "a", "owner__c": "o", "extra__r": [{"n": 1}]}]
    claims = [Claim(one) for one in (THING, OWNER, PART)]
    snapshot = write_store(tmp_path, estate({THING: things, OWNER: [{"Id": "o"}], PART: []}, claims=claims))
    path = tmp_path / "runs" / f"{snapshot.id}.json"
    path.write_text(as_format_1(path.read_text()))
    before = Store(tmp_path).snapshot(snapshot.id)
    thing = before.tables.by_name[THING]
    assert [("extra__r", None), ("parts__r", WITHOUT_CLAIMS)] == [(one.name, one.lacking) for one in thing.children.values()]
    assert [None] == [one.lacking for one in thing.lookups.values()]
    assert before.content_hash != snapshot.content_hash
    wanted = Wanted({"Id"}, {}, {"parts__r": Wanted(), "extra__r": Wanted({"n"})})
    [found] = nested(before, THING, [0], wanted)
    assert ({"Id": "a", "extra__r": [{"n": 1}]}, {"parts__r": WITHOUT_CLAIMS}) == (found, found.reasons)
    assert "import again" in WITHOUT_CLAIMS


def test_claims_are_part_of_the_content(tmp_path):
    found = [
        write_store(tmp_path / str(number), estate(FIRST, claims=claims)).content_hash
        for number, claims in enumerate(([], [Claim(THING)], [Claim(THING, Scope("a"))], [Claim(THING, lacking="denied")]))
    ]
    assert 4 == len(set(found))


def test_pruning_keeps_the_newest_and_the_one_in_force(tmp_path):
    runs = [write_store(tmp_path, estate(FIRST)).id for _ in range(4)]
    store = Store(tmp_path)
    assert runs[:2] == [*store.prune(keep=2).removed]
    assert runs[2:] == store.runs()
    assert sorted(f"run={run}" for run in runs[2:]) == sorted(one.name for one in (tmp_path / "inventory" / THING).iterdir())
    assert () == store.prune(keep=2).removed
    assert ["a"] == ids(store.snapshot(verify=True))


def test_leftovers_of_the_dead_are_removed_and_the_living_left_alone(tmp_path):
    script = dedent(
        f"""
        import os, signal, sys
        from perpend.store.store import Store
        with Store({str(tmp_path)!r}).writing() as run:
            (run.directory_of({THING!r}) / "part-0.parquet").write_bytes(b"half")
            print(run.id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    dead = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stdout.strip()
    (tmp_path / ".manifest.json.x.part").write_text("half")
    store = Store(tmp_path)
    directories = tmp_path / "inventory" / THING
    assert (directories / f"run={dead}").exists()
    with store.writing() as living:
        living.directory_of(THING)
        assert [] == Store(tmp_path).remove_leftovers()
        assert [f"run={living.id}"] == [one.name for one in directories.iterdir()]
        assert [] == list(tmp_path.glob(".*.part"))
        assert () == Store(tmp_path).prune(keep=1).removed
        assert living.temporary.exists()


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


CRASHES = """
import os, signal, sys
from pathlib import Path
from perpend.store.store import Store
from perpend.tables.schema import Table

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
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from perpend.cli.app import main
main(sys.argv[1:])
"""


@pytest.mark.no_cover  # a process that may write no files cannot write down what it ran
@pytest.mark.parametrize("limit", [0, 100, 1_000, 4_000, 60_000])
def test_a_full_disk_leaves_the_last_snapshot_in_force(tmp_path, limit):
    before = write_store(tmp_path / "store", estate(FIRST))
    objects = [{"Id": f"{number}", "text__c": os.urandom(40).hex()} for number in range(3_000)]
    (tmp_path / "x.json").write_text(json.dumps(objects))
    arguments = ["import", str(tmp_path / "x.json"), "--type", THING, "--store", str(tmp_path / "store")]
    ended = subprocess.run(
        [sys.executable, "-c", FULL.format(limit=limit), *arguments], capture_output=True, text=True, check=False
    )
    assert 2 == ended.returncode
    assert "cannot be written: file too large" in ended.stderr
    assert ended.stderr.count("\n") == 1 and "Traceback" not in ended.stderr
    assert before == Store(tmp_path / "store").snapshot(verify=True)
    assert [before.id] == Store(tmp_path / "store").runs()
    with Store(tmp_path / "store").writing():
        assert [f"run={before.id}"] == [one.name for one in (tmp_path / "store" / "inventory" / THING).iterdir()]


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b[]", "x" * 400, "ä\u202e", "a b", "CON", "a~b", "a%2fb"])
def test_a_table_directory_is_harmless_whatever_the_table_is_called(name):
    found = directory_name(name)
    assert Path(found).name == found and not found.startswith(".") and found.isascii() and len(found) < 200
    assert found != directory_name(name + "x")


def test_names_that_differ_only_in_signs_have_directories_of_their_own():
    names = ["a/b", "a~2fb", "a%2fb", "a_b", "A_b", "a.b", "a", "a~"]
    assert len(names) == len({directory_name(one) for one in names})


def test_tables_that_differ_only_in_case_are_refused(tmp_path):
    with Store(tmp_path).writing() as run:
        run.directory_of("Thing__c")
        with pytest.raises(StoreError, match="Thing__c and thing__c differ in nothing but case"):
            run.directory_of("thing__c")
