"""The protocol on disk: a writer that fails or dies at any step leaves the old or the new, and the next one removes the rest."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perpend.core import commit
from perpend.core.commit import (
    UNUSED,
    Journal,
    digest_of,
    finish,
    is_locked,
    lock,
    make_directory,
    no_link,
    put,
    remove,
    remove_parts,
    remove_tree,
    remove_unnamed,
    replace_index,
    replacement,
    sync_directory,
    temporary,
    write_whole,
)

CONTENT = b"content" * 20_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CALLS = ("open", "fsync", "replace", "link", "mkdir", "unlink", "utime", "chmod")
"""The calls of the system that a commit makes: each is a step at which a writer may end."""


def step() -> None:
    """Mark a step that is no call of the system."""


def write(path: Path, content: bytes) -> None:
    """Write a content in two halves."""
    with path.open("wb") as stream:
        stream.write(content[:3])
        stream.flush()
        step()
        stream.write(content[3:])


def empty(directory: Path) -> None:
    (directory / "x").mkdir()


def change_file(directory: Path, content: bytes) -> None:
    with replacement(directory / "x") as part:
        write(part, content)


def change_new_file(directory: Path, content: bytes) -> None:
    remove(directory / "x")
    with replacement(directory / "x", new=True) as part:
        write(part, content)


def change_directory(directory: Path, content: bytes) -> None:
    for path in (directory / "x").iterdir():
        path.unlink()
    with temporary(directory / "x", directory=True) as part:
        for name in "ab":
            write(part / name, content)
        put(part, directory / "x")


def change_index(directory: Path, content: bytes) -> None:
    index = directory / "index"
    with lock(directory / "lock"):
        before = [json.loads(index.read_text())[0]] if index.exists() else []
        path = directory / f"{len(list(directory.iterdir()))}-{content.decode()}.parquet"
        write(path, content)
        replace_index(index, json.dumps([path.name, *finish(path)]).encode(), before=before, after=[path.name])
        remove_unnamed(index, [path.name])


def change_journal(directory: Path, content: bytes) -> None:
    journal = Journal(directory / "x")
    try:
        list(journal.lines())
        journal._stream.write(content[:3])
        journal._stream.flush()
        step()
        journal.append(content[3:].decode())
    finally:
        journal.close()


def file_in(directory: Path) -> bytes:
    return (directory / "x").read_bytes()


def new_file_in(directory: Path) -> bytes:
    return file_in(directory) if (directory / "x").exists() else b"old"


def directory_in(directory: Path) -> bytes:
    (found,) = {path.read_bytes() for path in (directory / "x").iterdir()} or {b"old"}
    return found


def index_in(directory: Path) -> bytes:
    name, *digest = json.loads((directory / "index").read_text())
    assert tuple(digest) == digest_of(directory / name)
    return (directory / name).read_bytes()


def last_line_in(directory: Path) -> bytes:
    return file_in(directory).rpartition(b"\n")[0].splitlines()[-1]


@dataclass(frozen=True)
class Form:
    """One form of a commit: how to begin, change and read it, and the names that a change leaves."""

    begin: Callable[[Path], None]
    change: Callable[[Path, bytes], None]
    read: Callable[[Path], bytes]
    names: tuple[str, ...] = ("x",)


FORMS = {
    "file": Form(lambda directory: change_file(directory, b"old"), change_file, file_in),
    "new file": Form(lambda directory: None, change_new_file, new_file_in),
    "directory": Form(empty, change_directory, directory_in),
    "index": Form(
        lambda directory: change_index(directory, b"old"), change_index, index_in, ("*-last.parquet", "index", "lock")
    ),
    "journal": Form(lambda directory: change_journal(directory, b"old"), change_journal, last_line_in),
}


def fail() -> None:
    raise OSError(errno.ENOSPC, "no space is left")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ends(form: Form, directory: Path, after: int, end: Callable[[], None]) -> bool:
    """Change the state in a process of its own that ends after some steps. Return whether it has so many."""
    child = os.fork()
    if not child:
        left = after

        def counting(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == -1:
                    end()
                return real(*arguments, **options)

            return call

        for name in CALLS:
            setattr(os, name, counting(getattr(os, name)))
        globals()["step"] = counting(step)
        try:
            form.change(directory, b"new one")
        except OSError:
            os._exit(1)
        finally:
            os._exit(0 if left >= 0 else 1)
    return os.waitpid(child, 0)[1] != 0


@pytest.mark.parametrize("end", [fail, die], ids=["fails", "is killed"])
@pytest.mark.parametrize("name", FORMS)
def test_a_writer_that_ends_at_any_step_leaves_the_old_or_the_new(name: str, end: Callable[[], None], tmp_path: Path) -> None:
    form, states, steps, is_ended = FORMS[name], list[bytes](), 0, True
    while is_ended:
        directory = tmp_path / str(steps)
        directory.mkdir()
        form.begin(directory)
        is_ended = ends(form, directory, steps, end)
        states.append(form.read(directory))
        for path in directory.iterdir():
            os.utime(path, (0, 0))
        form.change(directory, b"last")
        assert form.read(directory) == b"last"
        left = [path.name for path in directory.iterdir() if not any(map(path.match, form.names))]
        assert all(path.endswith(".parquet") and states[-1] in path.encode() for path in left), "the former stays for a day"
        assert len(left) <= 1
        steps += 1
    assert (b"old", b"new one", {b"old", b"new one"}) == (states[0], states[-1], set(states))


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_file_that_cannot_be_written_leaves_the_one_before_and_nothing_else(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x", b"before")
    monkeypatch.setattr(os, call, lambda *_: fail())
    with pytest.raises(OSError, match="no space"):
        write_whole(tmp_path / "x", CONTENT)
    monkeypatch.undo()
    assert (b"before", ["x"]) == (file_in(tmp_path), names_in(tmp_path))
    with pytest.raises(ZeroDivisionError), replacement(tmp_path / "x") as part:
        part.write_bytes(b"half")
        raise ZeroDivisionError
    assert (b"before", ["x"]) == (file_in(tmp_path), names_in(tmp_path))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def age(path: Path) -> Path:
    os.utime(path, (time.time() - UNUSED - 1,) * 2, follow_symlinks=False)
    return path


def test_a_file_is_safe_on_the_disk_before_it_has_its_name_and_the_name_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, real_fsync, real_replace = [], os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        found = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        steps.append("directory" if found == tmp_path else f"{found.stat().st_size} bytes")
        real_fsync(descriptor)

    def replace(*arguments: Any) -> None:
        steps.append("named")
        real_replace(*arguments)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "x", b"abc")
    assert ["3 bytes", "named", "directory"] == steps
    finish(tmp_path / "x")
    assert ["3 bytes", "directory"] == steps[3:]


@pytest.mark.parametrize(
    ("mode", "umask", "meanwhile", "expected"),
    [(0o600, 0, 0o600, 0o600), (None, 0o027, 0o640, 0o640), (0o664, 0o077, 0o600, 0o664), (0o444, 0, 0o600, 0o444)],
)
def test_a_file_is_never_more_readable_than_in_the_end(
    tmp_path: Path, mode: int | None, umask: int, meanwhile: int, expected: int
) -> None:
    before = os.umask(umask)
    try:
        with replacement(tmp_path / "x", mode=mode) as part:
            assert meanwhile == mode_of(part)
    finally:
        os.umask(before)
    assert (expected, ["x"]) == (mode_of(tmp_path / "x"), names_in(tmp_path))


def test_links_are_replaced_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"mine")
    (tmp_path / "x").symlink_to("secret")
    write_whole(tmp_path / "x", CONTENT)
    assert (CONTENT, False, b"mine") == (file_in(tmp_path), (tmp_path / "x").is_symlink(), (tmp_path / "secret").read_bytes())
    with replacement(tmp_path / "x") as part:
        part.unlink()
        part.symlink_to("secret")
        with pytest.raises(OSError, match="symbolic links"), open(part, "wb", opener=no_link):
            pass
        part.unlink()
        part.touch()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_replaces_nothing(
    tmp_path: Path, make: Callable[[Path], None], links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "x")
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: os.chmod("/proc/self/nothing", 0))
    with pytest.raises(FileExistsError), replacement(tmp_path / "x", new=True) as part:
        part.write_bytes(CONTENT)
    assert ["x"] == names_in(tmp_path)
    with replacement(tmp_path / "y", new=True) as part:
        part.write_bytes(CONTENT)
    assert (CONTENT, ["x", "y"]) == ((tmp_path / "y").read_bytes(), names_in(tmp_path))


def test_a_directory_replaces_no_other_files(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine").touch()
    with pytest.raises(OSError, match="not empty"), temporary(tmp_path / "x", directory=True) as part:
        assert 0o700 == mode_of(part)
        put(part, tmp_path / "x")
    assert (["x"], ["mine"]) == (names_in(tmp_path), names_in(tmp_path / "x"))


def test_a_directory_that_cannot_be_synced_holds_files_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, error = commit._sync, errno.EINVAL

    def sync(path: Path, flags: int = 0) -> None:
        if flags:
            raise OSError(error, "not here")
        real(path)

    monkeypatch.setattr(commit, "_sync", sync)
    write_whole(tmp_path / "x", b"1")
    error = errno.EIO
    with pytest.raises(OSError, match="not here"):
        write_whole(tmp_path / "x", b"2")


def test_leftovers_without_a_lock_go_after_a_day(tmp_path: Path) -> None:
    old, young = [".x.01234567.part", ".x.11111111.part", ".x.22222222.part"], ".x.89abcdef.part"
    others = [".x.0123456.part", ".y.01234567.part", "x.01234567.part", ".x.01234567.part.txt", ".x.y.01234567.part"]
    for name in (old[0], young, *others):
        (tmp_path / name).touch()
    (tmp_path / old[1]).mkdir()
    (tmp_path / old[1] / "page").touch()
    (tmp_path / old[2]).symlink_to(tmp_path / others[0])
    for name in (*old, *others):
        age(tmp_path / name)
    write_whole(tmp_path / "x", b"")
    assert sorted(["x", young, *others]) == names_in(tmp_path)


def test_leftovers_under_a_lock_go_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".x.01234567.part", "x.part", "x"):
        (tmp_path / name).touch()
    real = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, pattern: [path / ".gone.part", *real(path, pattern)])
    remove_parts(tmp_path)
    assert ["x", "x.part"] == names_in(tmp_path)


def test_content_that_no_index_names_stays_for_a_day_from_then_on(tmp_path: Path) -> None:
    index, others = tmp_path / "index", ["notes.txt", "kept.parquet"]
    (tmp_path / "deeper").mkdir()
    for name in ("deeper/old.parquet", *others):
        (tmp_path / name).touch()
        age(tmp_path / name)
    (tmp_path / "gone.parquet").symlink_to("nowhere")
    named = ["deeper/old.parquet", "kept.parquet"]
    replace_index(index, b"", before=[*named, "absent.parquet"], after=["kept.parquet"])
    assert 0 == remove_unnamed(index, ["kept.parquet"])
    (tmp_path / ".index.01234567.part").touch()
    for name in ("deeper/old.parquet", ".index.01234567.part"):
        age(tmp_path / name)
    assert 2 == remove_unnamed(index, ["kept.parquet"])
    assert sorted(["deeper", "gone.parquet", "index", *others]) == names_in(tmp_path)
    assert 1 == remove_unnamed(index, [], unused_for=0)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[ExitStack]:
    before = len(os.listdir("/proc/self/fd"))
    with ExitStack() as stack:
        yield stack
    assert before == len(os.listdir("/proc/self/fd")), "nothing is left open"


def test_one_writer_or_many_readers_hold_a_lock(tmp_path: Path, held: ExitStack) -> None:
    path = tmp_path / "x"
    with pytest.raises(FileNotFoundError):
        lock(path, create=False)
    assert not is_locked(path)
    with lock(path):
        assert (0o600, True) == (mode_of(path), is_locked(path))
        for shared in (True, False):
            with pytest.raises(BlockingIOError):
                lock(path, shared=shared, wait=False)
    held.enter_context(lock(path, shared=True))
    held.enter_context(lock(path, shared=True))
    assert not is_locked(path)
    with pytest.raises(BlockingIOError):
        lock(path, wait=False)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_lock_is_on_the_file_that_has_the_name(
    tmp_path: Path, comes_back: bool, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real, gone = tmp_path / "x", fcntl.flock, []

    def flock(stream: Any, how: int) -> None:
        if not gone:
            gone.append(path.unlink())
            path.touch() if comes_back else None
        real(stream, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    stream = held.enter_context(lock(path))
    assert os.path.samestat(path.stat(), os.fstat(stream.fileno()))


def test_readers_need_no_locks_of_the_file_system_and_writers_do(
    tmp_path: Path, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").touch()

    def flock(stream: Any, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", flock)
    held.enter_context(lock(tmp_path / "x", shared=True))
    with pytest.raises(OSError, match="no locks here"):
        lock(tmp_path / "x")


def test_a_journal_has_one_writer(tmp_path: Path, held: ExitStack) -> None:
    journal = Journal(tmp_path / "x")
    with pytest.raises(BlockingIOError):
        Journal(tmp_path / "x")
    journal.append("é")
    assert ["é\n".encode()] == list(journal.lines())
    journal.close()
    assert 0o600 == mode_of(tmp_path / "x")


def test_finished_content_is_its_owners_only_and_known_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    assert (DIGEST, len(CONTENT)) == finish(path) == digest_of(path)
    assert 0o600 == mode_of(path)


def test_directories_are_made_with_those_above_them_and_for_their_owner_only(tmp_path: Path) -> None:
    assert tmp_path / "a" / "b" == make_directory(tmp_path / "a" / "b") == make_directory(tmp_path / "a" / "b")
    assert [0o700, 0o700] == [mode_of(tmp_path / "a"), mode_of(tmp_path / "a" / "b")]


def test_a_directory_that_comes_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.mkdir

    def beaten(path: Path, *arguments: Any, **options: Any) -> None:
        real(path)
        real(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", beaten)
    assert (tmp_path / "a").is_dir() is False
    assert tmp_path / "a" == make_directory(tmp_path / "a")


def test_a_directory_whose_parent_goes_meanwhile_is_tried_again_and_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tried = Path.mkdir, []

    def gone(path: Path, *arguments: Any, **options: Any) -> None:
        tried.append(path)
        if len(tried) < 20:
            raise FileNotFoundError(errno.ENOENT, "gone")
        real(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", gone)
    with pytest.raises(FileNotFoundError) as raised:
        make_directory(tmp_path / "a")
    assert (errno.ENOENT, "No such file or directory", str(tmp_path / "a")) == (*raised.value.args[:2], raised.value.filename)
    tried[:] = tried[:10]
    assert tmp_path / "a" == make_directory(tmp_path / "a")


def test_a_directory_whose_entries_are_safe_is_closed_again(
    tmp_path: Path, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_directory(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.stat(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path)
    (tmp_path / "x").touch()
    with pytest.raises(NotADirectoryError):
        sync_directory(tmp_path / "x")


def test_what_is_removed_may_be_gone_already(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    remove(tmp_path / "link")
    assert ["a"] == names_in(tmp_path)
    for gone in (remove_tree, remove, remove_tree):
        gone(tmp_path / "a")
        assert [] == names_in(tmp_path)
