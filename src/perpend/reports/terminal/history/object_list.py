"""Print lists of findings: a heading for each policy, and below it objects with their regions and accounts in columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from perpend.core.dataclass import dataclass
from perpend.findings.severity.groups import list_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.reports.terminal.page import TerminalPage

Row = dict[str, Any]

SEVERITY_STYLES: Final = {"critical": "bold red", "high": "red", "medium": "yellow"}
"""The styles of severities. The others have none."""

_SEVERITY_WIDTH: Final = 10
_WIDEST_CELL: Final = 44
_GAP: Final = "  "


@dataclass(frozen=True, slots=True)
class PolicyRows:
    """The rows of one policy and severity, which is None for policies without a rating."""

    severity: str | None
    policy_id: str
    title: str
    rows: Sequence[Row]


def by_policy(rows: Iterable[Row], title_of: Callable[[str], str]) -> list[PolicyRows]:
    """Return rows by policy: the most severe policies first, then those with the most rows, then by title."""
    grouped: dict[tuple[str | None, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row.get("severity"), row["policy_id"]), []).append(row)
    policies = [
        PolicyRows(severity, policy_id, title_of(policy_id), of_policy) for (severity, policy_id), of_policy in grouped.items()
    ]
    return sorted(policies, key=lambda one: list_order(one.severity, len(one.rows), one.title, one.policy_id))


def policy_heading(page: TerminalPage, severity: str | None, title: str, name: str, about: str, *, rated: bool) -> None:
    """Print the title of a policy with its severity, some text about its objects, and the command that shows it by name."""
    word = f"{severity or 'not rated':{_SEVERITY_WIDTH}}" if rated else ""
    command = f"perpend show {page.name(name)}"
    text = f"{page.prose(title)}{_GAP}{about}"
    fits = cell_len(f"{word}{text}{_GAP}{command}") <= page.width
    parts: list[str | tuple[str, str]] = [(page.prose(title), "bold"), f"{_GAP}{about}"]
    page.line(
        *parts,
        *([(f"{_GAP}{command}", "dim")] if fits else []),
        first=word,
        rest=indent(rated=rated),
        style=SEVERITY_STYLES.get(severity or "", ""),
    )
    if not fits:
        page.line((command, "dim"), first=indent(rated=rated))


def indent(*, rated: bool) -> str:
    """Return the blanks before the objects of a policy."""
    return " " * (_SEVERITY_WIDTH if rated else 2)


@dataclass(slots=True)
class ObjectColumns:
    """The columns that name the objects of a list: name, region, account.

    Regions and accounts are columns if the list has more than one of them. ``accounts`` are those of the configuration. An
    object has its Id behind its name if another object of the list looks the same.
    """

    page: TerminalPage
    accounts: Mapping[str, Account]
    _keys: tuple[str, ...] = ()
    _alike: Counter[tuple[str | None, ...]] = field(default_factory=Counter)
    _widths: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Sequence[Row], page: TerminalPage, accounts: Mapping[str, Account]) -> ObjectColumns:
        """Return the columns for the objects of some rows."""
        columns = cls(page, accounts)
        columns._keys = tuple(key for key in ("region", "account") if len({row[key] for row in rows if row[key]}) > 1)
        columns._alike = Counter(columns._looks(row) for row in {(row["type"], row["object_id"]): row for row in rows}.values())
        cells = [columns._cells(row) for row in rows]
        columns._widths = [min(max(map(cell_len, column)), _WIDEST_CELL) for column in zip(*cells, strict=True)]
        return columns

    def text(self, row: Row) -> str:
        """Return the object of a row, padded, so that texts behind it stand below each other."""
        padded = (f"{cell}{' ' * (width - cell_len(cell))}" for cell, width in zip(self._cells(row), self._widths, strict=True))
        return _GAP.join(padded)

    def inline(self, row: Row) -> str:
        """Return the object of a row with its region and its account in parentheses."""
        name, *where = self._cells(row)
        places = ", ".join(filter(None, where))
        return f"{name} ({places})" if places else name

    def _cells(self, row: Row) -> list[str]:
        name = self._name(row)
        if self._alike[self._looks(row)] > 1:
            name = f"{name} {self.page.name(row['external_id'] or row['object_id'])}"
        return [name, *(self._place(row, key) for key in self._keys)]

    def _name(self, row: Row) -> str:
        if row["account"] and row["object_id"] == row["account"] and row["object_name"] in (None, "", row["account"]):
            name = self._account(row["account"])
            return f"account {name}" if name == row["account"] else f"account {name} ({row['account']})"
        return self.page.name(row["object_name"] or row["object_id"])

    def _place(self, row: Row, key: str) -> str:
        if not row[key]:
            return ""
        if key == "account":
            return "" if row["object_id"] == row["account"] else self._account(row["account"])
        return self.page.name(row[key])

    def _account(self, number: str) -> str:
        known = self.accounts.get(number)
        return self.page.name((known.name if known else None) or number)

    @staticmethod
    def _looks(row: Row) -> tuple[str | None, ...]:
        return row["object_name"] or row["object_id"], row["region"], row["account"]


def shared(values: Iterable[str]) -> str | None:
    """Return the value that all have, None if they differ or if there is none."""
    different = [value for value, _ in groupby(values)]
    return different[0] if len(different) == 1 else None
