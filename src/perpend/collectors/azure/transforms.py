"""Transform values of Azure into values of fields. A value of another form is an error, which the reader turns into unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.azure.calls import NOT_APPLICABLE
from perpend.collectors.items import NotThere
from perpend.collectors.rest.transforms import boolean, enabled, json_text, text
from perpend.core.addresses import open_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

USER_ACCESS_ADMINISTRATOR: Final = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
"""The name of the built-in role that may assign roles."""

ACTIVITY_LOG: Final = (
    "Administrative",
    "Security",
    "ServiceHealth",
    "Alert",
    "Recommendation",
    "Policy",
    "Autoscale",
    "ResourceHealth",
)
"""The categories of the activity log, which are those of the group allLogs."""

_RUNTIMES: Final = ("linuxFxVersion", "windowsFxVersion", "phpVersion", "pythonVersion", "javaVersion", "javaContainer")
_LAST_PORT: Final = 65535
_MACHINE: Final = re.compile("/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft.compute/virtualmachines/[^/]+")
_GROUP: Final = re.compile("/subscriptions/[^/]+/resourcegroups/[^/]+")
_STORAGE_ACCOUNT: Final = re.compile(
    "/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft.storage/storageaccounts/[^/]+"
)


def allowed(value: bool) -> str:
    """Return Allow for true and Deny for false."""
    return {True: "Allow", False: "Deny"}[value]


def number(value: Any) -> int:
    """Return a whole number. Raises TypeError for another value."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def if_applicable(value: Any) -> Any:
    """Return a text, a number or a Boolean; null for a feature that the account does not have."""
    if value == NOT_APPLICABLE:
        return None
    if not isinstance(value, (str, int, float)):
        raise TypeError
    return value


def lower(value: str) -> str:
    """Return an Id in lower case, as the store has it."""
    return value.lower()


def location(value: str) -> str:
    """Return the name of a location: eastus for ``East US``."""
    return value.replace(" ", "").lower()


def letters(value: str) -> str:
    """Return a word in capitals."""
    return value.upper()


def below(segment: str) -> Callable[[str], str]:
    """Return a transform that cuts an Id before a segment: the Id of the resource that an object is about, in lower case."""

    def resource_of(value: str) -> str:
        resource, cut, _ = value.lower().rpartition(segment.lower())
        if not cut:
            raise ValueError
        return resource or "/"

    return resource_of


def locked_account(value: str) -> str | None:
    """Return the Id of the storage account that a lock is on, in lower case; null for a lock on anything else."""
    scope = below("/providers/Microsoft.Authorization/locks/")(value)
    return scope if _STORAGE_ACCOUNT.fullmatch(scope) else None


def locked_group(value: str) -> str | None:
    """Return the Id of the resource group that a lock is on, with a slash behind it; null for a lock on anything else.

    With the slash, the Id is a part of the Ids of just the resources in the group.
    """
    scope = below("/providers/Microsoft.Authorization/locks/")(value)
    return f"{scope}/" if _GROUP.fullmatch(scope) else None


def assessed_machine(value: str) -> str | None:
    """Return the Id of the virtual machine that an assessment is of, in lower case; null for one of anything else."""
    resource = below("/providers/Microsoft.Security/assessments/")(value)
    return resource if _MACHINE.fullmatch(resource) else None


def role_in_account(value: str) -> str:
    """Return the Id of a role in the subscription: the text before ``//``, and the name at the end of the text after it."""
    begin, _, written = value.lower().partition("//")
    if "/roledefinitions/" not in written:
        raise ValueError
    return f"{begin}/{written.rpartition('/')[2]}"


def text_in(*path: str, change: Callable[[Any], Any] = text) -> Callable[[dict[str, Any]], Any]:
    """Return a transform that reads a member below an object; null if it is missing."""

    def read(value: dict[str, Any]) -> Any:
        for step in path:
            inner = value.get(step)
            if inner is None:
                return None
            value = inner
        return change(value)

    return read


def either(path: str, otherwise: str) -> Callable[[dict[str, Any]], str]:
    """Return a transform that reads a text below an object; a value that the API states if it is missing."""
    return lambda value: text(value.get(path) or otherwise)


def members(*names: str, properties: tuple[str, ...] = ()) -> Callable[[Iterable[dict[str, Any]]], str]:
    """Return a transform that keeps some members of items, and of their properties, as a JSON array in the order of names."""

    def kept(items: Iterable[dict[str, Any]]) -> str:
        rows = [
            {**{name: item.get(name) for name in names}, **{name: item["properties"].get(name) for name in properties}}
            for item in items
        ]
        return json_text(sorted(rows, key=lambda row: str(row[names[0]])))

    return kept


