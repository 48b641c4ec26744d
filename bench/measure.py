"""Commands in, times and peak memory out; candidates take turns, so that a machine's moods hit all of them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
"""Where commands run, so that they find this package."""

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, in the round that does not count, as on a machine where the package is installed."""


@dataclass(frozen=True, slots=True)
class RunWriter:
    """One finished process with its own: seconds, peak memory in MB, seconds of processors, what it said of itself in JSON."""

    seconds: float
    megabytes: float
    processor: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)


def run(command: list[str], *, allowed: tuple[int, ...] = (0,), reports: bool = False) -> RunWriter:
    """Run a command to its end. Its output is thrown away, or read as JSON where it ``reports``."""
    started = time.perf_counter()
    # INVARIANT: this process stays small. A child's peak counts what it shared with its parent before it became the command.
    output = subprocess.PIPE if reports else subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, cwd=ROOT, env=_ENVIRONMENT)
    with _watched(process.pid) as together:
        told = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    errors = process.stderr.read().decode() if process.stderr else ""
    if code not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {code}: {errors[-1500:]}")
    processor = usage.ru_utime + usage.ru_stime
    return RunWriter(seconds, max(usage.ru_maxrss / 1024, *together), processor, json.loads(told) if reports else {})


@contextmanager
def _watched(process: int) -> Iterator[list[float]]:
    """Yield the memory in MB that a process and its own hold together, where it has any; what they share counts once.

    It is looked at more and more rarely, down to every four seconds: to look takes time of the processors that are measured.
    """
    together, ended = [0.0], threading.Event()

    def watch() -> None:
        seconds = 0.25
        while not ended.wait(seconds):
            seconds = min(2 * seconds, 4.0)
            with suppress(OSError):
                family = family_of(process)
                if len(family) > 1:
                    together.append(sum(map(_held, family)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield together
    finally:
        ended.set()
        watcher.join()


def family_of(process: int | str) -> list[str]:
    """Return a process, those that it made, and those that they made."""
    made: set[str] = set()
    for thread in Path(f"/proc/{process}/task").iterdir():
        # Any thread of a JVM makes processes.
        with suppress(OSError):
            made.update((thread / "children").read_text().split())
    family = [str(process)]
    for one in made:
        with suppress(OSError):
            family += family_of(one)
    return family


def _held(process: int | str) -> float:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def side_by_side(
    candidates: dict[str, list[str]], *, rounds: int, allowed: tuple[int, ...] = (0,)
) -> dict[str, list[RunWriter]]:
    """Run the candidates in turn, after one round that does not count."""
    results: dict[str, list[RunWriter]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, command in candidates.items():
            finished = run(command, allowed=allowed)
            if number:
                results[name].append(finished)
    return results


def print_ratios(title: str, results: dict[str, list[RunWriter]], *, base: str, bound: str) -> None:
    """Print each candidate's median time, its ratio to the base's median round by round, and its peak memory."""
    print(f"\n{title}  (bound: {bound})")
    for name, runs in results.items():
        ratios = [one.seconds / other.seconds for one, other in zip(runs, results[base], strict=True)]
        seconds = statistics.median(one.seconds for one in runs)
        peak = max(one.megabytes for one in runs)
        print(f"  {name:<34} {seconds:8.3f} s   × {statistics.median(ratios):6.2f}   {peak:7.1f} MB")
