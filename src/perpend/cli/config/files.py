"""Find and parse the configuration file of a directory: in the directory itself, or in the nearest parent.

A file of another user is rejected unless the user names it: a user with write access to a parent directory must not control
the commands below it.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

OWN_FILE: Final = "perpend.toml"
SHARED_FILE: Final = "pyproject.toml"
SHARED_TABLE: Final = ("tool", "perpend")
"""The table with the settings, in a file that other tools use as well."""

MOST_BYTES: Final = 512 * 1024
MOST_DOTS: Final = 250
"""The most dots in a line. The time to parse a dotted key grows with the square of its parts."""

_SPEAKS_OF_US: Final = re.compile(rb"tool[\s\"']*[.\]][\s\"']*perpend")
_PASSED_OVER: Final = " (--no-config passes it over)"
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class UnusableConfiguration(PerpendError):
    """A configuration file that cannot be read, is not TOML, or has wrong keys or values."""


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A parsed configuration file. ``path`` is absolute; ``shown`` is the path in messages."""

    path: Path
    shown: str
    text: str = ""
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The directory that paths in the file are relative to."""
        return self.path.parent

    @property
    def table(self) -> tuple[str, ...]:
        """The names of the tables around the settings."""
        return SHARED_TABLE if self.path.name == SHARED_FILE else ()

    @property
    def settings(self) -> Any:
        """The content of that table, None if the file lacks it."""
        table: Any = self.document
        for name in self.table:
            table = table.get(name) if isinstance(table, dict) else None
        return table


def file_named(name: str) -> ConfigurationFile:
    """Return the file that a user has named. Raises UnusableConfiguration for an unusable file."""
    path, shown = Path(os.path.abspath(name)), visible(name)
    try:
        file = _parsed(path, shown, _content(path))
    except OSError as error:
        raise UnusableConfiguration(f"{shown}: cannot be read: {_reason(error)}") from None
    if file.settings is None:
        raise UnusableConfiguration(f"{shown}: has no table `[{'.'.join(file.table)}]`")
    return file


def file_above(directory: Path) -> ConfigurationFile | None:
    """Return the file in a directory, else in its nearest parent; None if there is none.

    Raises UnusableConfiguration for an unusable file, for a file of another user, and for two files in one directory.
    """
    for above in (directory, *directory.parents):
        own, shared = (_found(above / name, directory) for name in (OWN_FILE, SHARED_FILE))
        if own and shared:
            raise UnusableConfiguration(f"{own.shown}: {shared.shown} has a table `[tool.perpend]`, too: keep one of the two")
        if own or shared:
            return own or shared
    return None


def _found(path: Path, below: Path) -> ConfigurationFile | None:
    """Return the file at a path, None if there is none. pyproject.toml counts only with a table for Perpend."""
    shown = visible(os.path.relpath(path, below))
    try:
        os.lstat(path)
    except OSError:
        return None
    shared = path.name == SHARED_FILE
    content = b""
    try:
        content = _content(path)
        file = _parsed(path, shown, content) if not shared or b"perpend" in content else None
    except OSError as error:
        if shared:
            return None
        raise UnusableConfiguration(f"{shown}: cannot be read: {_reason(error)}{_PASSED_OVER}") from None
    except UnusableConfiguration as error:
        if shared and not _SPEAKS_OF_US.search(content):
            return None
        raise UnusableConfiguration(f"{error}{_PASSED_OVER}") from None
    if file is None or file.settings is None:
        return None
    _refuse_foreign(file)
    return file


def _content(path: Path) -> bytes:
    """Return the content of a file, at most one byte more than the limit."""
    # O_NONBLOCK: opening a pipe that has no writer would block.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("is not a regular file")
        return stream.read(MOST_BYTES + 1)


def _parsed(path: Path, shown: str, content: bytes) -> ConfigurationFile:
    import tomllib  # most directories have no configuration

    if len(content) > MOST_BYTES:
        raise UnusableConfiguration(f"{shown}: is larger than {MOST_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnusableConfiguration(f"{shown}:{line}: is not UTF-8") from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.count(".") > MOST_DOTS:
            raise UnusableConfiguration(f"{shown}:{number}: has more than {MOST_DOTS} dots in one line")
    try:
        return ConfigurationFile(path, shown, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UnusableConfiguration(_not_toml(shown, text, str(error))) from None
    except ValueError:
        raise UnusableConfiguration(f"{shown}: a number has too many digits") from None
    except RecursionError:
        raise UnusableConfiguration(f"{shown}: is nested too deeply") from None


def _not_toml(shown: str, text: str, message: str) -> str:
    """Return the error message of the parser, after the place."""
    place = _PLACE.search(message)
    reason = visible(message[: place.start()] if place else message)[:200]
    line, column = (place[1], place[2]) if place and place[1] else (text.count("\n") + 1, None)
    return f"{shown}:{line}{f':{column}' if column else ''}: is not TOML: {reason[:1].lower()}{reason[1:]}"


def _refuse_foreign(file: ConfigurationFile) -> None:
    """Raise UnusableConfiguration if the file, a link to it, or its directory belongs to another user, except root."""
    if not hasattr(os, "geteuid"):
        return
    owners = {os.lstat(file.path).st_uid, os.stat(file.path).st_uid, os.stat(file.directory).st_uid}
    foreign = owners - {os.geteuid(), 0}
    if foreign:
        raise UnusableConfiguration(
            f"{file.shown}: it or its directory belongs to another user, {min(foreign)}: "
            f"`--config {file.shown}` takes it, `--no-config` passes it over"
        )


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
