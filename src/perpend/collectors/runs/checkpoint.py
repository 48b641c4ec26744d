"""The journal of a collection that is under way: what was done, in a directory of the store, so that nothing is done twice.

Rows stand in files that appear whole; a line of the journal says of each which cell it is of, with its hash. What a killed
process left half done, and what is too old, counts as not done. Credentials are no part of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Final

from perpend.collectors.aws.accounts.workers import EndedEarly
from perpend.collectors.aws.work_units import (
    AccountEntry,
    CollectedRow,
    PartRows,
    WorkUnit,
    WorkUnitResult,
    document_of,
    end_from,
    entry_from,
    now,
    part_from,
)
from perpend.inventory.snapshots.files import OWNER_ONLY, digest_of, make_directory, naming
from perpend.inventory.snapshots.unfinished_collections import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from perpend.core.objects.claims import Unread

FORMAT: Final = 1
_PARTS: Final = "parts"


class Journal:
    """What was done of one collection, and where more of it is kept. Its directory is its own; threads share it."""

    def __init__(
        self, directory: Path, plan: str, *, max_age: timedelta | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        self.directory = directory
        self.plan = plan
        self._clock = clock
        self.entries: dict[str, AccountEntry] = {}
        self.ends: dict[WorkUnit, WorkUnitResult] = {}
        self.parts: dict[WorkUnit, list[PartRows]] = {}
        self._files: dict[WorkUnit, list[Path]] = {}
        self._spoilt: set[WorkUnit] = set()
        self._numbers = 0
        self._lock = threading.Lock()
        self._oldest = clock() - max_age if max_age is not None else None
        with naming(directory):
            make_directory(directory / _PARTS)
            self._stream: IO[bytes] | None = self._opened()
            if not self._read():
                self._append("begun", {"format": FORMAT, "plan": plan, "at": clock().isoformat()})

    def entry(self, account: str) -> AccountEntry | None:
        """Return how an account was entered, None where it was not."""
        return self.entries.get(account)

    def enter(self, entry: AccountEntry) -> None:
        """Note how an account was entered."""
        self._append("account", document_of(entry))
        self.entries[entry.account] = entry

    def is_done(self, cell: WorkUnit) -> bool:
        """Whether a cell came to its end."""
        return cell in self.ends

    def objects(self, cell: WorkUnit) -> set[tuple[str, str]]:
        """Return type and Id of the objects of a cell whose rows are kept."""
        return {(row.type_name, str(row.fields["Id"])) for row in self._rows(cell)}

    def rows(self, account: str, listings: Iterable[str]) -> Iterator[CollectedRow]:
        """Yield all rows of an account, listing by listing."""
        for listing in listings:
            for cell in sorted(cell for cell in self._files if cell.account == account and cell.listing == listing):
                yield from self._rows(cell)

    @contextmanager
    def part(self, cell: WorkUnit) -> Iterator[JournalPart]:
        """Yield what takes rows of a cell, which are kept once the block ends without an error."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
        path = self._path(number)
        part = JournalPart(path)
        try:
            yield part
            part.close()
            if not part:
                return
            kept = PartRows(cell, (part.counts[0], part.counts[1]), tuple(part.unread), self._clock())
            with naming(path):
                os.replace(part.path, path)
            self._append("part", {**document_of(kept), "number": number, "sha256": part.digest})
            self._keep(kept, path)
        finally:
            part.close()
            part.path.unlink(missing_ok=True)

    def end(self, end: WorkUnitResult) -> None:
        """Note the end of a cell."""
        self._append("cell", document_of(end))
        self.ends[end.cell] = end

    def close(self) -> None:
        """Let go of the journal. What threads still do is not kept."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None

    def _opened(self) -> IO[bytes]:
        stream = (self.directory / JOURNAL).open("a+b")
        os.fchmod(stream.fileno(), OWNER_ONLY)
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return stream

    def _append(self, kind: str, document: Any) -> None:
        line = json.dumps({kind: document}, ensure_ascii=True, separators=(",", ":"))
        with self._lock, naming(self.directory):
            if self._stream is None:
                raise EndedEarly
            self._stream.write(f"{line}\n".encode())
            self._stream.flush()

    def _keep(self, part: PartRows, path: Path) -> None:
        with self._lock:
            self.parts.setdefault(part.cell, []).append(part)
            self._files.setdefault(part.cell, []).append(path)

    def _read(self) -> bool:
        """Take in what is written, up to a line that was cut off; return whether there is anything."""
        assert self._stream is not None
        self._stream.seek(0)
        whole = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            with suppress(AttributeError, KeyError, TypeError, ValueError):
                self._take(json.loads(line))
            whole += len(line)
        self._stream.truncate(whole)
        self._drop_undone()
        return whole > 0

    def _take(self, document: dict[str, Any]) -> None:
        ((kind, what),) = document.items()
        if kind == "account":
            entry = entry_from(what)
            if entry.why is None and self._is_young(entry.at):
                self.entries[entry.account] = entry
        elif kind == "cell":
            end = end_from(what)
            self.ends.pop(end.cell, None)
            if self._is_young(end.began):
                self.ends[end.cell] = end
        elif kind == "part":
            part, path = part_from(what), self._path(int(what["number"]))
            self._numbers = max(self._numbers, int(what["number"]))
            if self._is_young(part.at) and path.is_file() and digest_of(path)[0] == what["sha256"]:
                self._keep(part, path)
            else:
                self._spoilt.add(part.cell)
        elif kind == "dropped":
            self._drop(WorkUnit(*what))

    def _drop_undone(self) -> None:
        """Forget cells that could not be read in full: they are asked again, from their beginning, and those that lost rows."""
        for cell in [cell for cell, end in self.ends.items() if end.whys]:
            self._append("dropped", list(cell))
            self._drop(cell)
        for cell in self._spoilt:
            self.ends.pop(cell, None)

    def _drop(self, cell: WorkUnit) -> None:
        for kept in (self.ends, self.parts, self._files):
            kept.pop(cell, None)

    def _path(self, number: int) -> Path:
        return self.directory / _PARTS / f"{number}.ndjson"

    def _is_young(self, at: datetime | None) -> bool:
        return self._oldest is None or (at is not None and at >= self._oldest)

    def _rows(self, cell: WorkUnit) -> Iterator[CollectedRow]:
        for path in self._files.get(cell, ()):
            with naming(path, "cannot be read"), path.open(encoding="utf-8") as stream:
                for line in stream:
                    yield CollectedRow(*json.loads(line))


def begun(directory: Path) -> str | None:
    """Return the plan that a journal was begun for, None where that cannot be told."""
    with suppress(OSError, KeyError, TypeError, ValueError), (directory / JOURNAL).open("rb") as stream:
        head = json.loads(stream.readline())["begun"]
        return str(head["plan"]) if head["format"] == FORMAT else None
    return None


class JournalPart:
    """Rows of a cell while they are written."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_suffix(".part")
        self.counts = [0, 0]
        self.unread: list[Unread] = []
        self._hash = hashlib.sha256()
        with naming(self.path):
            self._stream = open(self.path, "wb", opener=_for_owner)  # noqa: SIM115 - closed by close()

    def __bool__(self) -> bool:
        return any(self.counts) or bool(self.unread)

    @property
    def digest(self) -> str:
        """The hash of all rows."""
        return self._hash.hexdigest()

    def add(self, row: CollectedRow) -> None:
        """Take in a row."""
        line = f"{json.dumps(row, ensure_ascii=True, separators=(',', ':'), default=str)}\n".encode("ascii")
        with naming(self.path):
            self._stream.write(line)
        self._hash.update(line)
        self.counts[row.source] += 1

    def note(self, unread: Iterable[Unread]) -> None:
        """Take in what was not read of objects among the rows."""
        self.unread += unread

    def close(self) -> None:
        """Finish the file."""
        with naming(self.path):
            self._stream.close()


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
