"""Stores on object storage, on a real server: imports, checks, pruning, two writers at once, writers that die."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import pytest

from perpend.cli.app import group
from perpend.cli.options.completion import complete_objects
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.remote.s3 import ObjectStorage
from perpend.inventory.snapshots.remote.s3_mirror import MirroredStore, mirror_directory
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, RunWriter, run
from tests.differential.on_spark import SMALL_OPTIONS, why_not
from tests.servers.sessions import session_of

__all__ = ["run"]

BUCKET = "estate-of-tests"
CHECK = (*TIME, "--policy", KEY_POLICY, "--format", "ndjson")

SMALL = {
    "ce/acme/folder.yaml": {"names": {"full": "Acme", "contextual": "Acme"}},
    "ce/folder.yaml": {"names": {"full": "All", "contextual": "All"}},
    "ce/acme/keys/policy.yaml": {
        "names": {"full": "Keys", "contextual": "Keys"},
        "description": "",
        "type": "COMPLIANCE_POLICY",
    },
    "ce/acme/keys/prod.logic.yaml": {
        "inputType": "CA10__CaAwsUser__c",
        "conditions": [],
        "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "It is.", "remediationMessage": "Mend it."},
    },
}
"""A repository whose site is made at once."""


@pytest.fixture(autouse=True)
def surroundings(moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "stays",
        "AWS_ENDPOINT_URL": moto_address,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def bucket(moto_address: str) -> Any:
    """What asks the server, on which the bucket stands."""
    session = session_of("id", "stays")
    found = session.create_client("s3", region_name="us-east-1", endpoint_url=moto_address)
    found.create_bucket(Bucket=BUCKET)
    return found


@pytest.fixture
def address(bucket: Any, tmp_path: Path) -> str:
    return f"s3://{BUCKET}/{tmp_path.name}/store"


@pytest.fixture
def imported(run: RunWriter, bucket: Any, address: str) -> str:
    """Return the address of a store of the example: imported once, and copied by the server for each test."""
    origin = f"s3://{BUCKET}/imported"
    if not names(origin):
        assert 0 == run("import", EXAMPLE, "--store", origin).code
    prefix = address.removeprefix(f"s3://{BUCKET}/")
    for name in names(origin):
        bucket.copy_object(Bucket=BUCKET, Key=f"{prefix}/{name}", CopySource=f"{BUCKET}/imported/{name}")
    return address


def names(address: str) -> list[str]:
    return sorted(one.name for one in ObjectStorage(address).names(""))


def anew(address: str, directory: Path) -> MirroredStore:
    """Return the store as another machine sees it."""
    return MirroredStore(ObjectStorage(address), directory)


def test_what_is_imported_is_checked_and_pruned_from_anywhere(
    run: RunWriter, address: str, tmp_path: Path, monkeypatch: Any
) -> None:
    for _ in range(2):
        ended = run("import", EXAMPLE, "--store", address)
        assert 0 == ended.code, ended.err
    expected = run("check", EXAMPLE, *CHECK).out
    assert expected == run("check", "--store", address, *CHECK).out
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert expected == run("check", "--store", address, *CHECK).out
    first, second = (name[len("runs/") : -len(".json")] for name in names(address) if name.startswith("runs/"))
    assert second in run("inventory", "ls", "--store", address).out
    assert expected == run("check", "--store", address, "--run", first, *CHECK).out
    pruned = run("inventory", "prune", "--keep", "1", "--store", address)
    assert (0, f"removed {first}\n1 removed, 1 kept\n") == (pruned.code, pruned.out)
    assert {second} == {name.partition("run=")[2].partition("/")[0] for name in names(address) if "run=" in name}
    assert ["manifest.json", f"runs/{second}.json"] == [name for name in names(address) if "run=" not in name]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    gone = run("check", "--store", address, "--run", first, *CHECK)
    assert (2, True) == (gone.code, f"holds no snapshot {first}" in gone.err)


@pytest.mark.slow
@pytest.mark.skipif(why_not() is not None, reason=why_not() or "")
def test_spark_reads_the_mirror_of_it(run: RunWriter, imported: str, tmp_path: Path) -> None:
    """Spark gets local files: all files of the snapshot are fetched and compared with their hashes before."""
    expected = run("check", EXAMPLE, *CHECK)
    assert expected == run("check", "--store", imported, "--no-history", *CHECK, "--engine", "spark", *SMALL_OPTIONS)
    files = [name for name in names(imported) if name.startswith("inventory/")]
    mirror = MirroredStore(ObjectStorage(imported)).directory
    assert files
    assert mirror.is_relative_to(tmp_path / "cache")
    assert all((mirror / name).is_file() for name in files)


def test_what_cannot_be_removed_is_not_told_as_removed(run: RunWriter, imported: str, bucket: Any) -> None:
    """A server answers that it was asked well, and names in that answer what it has not removed."""
    address = imported
    assert 0 == run("import", EXAMPLE, "--store", address).code
    before = names(address)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    bucket.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    try:
        ended = run("inventory", "prune", "--keep", "1", "--store", address)
    finally:
        bucket.delete_bucket_policy(Bucket=BUCKET)
    (first, _) = (name for name in before if name.startswith("runs/"))
    assert (2, "") == (ended.code, ended.out)
    assert f"perpend: {address}/{first}: cannot be removed: access is denied\n" == ended.err
    assert before == names(address)
    assert 0 == run("inventory", "prune", "--keep", "1", "--store", address).code


def test_a_collection_goes_into_it(run: RunWriter, address: str, moto_address: str) -> None:
    ended = run("collect", "aws", "--store", address, "--endpoint-url", moto_address, "--policy", KEY_POLICY)
    assert 3 == ended.code, ended.err  # the account has no users, of whom the server makes no report
    assert f"next: perpend check --store {address}" in ended.out
    assert run("inventory", "show", "--store", address).code == 0


def test_plans_and_completions_read_it(run: RunWriter, imported: str) -> None:
    assert "CA10__CaAwsUser__c" in run("plan", KEY_POLICY, "--store", imported).out
    context = click.Context(group)
    context.params = {"store": imported, "policy": KEY_POLICY}
    assert ["alma.brekke"] == [one.value for one in complete_objects(context, click.Argument(["object"]), "alma")]


def test_of_two_writers_at_once_both_are_kept_and_one_is_in_force(run: RunWriter, address: str, tmp_path: Path) -> None:
    """Each reads what is in force, then the other one writes: the second finds another mark, and looks again."""
    meet = threading.Barrier(2)
    stores = [anew(address, tmp_path / f"machine{number}") for number in range(2)]
    tries: list[bool] = []

    def racing(space: ObjectStorage) -> None:
        get, put, committing = space.get, space.put, list[str]()

        def get_and_wait(name: str) -> tuple[bytes, str] | None:
            found = get(name)
            if name == "manifest.json" and committing:
                committing.clear()
                meet.wait(60)
            return found

        def noted(name: str, content: bytes, **more: Any) -> bool:
            done = put(name, content, **more)
            if name == "manifest.json":
                tries.append(done)
            else:
                committing.append(name)
            return done

        space.get, space.put = get_and_wait, noted  # type: ignore[method-assign]

    def write(store: MirroredStore) -> None:
        racing(store._space)
        import_inputs(store, [Input(EXAMPLE)], declared=lambda name: None)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, stores))
    seen = anew(address, tmp_path / "third")
    assert 2 == len(seen.runs())
    assert seen.current_run() in seen.runs()
    assert [False, True, True] == sorted(tries)
    with seen.reading() as snapshot:
        assert 25 == snapshot.tables.by_name["CA10__CaAwsUser__c"].rows


def test_who_has_seen_something_else_does_not_replace_it(address: str) -> None:
    space = ObjectStorage(address)
    assert (True, False) == (space.put("one", b"1"), space.put("one", b"2"))
    content, mark = space.get("one") or (b"", "")
    assert (True, False) == (space.put("one", b"3", instead_of=mark), space.put("one", b"4", instead_of=mark))
    assert (b"1", b"3") == (content, (space.get("one") or (b"", ""))[0])


def test_a_writer_that_dies_leaves_the_former_snapshot_in_force(run: RunWriter, imported: str, monkeypatch: Any) -> None:
    before = names(imported)

    def dies(self: ObjectStorage, name: str, content: bytes, **more: Any) -> bool:
        raise StoreError("the line is cut")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStorage, "put", dies)
        assert 2 == run("import", EXAMPLE, "--store", imported).code
    left = sorted(set(names(imported)) - set(before))
    assert left and all(name.startswith("inventory/") for name in left)
    assert 1 == len(MirroredStore(ObjectStorage(imported)).runs())
    assert 1 == run("check", "--store", imported, *CHECK).code


def test_what_is_damaged_or_missing_there_is_never_judged(imported: str, tmp_path: Path) -> None:
    file = next(name for name in names(imported) if "User" in name)
    content, mark = ObjectStorage(imported).get(file) or (b"", "")
    assert ObjectStorage(imported).put(file, content[:-1] + b"x", instead_of=mark)
    with pytest.raises(StoreError, match="is damaged: its SHA-256"), anew(imported, tmp_path / "a").reading():
        pass
    ObjectStorage(imported).remove([file])
    with pytest.raises(StoreError, match="is missing"), anew(imported, tmp_path / "b").reading():
        pass


def test_what_cannot_be_reached_is_one_sentence(run: RunWriter, monkeypatch: Any) -> None:
    for address, said in (
        ("s3://no-such-bucket-here/x", "there is no such bucket"),
        ("s3://", "is not the address of a store: write s3://bucket/prefix"),
        (f"s3://{BUCKET}/../x", "is not the address of a store"),
    ):
        ended = run("check", "--store", address, *CHECK)
        assert (2, True, 1) == (ended.code, said in ended.err, ended.err.count("\n")), ended.err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ended = run("check", "--store", f"s3://{BUCKET}/x", *CHECK)
    assert (2, True) == (ended.code, "no credentials were found" in ended.err)


def test_an_empty_place_holds_no_snapshot(run: RunWriter, address: str) -> None:
    ended = run("check", "--store", address, *CHECK)
    assert (2, True) == (ended.code, f"{address}: holds no snapshot yet" in ended.err)
    assert 3 == len({mirror_directory(*place) for place in (("a", "b"), ("a", "c"), ("c", "b"))})


@pytest.mark.parametrize(
    ("level", "change", "reason"),
    [
        (0, "link", "is a link"),
        (1, "link", "is a link"),
        (2, "link", "is a link"),
        (0, "open", "is open to other users"),
        (1, "open", "is open to other users"),
        (2, "entered", "is open to other users"),
        (0, "given", "belongs to another user"),
        (2, "given", "belongs to another user"),
        (-1, "open", "others may write to it"),
        (-1, "given", "belongs to another user"),
    ],
)
def test_a_mirror_that_others_may_have_made_is_refused(
    run: RunWriter, imported: str, tmp_path: Path, level: int, change: str, reason: str
) -> None:
    assert 1 == run("check", "--store", imported, *CHECK).code
    [mirror] = (tmp_path / "cache" / "perpend" / "stores").iterdir()
    place = [tmp_path / "cache", mirror.parents[1], mirror.parents[0], mirror][level + 1]
    if change == "link":
        (tmp_path / "elsewhere").mkdir()
        place.rename(tmp_path / "before")
        place.symlink_to(tmp_path / "elsewhere")
    elif change == "given":
        if os.geteuid() != 0:
            pytest.skip("only root gives directories away")
        os.chown(place, 12_345, 12_345)
    else:
        place.chmod(0o777 if change == "open" else 0o750)
    for words in (("check", *CHECK), ("inventory", "ls"), ("import", EXAMPLE)):
        ended = run(*words, "--store", imported)
        step = "set XDG_CACHE_HOME to a directory of your own"
        assert (2, "") == (ended.code, ended.out)
        assert f"perpend: {place}: cannot keep a copy of {imported}: {reason}; {step}\n" == ended.err
    assert change != "link" or not [*(tmp_path / "elsewhere").iterdir()]


def test_a_relative_cache_directory_is_ignored(
    run: RunWriter, imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert 1 == run("check", "--store", imported, *CHECK).code
    assert not (tmp_path / "relative").exists()
    assert 1 == len([*(tmp_path / "home" / ".cache" / "perpend" / "stores").iterdir()])


def test_a_directory_below_one_that_everybody_may_write_to_is_private(
    run: RunWriter, imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    assert 1 == run("check", "--store", imported, *CHECK).code
    assert 0o700 == (tmp_path / "new").stat().st_mode & 0o777


def test_a_configuration_may_name_it(run: RunWriter, imported: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "perpend.toml").write_text(f"store = {json.dumps(imported)}\n")
    monkeypatch.chdir(tmp_path / "project")
    assert 2 == run("check", *CHECK).code  # the file was found, not named
    assert 1 == run("check", "--config", "perpend.toml", *CHECK).code
