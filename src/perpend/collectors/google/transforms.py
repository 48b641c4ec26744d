"""Transform values of Google Cloud into values of fields. A value of another form is an error, which makes a field unknown."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.rest.rows import NotThere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

METADATA_KEYS: Final = ("block-project-ssh-keys", "enable-oslogin", "enable-oslogin-2fa", "serial-port-enable")
"""The keys of metadata whose values policies read. Values of others may be secrets: they are not kept."""

_KEY_MEMBERS: Final = ("kmsKeyName", "kmsKeyServiceAccount", "sha256")
_SECRET_MEMBERS: Final = ("key", "projectId", "secret", "version")
_HANDLER_MEMBERS: Final = ("urlRegex", "securityLevel", "login", "authFailAction")
_RESOURCES: Final = "//cloudresourcemanager.googleapis.com/"
_ADDRESS: Final = re.compile(r"(?:https://(?:www|compute)\.googleapis\.com/compute/(?:v1|beta|alpha)/)?(projects/[^/]+/.+)")
_OF_NUMBER: Final = re.compile(r"projects/[0-9]+/")
_SOURCES: Final = ("sourceRanges", "sourceTags", "sourceServiceAccounts")


def json_text(value: Any) -> str:
    """Return a value as JSON without blanks, with keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def boolean(value: Any) -> bool:
    """Return a Boolean. Raises TypeError for another value."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def text(value: Any) -> str:
    """Return a text. Raises TypeError for another value."""
    if not isinstance(value, str):
        raise TypeError
    return value


def number(value: Any) -> int:
    """Return a whole number, which some APIs write as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError
    return int(value)


def moment(value: str) -> str:
    """Return a time in UTC, in whole seconds. Google writes up to nine digits of a second."""
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def enabled(value: Any) -> str:
    """Return Enabled for true and Disabled for false."""
    return "Enabled" if boolean(value) else "Disabled"


def lines(values: Iterable[str]) -> str:
    """Return texts, a line each."""
    return "\n".join(text(value) for value in values)


def json_of(kind: type) -> Callable[[Any], str]:
    """Return a transform that writes a list or an object as JSON."""

    def written(value: Any) -> str:
        if not isinstance(value, kind):
            raise TypeError
        return json_text(value)

    return written


json_list: Final = json_of(list)
json_object: Final = json_of(dict)


def before(segment: str) -> Callable[[str], str]:
    """Return a transform that cuts an Id before a segment."""

    def cut(value: str) -> str:
        owner, separator, _ = value.rpartition(segment)
        if not separator:
            raise ValueError
        return owner

    return cut


def id_of_url(value: str) -> str:
    """Return the Id of a resource of Compute Engine that its address names. An Id has the id of a project, never its number."""
    matched = _ADDRESS.fullmatch(value)
    if not matched:
        raise ValueError
    if _OF_NUMBER.match(matched[1]):
        raise NotThere("the address has the number of a project")
    return f"//compute.googleapis.com/{matched[1]}"


def ids_of_networks(networks: Iterable[Mapping[str, Any]]) -> str:
    """Return the Ids of the networks of a DNS policy as a JSON array."""
    return json_text([id_of_url(network["networkUrl"]) for network in networks])


def project_name(project: Mapping[str, Any]) -> str:
    """Return the name of a project, in the form of either version of its API."""
    name = project.get("displayName")
    if name is None and not text(project["name"]).startswith("projects/"):
        name = project["name"]
    if name is None:
        raise NotThere("resource.data.displayName is not in the answer")
    return text(name)


def project_state(project: Mapping[str, Any]) -> str:
    """Return the state of a project, in the form of either version of its API."""
    return text(project["state"] if "state" in project else project["lifecycleState"])


