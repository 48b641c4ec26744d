"""Azure as a cloud: its tables, the meaning of its error codes, and the pace of its services. Imports no SDK."""

from __future__ import annotations

from typing import Final

from perpend.collectors.azure.calls import ALL_CALLS
from perpend.collectors.azure.types import ALL_TYPES
from perpend.collectors.cloud import TableCloud
from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import Permission
from perpend.collectors.rest.rows import RestTables
from perpend.core.clouds.azure import AZURE

LISTS_SUBSCRIPTIONS: Final = Permission("Microsoft.Resources/subscriptions/read", ("subscriptions",), opens_accounts=True)
"""The permission that shows a subscription. It lists those that a role covers, and no other."""

LISTS_GROUP: Final = Permission(
    "Microsoft.Management/managementGroups/descendants/read", ("managementGroups/descendants",), opens_accounts=True
)
"""The permission that shows all subscriptions below a management group."""

_KINDS: Final = {
    FailureKind.DENIED: frozenset(
        (
            "AuthorizationFailed",
            "LinkedAuthorizationFailed",
            "Forbidden",
            "AuthorizationFailure",
            "AuthorizationPermissionMismatch",
            "Authorization_RequestDenied",
            "AccessDenied",
            "RequestDisallowedByPolicy",
            "DisallowedOperation",
        )
    ),
    FailureKind.DENIED_BY_LICENCE: frozenset(
        ("AadPremiumLicenseRequired", "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    ),
    FailureKind.CREDENTIALS: frozenset(
        (
            "AuthenticationFailed",
            "ExpiredAuthenticationToken",
            "InvalidAuthenticationToken",
            "InvalidAuthenticationTokenTenant",
        )
    ),
    FailureKind.ACCOUNT_CLOSED: frozenset(
        ("SubscriptionNotFound", "InvalidSubscriptionId", "ReadOnlyDisabledSubscription", "SubscriptionNotRegistered")
    ),
    FailureKind.THROTTLED: frozenset(
        ("TooManyRequests", "RateLimiting", "ResourceRequestsThrottled", "RetryableErrorDueToAnotherOperation")
    ),
    FailureKind.UNSUPPORTED: frozenset(
        (
            "NoRegisteredProviderFound",
            "InvalidResourceType",
            "InvalidApiVersionParameter",
            "InvalidApiVersion",
            "ResourceTypeNotSupported",
            "MissingSubscription",
        )
    ),
}
_RATES: Final = {"Microsoft.Storage": 2.5}
"""Storage has limits of its own: 800 reads in five minutes."""

TABLES: Final = RestTables(
    AZURE,
    ALL_CALLS,
    ALL_TYPES,
    _KINDS,
    waits=frozenset(("RetryableErrorDueToAnotherOperation",)),
    rates=_RATES,
    usual_rate=20.0,
    remaining="x-ms-ratelimit-remaining-subscription-reads",
    shortened_by=("x-ms-tenant-subscription-limit-hit",),
    normalized=str.lower,
)
"""The tables of Azure. An Id is a resource id in lower case. A header says that a list has not all subscriptions."""

CLOUD: Final = TableCloud(TABLES, [LISTS_SUBSCRIPTIONS], [LISTS_GROUP])
