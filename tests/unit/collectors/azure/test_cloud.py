"""The tables of Azure as the engine reads them: codes by kind, and what a subscription's plan asks for."""

from __future__ import annotations

import re

import pytest

from perpend.collectors.azure.calls import MANAGEMENT
from perpend.collectors.azure.cloud import CLOUD, TABLES
from perpend.collectors.failures import FailureKind
from perpend.collectors.rest.errors import refusal_of
from perpend.collectors.rest.rows import ACCOUNT, places_in

STORAGE = "CA10__CaAzureStorageAccount__c"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AuthorizationFailed", FailureKind.DENIED),
        (403, "", FailureKind.DENIED),
        (403, "RequestDisallowedByPolicy", FailureKind.DENIED),
        (400, "AadPremiumLicenseRequired", FailureKind.DENIED_BY_LICENCE),
        (401, "", FailureKind.CREDENTIALS),
        (403, "InvalidAuthenticationTokenTenant", FailureKind.CREDENTIALS),
        (404, "SubscriptionNotFound", FailureKind.ACCOUNT_CLOSED),
        (409, "ReadOnlyDisabledSubscription", FailureKind.ACCOUNT_CLOSED),
        (429, "", FailureKind.THROTTLED),
        (409, "ResourceRequestsThrottled", FailureKind.THROTTLED),
        (404, "InvalidResourceType", FailureKind.UNSUPPORTED),
        (400, "NoRegisteredProviderFound", FailureKind.UNSUPPORTED),
        (404, "ResourceNotFound", FailureKind.FAILED),
        (409, "MissingSubscriptionRegistration", FailureKind.FAILED),
        (500, "InternalServerError", FailureKind.FAILED),
        (404, "", FailureKind.FAILED),
    ],
)
def test_an_error_has_the_kind_of_its_code_and_then_of_its_status(status: int, code: str, kind: FailureKind) -> None:
    assert kind == refusal_of(TABLES, status, code).kind


def test_no_code_has_two_kinds() -> None:
    codes = [code for of_one in TABLES.kinds.values() for code in of_one]
    assert len(codes) == len({*codes})


def test_a_plan_asks_for_the_subscription_and_nothing_of_the_tenant() -> None:
    plan = CLOUD.plan({STORAGE: ["CA10__minimumTlsVersion__c"], "CA10Z1__CaAzureActiveDirectoryTenant__c": ["Name"]})
    assert ("CA10Z1__CaAzureActiveDirectoryTenant__c",) == plan.unserved
    assert ["CA10__CaAzureAccount__c", STORAGE] == [*plan.types]
    assert {"arm.subscription", "storage.accounts"} == {*plan.all_listings}
    assert all(ACCOUNT in places_in(TABLES.calls[listing].url) for listing in plan.all_listings)


def test_each_call_goes_to_resource_manager_with_a_version_and_needs_a_permission_to_read() -> None:
    for call in TABLES.all_calls:
        assert call.url.startswith((f"{MANAGEMENT}/", f"{MANAGEMENT}{{id}}")), call.name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", call.parameters["api-version"]), call.name
        assert call.permission and re.fullmatch(r"[A-Za-z.]+(/[A-Za-z]+)+/read", call.permission), call.name


def test_the_permission_that_shows_a_subscription_opens_it() -> None:
    plan = CLOUD.plan({STORAGE: ["CA10__minimumTlsVersion__c"]})
    names = {permission.name: permission.opens_accounts for permission in CLOUD.permissions(plan)}
    assert names["Microsoft.Resources/subscriptions/read"] and not names["Microsoft.Storage/storageAccounts/read"]
