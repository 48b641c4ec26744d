"""A directory in: the configuration file that holds there, looked for upwards, as TOML, bounded. Refuses to know settings.

A file of somebody else is refused unless it was named: who can write above a directory must not decide what happens in it.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

OWN_FILE: Final = "perpend.toml"
SHARED_FILE: Final = "pyproject.toml"
SHARED_TABLE: Final = ("tool", "perpend")
"""Where the settings stand in a file that other tools share."""

MOST_BYTES: Final = 512 * 1024
MOST_DOTS: Final = 250
"""How many dots a line may have: the time that a key of many parts takes grows with the square of their number."""

_SPEAKS_OF_US: Final = re.compile(rb"tool[\s\"']*[.\]][\s\"']*perpend")
_PASSED_OVER: Final = " (--no-config passes it over)"
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class UnusableConfiguration(PerpendError):
    """A configuration file that cannot be used: it cannot be read, is not TOML, or says what no setting knows."""


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file and what it says. ``path`` is absolute; ``shown`` is how messages call it."""

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
        """The names of the tables that the settings stand in."""
        return SHARED_TABLE if self.path.name == SHARED_FILE else ()

    @property
    def settings(self) -> Any:
        """What stands in that table; None where the file has none."""
        table: Any = self.document
        for name in self.table:
            table = table.get(name) if isinstance(table, dict) else None
        return table


def file_named(name: str) -> ConfigurationFile:
    """Return the file that a user has named. Raises UnusableConfiguration where it cannot be used."""
    path, shown = Path(os.path.abspath(name)), visible(name)
    try:
        file = _parsed(path, shown, _content(path))
    except OSError as error:
        raise UnusableConfiguration(f"{shown}: cannot be read: {_reason(error)}") from None
    if file.settings is None:
        raise UnusableConfiguration(f"{shown}: has no table `[{'.'.join(file.table)}]`")
    return file


def file_above(directory: Path) -> ConfigurationFile | None:
    """Return the file of a directory, else of the nearest one above that has any; None where there is none.

    Raises UnusableConfiguration for one that cannot be used or belongs to somebody else, and where a directory has two.
    """
    for above in (directory, *directory.parents):
        own, shared = (_found(above / name, directory) for name in (OWN_FILE, SHARED_FILE))
        if own and shared:
            raise UnusableConfiguration(f"{own.shown}: {shared.shown} has a table `[tool.perpend]`, too: keep one of the two")
        if own or shared:
            return own or shared
    return None


def _found(path: Path, below: Path) -> ConfigurationFile | None:
    """Return a file where something is called so. One that other tools share, and that has no table for this one, is none."""
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
    """Return a file's first bytes, one more than it may have."""
    # Without a writer a pipe would not even open otherwise.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("is no regular file")
        return stream.read(MOST_BYTES + 1)


def _parsed(path: Path, shown: str, content: bytes) -> ConfigurationFile:
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
    """Return a parser's complaint with the place in front."""
    place = _PLACE.search(message)
    said = visible(message[: place.start()] if place else message)[:200]
    line, column = (place[1], place[2]) if place and place[1] else (text.count("\n") + 1, None)
    return f"{shown}:{line}{f':{column}' if column else ''}: is not TOML: {said[:1].lower()}{said[1:]}"


def _refuse_foreign(file: ConfigurationFile) -> None:
    """Raise where a file that nobody named, a link to it, or its directory belongs to another user than this one or root."""
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
