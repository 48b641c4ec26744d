"""The interface between a cloud and the rest of Perpend, and the values that pass through it.

A collector is a package: the ``collector`` of a ``Cloud``, which is found by an entry point. ``registry`` loads its modules;
nothing else imports them. ``options`` declares the options of its commands. ``cloud`` holds a ``CloudCollector``, which plans
and needs no SDK. ``api`` holds a ``CloudApi``, which sends requests and needs the packages of the cloud's extra. The name of
the cloud is also the kind of the sources that a collection stores.
"""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption, PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TextIO

    from perpend.core.objects.claims import FailedCall
    from perpend.core.objects.inventory import Source

STATED: Final = "statement"
"""The kind of a source that holds declarations of the user instead of collected objects."""

KEPT_FOR: Final = timedelta(days=30)
"""How long objects that have disappeared stay in a store by default."""

Seen: TypeAlias = "Mapping[str, Mapping[tuple[str, str], int]]"
"""Counts of objects in the previous snapshot that were not collected again and are not deleted: by account, then by type and
region."""

UsedObjects: TypeAlias = "Mapping[str, Collection[str]]"
"""Ids of the objects in the previous snapshot that the provider of the cloud owns and an account used: by type."""

RegionFilter: TypeAlias = "Callable[[Sequence[str]], Sequence[str]]"
"""A function that returns the wanted regions of those that an account has enabled."""


class NothingCollected(PerpendError):
    """The cloud answers no request at all, or a name in the options does not exist there."""


class StoppedEarly(Exception):
    """The collection was stopped before its end."""


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """The options of a collection from any cloud, with the names that they have on the command line.

    A cloud adds its own in a subclass. An empty sequence of accounts, regions, policies, frameworks or types means all of them.
    """

    wanted_accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    closed_regions: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    repo: str | None = None
    types: tuple[str, ...] = ()
    concurrency: int = 16
    endpoint_url: str | None = None
    resume: bool = False
    resume_age: timedelta = timedelta(hours=4)
    keep_disappeared: timedelta = KEPT_FOR
    dry_run: bool = False

    def check(self) -> None:
        """Raise InvalidOption for options that exclude each other."""
        if self.resume and self.dry_run:
            raise InvalidOption("--resume and --dry-run exclude each other", "--resume", "--dry-run")

    @property
    def known_accounts(self) -> int | None:
        """How many accounts the options open; None if only a request to the cloud shows it."""
        return None

    @property
    def statement(self) -> str:
        """The declarations about regions in the words of the command line; empty if there are none."""
        return " ".join(f"--closed-region {glob}" for glob in self.closed_regions)

    @property
    def scope(self) -> list[object]:
        """The options that must be equal for a collection to be resumed."""
        return [self.wanted_accounts, self.regions, self.closed_regions, self.endpoint_url]


ACCOUNTS_OPTION: Final = "--accounts"
"""The option of all clouds that selects accounts."""


@dataclass(frozen=True, slots=True)
class CommandOption:
    """An option of a cloud's commands: its flag, its ``field`` in the cloud's class of options, and its help.

    An option without a ``metavar`` is a switch. ``several`` allows it to be repeated. ``refusal`` returns why a value is not
    valid, None if it is. A ``hidden`` option is not in the help, such as one that other clouds have and this one refuses.
    """

    flag: str
    field: str
    help: str
    metavar: str = ""
    several: bool = False
    refusal: Callable[[str], str | None] | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class WantedPermissions:
    """What a document is to grant: permissions by name.

    ``role_name`` is the role that the caller assumes in each account, empty if it assumes none. ``accounts`` are those in which
    the collecting role lacks them; empty for a role that does not exist yet. ``most_characters`` is the maximum length of one
    document, 0 for that of the format.
    """

    names: tuple[str, ...]
    role_name: str = ""
    accounts: tuple[str, ...] = ()
    most_characters: int = 0


