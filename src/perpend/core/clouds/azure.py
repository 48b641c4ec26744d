"""Azure: an account is a subscription or the tenant, and its key is a UUID in lower case."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from perpend.core.clouds.cloud import Cloud

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

AZURE: Final = Cloud(
    name="azure",
    title="Azure",
    provider="Azure",
    types="CA10(?:[A-Z][0-9])?__CaAzure[A-Za-z0-9]+__c",
    account_types=("CA10__CaAzureAccount__c", "CA10Z1__CaAzureActiveDirectoryTenant__c"),
    account=_UUID,
    account_words="a UUID in lower case",
    account_example="0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    region="[a-z][a-z0-9]{2,31}",
    region_fields=("location", "region", "region name"),
    accounts_of_id=(f"^/subscriptions/({_UUID})(?:/|$)",),
    kinds_of_id=MappingProxyType({"resource": f"^/subscriptions/{_UUID}/", "account": f"^{_UUID}$"}),
    credentials=("az", "account", "show", "--query", "id", "--output", "tsv"),
    collector="perpend.collectors.azure",
)
"""Microsoft Azure and Entra ID. Ids are resource ids in lower case."""
