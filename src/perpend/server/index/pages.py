"""Pages of findings: the rows behind a key, in an order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.inventory.snapshots.database import text
from perpend.server.answers import FindingRow
from perpend.server.index.build import FINDING, TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.questions import Conditions

_LAST: Final = 2**62
"""The time in a key that stands for a finding that was never known to fail: it comes last."""

ORDERS: Final = {
    "severity": "place",
    "newest": f"(coalesce(-epoch_us(open_since), {_LAST}), place)",
    "age": f"(coalesce(epoch_us(open_since), {_LAST}), place)",
}
"""The orders of pages, the default first: by severity and then the newest; the newest first; the oldest first."""

KEY: Final = re.compile(r"[0-9]{1,19}(\.[0-9]{1,19})*", re.ASCII)
"""The form of a key: the place of a finding, behind its time if the order is one of times."""

_COLUMNS: Final = (
    *("finding_id", "policy_id", "policy_title", "type", "object_id", "object_name", "external_id", "account", "region"),
    *("status", "life", "severity", "open_since", "ended_at", "last_known_at", "episodes", "waiver", "change"),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads findings of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    ask: Callable[[str], list[tuple[Any, ...]]]

    def page(
        self, conditions: Conditions, order: str, limit: int, after: str | None
    ) -> tuple[int, tuple[FindingRow, ...], str | None]:
        """Return the number of all findings, those behind a key, and the key of the next page, None on the last.

        Raises InvalidOption for an order or a key that does not exist.
        """
        if order not in ORDERS:
            raise InvalidOption(f"order '{order}' is not one of {', '.join(ORDERS)}", "--order")
        start = f" FILTER (WHERE {ORDERS[order]} > {_values_of_key(order, after)})" if after is not None else ""
        # One scan counts all and chooses the first places; the other columns are read of these only.
        first = f"arg_min(place, {ORDERS[order]}, {limit + 1}){start}"
        [(total, places)] = self.ask(f"SELECT count(*), {first} FROM {FINDING} WHERE {conditions.where()}")
        shown = (places or [])[:limit]
        if not shown:
            return total, (), None
        by_place = self._rows(f"place IN (SELECT unnest({shown}))")
        rows = tuple(by_place[place] for place in shown)
        return total, rows, _key(order, rows[-1], shown[-1]) if len(places) > limit else None

    def finding(self, finding_id: str, in_scope: str) -> FindingRow | None:
        """Return the finding with an id, None if there is none in the scope."""
        if not _ID.fullmatch(finding_id):
            return None
        return next(iter(self._rows(f"finding_id = {text(finding_id)} AND {in_scope}").values()), None)

    def _rows(self, where: str) -> dict[int, FindingRow]:
        """Return findings by their places."""
        message = "coalesce(nullif(t.message, ''), t.text, '')"
        rows = self.ask(
            f"SELECT place, {message}, {', '.join(_COLUMNS)} FROM {FINDING} AS f "
            f"LEFT JOIN {TEXTS} AS t ON t.policy_no = f.policy_no AND t.code = f.condition_index WHERE {where}"
        )
        return {place: self._row(dict(zip(_COLUMNS, values, strict=True)), message) for place, message, *values in rows}

    def _row(self, values: dict[str, Any], message: str) -> FindingRow:
        return FindingRow(
            **values,
            type_label=self.facts.type_labels[values["type"]],
            account_name=self.facts.account_names.get(values["account"]),
            message=message,
        )


def _key(order: str, last: FindingRow, place: int) -> str:
    """Return the key behind a finding."""
    if order == "severity":
        return str(place)
    since = last.open_since
    return f"{_LAST if since is None else (since - _EPOCH) // timedelta(microseconds=1)}.{place}"


def _values_of_key(order: str, after: str) -> str:
    """Return the SQL values of an order that a key stands for. Raises InvalidOption."""
    parts = [int(part) for part in after.split(".")] if KEY.fullmatch(after) else []
    if len(parts) != (1 if order == "severity" else 2) or any(part >= 2**63 for part in parts):
        raise InvalidOption("next: no page of this order has given this key", "--after")
    if order == "newest" and parts[0] < _LAST:
        parts[0] = -parts[0]
    return f"({', '.join(map(str, parts))})"
