"""Find the first and last change of each path of a repository in git. Without git, nothing is known.

The repository's git configuration is untrusted: it must not run a program or fetch anything.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections import Counter
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from functools import cached_property
from threading import Timer
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.language.syntax.files import parents
from perpend.language.syntax.repository import TOPS
from perpend.reports.site.content.page import Changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_MAX_SECONDS: Final = 30
_ANSWERS_WITHIN: Final = 10
"""The time limit for quick questions to git, in seconds. A pipe among git's files would make it wait for ever."""

_MAX_BYTES: Final = 256 * 1024 * 1024
_MAX_NAME: Final = 200
_CHUNK: Final = 1024 * 1024
_SAFE: Final = (
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.sshCommand=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "log.showSignature=false"),
    "--no-pager",
    "--literal-pathspecs",
)
_LOG: Final = (
    *("log", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-mailmap", "--no-color", "--no-renames"),
    *("--relative", "--name-only", "-z"),
)


@dataclass(slots=True)
class _Tally:
    first: int
    last: int
    authors: Counter[str] = field(default_factory=Counter)


class History:
    """The history of a policy repository, read by one run of git on first use."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, entity_path: str) -> Changes | None:
        """Return the changes of a file or directory, by its ID, None if git has no history of it, or not all of it.

        A shallow clone or an endless history would give a wrong beginning, so it counts as unknown.
        """
        tally = self._tallies.get(entity_path.strip("/"))
        if tally is None:
            return None
        authors = sorted(tally.authors, key=lambda name: (-tally.authors[name], name))
        return Changes(_iso(tally.first), _iso(tally.last), tally.authors.total(), tuple(authors))

    @cached_property
    def revision(self) -> str:
        """The checked-out revision, empty if there is none. Histories change with it."""
        return self._answer[1]

    @property
    def _is_cut(self) -> bool:
        return self._answer[0] != "false"

    @cached_property
    def _answer(self) -> tuple[str, str]:
        """Return whether the history is shallow, as git prints it, and the checked-out revision."""
        git = shutil.which("git") if self.root.is_dir() else None
        answer = self._output(git, "rev-parse", "--is-shallow-repository", "HEAD").split() if git else []
        return (answer[0], answer[1]) if len(answer) == 2 else ("", "")

    @cached_property
    def _tallies(self) -> dict[str, _Tally]:
        git = shutil.which("git")
        if git is None or not self.revision or self._is_cut:
            return {}
        mark = secrets.token_hex(16)
        arguments = [git, *_SAFE, *_LOG, f"--format=tformat:{mark}%ct %an%x00", "--", *TOPS]
        tallies: dict[str, _Tally] = {}
        try:
            with _started(arguments, self.root) as running:
                for revision in _revisions(running.stdout, mark):
                    _count(revision, tallies)
        except (OSError, _Endless):
            return {}
        return tallies if running.returncode == 0 else {}

    def _output(self, git: str, *question: str) -> str:
        try:
            answer = subprocess.run(  # noqa: S603 # a list of our own, no shell
                [git, *_SAFE, *question],
                cwd=self.root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_ANSWERS_WITHIN,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return answer.stdout.decode("utf-8", "replace").strip() if answer.returncode == 0 else ""


class _Endless(Exception):
    """More history than is read."""


@contextmanager
def _started(arguments: list[str], directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a running program; it ends after a time, and when its output is no longer read."""
    with subprocess.Popen(  # noqa: S603 # a list of our own, no shell
        arguments,
        cwd=directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        timer = Timer(_MAX_SECONDS, running.kill)
        timer.daemon = True
        timer.start()
        yield running
    timer.cancel()


def _environment() -> dict[str, str]:
    """Return an environment in which git never prompts, reads no system configuration, and does not use inherited paths."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT") if name in os.environ}
    return environment | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "LC_ALL": "C",
    }


def _revisions(stream: IO[bytes] | None, mark: str) -> Iterator[list[str]]:
    """Yield each revision as its head, ``<seconds> <author>``, and the paths that it changed."""
    revision: list[str] = []
    for text in _texts(stream):
        plain = text.lstrip("\n")
        if plain.startswith(mark):
            if revision:
                yield revision
            revision = [plain.removeprefix(mark)]
        elif plain and revision:
            revision.append(plain)
    if revision:
        yield revision


def _texts(stream: IO[bytes] | None) -> Iterator[str]:
    """Yield the texts between the zeros of a stream."""
    rest, read = b"", 0
    while stream is not None and (chunk := stream.read(_CHUNK)):
        read += len(chunk)
        if read > _MAX_BYTES:
            raise _Endless
        *whole, rest = (rest + chunk).split(b"\0")
        for text in whole:
            yield text.decode("utf-8", "replace")
    yield rest.decode("utf-8", "replace")


def _count(revision: list[str], tallies: dict[str, _Tally]) -> None:
    """Add a revision to the tallies of the files that it changed and of all directories above them."""
    head, *paths = revision
    seconds, _, author = head.partition(" ")
    when = int(seconds) if seconds.isascii() and seconds.isdigit() else 0
    for touched in {above for path in paths for above in (path, *parents(path))}:
        tally = tallies.setdefault(touched, _Tally(when, when))
        tally.first = min(tally.first, when)
        tally.last = max(tally.last, when)
        tally.authors[author[:_MAX_NAME]] += 1


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), tz=UTC).isoformat().replace("+00:00", "Z")
