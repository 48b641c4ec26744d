"""Waivers and attestations and the days of two runs in, those that began to end or have ended between them out: each told once.

A run tells what the run before did not: whatever comes nearer to its end than some days, or has passed it, since then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.findings.notifications.chat import shown_in_chat

if TYPE_CHECKING:
    from datetime import date

    from perpend.findings.waivers.read import WaiverFiles

SOON: Final = 14
"""How many days before its end a waiver is told of, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class WaiverEnding:
    """What ends soon, or has ended: a waiver or an attestation, who answers for it, and the last day on which it holds."""

    kind: str
    id: str
    owner: str
    reason: str
    until: date
    has_ended: bool

    @property
    def line(self) -> str:
        """What is told of it, on one line, with what is foreign as chats do not obey it."""
        verb = "ended after" if self.has_ended else "ends after"
        return f"{self.kind} {shown_in_chat(self.id)} {verb} {self.until.isoformat()}: {shown_in_chat(self.reason)}"

    @property
    def document(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "kind": self.kind,
            "id": self.id,
            "until": self.until.isoformat(),
            "hasEnded": self.has_ended,
            "reason": self.reason,
        }


def endings_between(files: WaiverFiles, before: date, day: date, *, within: int) -> tuple[WaiverEnding, ...]:
    """Return what ends within some days of a run's day, or before it, and did neither on the day of the run before."""
    soon = timedelta(days=within)
    endings: list[WaiverEnding] = []
    for kind, entries in (("waiver", files.waivers), ("attestation", files.attestations)):
        for entry in entries:
            if entry.until is None or (entry.begins is not None and entry.begins > day):
                continue
            has_ended = before <= entry.until < day
            ends_soon = before + soon < entry.until <= day + soon and entry.until >= day
            if has_ended or ends_soon:
                endings.append(WaiverEnding(kind, entry.id, entry.owner, entry.reason, entry.until, has_ended))
    return tuple(sorted(endings, key=lambda ending: (ending.until, ending.kind, ending.id)))
