"""The tables of all services as one: calls and types by name. A test walks them against the service models.

Fields are called as ``type.yaml`` and public policy repositories call them.
"""

from __future__ import annotations

from typing import Final

from perpend.clouds.aws.services import (
    account,
    cloudtrail,
    containers,
    databases,
    detection,
    iam,
    instances,
    load_balancing,
    network,
)

TABLES: Final = (
    account.TABLE,
    iam.TABLE,
    cloudtrail.TABLE,
    detection.TABLE,
    network.TABLE,
    instances.TABLE,
    load_balancing.TABLE,
    databases.TABLE,
    containers.TABLE,
)

CALLS: Final = {call.name: call for table in TABLES for call in table.calls}
"""The calls by name."""

TYPES: Final = {row.type_name: row for table in TABLES for row in table.types}
"""The types by API name."""

UNPAGED: Final = {name: why for table in TABLES for name, why in table.unpaged.items()}
"""Listings that the service models know no pages of, and why that loses nothing."""

UNSERVED: Final = {name: why for table in TABLES for name, why in table.unserved.items()}
"""Fields that the library declares and no call serves, with the reason."""
