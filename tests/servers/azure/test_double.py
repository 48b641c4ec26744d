"""The double answers as Azure does: routes and versions, tokens, roles that hide, registrations, pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.servers.azure.double import (
    GROUP,
    IDENTITY,
    IDENTITY_HEADER,
    MANAGEMENT,
    Azure,
    lists_of,
    route,
    subscription_id,
)
from tests.servers.azure.faults import FAULTS, throttled, without
from tests.servers.rest import HTML, Fault, Rule, serving

ONE, TWO = subscription_id(1), subscription_id(2)
STORAGE = "providers/Microsoft.Storage/storageAccounts"
ACCOUNTS = f"/subscriptions/{ONE}/{STORAGE}"
BASE = f"https://{MANAGEMENT}"
ROUTES = (
    route("storage.blobService", f"{BASE}{{id}}/blobServices/default", "2024-01-01"),
    route("monitor.diagnostics", f"{BASE}{{id}}/providers/Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"),
    route("storage.accounts", f"{BASE}/subscriptions/{{account}}/{STORAGE}", "2024-01-01"),
    route("defender.plans", f"{BASE}/subscriptions/{{account}}/providers/Microsoft.Security/pricings", "2024-01-01"),
    route("arm.resources", f"{BASE}/subscriptions/{{account}}/resources", "2021-04-01"),
    route("arm.groups", f"{BASE}/subscriptions/{{account}}/resourceGroups", "2021-04-01"),
    route("arm.providers", f"{BASE}/subscriptions/{{account}}/providers", "2021-04-01"),
    route("arm.subscriptions", f"{BASE}/subscriptions", "2022-12-01"),
    route("arm.subscription", f"{BASE}/subscriptions/{{account}}", "2022-12-01"),
    route("mg.descendants", f"{BASE}/providers/Microsoft.Management/managementGroups/{{group}}/descendants", "2023-04-01"),
)


class Answer(NamedTuple):
    """The status, the JSON and the headers of an answer."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.body["error"]["code"])

    @property
    def names(self) -> list[str]:
        """The names of the objects of a page."""
        return [str(thing["id"]).rpartition("/")[2] for thing in self.body["value"]]


def storage(subscription: str, group: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{group}/{STORAGE}/{name}",
        "name": name,
        "location": "westeurope",
        "properties": {"supportsHttpsTrafficOnly": True},
    }


@pytest.fixture
def azure() -> Iterator[Azure]:
    """Yield two subscriptions, the first with two storage accounts in one group and one in another."""
    with serving(Azure(ROUTES)) as double:
        double.subscribe(ONE)
        double.subscribe(TWO)
        for name in ("a", "b"):
            double.plant(storage(ONE, GROUP, name))
        double.plant({"id": f"/subscriptions/{ONE}/resourceGroups/rg-2", "name": "rg-2"})
        double.plant(storage(ONE, "rg-2", "c"))
        double.plant({"id": f"{ACCOUNTS.replace(STORAGE, f'resourceGroups/{GROUP}/{STORAGE}')}/a/blobServices/default"})
        yield double


def get(azure: Azure, place: str, token: str | None = None, version: str = "2024-01-01") -> Answer:
    """Return the answer to a request for a path of Resource Manager, or for a whole address."""
    if token is None:
        token = sent(f"{azure.url}/{IDENTITY}/token?resource={BASE}", {"X-IDENTITY-HEADER": IDENTITY_HEADER}).body[
            "access_token"
        ]
    query = f"?api-version={version}" if version and "?" not in place else ""
    address = f"{azure.url}/{place.removeprefix('https://')}" if "://" in place else f"{azure.url}/{MANAGEMENT}{place}{query}"
    return sent(address, {"Authorization": f"Bearer {token}"} if token else {})


def sent(address: str, headers: dict[str, str]) -> Answer:
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()), answer.headers)


