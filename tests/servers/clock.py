"""Time that no test waits for."""

from __future__ import annotations


class Clock:
    """Time that passes where somebody waits, and not else."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
