"""An organization is one entry and has many accounts: objects that go or stay, and the accounts that a failed call concerns."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perpend.collectors.protocol import AccountEntry, CallCounts, CollectedRow, Completeness, WorkUnit, WorkUnitResult
from perpend.collectors.runs.checkpoint import Checkpoint
from perpend.collectors.runs.collection import CollectionRun
from perpend.collectors.runs.snapshot_writer import previous_accounts, store_collected
from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import Source, accounts_read_with
from perpend.core.objects.object_types import ObjectType
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import rows_of

pytestmark = pytest.mark.medium

VM, GONE = "CA10__CaGoogleGceInstance__c", "CA10__disappearanceTime__c"
ORGANIZATION, STAYS, DELETED, MOVED = "organizations/123", "web-stays-1", "web-deleted-1", "web-moved-1"
NOON, DAY = datetime(2026, 11, 20, 12, tzinfo=UTC), timedelta(days=1)
DECLARED = {VM: ObjectType(VM)}
Machine = tuple[str, str]
"""Project, name."""


def identity(machine: Machine) -> str:
    project, name = machine
    return f"//compute.googleapis.com/projects/{project}/zones/europe-west1-b/instances/{name}"


def collect(
    store: Path,
    machines: Iterable[Machine],
    projects: Sequence[str],
    *,
    gone: Sequence[str] = (),
    at: datetime = NOON,
    lacking: str | None = None,
) -> None:
    """Store the one list of an organization, with a claim for each of its projects."""
    claims = [Claim(VM, Scope(account), lacking) for account in (ORGANIZATION, *projects)]
    claims += [Claim("", Scope(account)) for account in gone]
    source = Source(f"google {ORGANIZATION}", "google", at, 1, (ORGANIZATION, *projects), tuple(claims))
    rows = [CollectedRow(VM, {"Id": identity(one)}, {}) for one in machines]
    store_collected(Store(store), rows, lambda _: Completeness((source,)), types=(VM,), declared=DECLARED.get)


def gone_at(store: Path) -> Mapping[str, str | None]:
    """Return when each machine disappeared, by its name."""
    return {row["Id"].rpartition("/")[2]: row.get(GONE) for row in rows_of(Store(store).snapshot(), VM)}


MACHINES = [(STAYS, "one"), (STAYS, "two"), (DELETED, "three"), (MOVED, "four")]


def test_objects_gone_and_a_deleted_project_disappear_and_a_project_that_moved_away_stays(tmp_path: Path) -> None:
    collect(tmp_path, MACHINES, [STAYS, DELETED, MOVED])
    collect(tmp_path, MACHINES[:1], [STAYS], gone=[DELETED], at=NOON + DAY)
    when = "2026-11-21T12:00:00Z"
    assert {"one": None, "two": when, "three": when, "four": None} == gone_at(tmp_path)
    sources = {row["Id"].rpartition("/")[2]: row["perpend_source"] for row in rows_of(Store(tmp_path).snapshot(), VM)}
    observed = {name: Store(tmp_path).snapshot().sources[number].observed_at for name, number in sources.items()}
    assert {"one": NOON + DAY, "two": NOON + DAY, "three": NOON + DAY, "four": NOON} == observed
    assert {ORGANIZATION, STAYS, DELETED, MOVED} == {*previous_accounts(Store(tmp_path), "google")}
    assert () == previous_accounts(Store(tmp_path), "aws")


def test_a_list_that_failed_closes_nothing_but_a_deleted_project(tmp_path: Path) -> None:
    collect(tmp_path, MACHINES, [STAYS, DELETED, MOVED])
    collect(tmp_path, [], [STAYS, MOVED], gone=[DELETED], at=NOON + DAY, lacking="denied")
    assert {"three"} == {name for name, when in gone_at(tmp_path).items() if when}


def test_a_deleted_project_that_is_listed_again_is_there(tmp_path: Path) -> None:
    collect(tmp_path, MACHINES, [STAYS, DELETED, MOVED])
    collect(tmp_path, MACHINES[:2], [STAYS], gone=[DELETED], at=NOON + DAY)
    collect(tmp_path, MACHINES[:3], [STAYS, DELETED], at=NOON + 2 * DAY)
    assert {None} == {*gone_at(tmp_path).values()}


def test_a_call_of_an_organization_reads_all_accounts_of_its_source() -> None:
    sources = [
        Source("google organizations/123", "google", NOON, 1, (ORGANIZATION, STAYS, MOVED)),
        Source("google folders/4", "google", NOON, 1, ("folders/4", "lab-other-1")),
        Source("aws 111122223333", "aws", NOON, 1, ("111122223333", "444455556666")),
    ]
    assert {ORGANIZATION, STAYS, MOVED} == accounts_read_with(ORGANIZATION, sources)
    assert {STAYS} == accounts_read_with(STAYS, sources)
    assert {"111122223333"} == accounts_read_with("111122223333", sources)
    assert {"organizations/9"} == accounts_read_with("organizations/9", sources)


def test_a_collection_counts_projects_and_the_objects_of_each(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "unfinished", "plan")
    checkpoint.enter(AccountEntry(ORGANIZATION, accounts=(ORGANIZATION, STAYS, DELETED), at=NOON))
    cell = WorkUnit(ORGANIZATION, "", "machines")
    with checkpoint.part(cell) as part:
        for one in MACHINES[:3]:
            part.add(CollectedRow(VM, {"Id": identity(one)}, {}))
    checkpoint.end(WorkUnitResult(cell, NOON, NOON))
    source = Source(f"google {ORGANIZATION}", "google", NOON, 3, (ORGANIZATION, STAYS, DELETED))
    cloud = SimpleNamespace(completeness=lambda *_: Completeness((source,)))
    plan = SimpleNamespace(all_listings=("machines",), sources_per_account=1, types=(VM,))
    request: Any = SimpleNamespace(cloud=cloud, plan=plan)
    run = CollectionRun(Store(tmp_path / "s"), request, checkpoint, counts=CallCounts(1))
    result = run.store_all(declared=DECLARED.get, keep=DAY)
    assert (3, Counter({(VM, STAYS): 2, (VM, DELETED): 1})) == (result.accounts, result.objects)


def test_many_claims_are_compared_by_account(tmp_path: Path) -> None:
    types = [f"CA10__CaGoogleToy{number}__c" for number in range(30)]
    projects = [f"project-{number}" for number in range(400)]
    claims = tuple(Claim(name, Scope(project)) for name in types for project in projects)
    began = time.process_time()
    for number in range(2):
        source = Source(f"google {ORGANIZATION}", "google", NOON + number * DAY, 0, (ORGANIZATION,), claims)
        rows = [CollectedRow(types[0], {"Id": f"//x.googleapis.com/projects/{one}/things/1"}, {}) for one in projects]
        store_collected(Store(tmp_path), rows, lambda _, of=source: Completeness((of,)), types=types, declared=ObjectType)
    assert 1 == len(Store(tmp_path).snapshot().sources)
    assert time.process_time() - began < 20  # 72 million comparisons of one claim with another take longer
