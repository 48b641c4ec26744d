"""Google Cloud's API as the rest of Perpend uses it: parents, each with its inventory. Imports google-auth and requests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.failures import FailureKind
from perpend.collectors.google.cloud import API_OFF, QUOTA_API_OFF, TABLES, code_in
from perpend.collectors.google.identity import NO_CONNECTION, NO_CREDENTIALS, GoogleTokens
from perpend.collectors.google.inventory import DELETED, FOLDERS, ORGANIZATIONS, PROJECTS, AssetInventory
from perpend.collectors.google.options import FOLDER_OPTION, ORGANIZATION_OPTION, PROJECT_OPTION, QUOTA_OPTION
from perpend.collectors.protocol import AccountEntry, CallCounts, NothingCollected, WorkUnitResult, now
from perpend.collectors.rest.errors import CallRefused
from perpend.collectors.rest.pages import member
from perpend.collectors.rest.rows import RestCall
from perpend.collectors.rest.transport import Transport
from perpend.collectors.rest.walk import AccountWalk
from perpend.collectors.tables import failed_call
from perpend.collectors.workers import Workers
from perpend.core.clouds.cloud import matches
from perpend.core.clouds.google import GOOGLE
from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from perpend.collectors.google.options import GoogleOptions
    from perpend.collectors.protocol import (
        CallEstimate,
        CheckpointWriter,
        CollectionListener,
        RegionFilter,
        UsedObjects,
        WorkUnit,
    )
    from perpend.collectors.rest.rows import RestPlan

PROJECT: Final = RestCall(
    "crm.project",
    "cloudresourcemanager.googleapis.com",
    "projects.get",
    "https://cloudresourcemanager.googleapis.com/v3/projects/{account}",
    "resourcemanager.projects.get",
)
"""The call that shows the state of one project: of one that the inventory no longer lists."""

DIRECTORY_USERS: Final = "directory.users"
"""The listing of people, which is asked for only with ``--directory``."""

_AT_ONCE: Final = 4
"""How many listings are read at once."""

_LOGIN: Final = "`gcloud auth application-default login`"
_ROLE: Final = "roles/cloudasset.viewer"
_TOKENS: Final = "roles/iam.serviceAccountTokenCreator"
_HINTS: Final = {
    NO_CREDENTIALS: f"no credentials found: sign in with {_LOGIN}, or set GOOGLE_APPLICATION_CREDENTIALS to a file",
    NO_CONNECTION: "no server answers: check the network and the proxy",
    "invalid_grant": f"the session has expired or the key is deleted: sign in again with {_LOGIN}",
    "invalid_rapt": f"the session has expired: sign in again with {_LOGIN}",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": f"the token is not good for Google Cloud: sign in again with {_LOGIN}",
    "NotJson": "the server that answers is not Google: check the proxy and --endpoint-url",
}


class UnknownParent(NothingCollected):
    """An organization, folder or project that an option names does not exist, or may not be read."""


class GoogleParent(NamedTuple):
    """An organization, a folder or a project to collect, with tokens."""

    account: str
    tokens: GoogleTokens
    label: str = ""


class GoogleApi:
    """Requests to Google Cloud. Everything below a parent is listed as a whole, at one moment."""

    def regions(self) -> list[str]:
        """Return no region: no call is made by region."""
        return []

    def default_regions(self, options: GoogleOptions) -> list[str]:
        """Return no region: no call is made by region."""
        return []

    def credentials(self, plan: RestPlan, options: GoogleOptions) -> tuple[Sequence[GoogleParent], int]:
        """Return the parents to collect, and how many projects below them are not active. Raises NothingCollected.

        The projects of each parent are listed, so that nothing is collected if its inventory may not be read.
        """
        try:
            tokens = GoogleTokens(options.impersonate, options.quota_project, directory=options.directory)
            tokens.token("")
        except CallRefused as error:
            raise NothingCollected(_HINTS.get(error.code) or _why_no_token(error.code, options.impersonate)) from None
        if tokens.is_person and not tokens.quota_project:
            how = f"name one with {QUOTA_OPTION}, or `gcloud auth application-default set-quota-project PROJECT`"
            raise NothingCollected(f"the credentials are a person's and name no project that requests are counted for: {how}")
        consumers: list[str] = []
        ids: dict[str, str] = {}
        transport = _transport(tokens, options, ids, consumers)
        inactive = 0
        try:
            for parent in options.parents:
                inventory = AssetInventory(TABLES, parent, now(), ids)
                try:
                    _read(inventory, transport, PROJECTS)
                except CallRefused as error:
                    raise _why_not(parent, error, tokens.quota_project or next(iter(consumers), "")) from None
                inactive += len(inventory.deleted)
                if "/" not in parent and parent not in inventory.accounts:
                    raise UnknownParent(_why_no_project(parent, is_deleted=parent in inventory.deleted))
        finally:
            transport.close()
        return [GoogleParent(parent, tokens) for parent in options.parents], inactive

    def estimate(self, plan: RestPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        """Return the calls and the time that a plan takes."""
        return plan.tables.estimate(plan, accounts=accounts, concurrency=min(concurrency, _AT_ONCE))

    def collect(
        self,
        plan: RestPlan,
        credentials: Sequence[GoogleParent],
        checkpoint: CheckpointWriter,
        options: GoogleOptions,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        """Collect from all parents the listings that the checkpoint does not hold yet."""
        ids: dict[str, str] = {}
        transport = _transport(credentials[0].tokens, options, ids)
        workers = Workers(options.concurrency, _AT_ONCE)
        try:
            for parent in credentials:
                _Parent(plan, parent, transport, checkpoint, workers, ids, options, known_accounts, listener).collect()
        finally:
            workers.stop()
            transport.close()
        return CallCounts(sum(transport.answered.values()))


class _Parent(NamedTuple):
    """A parent that is collected."""

    plan: RestPlan
    parent: GoogleParent
    transport: Transport
    checkpoint: CheckpointWriter
    workers: Workers
    ids: dict[str, str]
    options: GoogleOptions
    known_accounts: Collection[str]
    listener: CollectionListener | None

    def collect(self) -> None:
        """Read the projects, then the listings that others need, then all others."""
        account, checkpoint = self.parent.account, self.checkpoint
        entry = checkpoint.entry(account)
        if entry is None:
            checkpoint.forget(account)
            entry = AccountEntry(account, at=now())
            checkpoint.enter(entry)
        left = [cell for cell in self.plan.cells_of(account) if not checkpoint.is_done(cell)]
        if left:
            if self.listener:
                self.listener.opened(entry, left)
            people = self.options.directory
            inventory = AssetInventory(self.plan.tables, account, entry.at or now(), self.ids, people=people)
            if why := self._index(inventory, entry):
                left = [*self._without_projects(left, inventory, why)]
            self._collect(inventory, left)
        if self.listener:
            self.listener.closed(account)

    def _index(self, inventory: AssetInventory, entry: AccountEntry) -> CallRefused | None:
        """Read the projects, folders and organization, and enter them. Return why the projects could not be read."""
        refusal = None
        for listing in (PROJECTS, FOLDERS, ORGANIZATIONS):
            try:
                _read(inventory, self.transport, listing, self.workers)
            except CallRefused as error:
                refusal = error if listing == PROJECTS else refusal
        own = {self.parent.account} if "/" in self.parent.account else set()
        if refusal is not None:
            # The projects of the previous snapshot may be below the parent: no list of theirs is known in full any longer.
            self.checkpoint.enter(replace(entry, accounts=tuple(sorted({*self.known_accounts} if own else own))))
            return refusal
        gone = self._gone(inventory) if inventory.failure(PROJECTS) is None else set()
        accounts = (inventory.accounts | own) - gone
        self.checkpoint.enter(replace(entry, accounts=tuple(sorted(accounts)), gone=tuple(sorted(gone))))
        return None

    def _gone(self, inventory: AssetInventory) -> set[str]:
        """Return the projects of the previous snapshot that are deleted. One that moved away is not."""
        known = {*self.known_accounts}
        gone = known & inventory.deleted
        if "/" in self.parent.account:
            missing = {one for one in known if matches(GOOGLE.account, one) and "/" not in one}
            missing -= inventory.accounts | inventory.deleted
            gone |= {project for project in missing if self._is_deleted(project)}
        return gone

    def _is_deleted(self, project: str) -> bool:
        address = self.transport.address(PROJECT, lambda _: project)
        try:
            answer = self.transport.get(PROJECT.service, address, {})
        except CallRefused:
            return False
        return bool(member(answer, "projectId") == project and member(answer, "state") == DELETED)

    def _without_projects(self, cells: list[WorkUnit], inventory: AssetInventory, why: CallRefused) -> Iterator[WorkUnit]:
        """End all listings of the inventory, of which nothing can be told without projects. Yield the others."""
        call = self.plan.tables.calls[PROJECTS]
        for cell in cells:
            if not cell.listing.startswith("cai."):
                yield cell
                continue
            lacking = failed_call(call, self.parent.account, why.kind, why.code)
            self._end(cell, inventory, lacking)

    def _end(self, cell: WorkUnit, inventory: AssetInventory, lacking: Any) -> None:
        self.checkpoint.end(WorkUnitResult(cell, inventory.began, now(), lacking))
        if self.listener:
            self.listener.ended(cell)

    def _collect(self, inventory: AssetInventory, left: list[WorkUnit]) -> None:
        done = self.listener.ended if self.listener else None
        tables = self.plan.tables
        for cell in [cell for cell in left if cell.listing == DIRECTORY_USERS]:
            if not self.options.directory or not self.parent.account.startswith("organizations/"):
                call = tables.calls[cell.listing]
                self._end(cell, inventory, failed_call(call, cell.account, FailureKind.NOT_ASKED, ""))
                left = [one for one in left if one is not cell]
        walk = AccountWalk(self.plan, self.parent.account, self.transport, self.checkpoint, self.workers, inventory)
        needed = self.plan.tables.joined(self.plan) if left else ()
        first = [cell for cell in left if cell.listing in needed]
        walk.collect(cells=first, done=done)
        for listing in {*needed} - {cell.listing for cell in first}:
            try:
                _read(inventory, self.transport, listing, self.workers)
            except CallRefused:
                continue  # the inventory remembers it
        walk.collect(cells=[cell for cell in left if cell not in first], done=done)


def _transport(
    tokens: GoogleTokens, options: GoogleOptions, ids: dict[str, str], consumers: list[str] | None = None
) -> Transport:
    """Return a transport that knows ids of projects when it reads errors. ``consumers`` gets the projects that errors name."""
    headers = {"x-goog-user-project": tokens.quota_project} if tokens.quota_project else {}
    tables = replace(TABLES, code_of=partial(code_in, ids=ids, consumers=consumers))
    return Transport(tables, "", tokens, options.endpoint_url, headers)


def _read(inventory: AssetInventory, transport: Transport, listing: str, workers: Workers | None = None) -> None:
    """Read a listing of the inventory into the index that joins are answered from. Raises CallRefused."""
    call = TABLES.calls[listing]
    address = transport.address(call, lambda _: inventory.parent)
    for assets in inventory.pages(call, address, partial(transport.get, call.service)):
        for asset in assets:
            if workers:
                workers.check()
            try:
                inventory.prepared(call, asset)
            except CallRefused:
                continue  # the inventory remembers that the listing is not complete


def _why_not(parent: str, error: CallRefused, consumer: str) -> NothingCollected:
    """Return why the inventory of a parent cannot be read, with the command that fixes it."""
    what = f"the inventory of {visible(parent)} was not read ({error.code})"
    if error.code in (QUOTA_API_OFF, API_OFF, "accessNotConfigured"):
        place = consumer or "QUOTA_PROJECT"
        enable = f"`gcloud services enable cloudasset.googleapis.com --project {place}`"
        return NothingCollected(f"{what}: the Cloud Asset API is off in the project that requests are counted for: {enable}")
    if error.kind is FailureKind.QUOTA_PROJECT:
        role = "--role roles/serviceusage.serviceUsageConsumer"
        grant = f"`gcloud projects add-iam-policy-binding {consumer or 'QUOTA_PROJECT'} --member MEMBER {role}`"
        return NothingCollected(f"{what}: the credentials may not use the project of {QUOTA_OPTION}: {grant}")
    if error.kind is FailureKind.DENIED_BY_PERIMETER:
        return UnknownParent(f"{what}: a perimeter of VPC Service Controls refuses: let the credentials in by an ingress rule")
    if error.kind is FailureKind.DENIED or error.code in ("INVALID_ARGUMENT", "NOT_FOUND"):
        return UnknownParent(f"{what}: {_grant(parent)}")
    return NothingCollected(f"{what}: {_HINTS.get(error.code, 'see the guide to Google Cloud scans')}")


def _grant(parent: str) -> str:
    kind, _, number = parent.rpartition("/")
    if kind == "organizations":
        command, option = f"gcloud organizations add-iam-policy-binding {number}", ORGANIZATION_OPTION
        shows = "gcloud organizations list"
    elif kind == "folders":
        command, option = f"gcloud resource-manager folders add-iam-policy-binding {number}", FOLDER_OPTION
        shows = f"gcloud resource-manager folders describe {number}"
    else:
        command, option, shows = f"gcloud projects add-iam-policy-binding {number}", PROJECT_OPTION, "gcloud projects list"
    return f"check {option} (`{shows}`), and let the credentials read it: `{command} --member MEMBER --role {_ROLE}`"


def _why_no_token(code: str, impersonate: str | None) -> str:
    if impersonate is None:
        return f"the credentials get no token ({code}): {_LOGIN}"
    grant = f"gcloud iam service-accounts add-iam-policy-binding {impersonate} --role {_TOKENS} --member user:<you>"
    return f"the credentials get no token of {impersonate} ({code}): `{grant}`"


def _why_no_project(project: str, *, is_deleted: bool) -> str:
    if is_deleted:
        return f"{PROJECT_OPTION}: the project {project} is to be deleted: `gcloud projects undelete {project}` brings it back"
    return f"{PROJECT_OPTION}: the inventory does not have {project} yet: `gcloud projects describe {project}` shows its age"


API: Final = GoogleApi()
