"""Read a git revision of a policy repository into a temporary directory.

Git runs nothing of the repository: no hooks, filters, pagers or file system monitors. Only the files of a policy repository
are read, and their number and size are bounded.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.renames import FILE as RENAMES
from perpend.language.syntax.repository import LIBRARY, ROOT_MARK, TOPS, open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.syntax.repository import Repository

WORKING: Final = "."
"""The revision that means the files in the working directory."""

_MOST_FILES: Final = 200_000
_MOST_BYTES: Final = 1_000_000_000
_REGULAR: Final = ("100644", "100755")
_BESIDE: Final = (ROOT_MARK, RENAMES, WAIVERS, "internal-id-map.json", "internal-rule-sections.json")
_SECONDS: Final = 300


class NoRevision(PerpendError):
    """A revision that cannot be read."""


@contextmanager
def repository_at(repository: Repository, revision: str) -> Iterator[Repository]:
    """Yield a repository as it is in a git revision, or as it is in the working directory for ``.``."""
    if revision == WORKING:
        yield repository
        return
    with scratch() as directory:
        root = directory / "revision"
        root.mkdir(mode=0o700)
        _write_revision(Path(repository.files.root), revision, root)
        yield open_repository(root).with_parameters(repository.parameters)


def _write_revision(root: Path, revision: str, into: Path) -> None:
    """Write the files of a repository's revision below a directory. Raises NoRevision with the reason.

    Symbolic links are left out, because their targets may be anything.
    """
    top = Path(_git(root, "rev-parse", "--show-toplevel").decode().strip())
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    prefix = PurePosixPath(*root.resolve().relative_to(top.resolve()).parts)
    wanted = [str(prefix / name) for name in (*TOPS, *_BESIDE)]
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted)
    blobs: list[tuple[str, PurePosixPath]] = []
    for entry in filter(None, listed.split(b"\0")):
        about, _, path = entry.partition(b"\t")
        mode, kind, blob = about.decode().split()
        inner = PurePosixPath(os.fsdecode(path)).relative_to(prefix)
        if kind == "blob" and mode in _REGULAR and ".." not in inner.parts:
            blobs.append((blob, inner))
    if not blobs:
        raise NoRevision(f"revision `{visible(revision)}` holds no policy repository at {visible(str(prefix))}")
    if len(blobs) > _MOST_FILES:
        raise NoRevision(f"revision `{visible(revision)}` holds {len(blobs):,} files; at most {_MOST_FILES:,} are read")
    _write(top, blobs, into, revision)


def _write(top: Path, blobs: list[tuple[str, PurePosixPath]], into: Path, revision: str) -> None:
    request = "".join(f"{blob}\n" for blob, _ in blobs).encode()
    answer, place = _git(top, "cat-file", "--batch", given=request), 0
    if len(answer) > _MOST_BYTES:
        raise NoRevision(f"revision `{visible(revision)}` holds more than {_MOST_BYTES:,} bytes")
    for _, inner in blobs:
        end = answer.index(b"\n", place)
        size = int(answer[place:end].split()[2])
        path = into / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer[end + 1 : end + 1 + size])
        place = end + 1 + size + 1


def _git(where: Path, *words: str, given: bytes | None = None) -> bytes:
    settings = {
        "core.hooksPath": os.devnull,
        "core.fsmonitor": "false",
        "core.pager": "cat",
        "protocol.allow": "never",
        "core.attributesFile": os.devnull,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**inherited, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1"}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        ran = subprocess.run(  # noqa: S603  # git itself, with words that cannot be taken for options
            ["git", *options, "-C", str(where), *words],  # noqa: S607  # whichever git the user has
            input=given or b"",
            capture_output=True,
            env=environment,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise NoRevision("git is not installed: revisions cannot be read") from None
    except subprocess.TimeoutExpired:
        raise NoRevision(f"git did not answer within {_SECONDS} seconds") from None
    if ran.returncode:
        errors = ran.stderr.decode(errors="replace").strip().splitlines()
        if any("not a git repository" in line for line in errors):
            which = "the library" if where == LIBRARY else visible(str(where))
            raise NoRevision(f"{which} is in no git repository, so it has no revisions; name yours with --repo")
        what = (
            visible(errors[-1][:200])
            if errors
            else f"there is no revision '{visible(words[-1].removesuffix('^{commit}')[:200])}'"
        )
        raise NoRevision(f"{visible(str(where))}: git {words[0]}: {what}")
    return ran.stdout