def service_names(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the names of services, a line each."""
    return "\n".join(sorted(text(item["config"]["name"]) for item in items))


def approved_services(settings: Mapping[str, Any]) -> str:
    """Return the services that are enrolled in Access Approval, by the project or by what is above it, as a JSON array."""
    above = settings.get("ancestorsEnrolledServices", []) if settings.get("enrolledAncestor") else []
    return json_text([*settings.get("enrolledServices", []), *above])


def contacts(answer: Mapping[str, Any]) -> str:
    """Return the contacts of an organization and their categories as a JSON array."""
    if answer.get("nextPageToken"):
        raise NotThere("the answer has more than one page")
    members = ("email", "notificationCategorySubscriptions", "validationState")
    return json_text([{name: one.get(name) for name in members} for one in answer.get("contacts", [])])


def metadata(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the items of metadata as a JSON array. Only keys that policies read have values."""
    return json_text(
        [
            {"key": text(item["key"]), **({"value": text(item["value"])} if item["key"] in METADATA_KEYS else {})}
            for item in items
        ]
    )


def members_of(*names: str) -> Callable[[Iterable[Mapping[str, Any]]], str]:
    """Return a transform that keeps some members of items as a JSON array."""
    return lambda items: json_text([{name: item[name] for name in names if name in item} for item in items])


secret_variables: Final = members_of(*_SECRET_MEMBERS)
handlers: Final = members_of(*_HANDLER_MEMBERS)
perimeters: Final = members_of("title", "status", "useExplicitDryRunSpec")
sinks: Final = members_of("name", "filter", "destination", "disabled", "includeChildren", "exclusions")


def customer_key(key: Mapping[str, Any]) -> str:
    """Return a key of the customer as a JSON object, without its value."""
    return json_text(_without_value(key))


def disk_keys(disks: Iterable[Mapping[str, Any]]) -> str:
    """Return the keys of the disks of an instance as a JSON array; null for a key of Google."""
    keys = [(disk.get("deviceName"), disk.get("diskEncryptionKey")) for disk in disks]
    return json_text([{"deviceName": name, "diskEncryptionKey": _without_value(key) if key else None} for name, key in keys])


def _without_value(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in _KEY_MEMBERS if name in key}


def of_interfaces(name: str) -> Callable[[Iterable[Mapping[str, Any]]], str]:
    """Return a transform that reads a list of all interfaces of an instance as one JSON array."""
    return lambda interfaces: json_text([row for interface in interfaces for row in interface.get(name, [])])


def interfaces_by_id(interfaces: Iterable[Mapping[str, Any]]) -> str:
    """Return the networks and subnetworks of interfaces as a JSON array of Ids. Legacy networks have no subnetworks."""
    names = ("network", "subnetwork")
    return json_text([{name: id_of_url(one[name]) if one.get(name) else None for name in names} for one in interfaces])


def account_emails(accounts: Iterable[Mapping[str, Any]]) -> str:
    """Return the emails of the service accounts of an instance as a JSON array."""
    return json_text([text(account["email"]) for account in accounts])


def confidential(instance: Mapping[str, Any]) -> bool:
    """Return whether the memory of an instance is encrypted, by either of two members."""
    settings = instance.get("confidentialInstanceConfig") or {}
    is_named = settings.get("confidentialInstanceType") not in (None, "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED")
    return boolean(settings.get("enableConfidentialCompute", False)) or is_named


def flow_logs(subnetwork: Mapping[str, Any]) -> bool:
    """Return whether a subnetwork logs flows, by either of two members."""
    settings = [subnetwork.get("enableFlowLogs"), (subnetwork.get("logConfig") or {}).get("enable")]
    known = [boolean(setting) for setting in settings if setting is not None]
    if not known:
        raise NotThere("resource.data.enableFlowLogs is not in the answer")
    return any(known)


def private_nodes(cluster: Mapping[str, Any]) -> bool:
    """Return whether the nodes of a cluster have private addresses only, by either of two members."""
    around = [
        (cluster.get("privateClusterConfig"), "enablePrivateNodes"),
        (cluster.get("networkConfig"), "defaultEnablePrivateNodes"),
    ]
    if around[0][0] is None and (around[1][0] or {}).get(around[1][1]) is None:
        raise NotThere("resource.data.privateClusterConfig is not in the answer")
    return any(boolean(settings.get(name, False)) for settings, name in around if settings)


def node_accounts(cluster: Mapping[str, Any]) -> str:
    """Return the service accounts of the nodes of a cluster as a JSON array; a pool that names none has the default one."""
    new = (cluster.get("autoscaling") or {}).get("autoprovisioningNodePoolDefaults")
    settings = [*(pool["config"] for pool in cluster["nodePools"]), *([new] if new else [])]
    return json_text(sorted({text(one.get("serviceAccount") or "default") for one in settings}))


def ssl(name: str, other: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return a transform that reads one of two settings for TLS; null if only the other is there."""

    def read(configuration: Mapping[str, Any]) -> Any:
        value = configuration.get(name)
        if value is None and configuration.get(other) is None:
            raise NotThere(f"resource.data.settings.ipConfiguration.{name} is not in the answer")
        if value is not None and not isinstance(value, (str, bool)):
            raise TypeError
        return value

    return read


def traffic(name: str, other: str) -> Callable[[Mapping[str, Any]], str | None]:
    """Return a transform that reads the protocols that a firewall rule allows or denies; null for a rule that does the other.

    The inventory writes the members in two ways.
    """

    def read(rule: Mapping[str, Any]) -> str | None:
        rows = rule.get(name, rule.get(f"{name}s"))
        if rows is None:
            if rule.get(other, rule.get(f"{other}s")) is None:
                raise NotThere(f"resource.data.{name} is not in the answer")
            return None
        return json_text([_protocol(row) for row in rows])

    return read


def _protocol(row: Mapping[str, Any]) -> dict[str, Any]:
    protocol = text(row["IPProtocol"] if "IPProtocol" in row else row["ipProtocol"])
    return {"IPProtocol": protocol, **({"ports": row["ports"]} if "ports" in row else {})}


def source(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Return a transform that reads where the traffic of a rule comes from; nothing if another member says it."""

    def read(rule: Mapping[str, Any]) -> str:
        if rule.get(name) is None and rule.get("direction") != "EGRESS" and not any(rule.get(other) for other in _SOURCES):
            raise NotThere(f"resource.data.{name} is not in the answer")
        return json_list(rule.get(name) or [])

    return read


def bindings(asset: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the bindings of a policy: each with a key, and with the name of the resource whose policy it is."""
    name = asset["id"]
    if not name.startswith("//"):
        name = f"{_RESOURCES}{name if '/' in name else f'projects/{name}'}"
    return [{**binding, "key": _key_of(binding), "resource": name} for binding in asset["iamPolicy"].get("bindings", [])]


def _key_of(binding: Mapping[str, Any]) -> str:
    """Return the role of a binding, and what tells its condition from others for the same role."""
    condition = binding.get("condition")
    if condition is None:
        return text(binding["role"])
    return f"{text(binding['role'])}#{hashlib.sha256(json.dumps(condition, sort_keys=True).encode()).hexdigest()[:16]}"


def id_of_role(role: str) -> str:
    """Return the Id of a role."""
    return f"//iam.googleapis.com/{text(role)}"


def has_member(member: str) -> Callable[[Iterable[str]], bool]:
    """Return a transform that tells whether a member is among others."""
    return lambda members: member in [text(one) for one in members]


def service_accounts(instance: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the service accounts of an instance; one without them leaves out their list."""
    accounts: list[dict[str, Any]] = instance["resource"]["data"].get("serviceAccounts", [])
    return accounts


def conditions(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the conditions of an alert policy, each with the last part of its name as its key."""
    return [{**one, "key": text(one["name"]).rpartition("/")[2]} for one in policy["resource"]["data"]["conditions"]]


def filter_of(kind: str) -> Callable[[Mapping[str, Any]], str | None]:
    """Return a transform that reads the filter of a condition; null for a condition of another kind."""
    return lambda condition: text(condition[kind]["filter"]) if kind in condition else None


def key_of_table(table: Mapping[str, Any]) -> str | None:
    """Return the key of the customer that a table is encrypted with; null for a key of Google."""
    encryption = table.get("encryptionConfiguration")
    return text(encryption["kmsKeyName"]) if encryption else None
