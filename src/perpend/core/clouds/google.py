"""Google Cloud: an account is a project, and its key is the project's id, never its number."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from perpend.core.clouds.cloud import Cloud

_PROJECT: Final = "[a-z][a-z0-9-]{4,28}[a-z0-9]"
_REGION: Final = "[a-z]+(?:-[a-z]+)*[0-9]*"
_PREFIX: Final = "^//[a-z0-9.-]+/"

GOOGLE: Final = Cloud(
    name="google",
    title="Google",
    provider="GCP",
    types="CA10(?:[A-Z][0-9])?__CaGoogle[A-Za-z0-9]+__c",
    account_types=("CA10__CaGoogleProject__c", "CA10__CaGoogleResourceManagerProject__c"),
    account=_PROJECT,
    account_words="a project id such as web-prod-1",
    account_example="web-prod-1",
    region=_REGION,
    region_fields=("location", "region", "region name"),
    accounts_of_id=(f"{_PREFIX}projects/({_PROJECT})(?:/|$)",),
    regions_of_id=(
        f"{_PREFIX}projects/[^/]+/(?:locations|regions)/({_REGION})(?:/|$)",
        f"{_PREFIX}projects/[^/]+/zones/({_REGION})-[a-z](?:/|$)",
    ),
    kinds_of_id=MappingProxyType({"resource": f"{_PREFIX}projects/", "account": f"^{_PROJECT}$"}),
    credentials=("gcloud", "config", "get", "project"),
)
"""Google Cloud. Ids are full resource names."""