def named_properties(*properties: str) -> Callable[[Iterable[dict[str, Any]]], str]:
    """Return a transform that keeps the name and some properties of items, as the API nests them."""

    def kept(items: Iterable[dict[str, Any]]) -> str:
        rows = [
            {"name": item["name"], "properties": {name: item["properties"].get(name) for name in properties}} for item in items
        ]
        return json_text(sorted(rows, key=lambda row: str(row["name"])))

    return kept


def all_properties(items: Iterable[dict[str, Any]]) -> str:
    """Return the properties of items as a JSON array."""
    return json_text([item["properties"] for item in items])


def logs_of_all(items: Any) -> str | None:
    """Return the logs of all diagnostic settings as one JSON array; null for a service that the account does not have."""
    if items == NOT_APPLICABLE:
        return None
    return json_text([log for item in items for log in item["properties"]["logs"]])


def location_names(items: Iterable[dict[str, Any]]) -> str:
    """Return the names of locations, a line each. Resources without a location are in ``global``, which Azure does not list."""
    return "\n".join([*sorted(item["name"] for item in items), "global"])


def used_locations(items: Iterable[dict[str, Any]]) -> str | None:
    """Return the names of the locations of resources, a line each; null without resources."""
    return "\n".join(sorted({location(item["location"]) for item in items})) or None


def ready_locations(items: Iterable[dict[str, Any]]) -> str | None:
    """Return the names of the locations of resources that are provisioned, a line each; null without such resources."""
    return used_locations([item for item in items if item["properties"]["provisioningState"] == "Succeeded"])


def plan_extensions(properties: dict[str, Any]) -> str:
    """Return the extensions of a Defender plan. A plan that is off has none."""
    extensions = properties.get("extensions")
    if extensions is None and properties["pricingTier"] != "Free":
        raise NotThere("properties.extensions is not in the answer")
    return json_text(extensions or [])


def security_contacts(items: Iterable[dict[str, Any]]) -> str:
    """Return the contacts of Defender for Cloud in one form for both versions of the API."""
    return json_text([_contact(item["name"], item["properties"]) for item in items])


