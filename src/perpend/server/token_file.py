"""Read the Bearer tokens of a file: one a line, so that an old and a new one are valid side by side."""

from __future__ import annotations

import os
import stat
from typing import Final

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError, about

SHORTEST: Final = 20
"""The fewest characters of a token."""

_MOST_BYTES: Final = 65_536


class UnusableTokens(PerpendError):
    """A token file that cannot be read, that others can read, or that has no usable token."""


def tokens_of(path: str) -> tuple[str, ...]:
    """Return the tokens of a file. Raises UnusableTokens, also if another user than its owner could read it.

    A file of root may be readable by its group: secrets of systemd and of Kubernetes are.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(path, "is not a regular file")
            if status.st_uid not in (os.geteuid(), 0):
                raise _unusable(path, "belongs to another user")
            others = stat.S_IRWXO | (0 if status.st_uid != os.geteuid() else stat.S_IRWXG)
            if status.st_mode & others:
                raise _unusable(path, "other users can read it: `chmod 600` makes it yours alone")
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unusable(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > _MOST_BYTES:
        raise _unusable(path, f"is larger than {_MOST_BYTES:,} bytes")
    tokens = tuple(line.strip() for line in content.decode("utf-8", "replace").splitlines() if line.strip())
    if not tokens:
        raise _unusable(path, "has no token: write one a line, such as the output of `openssl rand -hex 32`")
    for number, token in enumerate(tokens, 1):
        if len(token) < SHORTEST or not (token.isascii() and token.isprintable()) or " " in token:
            raise _unusable(path, f"token {number} is not {SHORTEST} or more letters, digits and signs without blanks")
    return tokens


def _unusable(path: str, reason: str) -> UnusableTokens:
    return about(path, UnusableTokens(f"{visible(path)}: {reason}"))
