"""The assets below one parent at one moment: their owners, their Ids, and facts that one listing has about objects of another.

The policy in force is the union of an object's own with those of all above it. One that the parent does not cover is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.failures import FailureKind
from perpend.collectors.google.firewalls import SHAPES, Firewalls, Network, network_of
from perpend.collectors.items import ABOVE
from perpend.collectors.rest.errors import CallRefused, MalformedAnswer, refused_call
from perpend.collectors.rest.extension import Joined, WalkExtension
from perpend.collectors.rest.pages import member, pages_of
from perpend.collectors.tables import failed_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.collectors.rest.extension import Get
    from perpend.collectors.rest.rows import RestCall, RestTables
    from perpend.core.objects.claims import FailedCall

PROJECTS: Final = "cai.cloudresourcemanager.googleapis.com/Project"
FOLDERS: Final = "cai.cloudresourcemanager.googleapis.com/Folder"
ORGANIZATIONS: Final = "cai.cloudresourcemanager.googleapis.com/Organization"
POLICIES: Final = "cai.iam"
METADATA: Final = "cai.compute.googleapis.com/Project"
SINKS: Final = "cai.logging.googleapis.com/LogSink"
ORGANIZATION_POLICIES: Final = "cai.orgPolicy"
FIREWALLS: Final = "cai.compute.googleapis.com/Firewall"
FIREWALL_POLICIES: Final = "cai.compute.googleapis.com/FirewallPolicy"
DNS_POLICIES: Final = "cai.dns.googleapis.com/Policy"
PERIMETERS: Final = "cai.identity.accesscontextmanager.googleapis.com/ServicePerimeter"

JOINS: Final = {
    "policy": (POLICIES,),
    "cloudRoles": (POLICIES,),
    "metadata": (METADATA,),
    "sinks": (SINKS,),
    "organizationPolicies": (ORGANIZATION_POLICIES,),
    "perimeters": (PERIMETERS,),
    "firewalls": (FIREWALLS, FIREWALL_POLICIES),
    "dnsPolicies": (DNS_POLICIES,),
}
"""The listings that answer each join."""

DELETED: Final = "DELETE_REQUESTED"
"""The state of a project that is going to be deleted, and that nobody can use."""

BEHIND: Final = timedelta(minutes=5)
"""How much earlier than the start the inventory is asked about. Nearer to the present its answers may still change."""

_NODES: Final = "//cloudresourcemanager.googleapis.com/"
_NODE: Final = re.compile(r"(?:organizations|folders)/[0-9]+\Z")
_NUMBER: Final = re.compile(r"(?<=/)projects/([0-9]+)(?=/|\Z)")
_CONTENTS: Final = {"RESOURCE": "resource", "IAM_POLICY": "iamPolicy", "ORG_POLICY": "orgPolicy", "OS_INVENTORY": "osInventory"}
_INVENTORY: Final = "cai."
_REFUSED: Final = "INVALID_ARGUMENT"


class Public(NamedTuple):
    """Whether a policy names everybody among its members, or all that have signed in."""

    all_users: bool
    all_authenticated: bool


class AssetInventory(WalkExtension):
    """The inventory below a parent, which is an account's key. ``at`` is the start of the collection.

    ``ids`` are the ids of projects by number, which inventories of one run share. With ``people`` the roles of each person are
    kept in memory.
    """

    def __init__(self, tables: RestTables, account: str, at: datetime, ids: dict[str, str], *, people: bool = False) -> None:
        self.account = account
        self.parent = account if "/" in account else f"projects/{account}"
        self.began: datetime = at.astimezone(UTC).replace(microsecond=0) - BEHIND
        self.accounts: set[str] = set()
        self.deleted: set[str] = set()
        self._tables = tables
        self._ids = ids
        self._ends: dict[str, FailedCall | None] = {}
        self._parents: dict[str, Any] = {}
        self._public: dict[str, Public] = {}
        self._cut: set[str] = set()
        self._audit: dict[str, list[Any]] = {}
        self._roles: dict[str, list[tuple[str, str]]] = {}
        self._has_people = people
        self._people: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        self._metadata: dict[str, Any] = {}
        self._sinks: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self._organization_policies: dict[str, list[Any]] = {}
        self._perimeters: dict[str, Any] = {}
        self._firewalls = Firewalls()
        self._dns_policies: defaultdict[Network | None, dict[str, Any]] = defaultdict(dict)
        self._indexed: Mapping[str, Callable[[str, str, dict[str, Any]], None]] = {
            PROJECTS: self._add_project,
            FOLDERS: self._add_node,
            ORGANIZATIONS: self._add_node,
            POLICIES: self._add_policy,
            METADATA: self._add_metadata,
            SINKS: self._add_sink,
            ORGANIZATION_POLICIES: self._add_organization_policies,
            PERIMETERS: self._add_perimeter,
            FIREWALLS: self._add_firewall,
            FIREWALL_POLICIES: self._add_firewall_policy,
            DNS_POLICIES: self._add_dns_policy,
        }

    # The questions of the walk

    def place(self, account: str) -> str:
        """Return the parent as addresses have it."""
        return self.parent

    def pages(self, call: RestCall, address: str, get: Get) -> Iterator[list[dict[str, Any]]]:
        """Yield the assets of each page, all of one moment. Raises CallRefused.

        If the token of a page is refused, the listing starts again once.
        """
        if not call.name.startswith(_INVENTORY):
            yield from pages_of(call, address, get)
            return

        def at_the_moment(address: str, parameters: Mapping[str, str]) -> Any:
            answer = get(address, {**parameters, "readTime": f"{self.began:%Y-%m-%dT%H:%M:%SZ}"})
            if _time(member(answer, "readTime")) != self.began:
                raise MalformedAnswer("AnotherReadTime")
            return answer

        try:
            yield from _with_second_start(call, address, at_the_moment)
        except CallRefused as error:
            self._fail(call, error)
            raise
        self._ends.setdefault(call.name, None)

    def prepared(self, call: RestCall, item: dict[str, Any]) -> dict[str, Any] | None:
        """Return an asset with its Id and its owner; None for one of a deleted project. Raises MalformedAnswer.

        An asset whose content was cut has no content.
        """
        if not call.name.startswith(_INVENTORY):
            return {**item, "account": self.account}
        try:
            return self._prepared(call, item)
        except MalformedAnswer as error:
            self._fail(call, error)
            raise

    def account_of(self, item: Mapping[str, Any], account: str) -> str:
        """Return the owner of an asset, or of one that is inside it."""
        return str(item.get(ABOVE, item).get("account") or account)

    def joined(self, name: str, item: Mapping[str, Any]) -> Joined:
        """Return the facts of other listings about an asset, as far as they were read."""
        item = item.get(ABOVE, item)
        if name == "cloudRoles":
            held = self._people.get(f"user:{item.get('primaryEmail')}".casefold(), {})
            roles = [{"resource": resource, "role": role} for resource, role in held]
            unread = None if self._has_people else "people were not asked for"
            return _all_or_none("roles", roles, self._why(POLICIES) or unread)
        if name == "policy":
            return self._policy_in_force(item)
        if name == "metadata":
            node = _nodes(item)[0]
            why: FailedCall | str | None = self._why(METADATA)
            if why is None and node not in self._metadata:
                why = "the project's metadata are not in the inventory, as if Compute Engine had never been used"
            return Joined(self._metadata.get(node, {}), {"": why} if why else {})
        if name == "sinks":
            sinks = [sink for node in _nodes(item)[1:] for sink in self._sinks[node].values()]
            return _all_or_none("inherited", sinks, self._why(SINKS) or self._not_covered("sinks", item))
        if name == "organizationPolicies":
            policies = self._organization_policies.get(str(item["name"]), [])
            return _all_or_none("policies", policies, self._why(ORGANIZATION_POLICIES))
        if name == "firewalls":
            return self._reached_ports(item)
        if name == "dnsPolicies":
            policies = list(self._dns_policies[self._network(item["name"])].values())
            odd = "a DNS policy names no network" if self._dns_policies[None] else None
            return _all_or_none("policies", policies, self._why(DNS_POLICIES) or odd)
        own = _nodes(item)[0]
        around = [one for one in self._perimeters.values() if own in _listed(member(one, "status.resources"))]
        return _all_or_none("perimeters", around, self._why(PERIMETERS) or self._without_organization(item))

    # Owners

    def failure(self, listing: str) -> FailedCall | None:
        """Return why a listing that was read is not complete; None if it is."""
        return self._why(listing)

    def _owner(self, item: Mapping[str, Any]) -> str:
        """Return the account that an asset belongs to. Raises MalformedAnswer."""
        node = _nodes(item)[0]
        kind, _, number = node.partition("/")
        if kind != "projects":
            return node
        if number not in self._ids:
            raise MalformedAnswer("UnknownProject")
        return self._ids[number]

    def _prepared(self, call: RestCall, item: dict[str, Any]) -> dict[str, Any] | None:
        content = _CONTENTS[call.parameters.get("contentType", "RESOURCE")]
        name, index = item.get("name"), self._indexed.get(call.name)
        is_cut = bool(item.get("assetExceptions"))
        if not isinstance(name, str) or not name:
            raise MalformedAnswer("NoId")
        if not isinstance(item.get(content), list if content == "orgPolicy" else dict):
            raise MalformedAnswer("NoContent")
        if is_cut and call.name == POLICIES:
            self._cut.add(name)
        elif is_cut and index:
            raise MalformedAnswer("Truncation")
        elif index:
            index(name, _nodes(item)[0], item)
        owner = self._owner(item)
        if owner in self.deleted:
            return None
        whole = {key: value for key, value in item.items() if key != content} if is_cut else item
        own = {"id": self._id(name, owner, item), "account": owner}
        return {**whole, **own, **({} if "/" in owner else {"project": owner})}

    def _id(self, name: str, owner: str, item: Mapping[str, Any]) -> str:
        if name.startswith(_NODES):
            return owner if name.removeprefix(_NODES) == _nodes(item)[0] else name

        def with_id(place: re.Match[str]) -> str:
            if place[1] not in self._ids:
                raise MalformedAnswer("UnknownProject")
            return f"projects/{self._ids[place[1]]}"

        return _NUMBER.sub(with_id, name)

    # The index of listings that joins need

    def _add_project(self, _: str, node: str, item: dict[str, Any]) -> None:
        data = member(item, "resource.data")
        project, state = member(data, "projectId"), member(data, "state") or member(data, "lifecycleState")
        if not isinstance(project, str) or not isinstance(state, str):
            raise MalformedAnswer("NoId")
        self._ids[node.partition("/")[2]] = project
        self._parents[node] = member(data, "parent")
        (self.deleted if state == DELETED else self.accounts).add(project)

    def _add_node(self, _: str, node: str, item: dict[str, Any]) -> None:
        self._parents[node] = member(item, "resource.data.parent")
        self.accounts.add(node)

    def _add_policy(self, name: str, node: str, item: dict[str, Any]) -> None:
        policy = item["iamPolicy"]
        bindings, audit = policy.get("bindings", []), policy.get("auditConfigs", [])
        if not isinstance(audit, list) or not isinstance(bindings, list) or not all(map(_is_whole, bindings)):
            self._cut.add(name)
            bindings = [binding for binding in _listed(bindings) if _is_whole(binding)]
        members = {one for binding in bindings for one in binding["members"]}
        public = Public("allUsers" in members, "allAuthenticatedUsers" in members)
        if any(public):
            self._public[name] = public
        roles = [(one, binding["role"]) for binding in bindings for one in binding["members"]]
        if name == _NODES + node:
            self._audit[name] = _listed(audit)
            self._roles[name] = roles
        for one, role in roles if self._has_people else ():
            self._people[one.casefold()][name.removeprefix(_NODES), role] = None

    def _add_metadata(self, _: str, node: str, item: dict[str, Any]) -> None:
        self._metadata[node] = member(item, "resource.data")

    def _add_sink(self, name: str, node: str, item: dict[str, Any]) -> None:
        data = member(item, "resource.data")
        if not node.startswith("projects/") and member(data, "includeChildren") is True:
            self._sinks[node][name] = data

    def _add_organization_policies(self, name: str, node: str, item: dict[str, Any]) -> None:
        if node.startswith("organizations/"):
            self._organization_policies[name] = item["orgPolicy"]

    def _add_perimeter(self, name: str, _: str, item: dict[str, Any]) -> None:
        self._perimeters[name] = member(item, "resource.data")

    def _add_firewall(self, name: str, _: str, item: dict[str, Any]) -> None:
        data = member(item, "resource.data")
        self._firewalls.add_rule(name, data, self._network(member(data, "network")))

    def _add_firewall_policy(self, name: str, _: str, item: dict[str, Any]) -> None:
        self._firewalls.add_policy(name, member(item, "resource.data"))

    def _add_dns_policy(self, name: str, _: str, item: dict[str, Any]) -> None:
        data = member(item, "resource.data")
        networks = member(data, "networks") or ()
        for network in networks if isinstance(networks, (list, tuple)) else [networks]:
            self._dns_policies[self._network(member(network, "networkUrl"))][name] = data

    def _network(self, address: Any) -> Network | None:
        """Return the network that an address or a name of an asset is of, its project by id; None for one of another form."""
        network = network_of(str(address))
        return network and network._replace(project=self._ids.get(network.project, network.project))

    def _reached_ports(self, item: Mapping[str, Any]) -> Joined:
        """Return the ports of an instance that the internet reaches, and the firewall policies that may open others."""
        data = member(item, "resource.data")
        why: FailedCall | str | None = self._why(FIREWALLS)
        try:
            interfaces = [(self._network(interface["network"]), interface) for interface in data["networkInterfaces"]]
            ports = self._firewalls.reached_ports(data, interfaces)
        except SHAPES:
            return Joined({}, {"": why or "an interface of the instance, or a firewall rule, has another form or no network"})
        networks = {network for network, _ in interfaces if network}
        others = sorted({network.project for network in networks} - {str(item["account"])})
        for project in others:
            if project not in self.accounts:
                return Joined({}, {"": why or f"the firewall rules of {project}, which has the network, were not read"})
        nodes = [*self._parents] if others else _nodes(item)

        def is_above(target: str) -> bool:
            network, node = self._network(target), _NODE.search(target)
            return network in networks if network else not node or node[0] in nodes

        unread = self._why(FIREWALL_POLICIES) or self._not_covered("firewall policy", item)
        lacking = {name: cause for name, cause in {"ports": why, "policies": unread}.items() if cause}
        return Joined({"ports": ports, "policies": self._firewalls.opening_policies(is_above)}, lacking)

    def _policy_in_force(self, item: Mapping[str, Any]) -> Joined:
        own, above = str(item["name"]), [_NODES + node for node in _nodes(item)]
        names = [own, *_around(own), *above]
        why: FailedCall | str | None = self._why(POLICIES) or self._not_covered("policy", item)
        if why is None and (cut := sorted(self._cut & {*names})):
            why = f"the policy of {cut[0].removeprefix(_NODES)} is not whole"
        known = [self._public[name] for name in names if name in self._public]
        users, signed_in = any(one.all_users for one in known), any(one.all_authenticated for one in known)
        audit = [config for name in dict.fromkeys(names) for config in self._audit.get(name, ())]
        roles: defaultdict[str, set[str]] = defaultdict(set)
        if own == above[0]:
            for one, role in (pair for name in names for pair in self._roles.get(name, ())):
                roles[one].add(role)
        by_member = [{"member": one, "roles": sorted(of)} for one, of in sorted(roles.items())]
        lists = {"auditConfigs": audit, "rolesByMember": by_member}
        answer = {"allUsers": users, "allAuthenticatedUsers": signed_in, **lists}
        is_fact = {"allUsers": users, "allAuthenticatedUsers": signed_in, **dict.fromkeys(lists, False)}
        return Joined(answer, {key: why for key, holds in is_fact.items() if not holds} if why else {})

    def _fail(self, call: RestCall, error: CallRefused) -> None:
        self._ends[call.name] = self._ends.get(call.name) or refused_call(call, self.account, error)

    def _why(self, listing: str) -> FailedCall | None:
        """Return why a listing was not read in full."""
        if listing in self._ends:
            return self._ends[listing]
        return failed_call(self._tables.calls[listing], self.account, FailureKind.FAILED, "NeverEnded")

    def _not_covered(self, what: str, item: Mapping[str, Any]) -> str | None:
        """Return which nodes above an asset the parent does not cover; None if it covers all."""
        nodes = _nodes(item)
        top = nodes[0] if self.parent.startswith("projects/") else self.parent
        above = nodes[nodes.index(top) + 1 :] if top in nodes else nodes
        if above:
            return f"the {what} of {' and '.join(above)} was not read"
        if not nodes[-1].startswith("organizations/") and (nodes[-1] not in self._parents or self._parents[nodes[-1]]):
            return f"the parent of {nodes[-1]} is not known"
        return None

    def _without_organization(self, item: Mapping[str, Any]) -> str | None:
        """Return why the settings of the organization above an asset are not known; None if they are."""
        organization = _nodes(item)[-1]
        if organization == self.parent or not organization.startswith("organizations/"):
            return self._not_covered("settings", item)
        return f"the perimeters of {organization} were not read"


def _with_second_start(call: RestCall, address: str, get: Get) -> Iterator[list[dict[str, Any]]]:
    for _ in range(2):
        is_first = True
        try:
            for items in pages_of(call, address, get):
                yield items
                is_first = False
        except CallRefused as error:
            if is_first or error.code != _REFUSED:
                raise
        else:
            return
    raise MalformedAnswer("RefusedPageToken")


def _nodes(item: Mapping[str, Any]) -> Sequence[str]:
    """Return the nodes above an asset, the nearest first. Raises MalformedAnswer without them."""
    nodes = item.get("ancestors")
    if not isinstance(nodes, list) or not nodes or not all(isinstance(node, str) and "/" in node for node in nodes):
        raise MalformedAnswer("NoAncestors")
    return nodes


def _around(name: str) -> list[str]:
    """Return the names that a resource above an asset may have within its service, such as the ring of a key."""
    service, *parts = name.removeprefix("//").split("/")
    return [f"//{service}/{'/'.join(parts[:end])}" for end in range(len(parts) - 1, 0, -1)]


def _is_whole(binding: Any) -> bool:
    """Whether a binding has a role and members. One without them does not show who has the role."""
    members = member(binding, "members")
    texts = [member(binding, "role"), *(members if isinstance(members, list) else [None])]
    return all(isinstance(one, str) for one in texts)


def _all_or_none(name: str, values: list[Any], why: FailedCall | str | None) -> Joined:
    return Joined({name: values}, {name: why} if why else {})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
