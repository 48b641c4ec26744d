"""What a collection has done, as values: accounts entered, listings asked of them in a region, rows found. JSON in and out.

Refuses to know where it is kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from perpend.core.objects.claims import Unread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from contextlib import AbstractContextManager


class WorkUnit(NamedTuple):
    """One listing in one region of one account; the region is empty where the account has but one such listing."""

    account: str
    region: str
    listing: str


class CollectedRow(NamedTuple):
    """One object as it was read. ``source`` is 1 for what stands in the account's credential report, else 0."""

    type_name: str
    fields: Mapping[str, Any]
    reasons: Mapping[str, str]
    source: int = 0


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account that was entered, or ``why`` it could not be.

    ``regions`` are all that it has enabled, ``asked`` those of them that were wanted, ``stated`` those, enabled or not, that
    somebody declares to be empty; ``no_regions`` is why it does not say which there are. ``label`` is what people call it.
    ``closed`` are those that it has disabled and a store has seen objects in: only with that store they are known.
    """

    account: str
    partition: str = "aws"
    label: str = ""
    regions: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    no_regions: Unread | None = None
    why: Unread | None = None
    at: datetime | None = None
    stated: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkUnitResult:
    """A listing that came to its end, or ``lacking`` why it did not. ``made_at`` is when AWS made a report that it was.

    ``each`` are listings that were made for each of its items, with why they did not come to their end. ``listed`` is how many
    items it has shown, ``others`` how many of them belong to other accounts.
    """

    cell: WorkUnit
    began: datetime
    ended: datetime
    lacking: Unread | None = None
    each: Mapping[str, Unread] = field(default_factory=dict)
    made_at: datetime | None = None
    listed: int = 0
    others: int = 0

    @property
    def whys(self) -> tuple[Unread, ...]:
        """All that kept it from its end."""
        return (*([self.lacking] if self.lacking else []), *self.each.values())


@dataclass(frozen=True, slots=True)
class PartRows:
    """Rows of a cell that are kept: how many of each source, and what was not read of how many of their objects."""

    cell: WorkUnit
    counts: tuple[int, int]
    unread: tuple[Unread, ...] = ()
    at: datetime | None = None


class RowsKept(Protocol):
    """Rows of a cell while they are written."""

    def add(self, row: CollectedRow, /) -> None:
        """Take in a row."""
        ...

    def note(self, unread: Iterable[Unread], /) -> None:
        """Take in what was not read of objects among the rows."""
        ...


class CheckpointWriter(Protocol):
    """What was done of a collection, and what more of it is kept as it is done. Threads share it."""

    def entry(self, account: str, /) -> AccountEntry | None:
        """Return how an account was entered, None where it was not yet."""
        ...

    def enter(self, entry: AccountEntry, /) -> None:
        """Note how an account was entered."""
        ...

    def is_done(self, cell: WorkUnit, /) -> bool:
        """Whether a cell came to its end."""
        ...

    def objects(self, cell: WorkUnit, /) -> Collection[tuple[str, str]]:
        """Return type and Id of the objects of a cell whose rows are kept."""
        ...

    def part(self, cell: WorkUnit, /) -> AbstractContextManager[RowsKept]:
        """Yield what takes rows of a cell, which are kept once the block ends without an error."""
        ...

    def end(self, end: WorkUnitResult, /) -> None:
        """Note the end of a cell."""
        ...


def document_of(value: AccountEntry | WorkUnitResult | PartRows) -> dict[str, Any]:
    """Return a value as JSON has it."""
    return {name: _plain(one) for name, one in asdict(value).items()}


def entry_from(document: Mapping[str, Any]) -> AccountEntry:
    """Return the entry that a document holds. Raises KeyError, TypeError or ValueError where it holds none."""
    fields = dict(document)
    fields |= {name: tuple(fields[name]) for name in ("regions", "asked", "stated", "closed")}
    fields |= {name: _unread(fields[name]) for name in ("no_regions", "why")}
    return AccountEntry(**{**fields, "at": _time(fields["at"])})


def end_from(document: Mapping[str, Any]) -> WorkUnitResult:
    """Return the end that a document holds. Raises KeyError, TypeError or ValueError where it holds none."""
    began, ended = (datetime.fromisoformat(document[name]) for name in ("began", "ended"))
    each = {str(name): Unread(**one) for name, one in document["each"].items()}
    lacking, made_at = _unread(document["lacking"]), _time(document["made_at"])
    listed, others = (int(document[name]) for name in ("listed", "others"))
    return WorkUnitResult(WorkUnit(*document["cell"]), began, ended, lacking, each, made_at, listed, others)


def part_from(document: Mapping[str, Any]) -> PartRows:
    """Return the part that a document holds. Raises KeyError, TypeError or ValueError where it holds none."""
    account, report = document["counts"]
    unread = tuple(Unread(**one) for one in document["unread"])
    return PartRows(WorkUnit(*document["cell"]), (int(account), int(report)), unread, _time(document["at"]))


def now() -> datetime:
    """Return the time of the clock, UTC."""
    return datetime.now(UTC)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _unread(document: Mapping[str, Any] | None) -> Unread | None:
    return Unread(**document) if document is not None else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
