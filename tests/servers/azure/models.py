"""The models of Azure's official SDK as a second opinion on objects: a member that no model has is a mistake of ours.

The SDK has two kinds of models. The older ones map attributes to paths of members; the newer ones are made of an answer.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

MODELS: Final[Mapping[str, str]] = {
    "arm.subscription": "azure.mgmt.resource.subscriptions.models:Subscription",
    "storage.accounts": "azure.mgmt.storage.models:StorageAccount",
    "keyvault.vaults": "azure.mgmt.keyvault.models:Vault",
    "sql.servers": "azure.mgmt.sql.models:Server",
    "net.groups": "azure.mgmt.network.models:NetworkSecurityGroup",
    "net.watchers": "azure.mgmt.network.models:NetworkWatcher",
    "net.networks": "azure.mgmt.network.models:VirtualNetwork",
    "net.addresses": "azure.mgmt.network.models:PublicIPAddress",
    "net.interfaces": "azure.mgmt.network.models:NetworkInterface",
    "net.bastions": "azure.mgmt.network.models:BastionHost",
    "net.privateEndpoints": "azure.mgmt.network.models:PrivateEndpoint",
    "net.gateways": "azure.mgmt.network.models:ApplicationGateway",
    "net.wafPolicies": "azure.mgmt.network.models:WebApplicationFirewallPolicy",
    "compute.machines": "azure.mgmt.compute.models:VirtualMachine",
    "compute.disks": "azure.mgmt.compute.models:Disk",
    "monitor.alerts": "azure.mgmt.monitor.v2020_10_01.models:ActivityLogAlertResource",
    "monitor.subscriptionDiagnostics": "azure.mgmt.monitor.v2021_05_01_preview.models:SubscriptionDiagnosticSettingsResource",
    "defender.plans": "azure.mgmt.security.v2024_01_01.models:Pricing",
    "defender.iot": "azure.mgmt.security.v2019_08_01.models:IoTSecuritySolutionModel",
    "defender.assessments": "azure.mgmt.security.v2021_06_01.models:SecurityAssessmentResponse",
}
"""The model of each list's items, for the packages that are installed with the extra for development."""

_GENERIC: Final = re.compile(r"^(\[|\{)(.+)(\]|\})$")
_BASIC: Final[Mapping[str, type | tuple[type, ...]]] = {"bool": bool, "str": str, "int": int, "float": (int, float)}


def model_of(call: str) -> Any:
    """Return the model of a list's items."""
    module, _, name = MODELS[call].partition(":")
    return getattr(importlib.import_module(module), name)


def faults(model: Any, answer: Mapping[str, Any]) -> list[str]:
    """Return the members of an answer that a model has not, or has with values of another kind."""
    if hasattr(model, "_attribute_map"):
        return [*_older(importlib.import_module(model.__module__), model, answer, "")]
    base = importlib.import_module(_base_of(model))
    return [*_newer(base, base._deserialize(model, answer), answer, "")]


def _base_of(model: Any) -> str:
    """Return the module of the class that all newer models of a package extend."""
    return next(str(one.__module__) for one in model.__mro__ if one.__module__.endswith("model_base"))


def _older(module: Any, model: Any, answer: Any, place: str) -> Iterator[str]:
    """Yield the faults of an answer by the map of an older model, whose keys are paths."""
    if not isinstance(answer, dict):
        yield f"{place} is no object"
        return
    paths = {
        tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", entry["key"])): entry["type"]
        for entry in model._attribute_map.values()
    }
    yield from _below(module, paths, answer, place, ())


def _below(
    module: Any, paths: Mapping[tuple[str, ...], str], answer: Mapping[str, Any], place: str, above: tuple[str, ...]
) -> Iterator[str]:
    for name, value in answer.items():
        path = (*above, name)
        kind = paths.get(path)
        if kind is not None:
            yield from _of_kind(module, kind, value, f"{place}{name}")
        elif any(one[: len(path)] == path for one in paths) and isinstance(value, dict):
            yield from _below(module, paths, value, f"{place}{name}.", path)
        else:
            yield f"{place}{name} is in no model"


def _of_kind(module: Any, kind: str, value: Any, place: str) -> Iterator[str]:
    generic = _GENERIC.match(kind)
    if value is None:
        return
    if generic:
        inner = value.values() if generic[1] == "{" else value
        for number, one in enumerate(inner):
            yield from _of_kind(module, generic[2], one, f"{place}[{number}]")
    elif kind in _BASIC:
        if not isinstance(value, _BASIC[kind]) or (kind != "bool" and isinstance(value, bool)):
            yield f"{place} is no {kind}: {value!r}"
    elif hasattr(getattr(module, kind, None), "_attribute_map"):
        model = getattr(module, kind)
        known = getattr(model, "_subtype_map", {})
        subtype = next((of[value[key]] for key, of in known.items() if isinstance(value, dict) and value.get(key) in of), None)
        yield from _older(module, getattr(module, subtype) if subtype else model, value, f"{place}.")


def _newer(base: Any, model: Any, answer: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield the faults of an answer by a newer model that was made of it."""
    attributes = {field._rest_name: name for name, field in model._attr_to_rest_field.items()}
    kinds = {name: str(kind) for one in type(model).__mro__ for name, kind in getattr(one, "__annotations__", {}).items()}
    for name, raw in answer.items():
        if name not in attributes:
            yield f"{place}{name} is in no model"
            continue
        kind = next((one for one in _BASIC if kinds.get(attributes[name], "") == f"typing.Optional[{one}]"), None)
        if kind and raw is not None and (not isinstance(raw, _BASIC[kind]) or (kind != "bool" and isinstance(raw, bool))):
            yield f"{place}{name} is no {kind}: {raw!r}"
            continue
        yield from _made(base, getattr(model, attributes[name]), raw, f"{place}{name}")


def _made(base: Any, made: Any, raw: Any, place: str) -> Iterator[str]:
    if isinstance(made, base.Model):
        if isinstance(raw, dict):
            yield from _newer(base, made, raw, f"{place}.")
    elif isinstance(made, list) and isinstance(raw, list):
        for number, (one, part) in enumerate(zip(made, raw, strict=True)):
            yield from _made(base, one, part, f"{place}[{number}]")