class PermissionDocument(NamedTuple):
    """The text that grants permissions, which ends with a line feed, and sentences about what is left to do."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionFormat:
    """A format in which a cloud takes permissions.

    ``adds``: the document grants permissions beside those of a role that exists. Otherwise it is a whole role. ``splits``: a
    document that would be too long is several.
    """

    name: str
    write: Callable[[WantedPermissions], PermissionDocument]
    adds: bool = False
    splits: bool = False


@dataclass(frozen=True, slots=True)
class CloudCommands:
    """The commands of a cloud: its class of options, its own options of ``collect`` and ``scan`` in the order of the help.

    ``credentials`` is a sentence about the place of credentials. Examples are the words after the command.
    ``permission_formats`` are those of ``permissions`` beside a table and JSON, the usual one first.
    """

    options_class: type[CollectOptions]
    options: tuple[CommandOption, ...] = ()
    credentials: str = ""
    collect_examples: tuple[str, ...] = ()
    scan_examples: tuple[str, ...] = ()
    permission_examples: tuple[str, ...] = ()
    permission_formats: tuple[PermissionFormat, ...] = ()


class WorkUnit(NamedTuple):
    """One listing in one region of one account. The region is empty if the listing is not regional.

    An account is the unit that credentials open: an AWS account, an Azure subscription, a Google Cloud project or organization.
    """

    account: str
    region: str
    listing: str


class CollectedRow(NamedTuple):
    """One object: its known fields, and by field the reasons why others are unknown.

    ``source`` is the number of the account's source that the object comes from, from 0. A cloud may have several, such as
    listings and a report.

    ``lists`` are the child lists that the answer shows with the object: by type and key of the children why the list is
    unknown, empty if it was read in full. ``keys`` are the fields with the Id of the owner that listed the object.
    """

    type_name: str
    fields: Mapping[str, Any]
    reasons: Mapping[str, str]
    source: int = 0
    lists: Mapping[str, str] | None = None
    keys: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account or a group of accounts that credentials opened, or ``why`` they could not.

    ``accounts`` are those below a group, such as the folders and projects of an organization of Google Cloud: one listing shows
    the objects of all. ``gone`` are accounts of the previous snapshot that the cloud says are deleted. ``partition`` is empty
    in clouds without partitions.

    ``regions`` are all that it has enabled, ``asked`` those that were wanted, ``stated`` those that the user declares to be
    empty. ``no_regions`` is why the regions could not be listed. ``closed`` are disabled regions in which the previous
    snapshot has objects. A checkpoint stores the fields under these names.
    """

    account: str
    partition: str = ""
    label: str = ""
    regions: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    no_regions: FailedCall | None = None
    why: FailedCall | None = None
    at: datetime | None = None
    stated: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """The accounts whose objects a listing of the entry shows: the entry itself and those below it, each once."""
        return tuple(dict.fromkeys((self.account, *self.accounts)))


@dataclass(frozen=True, slots=True)
class WorkUnitResult:
    """The end of a listing. ``lacking`` is why it is incomplete, None if it is complete.

    ``each`` holds the listings that were made for each of its items and are incomplete, with the reason, and so the types of
    objects that are nested in its items. ``made_at`` is the
    time of a report that the cloud had made earlier. ``listed`` counts its items, ``others`` the items of other accounts.
    A checkpoint stores the fields under these names.
    """

    cell: WorkUnit
    began: datetime
    ended: datetime
    lacking: FailedCall | None = None
    each: Mapping[str, FailedCall] = field(default_factory=dict)
    made_at: datetime | None = None
    listed: int = 0
    others: int = 0

    @property
    def all_reasons(self) -> tuple[FailedCall, ...]:
        """All reasons why it is incomplete."""
        return (*([self.lacking] if self.lacking else []), *self.each.values())


@dataclass(frozen=True, slots=True)
class PartRows:
    """A part of a listing's rows that a checkpoint holds: their number by source, and the calls that failed for objects."""

    cell: WorkUnit
    counts: tuple[int, int]
    unread: tuple[FailedCall, ...] = ()
    at: datetime | None = None


class RowWriter(Protocol):
    """Takes the rows of one part of a listing."""

    def add(self, row: CollectedRow, /) -> None:
        """Write a row."""
        ...

    def note(self, unread: Iterable[FailedCall], /) -> None:
        """Record the calls that failed for objects among the rows."""
        ...


class CheckpointWriter(Protocol):
    """Holds the progress of a collection, so that it can be resumed. Threads share it."""

    def entry(self, account: str, /) -> AccountEntry | None:
        """Return the entry of an account, None if it was not opened yet."""
        ...

    def enter(self, entry: AccountEntry, /) -> None:
        """Record how an account was opened."""
        ...

    def is_done(self, cell: WorkUnit, /) -> bool:
        """Whether a listing is complete."""
        ...

    def objects(self, cell: WorkUnit, /) -> Collection[tuple[str, str]]:
        """Return type and Id of the stored objects of a listing."""
        ...

    def rows_of(self, cell: WorkUnit, /) -> Iterator[CollectedRow]:
        """Yield the stored rows of a listing."""
        ...

    def forget(self, account: str, /) -> None:
        """Drop all stored listings of an account."""
        ...

    def part(self, cell: WorkUnit, /) -> AbstractContextManager[RowWriter]:
        """Yield a writer of rows. They are stored if the block ends without an error."""
        ...

    def end(self, end: WorkUnitResult, /) -> None:
        """Record the end of a listing."""
        ...


