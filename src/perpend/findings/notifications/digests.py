"""Summarise the events of a run by owner, for every kind of channel."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.account import Account
from perpend.findings.history.model import Cause, Event, in_words
from perpend.findings.history.queries.views import EVENTS
from perpend.findings.notifications.chat import code_in_chat, shown_in_chat
from perpend.findings.waivers.matches import WAIVED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from perpend.findings.history.manifest import Run
    from perpend.findings.notifications.expirations import WaiverEnding
    from perpend.inventory.snapshots.database import Connection

MOST_LISTED: Final = 20
"""How many findings of an owner a digest lists; the others are counted."""

_ORDER: Final = tuple(event.value for event in Event)
_QUIET: Final = (Cause.POLICY.value, Cause.PARAMETER.value, Cause.ENGINE.value)
_COLUMNS: Final = (
    *("finding_id", "policy_id", "type", "object_id", "object_name", "region", "account", "event", "cause", "before", "after"),
)
_KEYS: Final = (
    *(
        "findingId",
        "policyId",
        "typeApiName",
        "objectId",
        "objectName",
        "region",
        "account",
        "event",
        "cause",
        "before",
        "after",
    ),
    *("waiver", "findings"),
)
_NEW: Final = (Event.OPENED.value, Event.REOPENED.value)
_ENDED: Final = (Event.RESOLVED.value, Event.RESOURCE_DELETED.value, Event.POLICY_REMOVED.value)
_RATED: Final = "perpend_digest_policy"


@dataclass(frozen=True, slots=True)
class OwnerNews:
    """The events of one owner's findings, None if no owner is known: their counts, and the first findings.

    All findings of a deleted object are one, the most severe of them; ``findings`` of each is their number. ``endings`` are the
    owner's waivers and attestations that end soon, or have ended.
    """

    owner: str | None
    counts: Mapping[str, int]
    findings: Sequence[Mapping[str, Any]]
    endings: Sequence[WaiverEnding] = ()

    @property
    def more(self) -> int:
        """The number of findings that are not listed."""
        listed: int = sum(finding["findings"] for finding in self.findings)
        return sum(self.counts.values()) - listed


@dataclass(frozen=True, slots=True)
class Digest:
    """The news of one run, by owner, those with new and severe findings first.

    ``quiet`` is the number of changes by policies or the engine, which notify nobody. Findings that are less severe than
    ``severity`` are left out; None leaves out none.
    """

    run: int
    snapshot: str
    time: str
    owners: tuple[OwnerNews, ...] = ()
    quiet: int = 0
    severity: str | None = None

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
        return f"Perpend, run {self.run}: {_summary(self.counts, endings)}"

    @property
    def text(self) -> str:
        """The digest for people, owner by owner; text from outside is on one line, and safe for chats."""
        least = f", findings of severity {self.severity} or worse" if self.severity else ""
        lines = [f"{self.title} (estate of {self.time[:10]}{least})"]
        for owner in self.owners:
            lines.append(
                f"{shown_in_chat(owner.owner) if owner.owner else 'no owner known'}: {_summary(owner.counts, owner.endings)}"
            )
            lines += [f"- {ending.line}" for ending in owner.endings[:MOST_LISTED]]
            lines += [f"- and {over:,} more that end"] if (over := len(owner.endings) - MOST_LISTED) > 0 else []
            lines += [f"- {_line(finding)}" for finding in owner.findings]
            lines += [f"- and {owner.more:,} more"] if owner.more else []
        lines += [f"{self.quiet:,} findings changed because a policy, a parameter or the engine did"] if self.quiet else []
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
            "severity": self.severity,
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


@dataclass(frozen=True, slots=True)
class DigestNames:
    """What digests show of policies and accounts, and who owns a finding: the owner of its waiver, else of its account.

    ``title_of`` and ``severity_of`` return the title and the severity of a policy by its id. ``severities`` are all levels, the
    most severe first.
    """

    accounts: Mapping[str, Account]
    waiver_owners: Mapping[str, str]
    title_of: Callable[[str], str]
    severity_of: Callable[[str], str | None]
    severities: Sequence[str]

    def complete(self, finding: dict[str, Any]) -> str | None:
        """Add the names to a finding; return its owner."""
        account = self.accounts.get(finding["account"] or "", Account())
        finding["title"], finding["severity"] = self.title_of(finding["policyId"]), self.severity_of(finding["policyId"])
        finding["accountName"] = account.name
        return self.waiver_owners.get(finding["waiver"] or "") or account.owner


def rate_policies(connection: Connection, policy_ids: Collection[str], names: DigestNames) -> None:
    """Make the table of the severities of policies, by which digests are sorted."""
    levels = {level: number for number, level in enumerate((*names.severities, None))}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_RATED} (policy_id VARCHAR, level INTEGER)")
    rows = [(policy_id, levels[names.severity_of(policy_id)]) for policy_id in policy_ids]
    if rows:
        connection.executemany(f"INSERT INTO {_RATED} VALUES (?, ?)", rows)


def digest_of(
    connection: Connection, run: Run, names: DigestNames, endings: Sequence[WaiverEnding] = (), *, severity: str | None = None
) -> Digest:
    """Return the digest of a run, with findings of a severity and worse ones only.

    ``connection`` has the views of the history, and the tables of waived findings and of rated policies. ``endings`` are
    waivers and attestations that end.
    """
    level = len(names.severities) if severity is None else names.severities.index(severity)
    answer = connection.execute(_query(), [run.number, level, list(_NEW), list(_ENDED), list(_ORDER)])
    counts: dict[str | None, Counter[str]] = {}
    listed: dict[str | None, list[dict[str, Any]]] = {}
    quiet = 0
    while rows := answer.fetchmany(1_000):
        for row in rows:
            finding = dict(zip(_KEYS, row, strict=True))
            if finding["cause"] in _QUIET:
                quiet += finding["findings"]
                continue
            owner = names.complete(finding)
            counts.setdefault(owner, Counter())[finding["event"]] += finding["findings"]
            if len(of_owner := listed.setdefault(owner, [])) < MOST_LISTED:
                of_owner.append(finding)
    by_owner: dict[str | None, list[WaiverEnding]] = {}
    for ending in endings:
        by_owner.setdefault(ending.owner, []).append(ending)
    ordered = [*counts, *sorted(by_owner.keys() - counts.keys(), key=lambda owner: (owner is None, owner or ""))]
    owners = tuple(
        OwnerNews(owner, _in_order(counts.get(owner, {})), listed.get(owner, ()), by_owner.get(owner, ())) for owner in ordered
    )
    return Digest(run.number, run.snapshot, run.time, owners, quiet, severity)


def _query() -> str:
    """Return the query for the events of a run: new ones first and ended ones last, the most severe first.

    The events of a deleted object are one row, with the number of its findings.
    """
    subject = f"CASE WHEN e.event = '{Event.RESOURCE_DELETED}' THEN e.type || ' ' || e.object_id ELSE e.finding_id END"
    of_row = f"PARTITION BY e.event, e.cause, w.waiver, {subject}"
    return (
        f"SELECT {', '.join(f'e.{column}' for column in _COLUMNS)}, w.waiver, count(*) OVER ({of_row}) FROM {EVENTS} AS e "
        f"LEFT JOIN {WAIVED} AS w ON w.key = e.key JOIN {_RATED} AS p ON p.policy_id = e.policy_id "
        "WHERE e.run = ? AND e.event IS NOT NULL AND p.level <= ? "
        f"QUALIFY row_number() OVER ({of_row} ORDER BY p.level, e.policy_id, e.finding_id) = 1 "
        "ORDER BY NOT list_contains(?, e.event), list_contains(?, e.event), p.level, list_position(?, e.event), "
        "e.policy_id, e.type, e.object_id, e.finding_id"
    )


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {event: counts[event] for event in _ORDER if counts.get(event)}


def _summary(counts: Mapping[str, int], endings: Sequence[WaiverEnding]) -> str:
    words = {Event.RESOURCE_DELETED.value: "of deleted resources"}
    lines = [f"{number:,} {words.get(event) or in_words(event)}" for event, number in counts.items()]
    for has_ended, what in ((True, "waived or attested no more"), (False, "ending soon")):
        number = sum(ending.has_ended is has_ended for ending in endings)
        lines += [f"{number:,} {what}"] if number else []
    return ", ".join(lines) or "nothing"


def _line(finding: Mapping[str, Any]) -> str:
    parts = [shown_in_chat(part) for part in (finding["region"], finding["accountName"] or finding["account"]) if part]
    name = code_in_chat(finding["objectName"] or finding["objectId"]) + (f" ({', '.join(parts)})" if parts else "")
    waived = f" (waived: {shown_in_chat(finding['waiver'])})" if finding["waiver"] else ""
    event = in_words(finding["event"])
    if finding["event"] == Event.RESOURCE_DELETED:
        return f"{event}: {name}, {counted(finding['findings'], 'finding')}{waived}"
    return f"{event}, {finding['severity'] or 'not rated'}: {shown_in_chat(finding['title'])}: {name}{waived}"
