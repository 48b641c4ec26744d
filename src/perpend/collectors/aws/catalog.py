"""Join the tables of all services: calls and types by name. A test checks them against the service models.

Each module of :mod:`perpend.collectors.aws.services` with a ``TABLE`` is a part. Fields have the names of ``type.yaml`` and of
public policy repositories.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws import services
from perpend.collectors.aws.services import tagging

if TYPE_CHECKING:
    from perpend.collectors.aws.model import ServiceTable

_MODULES: Final = [import_module(module.name) for module in walk_packages(services.__path__, f"{services.__name__}.")]

TABLES: Final[tuple[ServiceTable, ...]] = tuple(module.TABLE for module in _MODULES if hasattr(module, "TABLE"))

TYPES: Final = tagging.with_tags({row.type_name: row for table in TABLES for row in table.types})
"""The types by API name."""

CALLS: Final = tagging.with_tagged_services({call.name: call for table in TABLES for call in table.calls}, TYPES.values())
"""The calls by name."""

UNPAGED: Final = {name: why for table in TABLES for name, why in table.unpaged.items()}
"""Listings for which the service models define no pages, with the reason why no item is lost."""

UNSERVED: Final = {name: why for table in TABLES for name, why in table.unserved.items()}
"""Fields of the library that no call serves, with the reason."""
