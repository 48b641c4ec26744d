"""Read the entry points of a group from the installed distributions, as PyPA's specification of entry points says.

``importlib.metadata`` does the same, but its imports cost each small command 12 ms and more. Distributions in ZIP files are
not read.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMS: Final = (".dist-info", ".egg-info")
_FILE: Final = "entry_points.txt"
_LONGEST: Final = 1 << 20


class EntryPoint(NamedTuple):
    """The name of an entry point and its value, such as ``package.module:OBJECT``, with the distribution that has it."""

    package: str
    name: str
    value: str


def entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, sorted. Of distributions with the same name the first on the path counts."""
    named: dict[str, str] = {}
    for directory in sys.path:
        for package, path in _distributions(directory or os.curdir):
            named.setdefault(package, path)
    return sorted(point for package, path in named.items() for point in _points(package, path, group))


def _distributions(directory: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each distribution in a directory of the path."""
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        if name.endswith(_FORMS):
            package = name.rpartition(".")[0].partition("-")[0]
            yield package.replace("_", "-").replace(".", "-").lower(), os.path.join(directory, name)


def _points(package: str, path: str, group: str) -> Iterator[EntryPoint]:
    try:
        with open(os.path.join(path, _FILE), encoding="utf-8", errors="replace") as file:
            text = file.read(_LONGEST)
    except OSError:
        return
    section = ""
    for line in map(str.strip, text.splitlines() if group in text else ()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == group and "=" in line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield EntryPoint(package, name.strip(), value.partition("[")[0].strip())
