"""Summarise the events of a run by owner, for every kind of channel."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from perpend.findings.history.model import Cause, Event, in_words
from perpend.findings.history.queries.views import EVENTS
from perpend.findings.notifications.chat import code_in_chat, shown_in_chat
from perpend.findings.waivers.matches import WAIVED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.findings.history.manifest import Run
    from perpend.findings.notifications.expirations import WaiverEnding
    from perpend.inventory.snapshots.database import Connection

MOST_LISTED: Final = 20
"""How many findings of an owner a digest lists; the others are counted."""

_ORDER: Final = tuple(event.value for event in Event)
_QUIET: Final = (Cause.POLICY.value, Cause.ENGINE.value)
_COLUMNS: Final = (
    *("finding_id", "policy_id", "type", "object_id", "object_name", "account", "event", "cause", "before", "after"),
)
_KEYS: Final = (
    *("findingId", "policyId", "typeApiName", "objectId", "objectName", "account", "event", "cause", "before", "after"),
    "waiver",
)


@dataclass(frozen=True, slots=True)
class OwnerNews:
    """The events of one owner's findings, None if no owner is known: their counts, and the first findings.

    ``endings`` are the owner's waivers and attestations that end soon, or have ended.
    """

    owner: str | None
    counts: Mapping[str, int]
    findings: Sequence[Mapping[str, Any]]
    endings: Sequence[WaiverEnding] = ()

    @property
    def more(self) -> int:
        """The number of findings that are not listed."""
        return sum(self.counts.values()) - len(self.findings)


@dataclass(frozen=True, slots=True)
class Digest:
    """The news of one run, by owner. ``quiet`` is the number of changes by policies or the engine, which notify nobody."""

    run: int
    snapshot: str
    time: str
    owners: tuple[OwnerNews, ...] = ()
    quiet: int = 0

    def for_owners(self, owners: Sequence[str]) -> Digest:
        """Return the part for some owners, all if there are none."""
        if not owners:
            return self
        return replace(self, owners=tuple(owner for owner in self.owners if owner.owner in owners), quiet=0)

    @property
    def counts(self) -> dict[str, int]:
        """The number of each event."""
        total: Counter[str] = Counter()
        for owner in self.owners:
            total.update(owner.counts)
        return {event: total[event] for event in _ORDER if total[event]}

    @property
    def title(self) -> str:
        """A summary in one line."""
        endings = [ending for owner in self.owners for ending in owner.endings]
        return f"Perpend, run {self.run}: {_told(self.counts, endings)}"

    @property
    def text(self) -> str:
        """The digest for people, owner by owner; text from outside is on one line, and safe for chats."""
        lines = [f"{self.title} (estate of {self.time[:10]})"]
        for owner in self.owners:
            lines.append(
                f"{shown_in_chat(owner.owner) if owner.owner else 'no owner known'}: {_told(owner.counts, owner.endings)}"
            )
            lines += [f"- {ending.line}" for ending in owner.endings[:MOST_LISTED]]
            lines += [f"- and {over:,} more that end"] if (over := len(owner.endings) - MOST_LISTED) > 0 else []
            lines += [f"- {_line(finding)}" for finding in owner.findings]
            lines += [f"- and {owner.more:,} more"] if owner.more else []
        lines += [f"{self.quiet:,} findings changed because a policy or the engine did"] if self.quiet else []
        return "\n".join(lines)

    def document(self, channel: str) -> dict[str, Any]:
        """Return the JSON document for a webhook. ``text`` is for chats."""
        return {
            "version": 1,
            "channel": channel,
            "run": self.run,
            "snapshot": self.snapshot,
            "time": self.time,
            "title": self.title,
            "text": self.text,
            "counts": self.counts,
            "causedByPolicyOrEngine": self.quiet,
            "owners": [
                {
                    "owner": owner.owner,
                    "counts": dict(owner.counts),
                    "findings": list(owner.findings),
                    "more": owner.more,
                    "endings": [ending.document for ending in owner.endings],
                }
                for owner in self.owners
            ],
        }

    def key(self, channel: str) -> str:
        """Return the idempotency key, by which a receiver recognises a repeated digest."""
        return hashlib.sha256("\0".join((channel, str(self.run), self.snapshot)).encode()).hexdigest()[:32]


def digest_of(
    connection: Connection,
    run: Run,
    account_owners: Mapping[str, str],
    waiver_owners: Mapping[str, str],
    endings: Sequence[WaiverEnding] = (),
) -> Digest:
    """Return the digest of a run. ``connection`` has the views of the history and the table of waived findings.

    ``endings`` are waivers and attestations that end. A finding belongs to the owner of its waiver, else of its account.
    """
    query = (
        f"SELECT {', '.join(f'e.{column}' for column in _COLUMNS)}, w.waiver FROM {EVENTS} AS e "
        f"LEFT JOIN {WAIVED} AS w ON w.key = e.key "
        "WHERE e.run = ? AND e.event IS NOT NULL "
        "ORDER BY list_position(?, e.event), e.policy_id, e.type, e.object_id, e.finding_id"
    )
    answer = connection.execute(query, [run.number, list(_ORDER)])
    counts: dict[str | None, Counter[str]] = {}
    listed: dict[str | None, list[dict[str, Any]]] = {}
    quiet = 0
    while rows := answer.fetchmany(1_000):
        for row in rows:
            finding = dict(zip(_KEYS, row, strict=True))
            if finding["cause"] in _QUIET:
                quiet += 1
                continue
            owner = waiver_owners.get(finding["waiver"] or "") or account_owners.get(finding["account"] or "")
            counts.setdefault(owner, Counter())[finding["event"]] += 1
            if len(of_owner := listed.setdefault(owner, [])) < MOST_LISTED:
                of_owner.append(finding)
    by_owner: dict[str | None, list[WaiverEnding]] = {}
    for ending in endings:
        by_owner.setdefault(ending.owner, []).append(ending)
    ordered = sorted({*counts, *by_owner}, key=lambda owner: (owner is None, owner or ""))
    owners = tuple(
        OwnerNews(owner, _in_order(counts.get(owner, {})), listed.get(owner, ()), by_owner.get(owner, ())) for owner in ordered
    )
    return Digest(run.number, run.snapshot, run.time, owners, quiet)


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {event: counts[event] for event in _ORDER if counts.get(event)}


def _told(counts: Mapping[str, int], endings: Sequence[WaiverEnding]) -> str:
    told = [f"{number:,} {in_words(event)}" for event, number in counts.items()]
    for has_ended, what in ((True, "waived or attested no more"), (False, "ending soon")):
        number = sum(ending.has_ended is has_ended for ending in endings)
        told += [f"{number:,} {what}"] if number else []
    return ", ".join(told) or "nothing"


def _line(finding: Mapping[str, Any]) -> str:
    account = f" in {shown_in_chat(finding['account'])}" if finding["account"] else ""
    waived = f" (waived: {shown_in_chat(finding['waiver'])})" if finding["waiver"] else ""
    name = finding["objectName"] or finding["objectId"]
    policy = shown_in_chat(finding["policyId"].rpartition("/")[2])
    return f"{in_words(finding['event'])}: {policy}: {code_in_chat(name)}{account}{waived}"
