"""Commands in, times and peak memory out; candidates take turns, so that a machine's moods hit all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: wall seconds and peak resident memory in MB."""

    seconds: float
    megabytes: float


def run(command: list[str], *, allowed: tuple[int, ...] = (0,)) -> Run:
    """Run a command to its end with its output thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    errors = process.stderr.read().decode() if process.stderr else ""
    if code not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {code}: {errors[:500]}")
    return Run(seconds, usage.ru_maxrss / 1024)


def side_by_side(candidates: dict[str, list[str]], *, rounds: int, allowed: tuple[int, ...] = (0,)) -> dict[str, list[Run]]:
    """Run the candidates in turn, after one round that does not count."""
    results: dict[str, list[Run]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, command in candidates.items():
            finished = run(command, allowed=allowed)
            if number:
                results[name].append(finished)
    return results


def print_ratios(title: str, results: dict[str, list[Run]], *, base: str, bound: str) -> None:
    """Print each candidate's median time, its ratio to the base's median round by round, and its peak memory."""
    print(f"\n{title}  (bound: {bound})")
    for name, runs in results.items():
        ratios = [one.seconds / other.seconds for one, other in zip(runs, results[base], strict=True)]
        seconds = statistics.median(one.seconds for one in runs)
        peak = max(one.megabytes for one in runs)
        print(f"  {name:<34} {seconds:8.3f} s   × {statistics.median(ratios):6.2f}   {peak:7.1f} MB")
