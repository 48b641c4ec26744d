"""Commands of a user who has no name and no home, as in a container with a random user id."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

UNKNOWN = 54_321
OF_A_USER = ("HOME", "USER", "LOGNAME")
NAMELESS = ("unshare", "--user", f"--map-user={UNKNOWN}", f"--map-group={UNKNOWN}")


def may_be_nameless() -> bool:
    """Whether a process may have a user without a name here."""
    return shutil.which("unshare") is not None and subprocess.run([*NAMELESS, "true"], check=False).returncode == 0


def has_wrapper() -> bool:
    """Whether the library is installed that lends such a user a name."""
    return any(Path("/usr/lib").glob("**/libnss_wrapper.so"))


def nameless(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Perpend as that user."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_USER}
    command = [*NAMELESS, sys.executable, "-m", "perpend", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