def _contact(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    role = properties.get("notificationsByRole") or {}
    contact = {
        "name": name,
        "email": properties.get("emails"),
        "notificationsByRoleState": role.get("state"),
        "notificationsByRoleRoles": role.get("roles"),
    }
    if "alertNotifications" in properties:
        alerts = properties["alertNotifications"]
        return {
            **contact,
            "alertNotifications": alerts["state"],
            "alertNotificationsMinimalSeverity": alerts.get("minimalSeverity"),
        }
    if "notificationsSources" not in properties or "isEnabled" not in properties:
        raise NotThere("properties.notificationsSources is not in the answer")
    sources = {source["sourceType"]: source for source in properties["notificationsSources"]}
    is_on = boolean(properties["isEnabled"])
    if not is_on:
        contact["notificationsByRoleState"] = "Off"
    return {
        **contact,
        "alertNotifications": "On" if is_on and "Alert" in sources else "Off",
        "alertNotificationsMinimalSeverity": sources.get("Alert", {}).get("minimalSeverity"),
        "attackPathMinimalRiskLevel": sources.get("AttackPath", {}).get("minimalRiskLevel") if is_on else None,
    }


def activity_logs(logs: Iterable[dict[str, Any]]) -> str:
    """Return the categories that a setting exports. The group of all logs is each category of the activity log."""
    expanded: dict[str, bool] = {}
    for log in logs:
        group = log.get("categoryGroup")
        if group not in (None, "", "allLogs"):
            raise NotThere(f"the categories of the group {group} are not known")
        for category in ACTIVITY_LOG if group else (log["category"],):
            expanded[category] = boolean(log["enabled"]) or expanded.get(category, False)
    return json_text([{"category": category, "enabled": is_on} for category, is_on in expanded.items()])


def user_access_administrators(items: Iterable[dict[str, Any]]) -> int:
    """Return the number of principals that may assign roles in the whole subscription.

    Assignments at the root are visible only to those who can read it: without one in the answer, the number is not known.
    """
    assignments = [item["properties"] for item in items]
    if not any(assignment["scope"] == "/" for assignment in assignments):
        raise NotThere("no assignment at the root is visible to the caller")
    return len(
        {
            assignment["principalId"]
            for assignment in assignments
            if assignment["roleDefinitionId"].lower().endswith(USER_ACCESS_ADMINISTRATOR)
            and "/resourcegroups/" not in assignment["scope"].lower()
        }
    )


def first_administrator(items: list[dict[str, Any]]) -> str | None:
    """Return the type of a server's administrator of Entra ID; null if it has none."""
    return text(items[0]["properties"]["administratorType"]) if items else None


def publishing(name: str) -> Callable[[Iterable[dict[str, Any]]], str]:
    """Return a transform that reads whether an app takes user names and passwords for a way of publishing."""

    def read(items: Iterable[dict[str, Any]]) -> str:
        states = [item["properties"]["allow"] for item in items if item["name"] == name]
        if len(states) != 1:
            raise NotThere(f"the policy {name} is not in the answer")
        return enabled(states[0])

    return read


def runtime_versions(configuration: dict[str, Any]) -> str:
    """Return the runtimes of an app and their versions as a JSON object; runtimes that it does not use are null or empty."""
    return json_text({name: configuration.get(name) for name in _RUNTIMES})


def patch_assessment(profile: dict[str, Any]) -> str:
    """Return how a machine looks for missing updates: by its image, unless its profile says otherwise."""
    system = profile.get("linuxConfiguration") or profile.get("windowsConfiguration") or {}
    return text((system.get("patchSettings") or {}).get("assessmentMode") or "ImageDefault")


def firewall_of_gateway(gateway: dict[str, Any]) -> bool | None:
    """Return whether the older configuration of a firewall is on; null if a policy takes its place.

    A gateway of a tier without a firewall has none. Otherwise a missing configuration is unknown.
    """
    configuration = gateway.get("webApplicationFirewallConfiguration")
    if configuration is not None:
        return boolean(configuration["enabled"])
    if gateway.get("firewallPolicy"):
        return None
    if gateway["sku"]["tier"] in ("Standard", "Standard_v2", "Basic"):
        return False
    raise NotThere("properties.webApplicationFirewallConfiguration is not in the answer")


def subnet_names(parameters: dict[str, Any]) -> str | None:
    """Return the names of the subnets of a workspace as a JSON object; null for a network of Databricks."""
    names = {
        name: parameters[name]["value"]
        for name in ("customPrivateSubnetName", "customPublicSubnetName")
        if parameters.get(name)
    }
    return json_text(names) if names else None


def subnet_of_workspace(name: str) -> Callable[[dict[str, Any]], str | None]:
    """Return a transform that reads the Id of a subnet of a workspace; null for a network of Databricks."""

    def read(parameters: dict[str, Any]) -> str | None:
        network = parameters.get("customVirtualNetworkId")
        return f"{network['value']}/subnets/{parameters[name]['value']}".lower() if network else None

    return read


def rule_ranges(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an object for each range of ports of each rule of a security group, with its ``range`` and its sources."""
    return [
        {**rule, "range": ports, **_sources(rule["properties"])}
        for rule in group["properties"]["securityRules"]
        for ports in _several(rule["properties"], "destinationPortRange")
    ]


def _several(properties: dict[str, Any], name: str) -> list[str]:
    """Return the values of a member that the API writes as one text or as a list. Raises KeyError if both are missing."""
    values = [*(properties.get(f"{name}s") or ()), *([properties[name]] if properties.get(name) else ())]
    if not values or not all(isinstance(value, str) for value in values):
        raise KeyError(name)
    return values


def _sources(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the source of a rule: one prefix, or the widest and all of several. Groups of machines are no addresses."""
    single, several = properties.get("sourceAddressPrefix"), properties.get("sourceAddressPrefixes") or []
    if single and not several:
        return {"source": {"prefix": single, "prefixes": None, "groups": None}}
    if several:
        prefixes = [*([single] if single else []), *several]
        widest = open_ranges(prefixes)
        return {"source": {"prefix": widest[0] if widest else None, "prefixes": "\n".join(prefixes), "groups": None}}
    if groups := properties.get("sourceApplicationSecurityGroups"):
        return {"source": {"prefix": None, "prefixes": None, "groups": "\n".join(group["id"] for group in groups).lower()}}
    return {}


def first_port(ports: str) -> int:
    """Return the first port of a range; 0 for all ports."""
    return 0 if ports == "*" else int(ports.partition("-")[0])


def last_port(ports: str) -> int:
    """Return the last port of a range; 65535 for all ports."""
    return _LAST_PORT if ports == "*" else int(ports.rpartition("-")[2])


def machine_disks(machine: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the disks of a machine: the one that it starts from, and those with data."""
    storage = machine["properties"]["storageProfile"]
    return [{**storage["osDisk"], "isOsDisk": True}, *({**disk, "isOsDisk": False} for disk in storage["dataDisks"])]


def machine_interfaces(machine: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the network interfaces that a machine names, an empty list if it names none, though each machine has one."""
    return list((machine["properties"].get("networkProfile") or {}).get("networkInterfaces") or ())


def endpoint_connections(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the connections of a private endpoint: those that are approved by a role, and those that an owner approves."""
    properties = endpoint["properties"]
    return [*properties["privateLinkServiceConnections"], *properties["manualPrivateLinkServiceConnections"]]