def test_an_object_is_in_the_lists_of_its_group_and_its_subscription() -> None:
    account = f"/subscriptions/S/resourceGroups/G/{STORAGE}/a"
    assert [f"/subscriptions/S/resourceGroups/G/{STORAGE}", f"/subscriptions/S/{STORAGE}"] == list(lists_of(account))
    plan = "/subscriptions/S/providers/Microsoft.Security/pricings/Dns"
    assert ["/subscriptions/S/providers/Microsoft.Security/pricings"] == list(lists_of(plan))
    assert [f"{account}/blobServices"] == list(lists_of(f"{account}/blobServices/default"))


def test_a_list_has_pages_and_ids_are_spelt_in_any_case(azure: Azure) -> None:
    azure.page = 2
    first = get(azure, ACCOUNTS.upper())
    assert (["a", "b"], 200) == (first.names, first.status)
    link = first.body["nextLink"]
    assert link.startswith(f"https://{MANAGEMENT}")
    second = get(azure, link)
    assert (["c"], False) == (second.names, "nextLink" in second.body)
    assert first.headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions/{one}/providers/Microsoft.Storage/storageAcounts", 404, "InvalidResourceType"),
        ("/subscriptions/00000000-0000-4000-8000-000000000009/" + STORAGE, 404, "SubscriptionNotFound"),
        ("/subscriptions/{one}/resourceGroups/rg-1/" + STORAGE + "/gone/blobServices/default", 404, "ResourceNotFound"),
        ("/subscriptions/{one}/resourceGroups/rg-1/" + STORAGE + "/b/blobServices/default", 404, "ResourceNotFound"),
    ],
)
def test_what_is_not_there_has_a_code(azure: Azure, path: str, status: int, code: str) -> None:
    answer = get(azure, path.format(one=ONE))
    assert (status, code) == (answer.status, answer.code)


@pytest.mark.parametrize(
    ("version", "code"), [("", "MissingApiVersionParameter"), ("2019-01-01", "InvalidApiVersionParameter")]
)
def test_a_version_that_no_row_pins_is_refused_and_noted(azure: Azure, version: str, code: str) -> None:
    assert code == get(azure, ACCOUNTS, version=version).code
    assert len(azure.strange) == 1
    azure.any_version = True
    assert get(azure, ACCOUNTS, version="2019-01-01").status == 200


def test_a_token_is_of_the_identity_and_for_the_host(azure: Azure) -> None:
    assert sent(f"{azure.url}/{IDENTITY}/token?resource={BASE}", {}).status == 401
    other = sent(f"{azure.url}/{IDENTITY}/token?resource=https://vault.azure.net", {"X-IDENTITY-HEADER": IDENTITY_HEADER})
    assert get(azure, ACCOUNTS, token=other.body["access_token"]).code == "InvalidAuthenticationToken"
    for token in ("", "made-up"):
        assert get(azure, ACCOUNTS, token=token).code == "AuthenticationFailed"


ROLES = {
    "everywhere": ("/",),
    "one subscription": (f"/subscriptions/{ONE}",),
    "one group": (f"/subscriptions/{ONE}/resourceGroups/{GROUP.upper()}",),
    "nowhere": (),
}


@pytest.mark.parametrize(
    ("roles", "subscriptions", "groups", "resources", "accounts", "others", "blobs"),
    [
        ("everywhere", [ONE, TWO], [GROUP, "rg-2"], ["a", "b", "c"], 200, 200, 200),
        ("one subscription", [ONE], [GROUP, "rg-2"], ["a", "b", "c"], 200, 403, 200),
        ("one group", [ONE], [GROUP], ["a", "b"], 403, 403, 200),
        ("nowhere", [], None, None, 403, 403, 403),
    ],
)
def test_roles_hide(
    azure: Azure,
    roles: str,
    subscriptions: list[str],
    groups: list[str] | None,
    resources: list[str] | None,
    accounts: int,
    others: int,
    blobs: int,
) -> None:
    azure.roles = ROLES[roles]
    assert subscriptions == get(azure, "/subscriptions", version="2022-12-01").names
    for path, names in (("resourceGroups", groups), ("resources", resources)):
        answer = get(azure, f"/subscriptions/{ONE}/{path}", version="2021-04-01")
        assert names == (answer.names if answer.status == 200 else None)
    assert accounts == get(azure, ACCOUNTS).status
    assert others == get(azure, ACCOUNTS.replace(ONE, TWO)).status
    blob_service = f"/subscriptions/{ONE}/resourceGroups/{GROUP}/{STORAGE}/a/blobServices/default"
    assert blobs == get(azure, blob_service).status
    assert [] == azure.strange


