"""The user that runs this process in, what a JVM needs to know of them out: the Hadoop in Spark insists on a user's name.

A container that runs with a random user id has no entry for it; nss_wrapper lends the JVM one, without a file of the system.
"""

from __future__ import annotations

import ctypes
import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.evaluation.engines.spark.errors import SparkFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRAPPER: Final = "libnss_wrapper.so"


@contextmanager
def identity(directory: Path) -> Iterator[None]:
    """Let processes that are started meanwhile find a name for the user of this one. ``directory`` holds what says it.

    Raises SparkFailed where the user has no name and nss_wrapper is not installed.
    """
    lent = {} if _has_name() else _lent(directory)
    kept = {name: os.environ.get(name) for name in lent}
    os.environ.update(lent)
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _has_name() -> bool:
    try:
        return bool(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return False


def _lent(directory: Path) -> dict[str, str]:
    try:
        ctypes.CDLL(_WRAPPER)
    except OSError:
        raise SparkFailed(
            f"user id {os.getuid()} has no name here, and the Hadoop in Spark needs one: give it an entry in /etc/passwd, or "
            "install nss_wrapper (`apt-get install libnss-wrapper`)"
        ) from None
    users, groups = directory / "passwd", directory / "group"
    users.write_text(f"perpend:x:{os.getuid()}:{os.getgid()}::{directory}:/bin/false\n", "utf-8")
    groups.write_text(f"perpend:x:{os.getgid()}:\n", "utf-8")
    preloaded = " ".join(filter(None, (_WRAPPER, os.environ.get("LD_PRELOAD"))))
    return {"LD_PRELOAD": preloaded, "NSS_WRAPPER_PASSWD": str(users), "NSS_WRAPPER_GROUP": str(groups)}
