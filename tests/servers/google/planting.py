"""Test objects of the library turned into assets: a row of the tables, read backwards.

Each member that is made is read again by the row's own source, and has to give the field's value. So what is planted depends on
paths and transforms of the tables; ``models`` compares the members with Google's schemas. Fields of a detail call or of a join are
written into the answer that the row reads, and the answer is planted where Google has it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from perpend.collectors.items import ABOVE
from perpend.collectors.rest.errors import MalformedAnswer
from perpend.collectors.rest.fields import id_of, objects_in
from perpend.collectors.rest.pages import member
from perpend.collectors.rest.rows import FieldSource, RestTables, TypeRow
from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType
from perpend.language.syntax.repository import Repository
from tests.servers.azure.planting import Unplantable, is_fixed, put, raw_values, shows
from tests.servers.google.double import MEMBER, ORGANIZATION, RESOURCES, SERVICES, Google
from tests.servers.google.inverses import values_kept, whole_members
from tests.servers.google.models import SCHEMAS, faults
from tests.servers.google.samples import OF_ORGANIZATION, PROJECT, SAMPLES

PUBLIC: Final = {"allUsers": "allUsers", "allAuthenticatedUsers": "allAuthenticatedUsers"}
"""The member of a binding that makes each member of the join ``policy`` true."""

_LISTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "CA10__CaGoogleIamPolicyBinding__c": ("iamPolicy.bindings", {"role": "roles/viewer"}),
    "CA10__CaGoogleGceInstanceServiceAccountLink__c": ("resource.data.serviceAccounts", {}),
    "CA10__CaGoogleMonitoringCondition__c": ("resource.data.conditions", {"name": "{number}", "displayName": "{number}"}),
}
"""The lists in which functions find nested objects, by type, and the members that each of these has."""

_ALWAYS: Final = ("name", "id", "tableReference", "network", "networkInterfaces")
"""Members of samples that each object of their type has: its names and its networks."""

_AROUND: Final = f"{ABOVE}.id"
"""The source of a field of a nested object that leads to the item around it."""

PEOPLE: Final = "directory.users"
"""The listing of people, which are no assets."""

_COPIES: Final = frozenset(("bigquery.table",))
"""The direct calls that return the same object as the inventory."""

COMPUTE: Final = "https://www.googleapis.com/compute/v1"


def raw_texts(name: str, value: Any, google: Google) -> Iterator[Any]:
    """Yield the members that Google may write for the value of a field, the likely ones first."""
    yield from raw_values(name, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (f"{int(value)}s", f"{int(value * 86400)}s")
    if isinstance(value, str) and value.startswith("//"):
        tail = value[2:].partition("/")[2]
        yield from (f"{COMPUTE}/{tail}", tail, tail.rpartition("/")[2])
        for project, number in google.numbers_of.items():
            if tail.startswith(f"projects/{project}/"):
                yield tail.replace(f"projects/{project}/", f"projects/{number}/", 1)


def write(name: str, source: FieldSource, value: Any, item: dict[str, Any], google: Google, account: str) -> None:
    """Set the members of an item that give a field a value. Raises Unplantable."""
    if value is None or value == source.otherwise:
        make_around(source, item)
    if gives(source, item, account, value) or (value is None and not source.optional):
        return  # a value that a policy's test says is not known is left out
    if is_fixed(source):
        if "{account}" in source.template:
            return
        raise Unplantable(f"{name} is always {source.template}")
    if source.template:
        raise Unplantable(f"{name} is {source.template!r} of its item")
    before = copy.deepcopy({key: part for key, part in item.items() if key != ABOVE})
    there = copy.deepcopy(member(item, source.path)) if source.path else before
    writes = [(replace, raw) for raw in whole_members(source, value, there)]
    writes += [(put, raw) for raw in raw_texts(name, value, google) if source.path]
    for write_at, raw in writes:
        try:
            write_at(item, source.path, raw)
        except (AttributeError, TypeError):
            continue
        if gives(source, item, account, value) and fits(item):
            return
        above = {key: part for key, part in item.items() if key == ABOVE}
        item.clear()
        item.update({**copy.deepcopy(before), **above})
    raise Unplantable(f"{name} is never {value!r}")


def gives(source: FieldSource, item: Any, account: str, value: Any) -> bool:
    """Whether an item gives a field a value, or as much of it as the field keeps."""
    return any(shows(source, item, account, kept) for kept in values_kept(source, value))


def replace(item: dict[str, Any], path: str, raw: Any) -> None:
    """Set a member of an item in the place of the one that is there; the whole item without a path."""
    if not path:
        item.update(raw)
        return
    around, _, last = path.rpartition(".")
    for step in around.split(".") if around else ():
        item = item.setdefault(step, {})
    item[last] = raw


def fits(item: Mapping[str, Any]) -> bool:
    """Whether an asset's data are as its schema has them; other answers are not looked at."""
    return "assetType" not in item or not faults(*SCHEMAS[item["assetType"]], item["resource"]["data"])