def test_a_list_of_all_resources_has_no_properties(azure: Azure) -> None:
    shown = get(azure, f"/subscriptions/{ONE}/resources", version="2021-04-01").body["value"][0]
    assert {"id", "name", "location"} == shown.keys()


def test_management_groups_show_subscriptions_without_a_role(azure: Azure) -> None:
    azure.groups = {"top": ["below", ONE], "below": [TWO]}
    path = "/providers/Microsoft.Management/managementGroups/Top"
    azure.roles = (path, f"/subscriptions/{ONE}")
    answer = get(azure, f"{path}/descendants", version="2023-04-01")
    assert ["below", TWO, ONE] == answer.names
    assert get(azure, ACCOUNTS.replace(ONE, TWO)).status == 200  # a role on the group is one on all below it
    azure.roles = (f"/subscriptions/{ONE}",)
    assert get(azure, f"{path}/descendants", version="2023-04-01").code == "AuthorizationFailed"


def test_a_namespace_that_is_not_registered_has_its_codes(azure: Azure) -> None:
    azure.unregistered[ONE] = {"microsoft.storage", "microsoft.security"}
    assert (409, "MissingSubscriptionRegistration") == (get(azure, ACCOUNTS).status, get(azure, ACCOUNTS).code)
    plans = get(azure, f"/subscriptions/{ONE}/providers/Microsoft.Security/pricings")
    assert (404, "Subscription Not Registered") == (plans.status, plans.code)
    states = get(azure, f"/subscriptions/{ONE}/providers", version="2021-04-01").body["value"]
    assert {("Microsoft.Storage", "NotRegistered"), ("Microsoft.Insights", "Registered")} < {
        (one["namespace"], one["registrationState"]) for one in states
    }


def test_rules_change_the_answers_of_one_call_in_one_place_for_some_requests(azure: Azure) -> None:
    azure.rules = [Rule("storage.accounts", throttled(), under=f"/subscriptions/{ONE}", first=2, last=2)]
    answers = [get(azure, ACCOUNTS).status for _ in range(3)]
    assert [200, 429, 200] == answers
    assert get(azure, ACCOUNTS.replace(ONE, TWO)).status == 200
    azure.rules = [Rule("storage.accounts", without("properties.supportsHttpsTrafficOnly"))]
    assert [{}, {}, {}] == [one["properties"] for one in get(azure, ACCOUNTS).body["value"]]


def test_faults_are_answers_of_many_forms(azure: Azure) -> None:
    for name, fault in FAULTS.items():
        azure.numbers.clear()
        azure.rules = [Rule("storage.accounts", fault)]
        if isinstance(fault, Fault) and isinstance(fault.body, dict):
            answer = get(azure, ACCOUNTS)
            assert (fault.status, fault.body) == (answer.status, answer.body), name
    azure.rules = [Rule("storage.accounts", FAULTS["another host"])]
    assert get(azure, ACCOUNTS).body["nextLink"].startswith("https://evil.example/")
    azure.rules = [Rule("storage.accounts", FAULTS["html"])]
    with pytest.raises(ValueError, match="Expecting value"):
        get(azure, ACCOUNTS)
    assert HTML.startswith(b"<html>")
