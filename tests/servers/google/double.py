"""A double of Google Cloud: an inventory at a moment, a few direct calls, roles that refuse aloud, quota projects, tokens.

Requests are checked against Google's discovery documents. An asset has an owner: an organization, a folder or a project. What a
request shows follows from the tree of these, so a project that is moved takes its assets along.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote

from tests.servers.google.models import SCHEMAS, Method, method_of, wrong_parameters
from tests.servers.rest import Asked, Fault, RestServer

ASSETS: Final = "cloudasset.googleapis.com"
RESOURCES: Final = "cloudresourcemanager.googleapis.com"
TOKENS: Final = "oauth2.googleapis.com"
"""The host that gives tokens."""

ORGANIZATION: Final = "organizations/1001"
ALL: Final = ("/",)
"""The scopes of a role on everything. Without scopes there is no role anywhere."""

GCLOUD: Final = "764086051850"
"""The number of the project that requests of a person are counted for, if they name no other one. Its APIs are off."""

PEOPLE: Final = "//admin.googleapis.com/users"
"""What the names of people begin with."""

MEMBER: Final = "#"
"""What is between the name of an asset and that of its member, for ``Google.remove``."""

LONG_AGO: Final = "2026-01-02T03:04:05.678901Z"

SERVICES: Final = (
    "accessapproval.googleapis.com",
    "bigquery.googleapis.com",
    "cloudasset.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "essentialcontacts.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
)
"""The services that are enabled in a project where a test says nothing else."""

CONTENTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "CONTENT_TYPE_UNSPECIFIED": ("", "cloudasset.assets.listResource", ""),
    "RESOURCE": ("resource", "cloudasset.assets.listResource", ""),
    "IAM_POLICY": ("iamPolicy", "cloudasset.assets.listIamPolicy", "cai.iam"),
    "ORG_POLICY": ("orgPolicy", "cloudasset.assets.listOrgPolicy", "cai.orgPolicy"),
    "ACCESS_POLICY": ("servicePerimeter", "cloudasset.assets.listAccessPolicy", "cai.accessPolicy"),
    "OS_INVENTORY": ("osInventory", "cloudasset.assets.listOSInventories", "cai.osInventory"),
    "RELATIONSHIP": ("relatedAssets", "cloudasset.assets.listResource", "cai.relationship"),
}
"""By content type: the member of an asset that it shows, the permission, and the name of the call."""

CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "cloudresourcemanager.projects.get": ("crm.project", "resourcemanager.projects.get"),
    "cloudresourcemanager.folders.get": ("crm.folder", "resourcemanager.folders.get"),
    "cloudresourcemanager.organizations.get": ("crm.organization", "resourcemanager.organizations.get"),
    "cloudresourcemanager.organizations.testIamPermissions": ("crm.test", ""),
    "cloudresourcemanager.projects.testIamPermissions": ("crm.test", ""),
    "cloudresourcemanager.folders.testIamPermissions": ("crm.test", ""),
    "serviceusage.services.list": ("usage.services", "serviceusage.services.list"),
    "accessapproval.projects.getAccessApprovalSettings": ("approval.settings", "accessapproval.settings.get"),
    "essentialcontacts.organizations.contacts.compute": ("contacts.compute", "essentialcontacts.contacts.list"),
    "essentialcontacts.folders.contacts.compute": ("contacts.compute", "essentialcontacts.contacts.list"),
    "essentialcontacts.projects.contacts.compute": ("contacts.compute", "essentialcontacts.contacts.list"),
    "bigquery.tables.get": ("bigquery.table", "bigquery.tables.get"),
    "directory.users.list": ("directory.users", ""),
    "iamcredentials.projects.serviceAccounts.generateAccessToken": ("credentials.impersonate", ""),
}
"""By method: the name of the call, and the permission that it needs. What is not here the double does not answer."""

NAMES: Final[Mapping[str, str]] = {
    "apikeys.googleapis.com/Key": "projects/{number}/locations/global/keys/{name}",
    "appengine.googleapis.com/Version": "apps/{project}/services/default/versions/{name}",
    "artifactregistry.googleapis.com/Repository": "projects/{project}/locations/{region}/repositories/{name}",
    "bigquery.googleapis.com/Dataset": "projects/{project}/datasets/{name}",
    "bigquery.googleapis.com/Table": "projects/{project}/datasets/{around}/tables/{name}",
    "cloudfunctions.googleapis.com/Function": "projects/{project}/locations/{region}/functions/{name}",
    "cloudkms.googleapis.com/CryptoKey": "projects/{project}/locations/{region}/keyRings/{around}/cryptoKeys/{name}",
    "compute.googleapis.com/BackendService": "projects/{project}/global/backendServices/{name}",
    "compute.googleapis.com/Disk": "projects/{project}/zones/{zone}/disks/{name}",
    "compute.googleapis.com/Firewall": "projects/{project}/global/firewalls/{name}",
    "compute.googleapis.com/FirewallPolicy": "locations/global/firewallPolicies/{name}",
    "compute.googleapis.com/Image": "projects/{project}/global/images/{name}",
    "compute.googleapis.com/Instance": "projects/{project}/zones/{zone}/instances/{name}",
    "compute.googleapis.com/Network": "projects/{project}/global/networks/{name}",
    "compute.googleapis.com/Project": "projects/{project}",
    "compute.googleapis.com/RegionBackendService": "projects/{project}/regions/{region}/backendServices/{name}",
    "compute.googleapis.com/Snapshot": "projects/{project}/global/snapshots/{name}",
    "compute.googleapis.com/SslPolicy": "projects/{project}/global/sslPolicies/{name}",
    "compute.googleapis.com/Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "compute.googleapis.com/TargetHttpsProxy": "projects/{project}/global/targetHttpsProxies/{name}",
    "compute.googleapis.com/TargetSslProxy": "projects/{project}/global/targetSslProxies/{name}",
    "container.googleapis.com/Cluster": "projects/{project}/locations/{region}/clusters/{name}",
    "dataproc.googleapis.com/Cluster": "projects/{project}/regions/{region}/clusters/{name}",
    "dns.googleapis.com/ManagedZone": "projects/{project}/managedZones/{name}",
    "dns.googleapis.com/Policy": "projects/{project}/policies/{name}",
    "essentialcontacts.googleapis.com/Contact": "{owner}/contacts/{name}",
    "iam.googleapis.com/Role": "{owner_by_id}/roles/{name}",
    "iam.googleapis.com/ServiceAccount": "projects/{project}/serviceAccounts/{name}",
    "iam.googleapis.com/ServiceAccountKey": "projects/{project}/serviceAccounts/{around}/keys/{name}",
    "iam.googleapis.com/WorkloadIdentityPoolProvider": (
        "projects/{number}/locations/global/workloadIdentityPools/{around}/providers/{name}"
    ),
    "identity.accesscontextmanager.googleapis.com/ServicePerimeter": "accessPolicies/{around}/servicePerimeters/{name}",
    "logging.googleapis.com/LogBucket": "{owner}/locations/global/buckets/{name}",
    "logging.googleapis.com/LogMetric": "projects/{number}/metrics/{name}",
    "logging.googleapis.com/LogSink": "{owner}/sinks/{name}",
    "monitoring.googleapis.com/AlertPolicy": "projects/{project}/alertPolicies/{name}",
    "secretmanager.googleapis.com/Secret": "projects/{number}/secrets/{name}",
    "sqladmin.googleapis.com/Instance": "projects/{project}/instances/{name}",
    "storage.googleapis.com/Bucket": "{name}",
}
"""The end of an asset's name by its type. Some have the project's id in them and others its number, as in Google's inventory."""

