"""Store the issues that each channel has: read whole, replaced in one step, under the lock of the delivery log."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from perpend.core.commit import write_whole
from perpend.core.dataclass import dataclass
from perpend.inventory.snapshots.files import StoreError, is_there, naming, shown
from perpend.inventory.snapshots.manifest import Damaged, document_from, sealed

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.notifications.issues.trackers import FoundIssue

FORMAT: Final = 1
FILE: Final = "issues.json"
"""The file's name, below the history's directory."""

CLOCKS: Final = timedelta(hours=1)
"""By how much the clock of a tracker may differ from the one of this machine."""


class IssueState(StrEnum):
    """The state of an issue as the log knows it.

    OPENING: it was asked for, and whether it exists is not known. GONE: somebody deleted it.
    """

    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"


@dataclass(slots=True)
class LoggedIssue:
    """The issue of one policy, by its lineage, and one account, None if the account is not known.

    ``ref`` is its number or key in the tracker. ``opened`` is the run in which it was opened, ``told`` the newest run that
    it tells of, and ``shown`` a digest of its content. ``at`` is the time at which it was asked for. ``left``: somebody has
    closed it by hand, and a comment says that findings are open. ``noted`` names the comment that was written before the
    step after it failed. ``identity`` and ``created`` are those of the tracker (:class:`FoundIssue`), empty if it has not told
    them yet.
    """

    lineage: str
    account: str | None
    opened: int
    at: str
    state: IssueState = IssueState.OPENING
    ref: str = ""
    told: int = 0
    shown: str = ""
    left: bool = False
    noted: str = ""
    identity: str = ""
    created: str = ""

    def adopt(self, there: FoundIssue) -> None:
        """Take over how the tracker names the issue."""
        self.ref, self.identity, self.created = there.ref, there.identity, there.created

    def is_same(self, there: FoundIssue, key: str) -> bool:
        """Whether an issue of the tracker is this one. In a project that was created again, its number is that of another.

        Logs of the first versions hold no identity: there, the issue has to name the key, or to be as old as this one.
        """
        if self.identity:
            return self.identity == there.identity and self.created in ("", there.created)
        is_as_old = abs(datetime.fromisoformat(there.created) - datetime.fromisoformat(self.at)) <= CLOCKS
        return key in there.keys or (self.ref == there.ref and is_as_old)


@dataclass(slots=True)
class ChannelLog:
    """The issues of one channel, by their keys.

    ``target`` is a digest of the project's address. ``salt`` makes keys that nobody can guess. Findings that were open before
    or in the run ``start`` open no issue. ``run`` is the newest run of which the channel knows.
    """

    target: str
    start: int
    run: int = 0
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    issues: dict[str, LoggedIssue] = field(default_factory=dict)

    def key_of(self, lineage: str, account: str | None) -> str:
        """Return the key of an issue, by which a tracker finds it."""
        named = "\0".join((self.salt, lineage, "" if account is None else f"={account}"))
        return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class IssueLog:
    """The issues of all channels. The caller holds the lock of the delivery log."""

    def __init__(self, place: HistoryStorage) -> None:
        self._path: Path = place.directory / FILE
        self.channels = self._read()

    def write(self) -> None:
        """Store the log. After this returns, it survives a loss of power."""
        channels = {name: asdict(channel) for name, channel in sorted(self.channels.items())}
        with naming(self._path):
            write_whole(self._path, sealed({"format": FORMAT, "channels": channels}).encode())

    def _read(self) -> dict[str, ChannelLog]:
        with naming(self._path, "cannot be read"):
            if not is_there(self._path):
                return {}
            text = self._path.read_bytes().decode("utf-8", errors="replace")
        try:
            document = document_from(text, version=FORMAT)
            return {str(name): _channel_from(channel) for name, channel in document["channels"].items()}
        except Damaged as error:
            raise StoreError(f"{shown(self._path)}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise StoreError(f"{shown(self._path)}: it holds something else than issues") from None


def _channel_from(document: dict[str, Any]) -> ChannelLog:
    issues = {key: LoggedIssue(**{**one, "state": IssueState(one["state"])}) for key, one in document["issues"].items()}
    return ChannelLog(**{**document, "issues": issues})
