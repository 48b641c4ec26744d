"""A double of Azure's Resource Manager: routes, versions, roles that really hide, registrations, pages, tokens.

Objects are planted by their id, and lists follow from ids. What a caller sees follows from the scopes of its role.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from tests.servers.rest import Asked, Fault, RestServer

MANAGEMENT: Final = "management.azure.com"
IDENTITY: Final = "identity"
"""The host, so to say, that gives tokens to a managed identity."""

IDENTITY_HEADER: Final = "known-to-the-machine"
TENANT: Final = "7e9b0c2a-40f5-4c7c-9d1f-3f6a1f0c5b11"
GROUP: Final = "rg-1"

ALL: Final = ("/",)
"""The scopes of a role on everything. Without scopes there is no role anywhere."""


def subscription_id(number: int) -> str:
    """Return the id of the n-th subscription of a double."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ALL,
    "one subscription": (f"/subscriptions/{subscription_id(1)}",),
    "one group": (f"/subscriptions/{subscription_id(1)}/resourceGroups/{GROUP}",),
    "nothing": (),
}
"""The scopes of roles on more and less, by name."""

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_UUID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Route(NamedTuple):
    """A call that the double knows: its name, template, the pattern of its path, and the version that it is asked with."""

    name: str
    template: str
    pattern: re.Pattern[str]
    version: str


def route(name: str, url: str, version: str) -> Route:
    """Return the route of a template. A placeholder that begins the path is the id of an object, any other one a step."""
    steps = _PLACE.split(url.removeprefix(f"https://{MANAGEMENT}"))
    parts = [
        re.escape(step) if number % 2 == 0 else ("(?:/.+)" if not "".join(steps[:number]) else "[^/]+")
        for number, step in enumerate(steps)
    ]
    return Route(name, url, re.compile("".join(parts), re.IGNORECASE), version)


def error(status: int, code: str, message: str = "a secret text", **headers: str) -> Fault:
    """Return an error as Resource Manager writes it."""
    return Fault(status, {"error": {"code": code, "message": message}}, headers)


