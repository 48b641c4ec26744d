"""Join the tables of all services: calls and types by name. A test checks them against the service models.

Fields have the names of ``type.yaml`` and of public policy repositories.
"""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.services import (
    account,
    api_gateway,
    artifacts,
    cloudtrail,
    detection,
    encryption,
    iam,
    messaging,
    monitoring,
    organization,
    principals,
    storage,
    tagging,
)
from perpend.collectors.aws.services.workloads import containers, databases, instances, load_balancing, network

TABLES: Final = (
    account.TABLE,
    organization.TABLE,
    iam.TABLE,
    principals.TABLE,
    cloudtrail.TABLE,
    detection.TABLE,
    storage.TABLE,
    encryption.TABLE,
    api_gateway.TABLE,
    monitoring.TABLE,
    messaging.TABLE,
    artifacts.TABLE,
    network.TABLE,
    instances.TABLE,
    load_balancing.TABLE,
    databases.TABLE,
    containers.TABLE,
    tagging.TABLE,
)

TYPES: Final = tagging.with_tags({row.type_name: row for table in TABLES for row in table.types})
"""The types by API name."""

CALLS: Final = tagging.with_tagged_services({call.name: call for table in TABLES for call in table.calls}, TYPES.values())
"""The calls by name."""

UNPAGED: Final = {name: why for table in TABLES for name, why in table.unpaged.items()}
"""Listings for which the service models define no pages, with the reason why no item is lost."""

UNSERVED: Final = {name: why for table in TABLES for name, why in table.unserved.items()}
"""Fields of the library that no call serves, with the reason."""
