"""Cache files next to a snapshot, with an index of their content and checksums. ``core.commit`` has the protocol.

A file that does not match the index counts as missing.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.commit import digest_of, finish, lock, remove_unnamed, replace_index
from perpend.core.dataclass import dataclass
from perpend.inventory.snapshots.files import reason_of, shown
from perpend.inventory.snapshots.manifest import FORMAT, Damaged, document_from, sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

INDEX: Final = "columns.json"
_LOCK: Final = "lock"


@dataclass(slots=True)
class CachedFiles:
    """The cached files of one directory. Each is checked in full before it is used."""

    place: Path
    _damaged: set[str] = field(default_factory=set)

    def file_of(self, wanted: Collection[str]) -> dict[str, str]:
        """Return the files of those columns that are cached and not damaged."""
        index = _index_of(self.place)
        files = {name: file for name, file in index.columns.items() if name in wanted}
        self._damaged |= {file for file in set(files.values()) if _is_damaged(self.place / file, index.files[file])}
        return {name: file for name, file in files.items() if file not in self._damaged}

    def number(self) -> int:
        """Return the number of files in the index."""
        return len(_index_of(self.place).files)

    def add(self, columns: Collection[str], file: str, *, alone: bool = False) -> None:
        """Add a finished file to the index and drop damaged files, or all others if it is to be ``alone``.

        Another run may add files at the same time, and may still read files that the index no longer has.
        """
        with lock(self.place / _LOCK):
            before = _index_of(self.place)
            cached = {
                name: cached_file
                for name, cached_file in before.columns.items()
                if not alone and cached_file not in self._damaged and name not in columns
            }
            known = {**cached, **dict.fromkeys(columns, file)}
            files = {cached_file: before.files[cached_file] for cached_file in cached.values()} | {
                file: finish(self.place / file)
            }
            content = sealed({"format": FORMAT, "columns": known, "files": files}).encode()
            replace_index(self.place / INDEX, content, before=before.files, after=files)
            remove_unnamed(self.place / INDEX, files)


@dataclass(frozen=True, slots=True)
class _Index:
    columns: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def damaged_below(directory: Path) -> Iterator[str]:
    """Yield the damage of cached files below a directory, each with its path. They will be rebuilt."""
    for path in sorted(directory.glob(f"*/{INDEX}")):
        try:
            index = _index_from(path)
        except (OSError, Damaged) as error:
            yield f"{shown(path.relative_to(directory))}: {reason_of(error) if isinstance(error, OSError) else error}"
            continue
        for file, written in index.files.items():
            if _is_damaged(path.parent / file, written):
                where = shown((path.parent / file).relative_to(directory))
                yield f"{where}: is damaged: its SHA-256 has changed"


def _index_of(place: Path) -> _Index:
    """Return an index, empty if it is missing or damaged."""
    try:
        return _index_from(place / INDEX)
    except (OSError, Damaged):
        return _Index()


def _index_from(path: Path) -> _Index:
    document: dict[str, Any] = document_from(path.read_text("utf-8", errors="replace"))
    try:
        files = {str(name): (str(digest), int(size)) for name, (digest, size) in document["files"].items()}
        columns = {str(name): str(file) for name, file in document["columns"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Damaged("it is not an index") from None
    if set(columns.values()) - files.keys():
        raise Damaged("it is not an index")
    return _Index(columns, files)


def _is_damaged(path: Path, written: tuple[str, int]) -> bool:
    try:
        return path.stat().st_size != written[1] or digest_of(path) != written
    except OSError:
        return True