class Azure(RestServer):
    """The double. ``subscriptions`` are by id; ``roles`` are the scopes on which the caller is Reader.

    ``unregistered`` are namespaces by subscription, in lower case. ``groups`` are management groups with their children, ids of
    subscriptions or names of groups. ``strange`` are requests that no route or version allows: a test looks that there is none.
    With ``own_links`` the address of a next page leads to the double without a proxy, as other clients need it.
    """

    next_link = "nextLink"

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        super().__init__()
        self.page = 100
        self.routes = tuple(routes)
        self.tenant = TENANT
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.lists: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.namespaces: dict[str, str] = {}
        self.unregistered: dict[str, set[str]] = {}
        self.roles: tuple[str, ...] = ALL
        self.any_version = False
        self.own_links = False
        self.strange: list[Asked] = []
        self.tokens: dict[str, str] = {}
        self.remaining = 249

    # What is there

    def subscribe(self, subscription: str, **members: Any) -> str:
        """Add a subscription with one resource group, and return its id."""
        place = f"/subscriptions/{subscription}"
        shown = {
            "id": place,
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": subscription,
            "tenantId": self.tenant,
            "displayName": f"Subscription {subscription[:8]}",
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
            **members,
        }
        self.subscriptions[subscription] = self.plant(shown)
        self.plant({"id": f"{place}/resourceGroups/{GROUP}", "name": GROUP, "type": "Microsoft.Resources/resourceGroups"})
        return subscription

    def plant(self, thing: dict[str, Any], *lists: str) -> dict[str, Any]:
        """Add an object, or put one in the place of that with its id. It is in the lists of its id, and in other ``lists``."""
        key = thing["id"].casefold()
        self.remove(key)
        self.objects[key] = thing
        for place in {place.casefold() for place in (*lists_of(thing["id"]), *lists)}:
            self.lists[place].append(thing)
        return thing

    def remove(self, key: str) -> None:
        """Take an object away, if it is there."""
        gone = self.objects.pop(key.casefold(), None)
        if gone is not None:
            for things in self.lists.values():
                things[:] = [thing for thing in things if thing is not gone]

    # What is answered

    def call_of(self, asked: Asked) -> str:
        """Return the name of the route of a request; empty if there is none."""
        found = self._route(asked)
        return found.name if found else ""

    def usual(self, asked: Asked) -> Fault:
        """Return the answer of a healthy Azure."""
        if asked.host == IDENTITY:
            return self._token(asked)
        answer = self._refusal(asked) or self._answer(asked)
        remaining = {"x-ms-ratelimit-remaining-subscription-reads": str(self.remaining)}
        return answer._replace(headers={**remaining, "Content-Type": "application/json; charset=utf-8", **answer.headers})

    def link(self, asked: Asked, begin: int) -> str:
        """Return the address of the page that begins with an object."""
        base = f"{self.url}/{asked.host}" if self.own_links else f"https://{asked.host}"
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in asked.query.items() if name != "$skiptoken")
        return f"{base}{asked.path}?{query}&%24skiptoken={begin:x}"

    def paged(self, asked: Asked, whole: list[Any]) -> Fault:
        """Return a page of a list."""
        begin = int(asked.query.get("$skiptoken", "0"), 16)
        body: dict[str, Any] = {self.items: whole[begin : begin + self.page]}
        if begin + self.page < len(whole):
            body[self.next_link] = self.link(asked, begin + self.page)
        return Fault(200, body)

    def sees(self, path: str) -> bool:
        """Whether the role of the caller covers a scope."""
        scopes = [scope.casefold().rstrip("/") for scope in self._above(path.casefold())]
        return any(role.casefold().rstrip("/") in scopes for role in self.roles)

    def _above(self, path: str) -> Iterable[str]:
        """Yield a scope and all scopes above it: steps of the path, management groups of its subscription, the root."""
        yield ""
        steps = path.strip("/").split("/")
        for number in range(2, len(steps) + 1, 2):
            yield "/" + "/".join(steps[:number])
        if steps[0] == "subscriptions" and len(steps) > 1:
            below = steps[1]
            while parent := next((name for name, children in self.groups.items() if below in children), None):
                yield f"/providers/microsoft.management/managementgroups/{parent}".casefold()
                below = parent

    def _knows_part_of(self, subscription: str) -> bool:
        """Whether the caller has a role on a subscription, above it or in it."""
        place = f"/subscriptions/{subscription}"
        return self.sees(place) or any(f"{role}/".casefold().startswith(f"{place}/") for role in self.roles)

    def _route(self, asked: Asked) -> Route | None:
        path = unquote(asked.path)
        return next((one for one in self.routes if one.pattern.fullmatch(path)), None)

    def _token(self, asked: Asked) -> Fault:
        """Return a token of the managed identity, as App Service gives it."""
        if asked.headers.get("x-identity-header") != IDENTITY_HEADER:
            return Fault(401, {"statusCode": 401, "message": "the header is missing"})
        resource = asked.query.get("resource", "").removesuffix("/.default").rstrip("/")
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = resource
        body = {"access_token": token, "expires_on": "4102444800", "resource": resource, "token_type": "Bearer"}
        return Fault(200, {**body, "client_id": "a-client"})

    def _refusal(self, asked: Asked) -> Fault | None:
        """Return why a request has no answer: its token, its address or its version."""
        audience = self.tokens.get(asked.token.removeprefix("Bearer "))
        if not asked.token.startswith("Bearer ") or audience is None:
            return error(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        if audience != f"https://{MANAGEMENT}":
            return error(401, "InvalidAuthenticationToken", "The audience of the access token is another one.")
        found = self._route(asked)
        if asked.host != MANAGEMENT or found is None:
            self.strange.append(asked)
            return error(404, "InvalidResourceType", f"The resource type could not be found: {asked.path}")
        version = asked.query.get("api-version", "")
        if not version:
            self.strange.append(asked)
            return error(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required.")
        if version != found.version and not self.any_version:
            self.strange.append(asked)
            return error(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
        return None

    def _answer(self, asked: Asked) -> Fault:
        path = unquote(asked.path).casefold().rstrip("/")
        steps = path.strip("/").split("/")
        if path == "/subscriptions":
            return self.paged(asked, [one for key, one in self.subscriptions.items() if self._knows_part_of(key)])
        if steps[0] == "subscriptions":
            return self._of_a_subscription(asked, path, steps)
        if path.startswith("/providers/microsoft.management/managementgroups/") and steps[-1] == "descendants":
            return self._descendants(asked, steps[3], path)
        return self._of_a_scope(asked, path)

    def _of_a_subscription(self, asked: Asked, path: str, steps: list[str]) -> Fault:
        subscription = steps[1]
        if subscription not in self.subscriptions:
            return error(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        if len(steps) == 2 and self._knows_part_of(subscription):
            return Fault(200, self.subscriptions[subscription])
        if path.endswith("/resources") and self._knows_part_of(subscription):
            return self.paged(asked, [_in_short(one) for one in self._resources(subscription) if self.sees(one["id"])])
        if path.endswith("/resourcegroups") and self._knows_part_of(subscription):
            return self.paged(asked, [one for one in self.lists[path] if self.sees(one["id"])])
        if len(steps) == 3 and steps[2] == "providers" and self.sees(path.rpartition("/")[0]):
            return self.paged(asked, self._registrations(subscription))
        namespace = steps[-steps[::-1].index("providers")] if "providers" in steps else ""
        if namespace in self.unregistered.get(subscription, ()) and self.sees(path):
            return self._unregistered(asked, subscription, namespace)
        return self._of_a_scope(asked, path)

    def _of_a_scope(self, asked: Asked, path: str) -> Fault:
        """Return an object or a list below a scope. A list of a type is at the scope around it."""
        if not self.sees(path if path in self.objects else scope_of(path)):
            words = f"does not have authorization to perform action 'read' over scope '{asked.path}'"
            return error(403, "AuthorizationFailed", f"The client 'a-client' with object id 'an-object' {words}.")
        if path in self.objects:
            return Fault(200, self.objects[path])
        around = "/".join(path.split("/")[:9])
        if path.startswith(f"{around}/") and around not in self.objects:
            return error(404, "ResourceNotFound", f"The Resource '{around}' was not found.")
        if path in self.lists or _is_list(path):
            return self.paged(asked, self.lists.get(path, []))
        return error(404, "ResourceNotFound", f"The Resource '{asked.path}' was not found.")

    def _resources(self, subscription: str) -> Iterable[dict[str, Any]]:
        begin = f"/subscriptions/{subscription}/resourcegroups/"
        return [one for key, one in self.objects.items() if key.startswith(begin) and len(key.split("/")) == 9]

    def _descendants(self, asked: Asked, group: str, path: str) -> Fault:
        if not self.sees(path.rpartition("/")[0]):
            return error(403, "AuthorizationFailed", f"does not have authorization over scope '{asked.path}'")
        if group not in {name.casefold() for name in self.groups}:
            return error(404, "NotFound", "'/providers/Microsoft.Management/managementGroups/x' not found")
        return self.paged(asked, list(self._below(group)))

    def _below(self, group: str) -> Iterable[dict[str, Any]]:
        for child in next(children for name, children in self.groups.items() if name.casefold() == group):
            is_subscription = bool(_UUID.fullmatch(child))
            kind = "/subscriptions" if is_subscription else "Microsoft.Management/managementGroups"
            above = "/subscriptions/" if is_subscription else "/providers/Microsoft.Management/managementGroups/"
            parent = {"id": f"/providers/Microsoft.Management/managementGroups/{group}"}
            yield {
                "id": above + child,
                "type": kind,
                "name": child,
                "properties": {"displayName": child, "parent": parent},
            }
            if not is_subscription:
                yield from self._below(child.casefold())

    def _registrations(self, subscription: str) -> list[dict[str, Any]]:
        names = {namespace.casefold(): namespace for one in self.routes for namespace in _NAMESPACE.findall(one.template)}
        off = self.unregistered.get(subscription, set())
        return [
            {
                "id": f"/subscriptions/{subscription}/providers/{name}",
                "namespace": name,
                "registrationPolicy": "RegistrationRequired",
                "registrationState": "NotRegistered" if key in off else "Registered",
                "resourceTypes": [],
            }
            for key, name in sorted(names.items())
        ]

    def _unregistered(self, asked: Asked, subscription: str, namespace: str) -> Fault:
        """Return the error of a namespace that is not registered, which is Defender's own for Defender."""
        if namespace == "microsoft.security":
            return error(404, "Subscription Not Registered", f"Subscription {subscription} is not registered.")
        words = f"The subscription is not registered to use namespace '{namespace}'."
        return error(409, "MissingSubscriptionRegistration", words)


def _in_short(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as the list of all resources shows it: without its properties."""
    return {name: thing[name] for name in ("id", "name", "type", "location", "tags") if name in thing}


_NAMESPACE: Final = re.compile(r"providers/([A-Za-z]+\.[A-Za-z]+)")


def lists_of(key: str) -> Iterable[str]:
    """Yield the lists that an object is in: those around it, of its resource group and of its subscription."""
    above = key.rpartition("/")[0]
    yield above
    steps = key.split("/")
    in_a_group = len(steps) == 9 and steps[3].casefold() == "resourcegroups"
    if in_a_group:
        yield "/".join([*steps[:3], *steps[5:8]])


def scope_of(path: str) -> str:
    """Return the scope at which a list or an object that is not there is asked for."""
    around = _object_around(path)
    return around or path


def _object_around(path: str) -> str:
    """Return the id of the object or scope around a list or an object, in lower case; empty for the root."""
    steps = path.strip("/").split("/")
    if "providers" not in steps:
        return "/" + "/".join(steps[:2])
    last = len(steps) - steps[::-1].index("providers") - 1
    after = len(steps) - last - 1  # the namespace, then types and names in turn
    if after <= 3:
        return "/" + "/".join(steps[:last]) if last else ""
    return "/" + "/".join(steps[: len(steps) - (1 if after % 2 == 0 else 2)])


def _is_list(path: str) -> bool:
    """Whether a path names the objects of a type: after the namespace there are one name less than types."""
    steps = path.strip("/").split("/")
    if "providers" not in steps:
        return len(steps) % 2 == 1
    last = len(steps) - steps[::-1].index("providers") - 1
    return (len(steps) - last - 1) % 2 == 0


def routes_of(calls: Iterable[Any]) -> tuple[Route, ...]:
    """Return the routes of calls of the tables, the longest templates first."""
    of_azure = [call for call in calls if call.url.startswith(f"https://{MANAGEMENT}")]
    return tuple(
        route(call.name, call.url, call.parameters.get("api-version", ""))
        for call in sorted(of_azure, key=lambda call: -len(call.url))
    )
