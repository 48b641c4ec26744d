"""Read the files of a repository and no others: links are checked, sizes limited, and texts are UTF-8."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from dataclasses import field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Span
from perpend.core.diagnostics.phrases import shorten
from perpend.language.syntax import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_YAML: Final = 4 * 1024 * 1024
MAX_TEST_DATA: Final = 32 * 1024 * 1024
_MAX_FILES: Final = 500_000
_MAX_LINKED: Final = 2_000
_MAX_DEPTH: Final = 40
_LINE_ENDS: Final = {True: re.compile("\n"), False: re.compile("\r\n|[\r\n\x85\u2028\u2029]")}
"""The line ends of each parser: the JSON parser knows one, the YAML parser five."""


class UnreadableFile(Exception):
    """A file that cannot be used, with the diagnostic that gives the reason."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a directory: files and directories as paths from its root (no leading slash), and bad links."""

    files: frozenset[str]
    directories: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Files below one root. Paths are POSIX, relative to the root, without a leading slash."""

    root: Path
    _lines: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)
    _folders: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def tree(self, tops: tuple[str, ...], others: tuple[str, ...] = ()) -> Tree:
        """Return everything below the named top directories, except hidden entries.

        Pipes, sockets and devices in the tree, or in the place of a file ``others`` it, become diagnostics and are never read.
        """
        walk = _TreeWalk(self.root)
        for top in tops:
            walk.start(top)
        for name in others:
            walk.look_at(name)
        return Tree(frozenset(walk.files), frozenset(walk.directories), tuple(walk.diagnostics))

    def text(self, path: str, *, limit: int) -> str:
        """Return a file's text without a byte order mark. Raises :class:`UnreadableFile`."""
        content = self.content(path, limit=limit)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content[: error.start]
            line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
            raise UnreadableFile(
                rules.NOT_UTF8.at(Span(path, line, column, line, column + 1), f"`{path}` is not UTF-8 text")
            ) from None

    def content(self, path: str, *, limit: int) -> bytes:
        """Return a file's bytes. Raises :class:`UnreadableFile`."""
        real = self._real(path)
        try:
            status = os.stat(real)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFile(_irregular(path))
            if status.st_size > limit:
                raise _unreadable(
                    rules.FILE_TOO_LARGE, path, f"`{path}` has {status.st_size:,} bytes; at most {limit:,} are read"
                )
            with open(real, "rb") as stream:
                content = stream.read(status.st_size + 1)
                return content if len(content) <= status.st_size else content + stream.read(limit - status.st_size)  # it grew
        except OSError as error:
            raise _unreadable(rules.UNREADABLE_FILE, path, f"`{path}` cannot be read: {error.strerror}") from None

    def source_line(self, path: str, line: int) -> str | None:
        """Return one line of a file for the excerpt of a diagnostic, None if there is none."""
        if path not in self._lines:
            try:
                self._lines[path] = _LINE_ENDS[path.endswith(".json")].split(self.text(path, limit=MAX_TEST_DATA))
            except UnreadableFile:
                self._lines[path] = []
        lines = self._lines[path]
        return lines[line - 1] if 0 < line <= len(lines) else None

    def resolve(self, reference: str, *, base: str, span: Span) -> str:
        """Return the path of a reference: absolute from the root, else relative to ``base``. Raises UnreadableFile."""
        start = "" if reference.startswith("/") else base
        path = posixpath.normpath(posixpath.join(start, reference.lstrip("/")))
        if path == ".." or path.startswith("../") or "\0" in reference:
            raise UnreadableFile(rules.PATH_LEAVES_REPOSITORY.at(span, f"`{shorten(reference)}` leads out of the repository"))
        return path

    def _real(self, path: str) -> str:
        root, folder = self._folder(""), self._folder(path.rpartition("/")[0])
        real = os.path.join(folder, path.rpartition("/")[2])
        if os.path.islink(real) or real.endswith(("/", ".")):
            real = os.path.realpath(real)
        if real != root and not real.startswith(root + os.sep):
            raise _unreadable(rules.LINK_LEAVES_REPOSITORY, path, f"`{path}` leads out of the repository")
        return real

    def _folder(self, path: str) -> str:
        """Return the real path of a directory. Each directory is examined once, below the real path of its parent."""
        if path in self._folders:
            return self._folders[path]
        for above in reversed((path, *parents(path), "")):
            if above not in self._folders:
                folder, _, name = above.rpartition("/")
                place = os.path.join(self._folders[folder], name) if above else str(self.root)
                plain = above and name not in ("", ".", "..") and not os.path.islink(place)
                self._folders[above] = place if plain else os.path.realpath(place)
        return self._folders[path]