_ALSO_GOOD: Final = {"iamcredentials.projects.serviceAccounts.generateAccessToken": ("https://www.googleapis.com/auth/iam",)}
"""Scopes that are good for methods beside those of their documents."""

_HOSTS: Final = {"sqladmin.googleapis.com": "cloudsql.googleapis.com"}
"""The hosts of names that are not those of the asset types."""

REGION: Final = "europe-west1"
_PERIOD: Final = timedelta(days=35)
_INVALID: Final = "INVALID_ARGUMENT"


class Node(NamedTuple):
    """An organization, a folder or a project: its parent, and a project's id and state."""

    parent: str
    project: str = ""
    state: str = "ACTIVE"


class Planted(NamedTuple):
    """An asset, its owner, and from when until when it was there."""

    asset: dict[str, Any]
    owner: str
    since: str = LONG_AGO
    until: str = ""


class Token(NamedTuple):
    """What a token is good for, and whether a person has it."""

    scopes: frozenset[str]
    is_person: bool = False


def error(status: int, state: str, message: str = "a secret text", reason: str = "", **metadata: str) -> Fault:
    """Return an error as Google's newer services write it, with an ErrorInfo if it has a reason."""
    body: dict[str, Any] = {"code": status, "message": message, "status": state}
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        body["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}]
    return Fault(status, {"error": body})


def older_error(status: int, reason: str, message: str = "a secret text") -> Fault:
    """Return an error as Google's older services write it."""
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return Fault(status, {"error": {"code": status, "message": message, "errors": errors}})


def disabled(service: str, consumer: str) -> Fault:
    """Return the refusal of a service that is off in a project, which is named by its number."""
    words = f"{service} has not been used in project {consumer} before or it is disabled."
    return error(403, "PERMISSION_DENIED", words, "SERVICE_DISABLED", service=service, consumer=f"projects/{consumer}")


class Google(RestServer):
    """The double. ``nodes`` are organizations, folders and projects by name, a project by its number.

    ``roles`` are the scopes on which the caller may do everything but what ``denied`` names, which are permissions. ``off`` are
    services by project id and ``services`` those that are on beside the usual ones, ``home`` is the project of the service account. ``unsupported`` are asset types that this inventory
    does not have. ``direct`` are answers of direct calls by path, ``users`` the people of the directory, None without one.
    ``strange`` are requests that no discovery document or row of ``CALLS`` allows: a test looks that there is none.
    """

    items = "assets"
    next_link = "nextPageToken"

    def __init__(self) -> None:
        super().__init__()
        self.page = 1000
        self.nodes: dict[str, Node] = {}
        self.numbers_of: dict[str, str] = {}
        self.assets: dict[str, Planted] = {}
        self.direct: dict[str, Any] = {}
        self.users: list[dict[str, Any]] | None = None
        self.roles: tuple[str, ...] = ALL
        self.denied: set[str] = set()
        self.off: defaultdict[str, set[str]] = defaultdict(set)
        self.services: defaultdict[str, set[str]] = defaultdict(set)
        self.home = ""
        self.unsupported: set[str] = set()
        self.strange: list[Asked] = []
        self.tokens: dict[str, Token] = {}
        self.no_tokens: Fault | None = None
        self.epoch = 0
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._listed: dict[Any, list[dict[str, Any]]] = {}
        self._by_type: defaultdict[str, list[Planted]] | None = None

    # What is there

    def organization(self, name: str = ORGANIZATION) -> str:
        """Add an organization, and return its name."""
        self.nodes[name] = Node("")
        data = {
            "name": name,
            "displayName": f"{name.replace('/', '-')}.example",
            "state": "ACTIVE",
            "directoryCustomerId": "C1",
        }
        self._plant_node("Organization", name, name, data)
        return name

    def folder(self, name: str, parent: str = ORGANIZATION) -> str:
        """Add a folder, and return its name."""
        self.nodes[name] = Node(parent)
        shown = {"name": name, "parent": parent, "displayName": name.replace("/", " "), "state": "ACTIVE"}
        self._plant_node("Folder", name, parent, shown)
        return name

    def project(self, project: str, parent: str = ORGANIZATION, state: str = "ACTIVE", number: str = "") -> str:
        """Add a project, or put it below another parent or in another state. Return its id."""
        number = number or self.numbers_of.get(project) or str(700_000_000_001 + len(self.numbers_of))
        self.numbers_of[project] = number
        self.nodes[f"projects/{number}"] = Node(parent, project, state)
        self._plant_node("Project", f"projects/{number}", parent, self._project(number))
        return project

    def _project(self, number: str) -> dict[str, Any]:
        node = self.nodes[f"projects/{number}"]
        shown = {"name": f"projects/{number}", "projectId": node.project, "displayName": node.project, "state": node.state}
        return {**shown, **({"parent": node.parent} if node.parent else {}), "createTime": LONG_AGO}

    def _plant_node(self, kind: str, name: str, parent: str, data: dict[str, Any]) -> None:
        key, kept = f"//{RESOURCES}/{name}", {}
        if key in self.assets:
            kept = {member: part for member, part in self.assets[key].asset.items() if member in ("iamPolicy", "orgPolicy")}
        self.plant(f"{RESOURCES}/{kind}", name, data, key=key, around=parent, **kept)

    def owner(self, name: str) -> str:
        """Return the name of a node, which a project has by its number: of a project's id, or of any node's name."""
        if name in self.numbers_of:
            return f"projects/{self.numbers_of[name]}"
        kind, _, key = name.partition("/")
        return f"projects/{self.numbers_of[key]}" if kind == "projects" and key in self.numbers_of else name

    def key(self, asset_type: str, owner: str, name: str, around: str = "around-1") -> str:
        """Return the full name of an asset as the inventory has it."""
        node = self.nodes[self.owner(owner)]
        by_id = f"projects/{node.project}" if node.project else owner
        host = asset_type.partition("/")[0]
        tail = NAMES[asset_type].format(
            owner=self.owner(owner),
            owner_by_id=by_id,
            number=self.numbers_of.get(node.project, ""),
            project=node.project,
            region=REGION,
            zone=f"{REGION}-b",
            around=around,
            name=name,
        )
        return f"//{_HOSTS.get(host, host)}/{tail}"

    def plant(
        self,
        asset_type: str,
        owner: str,
        data: Mapping[str, Any] | None,
        name: str = "",
        *,
        key: str = "",
        around: str = "around-1",
        since: str = LONG_AGO,
        until: str = "",
        location: str = "global",
        **members: Any,
    ) -> str:
        """Add an asset, or put one in the place of that with its name. Return its name.

        ``data`` is None for an asset without a resource. ``members`` are further ones, such as ``iamPolicy``.
        """
        key = key or self.key(asset_type, owner, name, around)
        asset: dict[str, Any] = {"name": key, "assetType": asset_type, "updateTime": since, **members}
        if data is not None:
            document_name, schema = SCHEMAS.get(asset_type, ("", ""))
            parent = around if asset_type.startswith(f"{RESOURCES}/") else self.owner(owner)
            asset["resource"] = {
                "version": document_name.partition(".")[2],
                "discoveryDocumentUri": f"https://{asset_type.partition('/')[0]}/$discovery/rest",
                "discoveryName": schema,
                "parent": f"//{RESOURCES}/{parent}",
                "data": dict(data),
                "location": location,
            }
        self.assets[key] = Planted(asset, self.owner(owner), since, until)
        self._forget()
        return key

    def policy(self, key: str, *bindings: tuple[str, Iterable[str]], audit: list[Any] | None = None) -> None:
        """Set the policy of an asset, or of a node by its name: bindings of a role with members."""
        name = key if key.startswith("//") else f"//{RESOURCES}/{self.owner(key)}"
        policy: dict[str, Any] = {"version": 1, "etag": "BwXhqDVIT3o="}
        if bindings:
            policy["bindings"] = [{"role": role, "members": list(members)} for role, members in bindings]
        if audit is not None:
            policy["auditConfigs"] = audit
        self.assets[name].asset["iamPolicy"] = policy
        self._forget()

    def person(self, data: Mapping[str, Any]) -> str:
        """Add a person to the directory. Return the name by which ``remove`` takes the person away."""
        self.users = [*(self.users or ()), dict(data)]
        return f"{PEOPLE}/{data['id']}"

    def remove(self, key: str) -> None:
        """Take away what is there of a name: an asset or a member of one, a direct answer, a person, or a project's services."""
        name, _, part = key.partition(MEMBER)
        if part and name in self.assets:
            self.assets[name].asset.pop(part, None)
        for states in (self.services, self.off) if part == "services" else ():
            states.pop(name, None)
        self.assets.pop(key, None)
        self.direct.pop(key, None)
        if self.users:
            self.users = [one for one in self.users if key != f"{PEOPLE}/{one.get('id')}"]
        self._forget()

    def delete(self, project: str, *, listed: bool = False) -> None:
        """Ask that a project be deleted. Its assets are gone of the inventory if it is not ``listed`` any more."""
        name = self.owner(project)
        self.project(project, self.nodes[name].parent, "DELETE_REQUESTED")
        if not listed:
            for key in [key for key, planted in self.assets.items() if planted.owner == name]:
                self.remove(key)

    def forget_page_tokens(self) -> None:
        """Refuse all page tokens that were given so far, as after 72 hours."""
        self.epoch += 1

    def _forget(self) -> None:
        self._listed, self._by_type = {}, None

    def ancestors(self, owner: str) -> list[str]:
        """Return a node and those above it."""
        path = [owner]
        while parent := self.nodes[path[-1]].parent:
            path.append(parent)
        return path

    # What is answered

    def call_of(self, asked: Asked) -> str:
        """Return the name of the call that a request is, as the tables have it; empty if there is none."""
        method = method_of(asked.method, asked.host, asked.path)
        if method is None or method.key != "cloudasset.assets.list":
            return CALLS.get(method.key, ("",))[0] if method else ""
        content = asked.query.get("contentType", "CONTENT_TYPE_UNSPECIFIED")
        return CONTENTS.get(content, ("", "", ""))[2] or f"cai.{asked.query.get('assetTypes', '')}"

    def usual(self, asked: Asked) -> Fault:
        """Return the answer of a healthy Google Cloud."""
        if asked.host == TOKENS:
            return self.no_tokens or self._token(asked)
        method = method_of(asked.method, asked.host, asked.path)
        if method is None or (method.key not in CALLS and method.key != "cloudasset.assets.list"):
            self.strange.append(asked)
            return Fault(404, b"<html><title>Error 404 (Not Found)!!1</title></html>", {"Content-Type": "text/html"})
        answer = self._refusal(asked, method) or self._answer(asked, method)
        return answer._replace(headers={"Content-Type": "application/json; charset=UTF-8", **answer.headers})

    def may(self, permission: str, name: str) -> bool:
        """Whether the caller has a permission on a node."""
        if name not in self.nodes or permission in self.denied:
            return False
        scopes = {*self.ancestors(name), "/"}
        return any(scope == "/" or self.owner(scope) in scopes for scope in self.roles)

    def _refusal(self, asked: Asked, method: Method) -> Fault | None:
        """Return why a request has no answer: its token, its parameters or its quota project."""
        token = self.tokens.get(asked.token.removeprefix("Bearer "))
        if not asked.token.startswith("Bearer ") or token is None:
            words = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            return error(401, "UNAUTHENTICATED", words, "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        if method.scopes and not token.scopes & {*method.scopes, *_ALSO_GOOD.get(method.key, ())}:
            words = "Request had insufficient authentication scopes."
            return error(
                403, "PERMISSION_DENIED", words, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", service=asked.host, method=method.key
            )
        wrong = list(wrong_parameters(method, asked.pairs))
        if wrong or "fields" in asked.query:
            self.strange.append(asked)
        if wrong:
            return error(400, _INVALID, "\n".join(wrong))
        return self._quota(asked, token)

    def _quota(self, asked: Asked, token: Token) -> Fault | None:
        """Return why the project that a request is counted for does not carry it."""
        named = asked.headers.get("x-goog-user-project", "")
        if named and not self.may("serviceusage.services.use", f"projects/{self.number(named)}"):
            words = f"Caller does not have required permission to use project {named}."
            about = {"service": asked.host, "consumer": f"projects/{named}"}
            return error(403, "PERMISSION_DENIED", words, "USER_PROJECT_DENIED", **about)
        if token.is_person and not named:
            return disabled(asked.host, GCLOUD)
        consumer = named or self.home
        return disabled(asked.host, self.number(consumer)) if asked.host in self.off.get(self.id(consumer), ()) else None

    def number(self, project: str) -> str:
        """Return the number of a project that is named by id or number."""
        return self.numbers_of.get(project, project)

    def id(self, project: str) -> str:
        """Return the id of a project that is named by id or number."""
        return next((key for key, number in self.numbers_of.items() if number == project), project)

    def _answer(self, asked: Asked, method: Method) -> Fault:
        if method.key == "cloudasset.assets.list":
            return self._inventory(asked, method)
        name, permission = CALLS[method.key]
        if name == "directory.users":
            return self._directory(asked)
        if name == "credentials.impersonate":
            return self._impersonated(asked)
        path = unquote(asked.path).partition("/")[2]
        steps = re.split("[/:]", path)
        start = next(number for number, step in enumerate(steps) if step in ("organizations", "folders", "projects"))
        node = self.owner("/".join(steps[start : start + 2]))
        if name == "crm.test":
            wanted = json.loads(asked.body or b"{}").get("permissions", [])
            held = [one for one in wanted if self.may(one, node)]
            return Fault(200, {"permissions": held} if held else {})
        if not self.may(permission, node):
            return self._denied(permission, "/".join(steps[start : start + 2]), asked)
        if name in ("approval.settings", "bigquery.table") and asked.host in self.off.get(self.nodes[node].project, ()):
            return disabled(asked.host, node.partition("/")[2])
        if asked.path in self.direct:
            return Fault(200, self.direct[asked.path])
        return self._of_a_node(asked, name, node)

    def _of_a_node(self, asked: Asked, name: str, node: str) -> Fault:
        """Return the answer of a direct call about a project, a folder or an organization."""
        if name.startswith("crm."):
            planted = self.assets.get(f"//{RESOURCES}/{node}")
            of_project = self._project(node.partition("/")[2]) if node.startswith("projects/") else None
            return Fault(200, of_project or (planted.asset["resource"]["data"] if planted else {}))
        if name == "usage.services":
            return self._services(asked, node)
        if name == "contacts.compute":
            return self._part(asked, "contacts", list(self._contacts(node, asked)), 100)
        if name == "bigquery.table":
            key = f"//bigquery.googleapis.com/{asked.path.removeprefix('/bigquery/v2/')}"
            if key in self.assets:
                return Fault(200, self.assets[key].asset["resource"]["data"])
            return older_error(404, "notFound", f"Not found: Table {asked.path}")
        return error(404, "NOT_FOUND", "Requested entity was not found.")

    def _denied(self, permission: str, name: str, asked: Asked) -> Fault:
        """Return Google's one error for an object that may not be seen and for one that does not exist."""
        if asked.host == "bigquery.googleapis.com":
            return older_error(403, "accessDenied", f"Access Denied: Permission {permission} denied (or it may not exist).")
        words = f"Permission '{permission}' denied on resource '{name}' (or it may not exist)."
        about = {"resource": name, "permission": permission}
        return error(403, "PERMISSION_DENIED", words, "IAM_PERMISSION_DENIED", **about)

    # The inventory

    def _inventory(self, asked: Asked, method: Method) -> Fault:
        named = method.place(asked.path)["parent"]
        parent = self.owner(named)
        content = asked.query.get("contentType", "CONTENT_TYPE_UNSPECIFIED")
        permission = CONTENTS[content][1]
        if not re.fullmatch(r"(?:organizations|folders)/\d+|projects/[^/]+", named):
            return error(400, _INVALID, f"Request contains an invalid argument: parent {named}")
        if not self.may(permission, parent):
            return self._denied(permission, named, asked)
        time, now = asked.query.get("readTime", ""), self.now()
        if time and not now - _PERIOD <= datetime.fromisoformat(time) <= now:
            return error(400, _INVALID, "The read time must be between now and 35 days ago.")
        types = [value for name, value in asked.pairs if name == "assetTypes"]
        wanted = set()
        for one in types:
            matching = {known for known in SCHEMAS if known not in self.unsupported and re.fullmatch(one, known)}
            if not matching:
                return error(400, _INVALID, f'Invalid asset type "{one}": it matches no supported asset type.')
            wanted |= matching
        size = int(asked.query.get("pageSize", "0") or "0")
        if not 0 <= size <= 1000:
            return error(400, _INVALID, "The page size must be between 1 and 1000.")
        shown = time or f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
        whole = self._assets(content, frozenset(wanted) if types else None, parent, shown)
        answer = self._part(asked, "assets", whole, 100)
        return answer._replace(body={"readTime": shown, **answer.body}) if answer.status == 200 else answer

    def _assets(self, content: str, types: frozenset[str] | None, parent: str, time: str) -> list[dict[str, Any]]:
        """Return the assets of the inventory, in the order of types and names."""
        key = (content, types, parent, time)
        if key not in self._listed:
            self._listed[key] = list(self._shown(content, types, parent, datetime.fromisoformat(time)))
        return self._listed[key]

    def _shown(self, content: str, types: frozenset[str] | None, parent: str, time: datetime) -> Iterator[dict[str, Any]]:
        member = CONTENTS[content][0]
        paths: dict[str, list[str]] = {}
        for asset_type in sorted(self._index().keys() if types is None else types):
            for asset, owner, since, until in self._index().get(asset_type, ()):
                path = paths.get(owner) or paths.setdefault(owner, self.ancestors(owner))
                there = datetime.fromisoformat(since) <= time and (not until or time < datetime.fromisoformat(until))
                if parent not in path or not there:
                    continue
                short = {"name": asset["name"], "assetType": asset_type, "ancestors": path, "updateTime": asset["updateTime"]}
                exceptions = {"assetExceptions": asset["assetExceptions"]} if "assetExceptions" in asset else {}
                if member == "servicePerimeter" and asset_type.endswith("/ServicePerimeter"):
                    yield {**short, member: asset["resource"]["data"]}
                elif member == "resource" or not member:
                    yield {**short, **exceptions, **({member: asset[member]} if member and member in asset else {})}
                elif member in asset:
                    yield {**short, **exceptions, member: asset[member]}

    def _index(self) -> Mapping[str, list[Planted]]:
        if self._by_type is None:
            self._by_type = defaultdict(list)
            for _, planted in sorted(self.assets.items()):
                self._by_type[planted.asset["assetType"]].append(planted)
        return self._by_type

    def _part(self, asked: Asked, items: str, whole: list[Any], usual: int) -> Fault:
        """Return a page. Its token is good with the same parameters alone; without items there is no member for them."""
        others = sorted(pair for pair in asked.pairs if pair[0] not in ("pageToken", "pageSize", "maxResults"))
        mark = hashlib.sha256(json.dumps([asked.place, others, self.epoch]).encode()).hexdigest()[:16]
        begin = 0
        if token := asked.query.get("pageToken", ""):
            number, _, given = _decoded(token).decode("latin-1").partition(".") if _is_token(token) else ("", "", "")
            if given != mark or not number.isdecimal():
                return error(400, _INVALID, "The page token is invalid or has expired.")
            begin = int(number)
        size = min(self.page, int(asked.query.get("pageSize") or asked.query.get("maxResults") or "0") or usual)
        body: dict[str, Any] = {items: whole[begin : begin + size]} if whole[begin : begin + size] else {}
        if begin + size < len(whole):
            body["nextPageToken"] = base64.urlsafe_b64encode(f"{begin + size}.{mark}".encode()).decode().rstrip("=")
        return Fault(200, body)

    # Direct calls

    def _services(self, asked: Asked, node: str) -> Fault:
        project = self.nodes[node].project
        if int(asked.query.get("pageSize") or "0") > 200:
            return error(400, _INVALID, "The page size must not exceed 200.")
        wanted = asked.query.get("filter", "")
        if wanted not in ("", "state:ENABLED", "state:DISABLED"):
            return error(400, _INVALID, f"Invalid filter: {wanted}")
        off = self.off.get(project, set())
        states = {one: "DISABLED" if one in off else "ENABLED" for one in sorted({*SERVICES, *self.services[project], *off})}
        shown = [
            {"name": f"{node}/services/{one}", "config": {"name": one}, "state": state, "parent": node}
            for one, state in states.items()
            if wanted in ("", f"state:{state}")
        ]
        return self._part(asked, "services", shown, 50)

    def _contacts(self, node: str, asked: Asked) -> Iterator[dict[str, Any]]:
        """Yield the contacts of a node and of all above it that are told of the categories that a request names."""
        wanted = {value for name, value in asked.pairs if name == "notificationCategories"}
        for planted in self._index().get("essentialcontacts.googleapis.com/Contact", ()):
            data = planted.asset["resource"]["data"]
            categories = {*data.get("notificationCategorySubscriptions", ())}
            if planted.owner in self.ancestors(node) and (not wanted or "ALL" in wanted | categories or wanted & categories):
                yield data

    def _directory(self, asked: Asked) -> Fault:
        if self.users is None:
            return older_error(403, "forbidden", "Not Authorized to access this resource/api")
        if not asked.query.get("customer") and not asked.query.get("domain"):
            return older_error(400, "badRequest", "Bad Request")
        return self._part(asked, "users", self.users, 100)

    # Tokens

    def token(self, *scopes: str, is_person: bool = False) -> str:
        """Return a new token with scopes, by default that for everything."""
        token = f"ya29.{len(self.tokens) + 1}"
        self.tokens[token] = Token(frozenset(scopes or ("https://www.googleapis.com/auth/cloud-platform",)), is_person)
        return token

    def _token(self, asked: Asked) -> Fault:
        """Return a token for a signed assertion of a service account, or for a person's refresh token."""
        form = {name: values[-1] for name, values in parse_qs(asked.body.decode()).items()}
        if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            scopes = json.loads(_decoded(form["assertion"].split(".")[1]))["scope"].split()
            token = self.token(*scopes)
        elif form.get("grant_type") == "refresh_token":
            token = self.token(*form.get("scope", "").split(), is_person=True)
        else:
            return Fault(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"})
        return Fault(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _impersonated(self, asked: Asked) -> Fault:
        scopes = json.loads(asked.body).get("scope", [])
        expires = f"{self.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        return Fault(200, {"accessToken": self.token(*scopes), "expireTime": expires})


def _is_token(token: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]+", token)) and len(token) % 4 != 1


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
