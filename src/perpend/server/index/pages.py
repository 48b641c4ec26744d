"""Pages of findings: the rows behind a key, in an order, with the names of their objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import InvalidOption
from perpend.findings.history.identity import finding_id
from perpend.findings.history.model import STATUSES
from perpend.findings.severity.levels import LEVELS
from perpend.server.answers import FindingRow
from perpend.server.index.build import relation
from perpend.server.index.facts import EVENTS, LIVES
from perpend.server.index.questions import OBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.index.questions import Chosen

_LAST: Final = 2**62
"""The part of a key that stands for a finding that was never known to fail: it comes last."""

ORDERS: Final = {
    "severity": "place",
    "newest": "open_since DESC NULLS LAST, place",
    "age": "open_since NULLS LAST, place",
}
"""The orders of pages, the default first: by severity and then the newest; the newest first; the oldest first."""

KEY: Final = re.compile(r"[0-9]{1,19}(\.[0-9]{1,19})*", re.ASCII)
"""The form of a key."""

_COLUMNS: Final = (
    *("place", "object", "policy_no", "account_no", "region_no", "level", "life_no", "status_no", "condition_index"),
    *("open_since", "ended_at", "last_known_at", "episodes", "waiver_no", "change_no"),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile("[0-9a-f]{32}")
_TEXT, _MESSAGE = 0, 1


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads findings of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    files: IndexFiles
    ask: Callable[[str], list[tuple[Any, ...]]]

    def page(self, chosen: Chosen, order: str, limit: int, after: str | None) -> tuple[tuple[FindingRow, ...], str | None]:
        """Return the findings behind a key, and the key of the next page, None on the last. Raises InvalidOption."""
        if order not in ORDERS:
            raise InvalidOption(f"order '{order}' is not one of {', '.join(ORDERS)}", "--order")
        behind = f" AND {_behind(order, after)}" if after is not None else ""
        rows = self.ask(
            f"SELECT {', '.join(_COLUMNS)} "
            f"FROM (SELECT *, waiver_no > 0 AS is_waived FROM {relation(chosen.source(self.files))}) "
            f"WHERE {chosen.where()}{behind} ORDER BY {ORDERS[order]} LIMIT {limit + 1}"
        )
        shown = rows[:limit]
        following = _key(order, dict(zip(_COLUMNS, shown[-1], strict=True))) if len(rows) > limit else None
        return self._rows(shown), following

    def finding(self, named: str, in_scope: str) -> FindingRow | None:
        """Return the finding with an id, None if there is none in the scope."""
        if not _ID.fullmatch(named):
            return None
        places = self.ask(f"SELECT place FROM {relation(self.files.ids)} WHERE id_head = {int(named[:8], 16)}")
        if not places:
            return None
        listed = ", ".join(str(place) for (place,) in places)
        read = f"SELECT {', '.join(_COLUMNS)} FROM {relation(self.files.findings)} WHERE place IN ({listed}) AND {in_scope}"
        return next((row for row in self._rows(self.ask(read)) if row.finding_id == named), None)

    def _rows(self, rows: Sequence[tuple[Any, ...]]) -> tuple[FindingRow, ...]:
        objects = self._objects({row[1] for row in rows})
        return tuple(self._row(dict(zip(_COLUMNS, row, strict=True)), objects) for row in rows)

    def _objects(self, numbers: set[int]) -> dict[int, tuple[Any, ...]]:
        if not numbers:
            return {}
        listed = ", ".join(map(str, sorted(numbers)))
        read = f"SELECT object, object_id, object_name, external_id, incarnation FROM {OBJECTS} WHERE object IN ({listed})"
        return {number: tuple(names) for number, *names in self.ask(read)}

    def _row(self, row: dict[str, Any], objects: dict[int, tuple[Any, ...]]) -> FindingRow:
        policy = self.facts.policies[row["policy_no"]]
        object_id, name, external_id, incarnation = objects[row["object"]]
        account = self.facts.accounts[row["account_no"]]
        texts = self.facts.texts.get((policy.number, row["condition_index"]), (None, None, None))
        return FindingRow(
            finding_id=finding_id(policy.lineage, policy.type, object_id, incarnation),
            policy_id=policy.policy_id,
            policy_title=policy.title,
            type=policy.type,
            type_label=policy.type_label,
            object_id=object_id,
            object_name=name,
            external_id=external_id,
            account=account,
            account_name=self.facts.account_names.get(account) if account is not None else None,
            region=self.facts.regions[row["region_no"]],
            status=STATUSES[row["status_no"]].value,
            life=LIVES[row["life_no"]].value,
            severity=LEVELS[row["level"] - 1].value if row["level"] else None,
            open_since=row["open_since"],
            ended_at=row["ended_at"],
            last_known_at=row["last_known_at"],
            episodes=row["episodes"],
            message=texts[_MESSAGE] or texts[_TEXT] or "",
            waiver=self.facts.waivers[row["waiver_no"] - 1].id if row["waiver_no"] else None,
            change=event.value if (event := EVENTS[row["change_no"]]) else None,
        )


def _key(order: str, last: dict[str, Any]) -> str:
    """Return the key behind a finding."""
    if order == "severity":
        return str(last["place"])
    since = last["open_since"]
    return f"{_LAST if since is None else (since - _EPOCH) // timedelta(microseconds=1)}.{last['place']}"


def _behind(order: str, after: str) -> str:
    """Return the condition for the findings behind a key."""
    parts = [int(part) for part in after.split(".")] if KEY.fullmatch(after) else []
    if len(parts) != (1 if order == "severity" else 2) or any(part >= 2**63 for part in parts):
        raise InvalidOption("next: no page of this order has given this key", "--after")
    *since, place = parts
    if not since:
        return f"place > {place}"
    if since[0] >= _LAST:
        return f"open_since IS NULL AND place > {place}"
    time, sign = f"make_timestamptz({since[0]})", "<" if order == "newest" else ">"
    return f"(open_since {sign} {time} OR (open_since = {time} AND place > {place}) OR open_since IS NULL)"