def _unreadable(rule: Rule, path: str, message: str) -> UnreadableFile:
    return UnreadableFile(rule.at(Span(path), message))


def _irregular(path: str) -> Diagnostic:
    return rules.UNREADABLE_FILE.at(Span(path), f"`{path}` is not a regular file")


class _TreeWalk:
    """One walk over a tree. It follows links only if they stay inside and form no loop."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.files: list[str] = []
        self.directories: list[str] = []
        self.diagnostics: list[Diagnostic] = []
        self.bad_links: set[str] = set()
        self.linked = 0
        self.full = False

    def start(self, top: str) -> None:
        """Add one top directory, if it exists."""
        place = os.path.join(self.root, top)
        if not os.path.islink(place) or self._link_is_safe(place, top, (self.real_root,)):
            real = os.path.realpath(place)
            if os.path.isdir(real):
                self._enter(top, real, (self.real_root,), linked=os.path.islink(place))
            elif os.path.lexists(real):
                self._note(rules.UNREADABLE_FILE, top, f"`{top}` is not a directory")

    def look_at(self, path: str) -> None:
        """Report an entry in the place of a file that is not a file."""
        place = os.path.join(self.root, path)
        if os.path.exists(place) and not os.path.isfile(place):
            self.diagnostics.append(_irregular(path))

    def _enter(self, path: str, real: str, above: tuple[str, ...], *, linked: bool) -> None:
        """Add a directory by its real path. ``above`` holds the real paths of its parents, links included."""
        self.linked += linked
        if self.linked > _MAX_LINKED:
            self._too_large(path, f"more than {_MAX_LINKED:,} directories are reached through links")
            return
        try:
            entries = sorted(os.scandir(real), key=attrgetter("name"))
        except OSError as error:
            self._note(rules.UNREADABLE_FILE, path, f"`{path}` cannot be read: {error.strerror}")
            return
        self.directories.append(path)
        inside = (*above, real)
        for entry in entries:
            if self.full:
                return
            if not entry.name.startswith("."):
                self._take(entry, f"{path}/{entry.name}", inside, linked=linked)

    def _take(self, entry: os.DirEntry[str], path: str, above: tuple[str, ...], *, linked: bool) -> None:
        is_link = entry.is_symlink()
        if is_link and not self._link_is_safe(entry.path, path, above):
            return
        try:
            is_regular = entry.is_file()
            is_directory = not is_regular and entry.is_dir()
        except OSError as error:
            self._note(rules.UNREADABLE_FILE, path, f"`{path}` cannot be read: {error.strerror}")
            return
        if not is_directory:
            self.files.append(path)
            if not is_regular:
                self.diagnostics.append(_irregular(path))
            if len(self.files) > _MAX_FILES:
                self._too_large(path, f"there are more than {_MAX_FILES:,} files")
        elif len(above) > _MAX_DEPTH:
            self._note(rules.TREE_TOO_LARGE, path, f"directories are nested more than {_MAX_DEPTH} levels deep")
        else:
            self._enter(path, os.path.realpath(entry.path) if is_link else entry.path, above, linked=linked or is_link)

    def _too_large(self, path: str, message: str) -> None:
        if not self.full:
            self._note(rules.TREE_TOO_LARGE, path, message)
        self.full = True

    def _link_is_safe(self, place: str, path: str, above: tuple[str, ...]) -> bool:
        if place in self.bad_links:
            return False
        self.bad_links.add(place)
        target = os.path.realpath(place)
        if target != self.real_root and not target.startswith(self.real_root + os.sep):
            self._note(rules.LINK_LEAVES_REPOSITORY, path, f"the link `{path}` leads out of the repository")
            return False
        if target in above or not os.path.exists(target):
            loops = target in above or os.path.islink(target)
            rule = rules.LINK_LOOPS if loops else rules.MISSING_FILE
            self._note(rule, path, f"the link `{path}` {'loops' if loops else 'leads to nothing'}")
            return False
        self.bad_links.discard(place)
        return True

    def _note(self, rule: Rule, path: str, message: str) -> None:
        self.diagnostics.append(rule.at(Span(path), message))


def parents(path: str) -> Iterator[str]:
    """Yield the directories above a path, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
