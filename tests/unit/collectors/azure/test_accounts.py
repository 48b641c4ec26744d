"""The subscriptions that are collected: by id, name, management group and tenant; and what is said if there is none."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from perpend.collectors import rate_limit
from perpend.collectors.azure import api, identity
from perpend.collectors.azure.cloud import CLOUD
from perpend.collectors.azure.options import AzureOptions
from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import NothingCollected
from perpend.collectors.rest import transport
from perpend.collectors.rest.errors import CallRefused
from tests.servers.clock import Clock
from tests.servers.rest import Asked, Fault, RestServer
from tests.servers.subscriptions import (
    DESCENDANTS,
    HIDDEN,
    HOST,
    LIST,
    OLD,
    PROD,
    SECRET,
    TENANT,
    TEST,
    azure,
    plant,
    subscription,
)

OTHER = "aaf988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RestServer]:
    clock = Clock()
    for module in (rate_limit, transport):
        monkeypatch.setattr(module, "time", clock)
    token = SimpleNamespace(token=SECRET, expires_on=1e12)
    credential = SimpleNamespace(get_token=lambda scope, **more: token)
    monkeypatch.setattr(identity, "DefaultAzureCredential", lambda **options: credential)
    with azure() as server:
        yield server


def listed(server: RestServer, **options: Any) -> tuple[dict[str, str], int]:
    """Return label, or why it cannot be entered, by subscription, and the number of inactive ones."""
    plan = CLOUD.plan({})
    accounts, inactive = api.API.credentials(plan, AzureOptions(endpoint_url=server.url, **options))
    return {account.account: str(account.why or account.label) for account in accounts}, inactive


def why(server: RestServer, **options: Any) -> str:
    with pytest.raises(NothingCollected) as nothing:
        listed(server, **options)
    assert SECRET not in str(nothing.value) and "\n" not in str(nothing.value)
    return str(nothing.value)


def on(place: str, fault: Fault) -> Any:
    def fault_of(asked: Asked, number: int) -> Fault | None:
        return fault if f"{asked.host}{asked.path}" == place else None

    return fault_of


def test_active_subscriptions_of_all_pages_are_collected_and_others_are_counted(server: RestServer) -> None:
    assert ({PROD: "prod-web", TEST: "test-web"}, 1) == listed(server)


@pytest.mark.parametrize("state", ["Enabled", "Warned", "PastDue"])
def test_the_lists_of_these_states_are_whole(server: RestServer, state: str) -> None:
    plant(server, [subscription(PROD, "prod-web", state)])
    assert ({PROD: "prod-web"}, 0) == listed(server)


@pytest.mark.parametrize("state", ["Disabled", "Deleted", "Expired", None, 5])
def test_a_subscription_in_any_other_state_is_not_collected(server: RestServer, state: Any) -> None:
    plant(server, [subscription(PROD, "prod-web", state), subscription(TEST, "test-web")])
    assert ({TEST: "test-web"}, 1) == listed(server)
    shown = state if isinstance(state, str) else "unknown"
    message = f"the subscription {PROD} is {shown}: only Enabled, PastDue, Warned ones can be collected"
    assert message == why(server, wanted_accounts=("prod-*",))


@pytest.mark.parametrize("glob", [PROD, PROD.upper(), "prod-web", "prod-*", "0b1f*"])
def test_a_subscription_is_named_by_its_id_or_its_name(server: RestServer, glob: str) -> None:
    assert ({PROD: "prod-web"}, 0) == listed(server, wanted_accounts=(glob,))


def test_an_unknown_subscription_is_refused_with_the_nearest_name(server: RestServer) -> None:
    message = "--accounts: the credentials show no subscription `prod-wed`; did you mean prod-web?"
    assert message == why(server, wanted_accounts=("prod-wed",))


def test_a_subscription_that_only_a_management_group_shows_cannot_be_entered(server: RestServer) -> None:
    reason = f"denied Microsoft.Resources/subscriptions/read (NotListed) in {HIDDEN}"
    assert ({PROD: "prod-web", HIDDEN: reason}, 0) == listed(server, management_group="contoso")
    assert ({PROD: "prod-web"}, 0) == listed(server, management_group="contoso", wanted_accounts=("prod-*",))
    plant(server, [subscription(TEST, "test-web")])
    below = "none of 2 subscriptions below `contoso` is visible to the credentials: give them the role Reader on"
    assert why(server, management_group="contoso").startswith(below)


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AuthorizationFailed"), (404, "NotFound"), (404, "ManagementGroupNotFound")]
)
def test_an_unknown_management_group_is_refused(server: RestServer, status: int, code: str) -> None:
    server.fault = on(DESCENDANTS, Fault(status, {"error": {"code": code, "message": SECRET}}))
    begin = f"--management-group: Azure did not list the subscriptions below `contoso` ({code}): check the id"
    assert why(server, management_group="contoso").startswith(begin)
    server.fault = on(DESCENDANTS, Fault(200, {"value": []}))
    assert "--management-group: no subscription is below `contoso`" == why(server, management_group="contoso")


def test_only_subscriptions_that_the_tenant_has_or_manages_are_collected(server: RestServer) -> None:
    managed = [{"tenantId": OTHER.upper()}]
    plant(
        server,
        [subscription(PROD, "a", tenantId=OTHER), subscription(TEST, "b", managedByTenants=managed), subscription(OLD, "c")],
    )
    assert ({PROD: "a", TEST: "b"}, 0) == listed(server, tenant=OTHER.upper())
    plant(server, [subscription(PROD, "a")])
    message = f"--tenant: no subscription of the tenant {OTHER} is visible to the credentials, only some of {TENANT}"
    assert message == why(server, tenant=OTHER)


def test_without_a_visible_subscription_the_next_step_is_named(server: RestServer) -> None:
    plant(server, [])
    message = "no subscription is visible to the credentials: give them the role Reader on a subscription or a management group"
    assert f"{message}, or name another tenant with --tenant" == why(server)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            Fault(401, {"error": {"code": "InvalidAuthenticationTokenTenant", "message": SECRET}}),
            "name the right one with --tenant",
        ),
        (Fault(401, {"error": {"code": "ExpiredAuthenticationToken"}}), "the token has expired: sign in again (`az login`)"),
        (Fault(403, {"error": {"code": "AuthorizationFailed"}}), "(AuthorizationFailed): give the credentials the role Reader"),
        (Fault(200, f"<html>{SECRET}</html>".encode()), "(NotJson): the server that answers is not Azure"),
        (Fault(200, {"value": [{"displayName": "no id"}]}), "did not list the subscriptions: one has no id"),
        (Fault(200, {"value": [], "nextLink": "https://evil.example/subscriptions?skip=2"}), "(AnotherPlace): the server"),
        (Fault(200, {"value": [], "nextLink": f"https://{LIST}?skip=0"}), "(RepeatedPage): the server"),
        (
            Fault(200, {"value": []}, {"x-ms-tenant-subscription-limit-hit": "true"}),
            "(ShortenedAnswer): Azure says that the list",
        ),
        (Fault(400, {"error": {"code": "InvalidApiVersionParameter"}}), "(InvalidApiVersionParameter): see the guide"),
    ],
)
def test_half_a_list_of_subscriptions_is_no_list(server: RestServer, fault: Fault, reason: str) -> None:
    server.fault = on(LIST, fault)
    assert reason in why(server)


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("NoCredentials", "no credentials found: sign in (`az login`), or set AZURE_TENANT_ID"),
        ("AADSTS90002", "there is no such tenant: check --tenant"),
        ("AADSTS7000222", "the client secret has expired"),
        ("ConnectionFailed", "no server answers"),
    ],
)
def test_credentials_that_do_not_work_are_one_line(
    server: RestServer, monkeypatch: pytest.MonkeyPatch, code: str, step: str
) -> None:
    def refuse(self: Any, host: str) -> str:
        assert HOST == host
        raise CallRefused(FailureKind.CREDENTIALS, code)

    monkeypatch.setattr(identity.AzureTokens, "token", refuse)
    assert why(server).startswith(f"Azure did not list the subscriptions ({code}): {step}")