def make_around(source: FieldSource, item: dict[str, Any]) -> None:
    """Make the objects around a member that is left out: a default holds only where they are there."""
    path = source.within or source.path.rpartition(".")[0]
    for name in path.split(".") if path and not path.startswith(ABOVE) else ():
        item = item.setdefault(name, {})


class Planter:
    """Plants test objects in a double. ``made`` are the names of all that it made, for ``Google.remove``."""

    def __init__(self, google: Google, tables: RestTables, repository: Repository) -> None:
        self.google = google
        self.tables = tables
        self.repository = repository
        self.made: list[str] = []

    def plant(self, type_name: str, fields: Mapping[str, Any], project: str, name: str) -> str:
        """Plant an object of a type in a project, with its children and those that it refers to. Return its Id.

        Raises Unplantable.
        """
        row = self._row(type_name)
        fields = self._referring(row, fields, project, name)
        item = self._item(row, fields, project, name)
        around = self._around(row, fields)
        for other, given in around.items():
            self._write(self._row(other), "", given, item, project)
        if row.inside:
            self._nested(row, fields, item, project)
        else:
            self._write(row, "", fields, item, project)
        self._parts(row, fields, item, project)
        self._put(item)
        try:
            shown = objects_in(row, item)[-1]
            identity = id_of(self.tables, row, shown, item["account"])
        except (IndexError, MalformedAnswer):
            raise Unplantable(f"{type_name} is in no item that was made") from None
        for other, given in {**around, type_name: fields}.items():
            self._details(self._row(other), given, item, project)
        self._children(row, fields, identity, project, name)
        return identity

    def canonical(self, key: str) -> str:
        """Return the Id of an asset: its name with the ids of projects in place of their numbers."""
        for project, number in self.google.numbers_of.items():
            key = key.replace(f"/projects/{number}/", f"/projects/{project}/")
        return key

    def _row(self, type_name: str) -> TypeRow:
        if type_name not in self.tables.types:
            raise Unplantable(f"{type_name} is in no list")
        return self.tables.types[type_name]

    def _declared(self, row: TypeRow) -> ObjectType:
        return self.repository.declared_type(row.type_name) or UNKNOWN_TYPE

    def _item(self, row: TypeRow, fields: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
        """Return the item of a listing with nothing but what each has, or the node that a row is about."""
        listed = row.listed.removeprefix("cai.")
        listed = str(fields.get("CA10__resourceType__c") or "storage.googleapis.com/Bucket") if listed == "iam" else listed
        if listed in (f"{RESOURCES}/Project", f"{RESOURCES}/Organization"):
            owner = project if listed.endswith("Project") else ORGANIZATION
            asset = self.google.assets[f"//{RESOURCES}/{self.google.owner(owner)}"].asset
            whole = {name: part for name, part in copy.deepcopy(asset).items() if name != "iamPolicy"}
            return {**whole, "id": owner, "account": owner, **({"project": project} if owner == project else {})}
        if row.listed == PEOPLE:
            return {"id": name, "primaryEmail": f"{name}@shop.example", "account": ORGANIZATION}
        if listed not in SAMPLES:
            raise Unplantable(f"{row.listed} is no list of assets")
        owner = ORGANIZATION if listed in OF_ORGANIZATION else project
        key = self.google.key(listed, owner, name)
        return {
            "name": key,
            "assetType": listed,
            "ancestors": self.google.ancestors(self.google.owner(owner)),
            "resource": {"data": self._begun(SAMPLES[listed], project, name)},
            "id": self.canonical(key),
            "account": owner,
            **({"project": project} if owner == project else {}),
        }

    def _begun(self, sample: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
        """Return what each object of a type has, with the names of an own one."""
        text = json.dumps({key: sample[key] for key in _ALWAYS if key in sample}).replace("thing-1", name)
        number = self.google.number(project)
        data: dict[str, Any] = json.loads(text.replace(PROJECT, project).replace("700000000001", number))
        return data

    def _put(self, item: dict[str, Any]) -> None:
        if "assetType" not in item:
            self.made.append(self.google.person({name: part for name, part in item.items() if name != "account"}))
            return
        key, data = item["name"], item["resource"]["data"]
        if key in self.google.assets and key.startswith(f"//{RESOURCES}/"):
            asset = self.google.assets[key].asset
            asset["resource"]["data"].update(data)
            members = {name: item[name] for name in ("iamPolicy", "orgPolicy") if name in item}
            asset.update(members)
            self.made += [f"{key}{MEMBER}{name}" for name in members]
            return
        members = {name: item[name] for name in ("iamPolicy", "orgPolicy", "osInventory") if name in item}
        self.google.plant(item["assetType"], item["account"], data, key=key, **members)
        self.made.append(key)

    def _write(self, row: TypeRow, call: str, fields: Mapping[str, Any], item: dict[str, Any], project: str) -> None:
        """Set the members of an item from which a call's fields are read."""
        for name, source in row.fields.items():
            if source.call == call and name in fields and not source.path.startswith(f"{ABOVE}."):
                write(name, source, fields[name], item, self.google, project)

    # Objects inside items

    def _around(self, row: TypeRow, fields: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return by type the fields of the objects that are the item around a nested one."""
        lookups = self._declared(row).lookups.values()
        return {
            lookup.target: fields[lookup.name]
            for lookup in lookups
            if isinstance(fields.get(lookup.name), dict) and _leads_around(row, lookup.key)
        }

    def _parts(self, row: TypeRow, fields: Mapping[str, Any], item: dict[str, Any], project: str) -> None:
        """Add the children of an object that are parts of its own item."""
        for children in self._declared(row).children.values():
            if self._is_part(row, children.type_name):
                for part in fields.get(children.name) or ():
                    self._nested(self._row(children.type_name), part, item, project)

    def _is_part(self, row: TypeRow, type_name: str) -> bool:
        child = self.tables.types.get(type_name)
        return child is not None and bool(child.inside) and not row.inside and child.listed == row.listed

    def _nested(self, row: TypeRow, fields: Mapping[str, Any], item: dict[str, Any], project: str) -> None:
        """Add a nested object to an item."""
        path, always = (row.inside, {}) if isinstance(row.inside, str) else _LISTS.get(row.type_name, ("", {}))
        if not path:
            raise Unplantable(f"{row.type_name} is found by a function")
        number = str(len(member(item, path) or ()) + 1)
        part = {ABOVE: item, **{name: text.format(number=number) for name, text in always.items()}}
        self._write(row, "", fields, part, project)
        del part[ABOVE]
        put(item, path, [part])
        try:
            shown = objects_in(row, item)[-1]
        except (IndexError, MalformedAnswer):
            raise Unplantable(f"{row.type_name} is in no item that was made") from None
        for name, source in row.fields.items():
            given = fields.get(name)
            if given is not None and not source.path.startswith(ABOVE) and not gives(source, shown, project, given):
                raise Unplantable(f"{name} is not {given!r} of what the function returns")

    # Other objects

    def _referring(self, row: TypeRow, fields: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
        """Plant the objects that lookups lead to, a project in its own place. Return the fields with their Ids."""
        own = dict(fields)
        for lookup in self._declared(row).lookups.values():
            target = fields.get(lookup.name)
            if isinstance(target, dict) and lookup.key in row.fields and not _leads_around(row, lookup.key):
                own[lookup.key] = self.plant(lookup.target, target, project, f"{name}-of")
        return own

    def _children(self, row: TypeRow, fields: Mapping[str, Any], identity: str, project: str, name: str) -> None:
        """Plant the children of an object that are items of their own, or inside others."""
        for children in self._declared(row).children.values():
            if self._is_part(row, children.type_name):
                continue
            for number, part in enumerate(fields.get(children.name) or ()):
                own = {**part, children.key: identity}
                self.plant(children.type_name, own, project, f"{name}-{part.get('Name') or number}")

    # What detail calls and joins tell

    def _details(self, row: TypeRow, fields: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for call in row.details:
            given = {name: value for name, value in fields.items() if name in row.fields and row.fields[name].call == call}
            if not given:
                continue
            if call not in _ANSWERS:
                raise Unplantable(f"nothing plants the answer of {call}")
            answer: dict[str, Any] = copy.deepcopy(item["resource"]["data"]) if call in _COPIES else {}
            self._write(row, call, given, answer, project)
            _ANSWERS[call](self, answer, item, project)

    def _policy(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        bindings = [("roles/viewer", [member for name, member in PUBLIC.items() if answer.get(name)])]
        bindings += [(role, [one["member"]]) for one in answer.get("rolesByMember", ()) for role in one["roles"]]
        self._allow(item["name"], *(of for of in bindings if of[1]), audit=answer.get("auditConfigs"))

    def _allow(self, key: str, *bindings: tuple[str, list[str]], audit: Any = None) -> None:
        self.google.policy(key, *bindings, audit=audit)
        self.made.append(f"{key}{MEMBER}iamPolicy")

    def _cloud_roles(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        roles = [(one["role"], [f"user:{item['primaryEmail']}"]) for one in answer.get("roles", ())]
        if roles:  # whatever organization a test object names, there is one
            self._allow(f"//{RESOURCES}/{ORGANIZATION}", *roles)

    def _metadata(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self._of_project("compute.googleapis.com/Project", project, {"name": project, **answer}, project)

    def _sinks(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, sink in enumerate(answer.get("inherited", ())):
            data = {"name": f"{project}-{number}", "includeChildren": True, **sink}
            self._of_project("logging.googleapis.com/LogSink", ORGANIZATION, data, data["name"])

    def _organization_policies(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        key = f"//{RESOURCES}/{ORGANIZATION}"
        self.google.assets[key].asset["orgPolicy"] = answer.get("policies", [])
        self.made.append(f"{key}{MEMBER}orgPolicy")

    def _perimeters(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, perimeter in enumerate(answer.get("perimeters", ())):
            status = {**perimeter.get("status", {}), "resources": [self.google.owner(project)]}
            kind = "identity.accesscontextmanager.googleapis.com/ServicePerimeter"
            self._of_project(kind, ORGANIZATION, {**perimeter, "status": status}, f"{project}-{number}")

    def _firewalls(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        [interface] = item["resource"]["data"]["networkInterfaces"]
        everybody = "::/0" if "ipv6AccessConfigs" in interface else "0.0.0.0/0"
        for row in answer.get("ports", ()):
            traffic = [{"IPProtocol": row["protocol"], "ports": [f"{row['from']}-{row['to']}"]}]
            usual = {"direction": "INGRESS", "priority": 1000, "disabled": False, "network": interface["network"]}
            data = {
                "name": row["rule"],
                **usual,
                "sourceRanges": [everybody],
                "allowed": traffic,
            }
            self._of_project("compute.googleapis.com/Firewall", project, data, row["rule"])
        for name in answer.get("policies", ()):
            data = {"name": name, "associations": [{"name": name, "attachmentTarget": interface["network"]}]}
            data |= {"rules": [{"priority": 1, "action": "allow", "direction": "INGRESS"}]}
            self._of_project("compute.googleapis.com/FirewallPolicy", ORGANIZATION, data, f"{project}-{name}")

    def _dns_policies(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        network = f"{COMPUTE}/{item['name'].removeprefix('//compute.googleapis.com/')}"
        for policy in answer.get("policies", ()):
            data = {**policy, "networks": [{"networkUrl": network}]}
            self._of_project("dns.googleapis.com/Policy", project, data, policy["name"])

    def _of_project(self, asset_type: str, owner: str, data: Mapping[str, Any], name: str) -> None:
        self.made.append(self.google.plant(asset_type, owner, data, name))

    def _services(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self.google.services[project] = {one["config"]["name"] for one in answer.get("items", ())}
        self.google.off[project] = {*SERVICES} - self.google.services[project]
        self.made.append(f"{project}{MEMBER}services")

    def _approval(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        if answer:  # a project without settings has no answer
            self._answer(f"/v1/projects/{project}/accessApprovalSettings", answer)

    def _contacts(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, contact in enumerate(answer.get("contacts", ())):
            own = {"name": f"{ORGANIZATION}/contacts/{number}", **contact}
            self._of_project("essentialcontacts.googleapis.com/Contact", ORGANIZATION, own, str(number))

    def _table(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self._answer(f"/bigquery/v2{item['name'].removeprefix('//bigquery.googleapis.com')}", answer)

    def _answer(self, path: str, answer: Mapping[str, Any]) -> None:
        self.google.direct[path] = dict(answer)
        self.made.append(path)


def _leads_around(row: TypeRow, key: str) -> bool:
    return bool(row.inside) and key in row.fields and row.fields[key].path == _AROUND


_ANSWERS: Final[Mapping[str, Callable[[Planter, Mapping[str, Any], Mapping[str, Any], str], None]]] = {
    "policy": Planter._policy,
    "cloudRoles": Planter._cloud_roles,
    "metadata": Planter._metadata,
    "sinks": Planter._sinks,
    "organizationPolicies": Planter._organization_policies,
    "perimeters": Planter._perimeters,
    "firewalls": Planter._firewalls,
    "dnsPolicies": Planter._dns_policies,
    "usage.services": Planter._services,
    "approval.settings": Planter._approval,
    "contacts.compute": Planter._contacts,
    "bigquery.table": Planter._table,
}
"""Where the answer of each detail call and of each join is planted."""