class CollectionListener(Protocol):
    """Hears of the progress of a collection. Threads call it."""

    def opened(self, entry: AccountEntry, cells: Sequence[WorkUnit], /) -> None:
        """Note an account and its listings that are still to be collected."""
        ...

    def ended(self, cell: WorkUnit, /) -> None:
        """Note that a listing ended."""
        ...

    def closed(self, account: str, /) -> None:
        """Note that an account is done, or could not be opened."""
        ...


class ClosedRegion(NamedTuple):
    """A region that an account has disabled, and the number of objects that the previous snapshot has there."""

    account: str
    region: str
    objects: int


@dataclass(frozen=True, slots=True)
class OthersListed:
    """How many of the objects that a listing has shown in a place belong to other accounts."""

    label: str
    place: str
    others: int
    listed: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """The sources of a collection with their claims of completeness, and each cause why something was not read.

    ``partitions`` are pairs of account and partition. ``closed`` are the regions whose objects are no longer known.
    ``others`` counts objects that were left out because other accounts own them.
    """

    sources: tuple[Source, ...] = ()
    unread: tuple[FailedCall, ...] = ()
    partitions: tuple[tuple[str, str], ...] = ()
    closed: tuple[ClosedRegion, ...] = ()
    others: tuple[OthersListed, ...] = ()


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """The minimum of calls of a collection, about how many seconds they take, and the largest number for one object besides."""

    calls: int
    seconds: int
    most_each: int


class PlannedCall(NamedTuple):
    """An operation of a cloud's API in a plan. ``made_for`` is `the account`, `each region` or `each object`, in words.

    ``only_with`` is the option without which it is not made.
    """

    service: str
    operation: str
    permission: str | None
    made_for: str
    only_with: str = ""

    @property
    def label(self) -> str:
        """The name in messages: the permission, or the operation if none is needed."""
        return self.permission or f"{self.service}:{self.operation}"


class Permission(NamedTuple):
    """A permission that a collection needs. All policies need one that ``opens_accounts``."""

    name: str
    operations: tuple[str, ...]
    opens_accounts: bool = False


class CallCounts(NamedTuple):
    """The number of answered calls, and warnings such as two profiles that open the same account."""

    calls: int
    warnings: tuple[str, ...] = ()


class CollectionPlan(Protocol):
    """The calls that collect some fields of some types from an account."""

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the plan collects, sorted."""
        ...

    @property
    def unserved(self) -> tuple[str, ...]:
        """The wanted types and fields that no call of the cloud serves."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether it collects nothing but the identity of accounts."""
        ...

    @property
    def has_account_fields(self) -> bool:
        """Whether it collects fields of the account beyond its identity."""
        ...

    @property
    def is_regional(self) -> bool:
        """Whether a call is made in each region."""
        ...

    @property
    def all_listings(self) -> tuple[str, ...]:
        """The names of its listings, in the order in which a store gets their rows."""
        ...

    @property
    def sources_per_account(self) -> int:
        """How many sources an account has."""
        ...

    @property
    def planned_calls(self) -> tuple[PlannedCall, ...]:
        """All calls that may be made."""
        ...

    @property
    def fingerprint(self) -> Any:
        """A JSON value that differs between plans."""
        ...


class AccountCredentials(Protocol):
    """The credentials of one account. ``account`` is empty if only opening it shows its id; ``label`` is its name, if known."""

    @property
    def account(self) -> str:
        """The id of the account, or an empty text."""
        ...

    @property
    def label(self) -> str:
        """The name of the account, or an empty text."""
        ...


Plan = TypeVar("Plan", bound=CollectionPlan)
PlanIn = TypeVar("PlanIn", bound=CollectionPlan, contravariant=True)
Credentials = TypeVar("Credentials", bound=AccountCredentials)
Options = TypeVar("Options", bound=CollectOptions, contravariant=True)


