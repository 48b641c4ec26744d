"""The official SDK agrees with the double: its models have all members of planted objects, and its clients read the same lists."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")
pytest.importorskip("azure.mgmt.network", reason="the packages of the SDK for tests are not installed")

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from perpend.collectors.azure.cloud import TABLES
from perpend.language.syntax.repository import open_repository
from tests.servers.azure.double import IDENTITY_HEADER, MANAGEMENT, Azure, subscription_id
from tests.servers.azure.faults import DENIED
from tests.servers.azure.models import MODELS, faults, model_of
from tests.servers.azure.planting import Planter
from tests.servers.azure.rounds import Rounds, estate
from tests.servers.rest import Asked, Rule
from tests.unit.collectors.azure.recorded import RECORDED

pytestmark = pytest.mark.medium

ONE = subscription_id(1)
RECORDED_ROWS = [row for row in TABLES.all_types if row.listed in MODELS]


@pytest.mark.parametrize("type_name", [row.type_name for row in RECORDED_ROWS])
def test_a_recorded_object_has_only_members_of_the_model(type_name: str) -> None:
    listing = TABLES.types[type_name].listed
    assert [] == faults(model_of(listing), RECORDED[type_name].item)


@pytest.mark.parametrize(
    ("listing", "item", "expected"),
    [
        ("storage.accounts", {"properties": {"minimumTlsVersoin": "TLS1_2"}}, ["properties.minimumTlsVersoin is in no model"]),
        ("storage.accounts", {"properties": {"networkAcls": {"bypas": "a"}}}, ["properties.networkAcls.bypas is in no model"]),
        (
            "storage.accounts",
            {"properties": {"allowBlobPublicAccess": "no"}},
            ["properties.allowBlobPublicAccess is no bool: 'no'"],
        ),
        ("defender.plans", {"properties": {"extensions": [{"on": "True"}]}}, ["properties.extensions[0].on is in no model"]),
        ("defender.plans", {"properties": {"deprecated": "x"}}, ["properties.deprecated is no bool: 'x'"]),
    ],
)
def test_a_mistake_in_an_object_is_seen(listing: str, item: Mapping[str, Any], expected: list[str]) -> None:
    assert expected == faults(model_of(listing), item)


def test_what_is_planted_for_policies_has_only_members_of_the_models() -> None:
    with estate() as azure:
        rounds = Rounds(azure)
        for turn in (rounds.plant, rounds.mend):
            turn()
            wrong = {
                thing["id"]: found
                for listing in MODELS
                for account in azure.subscriptions
                for thing in azure.lists[listing_path(listing, account)]
                if (found := faults(model_of(listing), thing))
            }
            assert {} == wrong


def listing_path(listing: str, account: str) -> str:
    return TABLES.calls[listing].url.removeprefix(f"https://{MANAGEMENT}").replace("{account}", account).casefold()


CLIENTS = {
    "storage.accounts": ("azure.mgmt.storage:StorageManagementClient", "storage_accounts.list"),
    "keyvault.vaults": ("azure.mgmt.keyvault:KeyVaultManagementClient", "vaults.list_by_subscription"),
    "sql.servers": ("azure.mgmt.sql:SqlManagementClient", "servers.list"),
    "net.groups": ("azure.mgmt.network:NetworkManagementClient", "network_security_groups.list_all"),
    "net.networks": ("azure.mgmt.network:NetworkManagementClient", "virtual_networks.list_all"),
    "net.gateways": ("azure.mgmt.network:NetworkManagementClient", "application_gateways.list_all"),
    "compute.machines": ("azure.mgmt.compute:ComputeManagementClient", "virtual_machines.list_all"),
    "compute.disks": ("azure.mgmt.compute:ComputeManagementClient", "disks.list"),
    "monitor.alerts": ("azure.mgmt.monitor:MonitorManagementClient", "activity_log_alerts.list_by_subscription_id"),
    "defender.iot": ("azure.mgmt.security:SecurityCenter", "iot_security_solution.list_by_subscription"),
}
"""A client of the SDK for each service that has one, with the method that lists."""


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    """Yield a subscription with five objects in each list that a client reads, on three pages."""
    with estate() as double:
        double.subscribe(ONE)
        planter = Planter(double, TABLES, open_repository())
        for row in RECORDED_ROWS:
            if row.listed in CLIENTS and not row.inside:
                for number in range(5):
                    planter.record(row.type_name, ONE, f"thing-{number}")
        double.page, double.own_links, double.any_version = 2, True, True
        yield double


class Signed(SansIOHTTPPolicy[Any, Any]):
    """Signs the requests of a client by plain HTTP, which the SDK's own policy refuses."""

    def __init__(self, azure: Azure) -> None:
        asked = Asked("identity", "/token", {"resource": f"https://{MANAGEMENT}"}, "", {"x-identity-header": IDENTITY_HEADER})
        self.token = azure.usual(asked).body["access_token"]

    def on_request(self, request: Any) -> None:
        """Add the token of the identity."""
        request.http_request.headers["Authorization"] = f"Bearer {self.token}"


def listed(azure: Azure, listing: str, account: str = ONE) -> list[str]:
    """Return the ids that a client of the SDK lists."""
    name, method = CLIENTS[listing]
    module, _, client_name = name.partition(":")
    client_type = getattr(importlib.import_module(module), client_name)
    given = {"asc_location": "westeurope"} if "asc_location" in inspect.signature(client_type.__init__).parameters else {}
    options = {"base_url": f"{azure.url}/{MANAGEMENT}", "authentication_policy": Signed(azure), "retry_total": 0}
    with client_type(credential=object(), subscription_id=account, **given, **options) as client:
        operations, _, verb = method.partition(".")
        return sorted(str(one.id) for one in getattr(getattr(client, operations), verb)())


@pytest.mark.parametrize("listing", CLIENTS)
def test_the_sdk_lists_what_is_planted_over_all_pages(azure: Azure, listing: str) -> None:
    azure.strange.clear()
    planted = sorted(thing["id"] for thing in azure.lists[listing_path(listing, ONE)])
    assert 5 == len(planted)
    assert planted == listed(azure, listing)
    assert [] == azure.strange


def test_the_sdk_reads_the_errors_of_the_double(azure: Azure) -> None:
    azure.rules = [Rule("storage.accounts", DENIED)]
    with pytest.raises((ClientAuthenticationError, HttpResponseError)) as refused:
        listed(azure, "storage.accounts")
    azure.rules = []
    assert "AuthorizationFailed" == refused.value.error.code
    with pytest.raises((ResourceNotFoundError, HttpResponseError)) as missing:
        listed(azure, "storage.accounts", subscription_id(9))
    assert "SubscriptionNotFound" == missing.value.error.code
