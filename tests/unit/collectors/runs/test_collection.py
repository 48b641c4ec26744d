"""A collection of a cloud other than AWS: rows, claims, an account that cannot be opened, interruption and resumption."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from perpend.collectors.protocol import (
    AccountEntry,
    CallCounts,
    CallEstimate,
    CheckpointWriter,
    CloudApi,
    CloudCollector,
    CollectedRow,
    CollectionListener,
    CollectOptions,
    Completeness,
    PartRows,
    Permission,
    PlannedCall,
    RegionFilter,
    Seen,
    UsedObjects,
    WorkUnit,
    WorkUnitResult,
    now,
)
from perpend.collectors.runs.collection import CollectionResult, NothingToResume, UnknownRegion, collect_accounts
from perpend.collectors.runs.request import CollectionRequest
from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.core.objects.inventory import Source
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import rows_of

SUBSCRIPTION, VAULT = "CA10__CaAzureSubscription__c", "CA10__CaAzureKeyVault__c"
DENIED = FailedCall("tenant-b", "", "arm", "list", "Microsoft.KeyVault/vaults/read", "denied", "AuthorizationFailed")


@dataclass(frozen=True)
class ToyPlan:
    """A plan of one listing."""

    types: tuple[str, ...] = (VAULT,)
    unserved: tuple[str, ...] = ()
    is_empty: bool = False
    has_account_fields: bool = False
    is_regional: bool = False
    all_listings: tuple[str, ...] = ("vaults.list",)
    sources_per_account: int = 1
    planned_calls: tuple[PlannedCall, ...] = (PlannedCall("keyvault", "list", "vaults/read", "the account"),)
    fingerprint: Any = "vaults"


@dataclass(frozen=True)
class ToyCredentials:
    """A subscription."""

    account: str
    label: str = ""


class ToyCloud:
    """A cloud with one type and without regions."""

    name = "toy"
    title = "Toy"
    account_types = (SUBSCRIPTION,)
    default_role = ""
    uses: Mapping[str, str] = MappingProxyType({VAULT: "CA10__users__c"})

    def fields_of(self, type_name: str) -> tuple[str, ...]:
        return ("Id",) if type_name == VAULT else ()

    def plan(self, fields: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> ToyPlan:
        return ToyPlan()

    def serves_account_fields(self, plan: ToyPlan, type_name: str, fields: Iterable[str]) -> bool:
        return not [*fields]

    def opens_accounts(self, label: str) -> bool:
        return False

    def permissions(self, plan: ToyPlan, *, organization: bool = False) -> tuple[Permission, ...]:
        return (Permission("vaults/read", ("list",)),)

    def completeness(
        self,
        plan: ToyPlan,
        entries: Sequence[AccountEntry],
        ends: Mapping[WorkUnit, WorkUnitResult],
        parts: Mapping[WorkUnit, list[PartRows]],
        stated: str = "",
        seen: Seen = MappingProxyType({}),
    ) -> Completeness:
        sources = [
            Source(
                f"toy {entry.account}",
                "toy",
                entry.at,
                sum(part.counts[0] for cell in ends if cell.account == entry.account for part in parts.get(cell, ())),
                (entry.account,),
                (Claim(VAULT, Scope(entry.account), str(entry.why) if entry.why else None),),
            )
            for entry in entries
        ]
        return Completeness(tuple(sources), tuple(entry.why for entry in entries if entry.why))

    def unopened_account(self, plan: ToyPlan, entry: AccountEntry) -> Iterator[CollectedRow]:
        return iter(())


@dataclass
class ToyApi:
    """Two subscriptions, of which one may not be read. ``interrupts`` stops after the first."""

    interrupts: bool = False
    opened: list[str] = field(default_factory=list)
    known: Collection[str] = ()

    def regions(self) -> list[str]:
        return ["westeurope"]

    def default_regions(self, options: CollectOptions) -> list[str]:
        return []

    def credentials(self, plan: ToyPlan, options: CollectOptions) -> tuple[list[ToyCredentials], int]:
        return [ToyCredentials("tenant-a"), ToyCredentials("tenant-b")], 1

    def estimate(self, plan: ToyPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        return CallEstimate(accounts, 1, ())

    def collect(
        self,
        plan: ToyPlan,
        credentials: Sequence[ToyCredentials],
        checkpoint: CheckpointWriter,
        options: CollectOptions,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        self.known = known_accounts
        for one in credentials:
            cell = WorkUnit(one.account, "", "vaults.list")
            if checkpoint.is_done(cell):
                continue
            self.opened.append(one.account)
            if one.account == "tenant-b":
                if self.interrupts:
                    raise KeyboardInterrupt
                checkpoint.enter(AccountEntry(one.account, why=DENIED, at=now()))
                continue
            checkpoint.enter(AccountEntry(one.account, at=now()))
            with checkpoint.part(cell) as part:
                part.add(CollectedRow(VAULT, {"Id": "vault-1", "CA10__name__c": "keys"}, {"CA10__sku__c": "was not read"}))
            checkpoint.end(WorkUnitResult(cell, now(), now(), listed=1))
        return CallCounts(len(self.opened), ("a warning",))


@dataclass
class Progress:
    """Notes what is shown."""

    shown: list[Any] = field(default_factory=list)

    def inactive_accounts(self, number: int) -> None:
        self.shown.append(("inactive", number))

    def other_accounts(self, accounts: Sequence[str]) -> None:
        self.shown.append(("others", len(accounts)))

    def unfinished_collections(self, store: Store, directories: Sequence[Path]) -> None:
        self.shown.append(("unfinished", len(directories)))

    def collecting(self, accounts: int) -> AbstractContextManager[CollectionListener | None]:
        return nullcontext()

    def storing(self) -> AbstractContextManager[Callable[[int], None] | None]:
        return nullcontext()

    def interrupted(self, store: Store, listings: int) -> None:
        self.shown.append(("interrupted", listings))


CLOUD: CloudCollector[ToyPlan] = ToyCloud()


def collect(
    store: Path, api: CloudApi[ToyPlan, ToyCredentials, CollectOptions], progress: Progress, **given: Any
) -> CollectionResult:
    analyzer: Any = SimpleNamespace(repository=SimpleNamespace(declared_type=lambda name: None))
    request = CollectionRequest(CLOUD, lambda: api, CLOUD.plan({}), lambda: (), analyzer)
    return collect_accounts(Store(store), request, CollectOptions(**given), progress)


def test_rows_claims_and_reasons_of_any_cloud_become_a_snapshot(tmp_path: Path) -> None:
    progress = Progress()
    result = collect(tmp_path / "s", ToyApi(), progress)
    assert [("inactive", 1)] == progress.shown
    assert (CallCounts(2, ("a warning",)), False, (DENIED,)) == (result.counts, result.is_complete, result.completeness.unread)
    assert {(VAULT, "tenant-a"): 1} == result.objects
    assert [1, 0] == [source.objects for source in result.snapshot.sources]
    [row] = rows_of(result.snapshot, VAULT)
    assert ("vault-1", "keys") == (row["Id"], row["CA10__name__c"])


def test_a_collection_gets_the_accounts_of_the_snapshot_before(tmp_path: Path) -> None:
    known = []
    for _ in range(2):
        api = ToyApi()
        collect(tmp_path / "s", api, Progress())
        known.append(api.known)
    assert [(), ("tenant-a", "tenant-b")] == known


def test_an_interrupted_collection_resumes_without_reading_an_account_twice(tmp_path: Path) -> None:
    progress = Progress()
    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path / "s", ToyApi(interrupts=True), progress)
    with pytest.raises(NothingToResume, match="the unfinished ones have other options"):
        collect(tmp_path / "s", ToyApi(), progress, resume=True, wanted_accounts=("tenant-a",))
    api = ToyApi()
    result = collect(tmp_path / "s", api, progress, resume=True)
    assert (["tenant-b"], 2) == (api.opened, result.accounts)
    assert ("interrupted", 1) in progress.shown
    with pytest.raises(NothingToResume, match="none was interrupted"):
        collect(tmp_path / "s", ToyApi(), progress, resume=True)


def test_regions_that_the_cloud_does_not_have_are_rejected_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownRegion, match=r"^--regions: there is no region `westeurop`; did you mean westeurope\?$"):
        collect(tmp_path / "s", ToyApi(), Progress(), regions=("westeurop",))
