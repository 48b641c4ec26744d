"""Find the waivers and attestations that end between two runs.

Each is announced once: by the first run after it came close to its end, and by the first run after its end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.findings.notifications.chat import shown_in_chat

if TYPE_CHECKING:
    from datetime import date

    from perpend.findings.waivers.read import WaiverFiles

SOON: Final = 14
"""How many days before its end a waiver is announced, unless configured otherwise."""


@dataclass(frozen=True, slots=True)
class WaiverEnding:
    """A waiver or an attestation that ends soon or has ended, its owner, and its last day."""

    kind: str
    id: str
    owner: str
    reason: str
    until: date
    has_ended: bool

    @property
    def line(self) -> str:
        """The announcement on one line, with text from outside safe for chats."""
        verb = "ended after" if self.has_ended else "ends after"
        return f"{self.kind} {shown_in_chat(self.id)} {verb} {self.until.isoformat()}: {shown_in_chat(self.reason)}"

    @property
    def document(self) -> dict[str, Any]:
        """The announcement as a JSON document."""
        return {
            "kind": self.kind,
            "id": self.id,
            "until": self.until.isoformat(),
            "hasEnded": self.has_ended,
            "reason": self.reason,
        }


def endings_between(files: WaiverFiles, before: date, day: date, *, within: int) -> tuple[WaiverEnding, ...]:
    """Return the entries that end within some days of a run's day, or before it, and did neither on the day before."""
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
