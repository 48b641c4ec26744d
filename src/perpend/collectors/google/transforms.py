"""Transform values of Google Cloud into values of fields. A value of another form is an error, which makes a field unknown."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.items import ABOVE, NotThere
from perpend.collectors.rest.transforms import json_text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

METADATA_KEYS: Final = ("block-project-ssh-keys", "enable-oslogin", "enable-oslogin-2fa", "serial-port-enable")
"""The keys of metadata whose values policies read. Values of others may be secrets: they are not kept."""

_KEY_MEMBERS: Final = ("kmsKeyName", "kmsKeyServiceAccount", "sha256")
_SECRET_MEMBERS: Final = ("key", "projectId", "secret", "version")
_HANDLER_MEMBERS: Final = ("urlRegex", "securityLevel", "login", "authFailAction")
_SOME_SERVICE: Final = {"cloudProduct": "a service that an ancestor enrolls", "enrollmentLevel": "BLOCK_ALL"}
_RESOURCES: Final = "//cloudresourcemanager.googleapis.com/"
_ADDRESS: Final = re.compile(r"(?:https://(?:www|compute)\.googleapis\.com/compute/(?:v1|beta|alpha)/)?(projects/[^/]+/.+)")
_LOG_METRIC: Final = re.compile(r"metric\.type\s*=\s*\"?logging\.googleapis\.com/user/([^\"\s)]+)")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_METRIC_PROJECT: Final = re.compile(r"(?<![\w.])(?:project|resource\.labels?\.\"?project_id\"?)\s*=\s*\"?([^\"\s)]+)")
_PARENTS: Final = ("projects/", "folders/", "organizations/")
_OF_NUMBER: Final = re.compile(r"projects/[0-9]+/")


def number(value: Any) -> int:
    """Return a whole number, which some APIs write as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError
    return int(value)


def lines(values: Iterable[str]) -> str:
    """Return texts, a line each."""
    return "\n".join(text(value) for value in values)


def json_list(value: Any) -> str:
    """Return a list as JSON. Raises TypeError for another value."""
    if not isinstance(value, list):
        raise TypeError
    return json_text(value)


def json_object(value: Any) -> str:
    """Return an object as JSON. Raises TypeError for another value."""
    if not isinstance(value, dict):
        raise TypeError
    return json_text(value)


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


def project_name(value: str) -> str:
    """Return the name of a project. The older form of a project has it where the newer one has the project's number."""
    if value.startswith("projects/"):
        raise NotThere("resource.data.displayName is not in the answer")
    return value


def own_name(value: str) -> str:
    """Return the own name of an object. Some services write a path, which begins with the project or with a node above it."""
    own = text(value)
    return own.rpartition("/")[2] if own.startswith(_PARENTS) else own


def service_names(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the names of services, a line each."""
    return "\n".join(sorted(text(item["config"]["name"]) for item in items))


def approved_services(settings: Mapping[str, Any]) -> str:
    """Return the services that are enrolled in Access Approval, by the project or an ancestor, as a JSON array.

    An answer may say that an ancestor enrolls some service and not name it. The only level of enrollment is ``BLOCK_ALL``.
    """
    above = (settings.get("ancestorsEnrolledServices") or [_SOME_SERVICE]) if settings.get("enrolledAncestor") is True else []
    return json_text([*settings.get("enrolledServices", []), *above])


def metadata(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the items of metadata as a JSON array. Only keys that policies read have values."""
    return json_text(
        [
            {"key": text(item["key"]), **({"value": text(item["value"])} if item["key"] in METADATA_KEYS else {})}
            for item in items
        ]
    )


def bucket_of(destination: str) -> str | None:
    """Return the Id of the bucket that a sink writes to; null for another destination."""
    service, _, name = destination.partition("/")
    return f"//storage.googleapis.com/{name}" if service == "storage.googleapis.com" and name else None


def log_metric(condition: Mapping[str, Any]) -> str | None:
    """Return the Id of the log metric that the filter of a condition names, in the project that it names, or its own.

    Null for another metric, or if the filter names several projects.
    """
    named_by = text((condition.get("conditionThreshold") or {}).get("filter", ""))
    named, projects = _LOG_METRIC.search(named_by), {*_METRIC_PROJECT.findall(named_by)} or {condition[ABOVE]["project"]}
    if not named or len(projects) > 1:
        return None
    [project] = projects
    if project.isdigit():
        raise NotThere("the filter has the number of a project")
    if not _PLAIN_NAME.fullmatch(named[1]):
        raise NotThere("the metric has a name that an Id may write in another form")
    return f"//logging.googleapis.com/projects/{project}/metrics/{named[1]}"


def some_members(*names: str) -> Callable[[Iterable[Mapping[str, Any]]], str]:
    """Return a transform that keeps some members of items as a JSON array."""
    return lambda items: json_text([{name: item[name] for name in names if name in item} for item in items])


contacts: Final = some_members("email", "notificationCategorySubscriptions", "validationState")
secret_variables: Final = some_members(*_SECRET_MEMBERS)
handlers: Final = some_members(*_HANDLER_MEMBERS)
perimeters: Final = some_members("title", "status", "useExplicitDryRunSpec")
dns_policies: Final = some_members("name", "enableLogging")
sinks: Final = some_members("name", "filter", "destination", "disabled", "includeChildren", "exclusions")


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


def node_accounts(pools: Iterable[Mapping[str, Any]]) -> str:
    """Return the service accounts of pools of nodes as a JSON array; a pool that names none has the default one."""
    return json_text(sorted({text(pool["config"].get("serviceAccount") or "default") for pool in pools}))


def traffic(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the protocols and ports of a firewall rule as a JSON array. The inventory writes the protocol in two ways."""
    return json_text([protocol_and_ports(row) for row in rows])


def protocol_and_ports(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of the traffic of a firewall rule. Without ports it is about all of them."""
    protocol = text(row["IPProtocol"] if "IPProtocol" in row else row["ipProtocol"])
    return {"IPProtocol": protocol, **({"ports": row["ports"]} if "ports" in row else {})}


def bindings(asset: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the bindings of a policy: each with a key, and with the name of the resource whose policy it is."""
    name = asset["id"]
    if not name.startswith("//"):
        name = f"{_RESOURCES}{name if '/' in name else f'projects/{name}'}"
    return [{**binding, "key": _key_of(binding), "resource": name} for binding in asset["iamPolicy"].get("bindings", [])]


def _key_of(binding: Mapping[str, Any]) -> str:
    """Return the role of a binding, and a mark of its condition, which differs from others for the same role."""
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
