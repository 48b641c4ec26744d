"""How long a command takes, and at what pace the processor ran meanwhile: `python -m tests.timed make test`.

Two cores may be halves of one, and others may use them, too: the same work then takes up to twice the processor's time. Every
three seconds a process beside the command adds up a million numbers; what that takes when the machine is calm is its least.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import fmean

BREAK = 3.0
NUMBERS = 1_000_000


def added() -> float:
    """Return how many milliseconds of the processor a million additions take."""
    began, total = time.process_time(), 0
    for number in range(NUMBERS):
        total += number
    return (time.process_time() - began) * 1000


def main(command: list[str]) -> int:
    """Run a command, say how long it took and at what pace, and return its exit code."""
    began, paces = time.monotonic(), [added()]
    with subprocess.Popen(command) as running:
        while running.poll() is None:
            try:
                running.wait(BREAK)
            except subprocess.TimeoutExpired:
                paces.append(added())
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    told = f"a million additions took {min(paces):.0f} to {max(paces):.0f} ms of the processor, {fmean(paces):.0f} in the mean"
    print(f"{minutes}:{seconds:02} minutes; {told}", file=sys.stderr)  # noqa: T201
    return running.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
