"""Every list of a subscription, refused in each way and seen through each role: nothing is whole that was not read to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")

from perpend.collectors.azure.cloud import TABLES
from perpend.collectors.protocol import NothingCollected
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.collected import ACCOUNT, GROUPS, LISTED, STORAGE, accounts_of, collected, gathered, listed_fields
from tests.servers.azure.double import ROLES, Azure, subscription_id
from tests.servers.azure.faults import DENIED, FAULTS
from tests.servers.azure.planting import Planter
from tests.servers.azure.rounds import estate
from tests.servers.gathered_rest import Gathered
from tests.servers.rest import Rule

pytestmark = pytest.mark.medium

ONE, TWO = subscription_id(1), subscription_id(2)
LISTINGS: Mapping[str, tuple[str, ...]] = {
    name: tuple(row.type_name for row in TABLES.all_types if row.listed == name)
    for name in dict.fromkeys(row.listed for row in TABLES.all_types)
    if name != "arm.subscription"
}
EACH = 3
GROUPS_OF_LISTS = 6


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    """Yield two subscriptions with three objects in each list, on two pages."""
    with estate() as double:
        for account in (ONE, TWO):
            double.subscribe(account)
            planter = Planter(double, TABLES, open_repository())
            for name in LISTED:
                if name != ACCOUNT:
                    for number in range(EACH):
                        planter.record(name, account, f"{name.removesuffix('__c').rpartition('Azure')[2]}-{number}")
        double.page = 2
        yield double


@pytest.fixture(autouse=True)
def healthy(azure: Azure) -> None:
    """Let each test begin with an Azure that answers."""
    azure.rules, azure.roles = [], ("/",)
    azure.numbers.clear()
    azure.strange.clear()


@pytest.fixture(scope="module")
def before(azure: Azure) -> Gathered:
    """Return what is collected without a fault."""
    return gathered(azure)


def of(account: str, *names: str) -> set[tuple[str, str]]:
    return {(account, name) for name in names}


def test_every_list_is_read_to_its_end(azure: Azure, before: Gathered) -> None:
    assert of(ONE, *LISTED) | of(TWO, *LISTED) == before.whole
    rows = Counter(row.type_name for row in before.rows)
    assert {} == {name: rows[name] for name in LISTED if name != ACCOUNT and rows[name] < 2 * EACH}
    read = {row.type_name for row in before.rows if not row.reasons.keys() & {*listed_fields(row.type_name)}}
    assert set() == {*LISTED} - read
    assert [] == azure.strange


@pytest.mark.parametrize("number", range(GROUPS_OF_LISTS))
def test_a_list_that_is_denied_claims_nothing_and_no_other_list_suffers(azure: Azure, before: Gathered, number: int) -> None:
    denied = [*LISTINGS][number::GROUPS_OF_LISTS]
    azure.rules = [Rule(listing, DENIED, under=f"/subscriptions/{TWO}") for listing in denied]
    after = gathered(azure)
    types = [name for listing in denied for name in LISTINGS[listing]]
    assert before.whole - of(TWO, *types) == after.whole
    for listing in denied:
        label = TABLES.calls[listing].label
        assert {f"denied {label} (AuthorizationFailed) in {TWO}"} == {after.claims[TWO, name] for name in LISTINGS[listing]}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_list_is_whole_whose_first_or_second_page_has_a_fault(azure: Azure, fault: str) -> None:
    azure.rules = [
        Rule(listing, FAULTS[fault], under=f"/subscriptions/{account}", first=page)
        for listing in LISTINGS
        for account, page in ((ONE, 1), (TWO, 2))
    ]
    assert of(ONE, ACCOUNT) | of(TWO, ACCOUNT) == gathered(azure).whole


SEEN = {"all": {ONE, TWO}, "one subscription": {ONE}, "one group": set[str]()}
"""The subscriptions whose lists a role shows whole."""


@pytest.mark.parametrize("role", SEEN)
def test_what_a_role_hides_is_not_known(azure: Azure, before: Gathered, role: str) -> None:
    azure.roles, seen = ROLES[role], SEEN[role]
    after = gathered(azure)
    assert {key for key in before.whole if key[0] in seen} | of(ONE, ACCOUNT) == after.whole  # which any role there shows
    assert {} == {name: accounts_of(name, after) for name in LISTED if name != ACCOUNT and accounts_of(name, after) != seen}


def test_a_role_nowhere_shows_no_subscription(azure: Azure) -> None:
    azure.roles = ROLES["nothing"]
    with pytest.raises(NothingCollected, match="no subscription is visible"):
        gathered(azure)


def test_a_role_that_ends_lets_nothing_disappear(azure: Azure, tmp_path: Path) -> None:
    types = (STORAGE, GROUPS)
    assert collected(azure, tmp_path / "store", types).is_complete
    for role in ("one subscription", "one group"):
        azure.roles = ROLES[role]
        assert {} == collected(azure, tmp_path / "store", types).carried_over.gone
