"""What a build has made and of what: the file ``.perpend-site.json`` in the directory that was written to.

It is how a later build skips what has not changed, and how nothing is ever deleted that a build has not made.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = ".perpend-site.json"
"""The name of the manifest."""

_VERSION: Final = 1


@dataclass(slots=True)
class Manifest:
    """``inputs`` is the digest of all that went in, ``files`` has the digest of each file by its path.

    ``pages`` has the fingerprint of what each page says, by path. ``files`` holds ``pages``, and all other files.
    """

    form: str = "html"
    engine: str = ""
    inputs: str = ""
    files: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    def write(self, directory: Path) -> None:
        """Write the manifest into a directory, whole or not at all."""
        temporary = directory / f"{NAME}.part"
        text = json.dumps({"version": _VERSION, **asdict(self)}, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
        temporary.write_text(text, "utf-8")
        os.replace(temporary, directory / NAME)


def read_manifest(directory: Path) -> Manifest | None:
    """Return the manifest of a directory, None where it has none that can be read. Paths that lead out are left out."""
    try:
        found = json.loads((directory / NAME).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        return None
    return Manifest(
        str(found.get("form", "")),
        str(found.get("engine", "")),
        str(found.get("inputs", "")),
        _paths(found.get("files")),
        _paths(found.get("pages")),
    )


def digest(content: bytes) -> str:
    """Return the digest of a content."""
    return sha256(content).hexdigest()[:32]


def _paths(found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {path: str(value) for path, value in found.items() if _inside(path)}


def _inside(path: object) -> bool:
    """Whether a path leads to a place below the directory."""
    if (
        not isinstance(path, str)
        or not path
        or path.startswith("/")
        or "\\" in path
        or "\0" in path
        or ":" in path.partition("/")[0]
    ):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))