class CloudCollector(Protocol[Plan]):
    """A cloud's object types and calls. Needs no SDK and sends no request."""

    @property
    def name(self) -> str:
        """The name of the ``Cloud``."""
        ...

    @property
    def title(self) -> str:
        """The name in messages."""
        ...

    @property
    def account_types(self) -> tuple[str, ...]:
        """The types of account objects."""
        ...

    @property
    def default_role(self) -> str:
        """The role in the accounts of an organization by default; empty if the cloud opens accounts without roles."""
        ...

    @property
    def uses(self) -> Mapping[str, str]:
        """The field that counts the users of an object, by type, for types of which the provider owns objects.

        Listings show only the used ones of these. One that was used in the previous snapshot is asked for again.
        """
        ...

    def fields_of(self, type_name: str) -> Collection[str]:
        """Return all fields of a type that the cloud serves; none for another type."""
        ...

    def fields_that_may_be_null(self, type_name: str) -> Collection[str]:
        """Return the fields of a type that the cloud leaves out to say that there is none."""
        ...

    def plan(self, fields: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> Plan:
        """Return the calls that serve some fields, which are given by type.

        ``texts`` are those that policies compare with. They may name objects that no listing shows.
        """
        ...

    def serves_account_fields(self, plan: Plan, type_name: str, fields: Iterable[str]) -> bool:
        """Whether a plan makes the calls that some fields of a type of accounts need."""
        ...

    def opens_accounts(self, label: str) -> bool:
        """Whether a failed call, by its label, is one that opens accounts: all policies need these."""
        ...

    def permissions(self, plan: Plan, *, organization: bool = False) -> tuple[Permission, ...]:
        """Return the permissions of a plan by name; with ``organization`` those that list and open its accounts, too."""
        ...

    def completeness(
        self,
        plan: Plan,
        entries: Sequence[AccountEntry],
        results: Mapping[WorkUnit, WorkUnitResult],
        parts: Mapping[WorkUnit, list[PartRows]],
        stated: str = "",
        seen: Seen = MappingProxyType({}),
    ) -> Completeness:
        """Return the sources of accounts, in the order of ``entries``, with claims of completeness.

        ``stated`` are the user's declarations about regions, which get a source of their own. ``seen`` counts the objects of
        the previous snapshot: if a region with objects is disabled now, its objects are unknown.
        """
        ...

    def unopened_account(self, plan: Plan, entry: AccountEntry) -> Iterator[CollectedRow]:
        """Yield the row of an account that could not be opened: its id is known and nothing else."""
        ...


class CloudApi(Protocol[PlanIn, Credentials, Options]):
    """A cloud's API. Needs the packages of the cloud's extra."""

    def regions(self) -> Sequence[str]:
        """Return all regions of the cloud that the SDK knows."""
        ...

    def default_regions(self, options: Options) -> Sequence[str]:
        """Return the regions that an account of the usual partition may have enabled, without a request."""
        ...

    def credentials(self, plan: PlanIn, options: Options) -> tuple[Sequence[Credentials], int]:
        """Return the accounts to collect from, and the number of accounts that are not active.

        Raises NothingCollected.
        """
        ...

    def estimate(self, plan: PlanIn, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        """Return the calls and the time that a plan takes."""
        ...

    def collect(
        self,
        plan: PlanIn,
        credentials: Sequence[Credentials],
        checkpoint: CheckpointWriter,
        options: Options,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        """Collect from all accounts what the checkpoint does not hold yet. Raises errors of ``checkpoint`` and ``regions``.

        ``used`` are objects that are asked for even if no listing shows them any more. ``known_accounts`` are those of the
        cloud in the previous snapshot: one that a complete list of accounts does not show may be deleted.
        """
        ...


@dataclass(slots=True)
class PushResult:
    """How many findings were sent, why others were not, and which ones the service refused, by reason.

    ``no_news`` passed or did not apply, and were never sent. ``unmentioned`` were sent earlier and are not among these.
    ``foreign`` belong to other accounts.
    """

    new: int = 0
    changed: int = 0
    refreshed: int = 0
    same: int = 0
    no_news: int = 0
    unmentioned: int = 0
    foreign: int = 0
    calls: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """How many findings the service accepted."""
        return self.new + self.changed + self.refreshed - len(self.refused)


class CannotPush(PerpendError):
    """Findings could not be sent."""


class FindingsService(Protocol):
    """A cloud's service that takes the findings of one account in one region."""

    @property
    def account(self) -> str:
        """The account of the credentials."""
        ...

    @property
    def region(self) -> str:
        """The region of the service."""
        ...

    def push(self, lines: TextIO, name: str, record: Path, *, dry_run: bool = False) -> PushResult:
        """Send the findings that are new or changed. Raises CannotPush.

        ``lines`` are the text of a file called ``name``. ``record`` is a file that remembers what was sent.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class FindingsApi(Protocol):
    """The API of a cloud that has a service for findings."""

    def findings_service(self, profile: str | None, endpoint_url: str | None, region: str) -> FindingsService:
        """Return the cloud's service that takes findings, such as AWS Security Hub. Raises NothingCollected."""
        ...


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
