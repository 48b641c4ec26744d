"""Store the progress of a collection in a directory of the store, so that an interrupted collection can be resumed.

Rows are in files. A line of the journal names the listing of each complete file, with its hash. Files that a killed process
left incomplete, and entries that are too old, count as not collected. Nothing is known of the lines that follow an unreadable
one: all of them are dropped. Credentials are never stored.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.protocol import (
    AccountEntry,
    CollectedRow,
    PartRows,
    StoppedEarly,
    WorkUnit,
    WorkUnitResult,
    now,
)
from perpend.core.commit import Journal, digest_of, make_directory, owner_only
from perpend.core.objects.claims import FailedCall
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.unfinished_collections import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path

FORMAT: Final = 1
_PARTS: Final = "parts"


class Checkpoint:
    """The progress of one collection, in a directory of its own. Threads share it.

    ``plan`` identifies the collection. Entries that are older than ``max_age`` are dropped when the journal is read.
    """

    def __init__(
        self, directory: Path, plan: str, *, max_age: timedelta | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        self.directory = directory
        self.plan = plan
        self._clock = clock
        self.entries: dict[str, AccountEntry] = {}
        self.results: dict[WorkUnit, WorkUnitResult] = {}
        self.parts: dict[WorkUnit, list[PartRows]] = {}
        self._files: dict[WorkUnit, list[Path]] = {}
        self._damaged: set[WorkUnit] = set()
        self._numbers = 0
        self._lock = threading.Lock()
        self._oldest = clock() - max_age if max_age is not None else None
        with naming(directory):
            make_directory(directory / _PARTS)
            self._journal: Journal | None = Journal(directory / JOURNAL)
            if not self._read():
                self._append("begun", {"format": FORMAT, "plan": plan, "at": clock().isoformat()})

    def entry(self, account: str) -> AccountEntry | None:
        """Return the entry of an account, None if it was not opened yet."""
        return self.entries.get(account)

    def enter(self, entry: AccountEntry) -> None:
        """Record how an account was opened."""
        self._append("account", document_of(entry))
        self.entries[entry.account] = entry

    def leave_out_others(self, accounts: Collection[str]) -> list[str]:
        """Leave out everything of other accounts than these, and return them. The journal still has their lines."""
        cells = {*self.results, *self._files}
        others = ({*self.entries} | {cell.account for cell in cells}) - {*accounts}
        for account in others:
            self.entries.pop(account, None)
        for cell in cells:
            if cell.account in others:
                self._drop(cell)
        return sorted(others)

    def forget(self, account: str) -> None:
        """Drop all stored listings of an account as if none of them had been collected."""
        for cell in [cell for cell in {*self.results, *self.parts} if cell.account == account]:
            self._append("dropped", list(cell))
            self._drop(cell)

    def is_done(self, cell: WorkUnit) -> bool:
        """Whether a listing is complete."""
        return cell in self.results

    def objects(self, cell: WorkUnit) -> set[tuple[str, str]]:
        """Return type and Id of the stored objects of a listing."""
        return {(row.type_name, str(row.fields["Id"])) for row in self.rows_of(cell)}

    def rows(self, account: str, listings: Iterable[str]) -> Iterator[CollectedRow]:
        """Yield all rows of an account, listing by listing."""
        for listing in listings:
            for cell in sorted(cell for cell in self._files if cell.account == account and cell.listing == listing):
                yield from self.rows_of(cell)

    def rows_of(self, cell: WorkUnit) -> Iterator[CollectedRow]:
        """Yield the stored rows of a listing."""
        for path in self._files.get(cell, ()):
            with naming(path, "cannot be read"), path.open(encoding="utf-8") as stream:
                for line in stream:
                    yield CollectedRow(*json.loads(line))

    @contextmanager
    def part(self, cell: WorkUnit) -> Iterator[CheckpointPart]:
        """Yield a writer of rows. They are stored if the block ends without an error."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
        path = self._path(number)
        with ExitStack() as failed:
            failed.callback(path.unlink, missing_ok=True)
            with closing(CheckpointPart(path)) as part:
                yield part
            if part:
                rows = PartRows(cell, (part.counts[0], part.counts[1]), tuple(part.unread), self._clock())
                self._append("part", {**document_of(rows), "number": number, "sha256": part.digest})
                failed.pop_all()
                self._add_part(rows, path)

    def end(self, end: WorkUnitResult) -> None:
        """Record the end of a listing."""
        self._append("cell", document_of(end))
        self.results[end.cell] = end

    def close(self) -> None:
        """Close the journal and unlock it. Threads that still write get StoppedEarly."""
        with self._lock:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def _append(self, kind: str, document: Any) -> None:
        line = json.dumps({kind: document}, ensure_ascii=True, separators=(",", ":"))
        with self._lock, naming(self.directory):
            if self._journal is None:
                raise StoppedEarly
            self._journal.append(line)

    def _add_part(self, part: PartRows, path: Path) -> None:
        with self._lock:
            self.parts.setdefault(part.cell, []).append(part)
            self._files.setdefault(part.cell, []).append(path)

    def _read(self) -> bool:
        """Read the journal up to its first unreadable line, and cut off the rest. Return whether it has any line."""
        assert self._journal is not None
        length = 0
        for line in self._journal.lines():
            try:
                self._apply(json.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError):
                self._journal.truncate(length)
                break
            length += len(line)
        self._drop_undone()
        return length > 0

    def _apply(self, document: dict[str, Any]) -> None:
        ((kind, value),) = document.items()
        if kind == "account":
            entry = entry_from(value)
            if entry.why is None and self._is_young(entry.at):
                self.entries[entry.account] = entry
        elif kind == "cell":
            end = end_from(value)
            self.results.pop(end.cell, None)
            if self._is_young(end.began):
                self.results[end.cell] = end
        elif kind == "part":
            part, path = part_from(value), self._path(int(value["number"]))
            self._numbers = max(self._numbers, int(value["number"]))
            if self._is_young(part.at) and path.is_file() and digest_of(path)[0] == value["sha256"]:
                self._add_part(part, path)
            else:
                self._damaged.add(part.cell)
        elif kind == "dropped":
            self._drop(WorkUnit(*value))
        elif kind != "begun":
            raise ValueError(kind)

    def _drop_undone(self) -> None:
        """Drop listings that are incomplete or lost rows, so that they are collected again from the start."""
        for cell in [cell for cell, end in self.results.items() if end.all_reasons]:
            self._append("dropped", list(cell))
            self._drop(cell)
        for cell in self._damaged:
            self.results.pop(cell, None)

    def _drop(self, cell: WorkUnit) -> None:
        for entries in (self.results, self.parts, self._files):
            entries.pop(cell, None)

    def _path(self, number: int) -> Path:
        return self.directory / _PARTS / f"{number}.ndjson"

    def _is_young(self, at: datetime | None) -> bool:
        return self._oldest is None or (at is not None and at >= self._oldest)


