"""Load clouds by name, on use: each needs an SDK that a plain installation lacks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from perpend.core.diagnostics.extras import MissingPackages, command_to_add

if TYPE_CHECKING:
    from perpend.collectors.protocol import CloudApi
    from perpend.collectors.simulated import SimulatedEstate

AnyCloud: TypeAlias = "Cloud[Any]"
AnyApi: TypeAlias = "CloudApi[Any, Any]"


def load(name: str) -> AnyCloud:
    """Return a cloud, one of ``CLOUDS``. It plans collections and needs no extra."""
    cloud: AnyCloud = import_module(f"perpend.collectors.{name}.cloud").CLOUD
    return cloud


def connect(name: str, purpose: str) -> AnyApi:
    """Return the API of a cloud. Raises MissingPackages if its extra is not installed; the message names the ``purpose``."""
    try:
        api: AnyApi = import_module(f"perpend.collectors.{name}.api").API
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("perpend"):
            raise
        raise MissingPackages(f"{purpose} needs the package {error.name}: {command_to_add(name)}") from None
    return api


def simulate(name: str, estate: SimulatedEstate) -> AnyApi:
    """Return an API of a cloud that answers from an invented estate. It needs no extra."""
    api: AnyApi = import_module(f"perpend.collectors.{name}.simulation").simulation(estate)
    return api
