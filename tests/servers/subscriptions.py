"""A small Azure on a REST server of tests: subscriptions with storage accounts and security groups, and a source of tokens.

Tokens come from the address that a managed identity asks, by plain HTTP; no other credentials are in the environment.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.servers.rest import RestServer, serving

HOST = "management.azure.com"
IDENTITY = "identity.example/token"
TOKEN = "-".join(("the", "token", "of", "azure"))
SECRET = "-".join(("a", "secret", "text"))

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
PROD = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TEST = "1c2f6471-1bf0-4dda-aec3-cb9272f09591"
OLD = "2d3f6471-1bf0-4dda-aec3-cb9272f09592"
HIDDEN = "3e4f6471-1bf0-4dda-aec3-cb9272f09593"

STORAGE = "providers/Microsoft.Storage/storageAccounts"
GROUPS = "providers/Microsoft.Network/networkSecurityGroups"
LIST = f"{HOST}/subscriptions"
DESCENDANTS = f"{HOST}/providers/Microsoft.Management/managementGroups/contoso/descendants"


def subscription(key: str, name: str, state: str = "Enabled", **members: Any) -> dict[str, Any]:
    """Return a subscription as the list shows it."""
    shown = {"id": f"/subscriptions/{key}", "subscriptionId": key, "displayName": name, "state": state, "tenantId": TENANT}
    return {**shown, "managedByTenants": [], **members}


def storage_account(key: str, name: str, *, https: bool = True, **members: Any) -> dict[str, Any]:
    """Return a storage account as the list shows it."""
    properties = {"supportsHttpsTrafficOnly": https, "minimumTlsVersion": "TLS1_2", "allowBlobPublicAccess": False}
    identity = f"/subscriptions/{key}/resourceGroups/Web/{STORAGE}/{name}"
    return {"id": identity, "name": name, "location": "westeurope", "properties": {**properties, **members}}


def plant(server: RestServer, subscriptions: list[dict[str, Any]]) -> None:
    """Plant subscriptions, each with three storage accounts, of which the second takes plain HTTP, and a security group."""
    server.next_link = "nextLink"
    server.planted[LIST] = subscriptions
    for shown in subscriptions:
        key = shown["subscriptionId"]
        server.planted[f"{LIST}/{key}"] = shown
        server.planted[f"{LIST}/{key}/providers"] = [
            {"namespace": "Microsoft.Storage", "registrationState": "Registered"},
            {"namespace": "microsoft.network", "registrationState": "NotRegistered"},
        ]
        server.planted[f"{LIST}/{key}/{STORAGE}"] = [
            storage_account(key, f"logs{number}", https=number != 2) for number in range(1, 4)
        ]
        server.planted[f"{LIST}/{key}/{GROUPS}"] = [
            {"id": f"/subscriptions/{key}/resourceGroups/Web/{GROUPS}/web", "name": "web", "location": "westeurope"}
        ]


def environment(server: RestServer, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment in which the server is the only source of tokens."""
    own = {name: value for name, value in base.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    return {**own, "IDENTITY_ENDPOINT": f"{server.url}/{IDENTITY}", "IDENTITY_HEADER": SECRET}


@contextmanager
def azure() -> Iterator[RestServer]:
    """Yield an Azure with two active subscriptions and a disabled one."""
    with serving() as server:
        ends = str(int(time.time()) + 3_600)
        server.planted[IDENTITY] = {
            "access_token": TOKEN,
            "expires_on": ends,
            "resource": f"https://{HOST}",
            "token_type": "Bearer",
        }
        plant(server, [subscription(PROD, "prod-web"), subscription(TEST, "test-web"), subscription(OLD, "old", "Disabled")])
        server.planted[DESCENDANTS] = [
            {
                "id": f"/subscriptions/{key}",
                "type": "Microsoft.Management/managementGroups/subscriptions",
                "name": key,
                "properties": {"displayName": name},
            }
            for key, name in ((PROD, "prod-web"), (HIDDEN, "hidden"))
        ]
        server.planted[DESCENDANTS].append(
            {
                "id": "/providers/Microsoft.Management/managementGroups/web",
                "type": "Microsoft.Management/managementGroups",
                "name": "web",
            }
        )
        yield server
