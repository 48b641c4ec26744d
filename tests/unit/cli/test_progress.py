"""What is drawn of a collection that is under way."""

from __future__ import annotations

from typing import Any

from perpend.cli.progress import AccountBars, account_bars
from perpend.collectors.protocol import AccountEntry, WorkUnit

ACCOUNT = "111122223333"
CELLS = [
    WorkUnit(ACCOUNT, "", "iam.report"),
    WorkUnit(ACCOUNT, "", "iam.policies"),
    WorkUnit(ACCOUNT, "eu-west-1", "analyzer.list"),
]


class Bars:
    """Notes what is drawn."""

    def __init__(self) -> None:
        self.drawn: list[Any] = []

    def add_task(self, text: str, *, total: int) -> int:
        self.drawn.append(("+", text, total))
        return len(self.drawn)

    def update(self, task: int, *, advance: int, description: str | None = None) -> None:
        self.drawn.append((task, description))

    def remove_task(self, task: int) -> None:
        self.drawn.append(("-", task))


def test_each_account_has_a_line_with_the_services_that_are_still_asked() -> None:
    bars = Bars()
    watch = AccountBars(bars, 1)
    watch.opened(AccountEntry(ACCOUNT), CELLS)
    for cell in CELLS:
        watch.ended(cell)
    watch.closed(ACCOUNT)
    watch.closed("another")
    expected = [
        ("+", "accounts", 1),
        ("+", f"{ACCOUNT}: iam, analyzer", 3),
        (2, f"{ACCOUNT}: iam, analyzer"),
        (2, f"{ACCOUNT}: analyzer"),
        (2, f"{ACCOUNT}: "),
        ("-", 2),
        (1, None),
        (1, None),
    ]
    assert expected == bars.drawn


def test_nothing_is_drawn_beside_a_terminal() -> None:
    with account_bars(3) as watch:
        assert watch is None
