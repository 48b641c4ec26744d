"""Run a command on a pseudo terminal, and read what an emulated terminal shows of it in the end."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest

pyte = pytest.importorskip("pyte", reason="pyte is not installed")

_HEIGHT = 24


class Shown(NamedTuple):
    """What a terminal shows: its rows from the first one that scrolled out, and all that it was sent."""

    code: int
    rows: list[str]
    sent: str


def shown(*words: object, width: int, cwd: Path | None = None, **environment: str) -> Shown:
    """Return what a terminal shows of a command of Perpend. Both streams go to it."""
    process, ours = os.forkpty()
    if not process:
        os.chdir(cwd or os.getcwd())
        known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "PERPEND_CONFIG")}
        command = [sys.executable, "-m", "perpend", *map(str, words)]
        # The width is that of the terminal before anything reads it.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, width, 0, 0))
        os.execve(command[0], command, {**known, "TERM": "xterm-256color", **environment})  # noqa: S606 - our own command
    screen = pyte.HistoryScreen(width, _HEIGHT, history=10_000, ratio=0.1)
    emulator, sent = pyte.ByteStream(screen), b""
    while piece := _piece(ours):
        sent += piece
        emulator.feed(piece)
    os.close(ours)
    _, status = os.waitpid(process, 0)
    rows = ["".join(row[column].data for column in range(width)) for row in screen.history.top]
    rows = [row.rstrip() for row in (*rows, *screen.display)]
    while rows and not rows[-1]:
        rows.pop()
    return Shown(os.waitstatus_to_exitcode(status), rows, sent.decode("utf-8", "replace"))


def _piece(terminal: int) -> bytes:
    """Return what is written next, nothing at the end: a terminal whose other side is closed cannot be read."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""