def plan_in(directory: Path) -> str | None:
    """Return the plan of the checkpoint in a directory, None if its journal cannot be read."""
    with suppress(OSError, KeyError, TypeError, ValueError), (directory / JOURNAL).open("rb") as stream:
        head = json.loads(stream.readline())["begun"]
        return str(head["plan"]) if head["format"] == FORMAT else None
    return None


class CheckpointPart:
    """Writes a part of a listing's rows to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts = [0, 0]
        self.unread: list[FailedCall] = []
        self._hash = hashlib.sha256()
        with naming(self.path):
            self._stream = open(self.path, "wb", opener=owner_only)  # noqa: SIM115 - closed by close()

    def __bool__(self) -> bool:
        return any(self.counts) or bool(self.unread)

    @property
    def digest(self) -> str:
        """The hash of the file."""
        return self._hash.hexdigest()

    def add(self, row: CollectedRow) -> None:
        """Write a row."""
        line = f"{json.dumps(row, ensure_ascii=True, separators=(',', ':'), default=str)}\n".encode("ascii")
        with naming(self.path):
            self._stream.write(line)
        self._hash.update(line)
        self.counts[row.source] += 1

    def note(self, unread: Iterable[FailedCall]) -> None:
        """Record the calls that failed for objects among the rows."""
        self.unread += unread

    def close(self) -> None:
        """Close the file."""
        with naming(self.path):
            self._stream.close()


def document_of(value: AccountEntry | WorkUnitResult | PartRows) -> dict[str, Any]:
    """Return a value as JSON."""
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in asdict(value).items()}


def entry_from(document: Mapping[str, Any]) -> AccountEntry:
    """Return the entry in a document. Raises KeyError, TypeError or ValueError if it is malformed."""
    fields = dict(document)
    fields |= {name: tuple(fields[name]) for name in ("regions", "asked", "stated", "closed", "accounts", "gone")}
    fields |= {name: _unread(fields[name]) for name in ("no_regions", "why")}
    return AccountEntry(**{**fields, "at": _time(fields["at"])})


def end_from(document: Mapping[str, Any]) -> WorkUnitResult:
    """Return the end in a document. Raises KeyError, TypeError or ValueError if it is malformed."""
    began, ended = (datetime.fromisoformat(document[name]) for name in ("began", "ended"))
    each = {str(name): FailedCall(**one) for name, one in document["each"].items()}
    incomplete, made_at = _unread(document["lacking"]), _time(document["made_at"])
    listed, others = (int(document[name]) for name in ("listed", "others"))
    return WorkUnitResult(WorkUnit(*document["cell"]), began, ended, incomplete, each, made_at, listed, others)


def part_from(document: Mapping[str, Any]) -> PartRows:
    """Return the part in a document. Raises KeyError, TypeError or ValueError if it is malformed."""
    first, second = document["counts"]
    unread = tuple(FailedCall(**one) for one in document["unread"])
    return PartRows(WorkUnit(*document["cell"]), (int(first), int(second)), unread, _time(document["at"]))


def _unread(document: Mapping[str, Any] | None) -> FailedCall | None:
    return FailedCall(**document) if document is not None else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
