"""Load collectors by the name of their cloud, on use: each needs an SDK that a plain installation lacks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from perpend.core.clouds.registry import UnusableCloud, cloud_named
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.extras import MissingPackages, command_to_add

if TYPE_CHECKING:
    from perpend.collectors.protocol import CloudApi, CloudCollector, CloudCommands, FindingsApi
    from perpend.collectors.simulated import SimulatedEstate

AnyCloud: TypeAlias = "CloudCollector[Any]"
AnyApi: TypeAlias = "CloudApi[Any, Any, Any]"


def load(name: str) -> AnyCloud:
    """Return the collector of a cloud. It plans collections and needs no extra."""
    cloud: AnyCloud = _module(name, "cloud").CLOUD
    return cloud


def commands_of(name: str) -> CloudCommands:
    """Return the options of a cloud's commands. Needs no extra, and loads no table of calls."""
    commands: CloudCommands = _module(name, "options").COMMANDS
    return commands


def connect(name: str, purpose: str) -> AnyApi:
    """Return the API of a cloud. Raises MissingPackages if its extra is not installed; the message names the ``purpose``."""
    try:
        api: AnyApi = _module(name, "api").API
    except ModuleNotFoundError as error:
        if _is_own(error.name or "", name):
            raise
        raise MissingPackages(f"{purpose} needs the package {error.name}: {command_to_add(name)}") from None
    return api


def connect_findings(name: str, purpose: str) -> FindingsApi:
    """Return the API of a cloud that has a service for findings. Raises MissingPackages."""
    api: Any = connect(name, purpose)
    findings: FindingsApi = api
    return findings


def simulate(name: str, estate: SimulatedEstate) -> AnyApi:
    """Return an API of a cloud that answers from an invented estate. It needs no extra."""
    api: AnyApi = _module(name, "simulation").simulation(estate)
    return api


def _module(name: str, part: str) -> Any:
    """Return a module of the package that collects from a cloud. Raises UnusableCloud if it cannot be collected."""
    cloud = cloud_named(name)
    if cloud is None or not cloud.collector:
        raise UnusableCloud(f"`{visible(name)}` is no cloud that can be collected")
    return import_module(f"{cloud.collector}.{part}")


def _is_own(module: str, name: str) -> bool:
    """Whether a module that is missing is one of Perpend or of the cloud's package, and not of its extra."""
    cloud = cloud_named(name)
    own = cloud.collector.partition(".")[0] if cloud else ""
    return module.partition(".")[0] in ("perpend", own)
