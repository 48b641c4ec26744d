"""Each user of the protocol on disk leaves the old file if the new one cannot be synced, and nothing beside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from perpend.authoring.scaffold.writing import NotWritten, rewrite, write_new
from perpend.core.commit import digest_of
from perpend.findings.history.manifest import HistoryManifest
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.notifications.delivery_log import SentRuns
from perpend.findings.notifications.issues.log import ChannelLog, IssueLog
from perpend.inventory.snapshots.column_cache import CachedFiles
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.manifest import Manifest, StoredFile
from perpend.inventory.snapshots.remote.s3_mirror import MirroredStore
from perpend.inventory.snapshots.store import Store
from perpend.reports.formats.ocsf_parquet import write_ocsf_parquet
from perpend.reports.formats.parquet import write_parquet
from perpend.reports.streams import CannotWrite, output_bytes, output_stream
from tests.unit.evaluation.verdicts.evaluate_objects import evaluation, inventory
from tests.unit.reports.formats.made_up import RUN

pytestmark = pytest.mark.medium


def write_text(directory: Path, scratch: Path) -> None:
    with output_stream(str(directory / "x")) as stream:
        stream.write("new")


def write_bytes(directory: Path, scratch: Path) -> None:
    with output_bytes(str(directory / "x")) as stream:
        stream.write(b"new")


def write_verdicts(directory: Path, scratch: Path) -> None:
    write_parquet(evaluation(inventory(), ()), directory / "x")


def write_events(directory: Path, scratch: Path) -> None:
    write_ocsf_parquet(RUN, [], directory / "x")


def edit_policy(directory: Path, scratch: Path) -> None:
    rewrite(directory, "x", "old", "new")


def write_policy(directory: Path, scratch: Path) -> None:
    write_new(directory, {"y/z": "new"})


def remember_digest(directory: Path, scratch: Path) -> None:
    SentRuns(HistoryStorage(directory)).remember("channel", 1)


def remember_issues(directory: Path, scratch: Path) -> None:
    log = IssueLog(HistoryStorage(directory))
    log.channels["issues"] = ChannelLog("project", 1)
    log.write()


def replace_head(directory: Path, scratch: Path) -> None:
    HistoryStorage(directory).replace_head(HistoryManifest(), HistoryManifest())


def make_current(directory: Path, scratch: Path) -> None:
    Store(directory).make_current(Manifest("r", datetime(2026, 1, 1, tzinfo=UTC), "test"))


def index_columns(directory: Path, scratch: Path) -> None:
    CachedFiles(directory).add({"a"}, "x")


def fetch_file(directory: Path, scratch: Path) -> None:
    def fetch(name: str, path: Path) -> bool:
        return path.write_bytes(b"newer") > 0

    space = SimpleNamespace(endpoint="", address="s3://b", names=lambda below: [], get=lambda name: None, fetch=fetch)
    (scratch / "newer").write_bytes(b"newer")
    MirroredStore(space, directory)._fetch(StoredFile("x", *digest_of(scratch / "newer")))


def files_in(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("write", "error", "name"),
    [
        (write_text, CannotWrite, "x"),
        (write_bytes, CannotWrite, "x"),
        (write_verdicts, OSError, "x"),
        (write_events, OSError, "x"),
        (edit_policy, NotWritten, "x"),
        (write_policy, NotWritten, "y/z"),
        (remember_digest, StoreError, "history/notified.json"),
        (remember_issues, StoreError, "history/issues.json"),
        (replace_head, StoreError, "history/head.json"),
        (make_current, OSError, "runs/r.json"),
        (index_columns, OSError, "columns.json"),
        (fetch_file, StoreError, "x"),
    ],
)
def test_what_cannot_be_synced_is_not_written(
    write: Callable[[Path, Path], None], error: type[Exception], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, scratch = tmp_path / "directory", tmp_path / "scratch"
    for path in (directory / "history", directory / "runs", directory / "locks", scratch):
        path.mkdir(parents=True)
    (directory / "x").write_bytes(b"old")
    for path in (directory / "lock", directory / "locks" / "commit"):
        path.touch()
    before = files_in(directory)

    def full(descriptor: int) -> None:
        if os.path.isfile(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(error, match="no space"):
            write(directory, scratch)
    assert before == files_in(directory)
    write(directory, scratch)
    after = files_in(directory)
    changed = {path for path in after if before.get(path) != after[path]}
    assert name in changed and not any(path.endswith(".part") for path in after)
