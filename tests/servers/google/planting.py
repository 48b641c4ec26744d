"""Test objects of the library turned into assets: a row of the tables, read backwards.

Each member that is made is read again by the row's own source, and has to give the field's value. So what is planted depends on
paths and transforms of the tables; ``models`` compares the members with Google's schemas. Fields of a detail call or of a join are
written into the answer that the row reads, and the answer is planted where Google has it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from perpend.collectors.rest.errors import MalformedAnswer
from perpend.collectors.rest.fields import id_of, objects_in
from perpend.collectors.rest.rows import ABOVE, FieldSource, RestTables, TypeRow
from perpend.language.syntax.repository import Repository
from tests.servers.azure.planting import Unplantable, is_fixed, put, raw_values, shows
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.models import SCHEMAS, faults
from tests.servers.google.samples import OF_ORGANIZATION, PROJECT, SAMPLES

PUBLIC: Final = {"allUsers": "allUsers", "allAuthenticatedUsers": "allAuthenticatedUsers"}
"""The member of a binding that makes each member of the join ``policy`` true."""

_LISTS: Final = {
    "CA10__CaGoogleIamPolicyBinding__c": "iamPolicy.bindings",
    "CA10__CaGoogleGceInstanceServiceAccountLink__c": "resource.data.serviceAccounts",
}
"""The lists in which functions find nested objects, by type."""

COMPUTE: Final = "https://www.googleapis.com/compute/v1"


def raw_texts(name: str, value: Any, google: Google) -> Iterator[Any]:
    """Yield the members that Google may write for the value of a field, the likely ones first."""
    if name == "CA10__enabledServices__c":
        yield [{"config": {"name": line}} for line in str(value).split("\n")]
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
    if shows(source, item, account, value) or (value is None and not source.optional):
        return  # a value that a policy's test says is not known is left out
    if is_fixed(source):
        if "{account}" in source.template:
            return
        raise Unplantable(f"{name} is always {source.template}")
    if not source.path:
        raise Unplantable(f"{name} is {source.template!r} of its item")
    before = copy.deepcopy({key: part for key, part in item.items() if key != ABOVE})
    for raw in raw_texts(name, value, google):
        try:
            put(item, source.path, raw)
        except (AttributeError, TypeError):
            continue
        if shows(source, item, account, value) and fits(item):
            return
        above = {key: part for key, part in item.items() if key == ABOVE}
        item.clear()
        item.update({**copy.deepcopy(before), **above})
    raise Unplantable(f"{name} is never {value!r}")


def fits(item: Mapping[str, Any]) -> bool:
    """Whether an asset's data are as its schema has them; other answers are not looked at."""
    return "assetType" not in item or not faults(*SCHEMAS[item["assetType"]], item["resource"]["data"])


def make_around(source: FieldSource, item: dict[str, Any]) -> None:
    """Make the objects around a member that is left out: a default holds only where they are there."""
    around = source.path.rpartition(".")[0]
    for path in (getattr(source, "within", ""), around):
        step = item
        for name in path.split(".") if path and not path.startswith(ABOVE) else ():
            step = step.setdefault(name, {})


class Planter:
    """Plants test objects in a double. ``made`` are the names of all assets that it made."""

    def __init__(self, google: Google, tables: RestTables, repository: Repository) -> None:
        self.google = google
        self.tables = tables
        self.repository = repository
        self.made: list[str] = []

    def plant(self, type_name: str, fields: Mapping[str, Any], project: str, name: str) -> str:
        """Plant an object of a type in a project, with its children and those that it refers to. Return its Id.

        Raises Unplantable.
        """
        row = self.tables.types.get(type_name)
        if row is None:
            raise Unplantable(f"{type_name} is in no list")
        fields = self._referring(row, fields, project, name)
        item = self._item(row, fields, project, name)
        if row.inside:
            self._nested(row, fields, item, project)
        else:
            self._write(row, "", fields, item, project)
        self._put(row, item, project)
        try:
            identity = id_of(self.tables, row, objects_in(row, item)[-1], project)
        except (IndexError, MalformedAnswer):
            raise Unplantable(f"{type_name} is in no item that was made") from None
        self._details(row, fields, item, project)
        self._children(row, fields, identity, project, name)
        return identity

    def canonical(self, key: str) -> str:
        """Return the Id of an asset: its name with the ids of projects in place of their numbers."""
        for project, number in self.google.numbers_of.items():
            key = key.replace(f"/projects/{number}/", f"/projects/{project}/")
        return key

    def _item(self, row: TypeRow, fields: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
        """Return the item of a listing with nothing but a name, or the node that a row is about."""
        listed = row.listed.removeprefix("cai.")
        listed = str(fields.get("CA10__resourceType__c") or "storage.googleapis.com/Bucket") if listed == "iam" else listed
        if listed in (f"{RESOURCES}/Project", f"{RESOURCES}/Organization"):
            owner = project if listed.endswith("Project") else ORGANIZATION
            asset = self.google.assets[f"//{RESOURCES}/{self.google.owner(owner)}"].asset
            whole = {name: part for name, part in copy.deepcopy(asset).items() if name != "iamPolicy"}
            return {**whole, "id": owner, "account": owner, **({"project": project} if owner == project else {})}
        if listed not in SAMPLES:
            raise Unplantable(f"{row.listed} is no list of assets")
        owner = ORGANIZATION if listed in OF_ORGANIZATION else project
        key = self.google.key(listed, owner, name)
        own = str(SAMPLES[listed].get("name", "")).replace("thing-1", name).replace(PROJECT, project)
        return {
            "name": key,
            "assetType": listed,
            "ancestors": self.google.ancestors(self.google.owner(owner)),
            "resource": {"data": {"name": own} if own else {}},
            "id": self.canonical(key),
            "account": owner,
            **({"project": project} if owner == project else {}),
        }

    def _put(self, row: TypeRow, item: dict[str, Any], project: str) -> None:
        key, data = item["name"], item["resource"]["data"]
        if key in self.google.assets and key.startswith(f"//{RESOURCES}/"):
            asset = self.google.assets[key].asset
            asset["resource"]["data"].update(data)
            asset.update({name: item[name] for name in ("iamPolicy", "orgPolicy") if name in item})
            return
        members = {name: item[name] for name in ("iamPolicy", "orgPolicy", "osInventory") if name in item}
        self.google.plant(item["assetType"], item["account"], data, key=key, **members)
        self.made.append(key)

    def _write(self, row: TypeRow, call: str, fields: Mapping[str, Any], item: dict[str, Any], project: str) -> None:
        """Set the members of an item from which a call's fields are read."""
        for name, source in row.fields.items():
            if source.call == call and name in fields and not source.path.startswith(f"{ABOVE}."):
                write(name, source, fields[name], item, self.google, project)

    def _nested(self, row: TypeRow, fields: Mapping[str, Any], item: dict[str, Any], project: str) -> None:
        """Add a nested object to an item."""
        path = row.inside if isinstance(row.inside, str) else _LISTS.get(row.type_name)
        if path is None:
            raise Unplantable(f"{row.type_name} is found by a function")
        part: dict[str, Any] = {ABOVE: item}
        self._write(row, "", fields, part, project)
        del part[ABOVE]
        put(item, path, [part])

    def _referring(self, row: TypeRow, fields: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
        """Plant the objects that lookups lead to. Return the fields with their Ids."""
        declared = self.repository.declared_type(row.type_name)
        own = dict(fields)
        for lookup in declared.lookups.values() if declared else ():
            target = fields.get(lookup.name)
            if isinstance(target, dict) and lookup.key in row.fields and lookup.target not in self.tables.cloud.account_types:
                own[lookup.key] = self.plant(lookup.target, target, project, f"{name}-of")
        return own

    def _children(self, row: TypeRow, fields: Mapping[str, Any], identity: str, project: str, name: str) -> None:
        """Plant the children of an object: those inside the same item, or in lists of their own."""
        declared = self.repository.declared_type(row.type_name)
        for children in declared.children.values() if declared else ():
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
            answer: dict[str, Any] = {}
            self._write(row, call, given, answer, project)
            _ANSWERS[call](self, answer, item, project)

    def _policy(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        members = [member for name, member in PUBLIC.items() if answer.get(name)]
        audit = answer.get("auditConfigs")
        self.google.policy(item["name"], *([("roles/viewer", members)] if members else []), audit=audit)

    def _metadata(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self._of_project("compute.googleapis.com/Project", project, {"name": project, **answer}, project)

    def _sinks(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, sink in enumerate(answer.get("inherited", ())):
            data = {"name": f"{project}-{number}", "includeChildren": True, **sink}
            self._of_project("logging.googleapis.com/LogSink", ORGANIZATION, data, data["name"])

    def _organization_policies(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self.google.assets[f"//{RESOURCES}/{ORGANIZATION}"].asset["orgPolicy"] = answer.get("policies", [])

    def _perimeters(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, perimeter in enumerate(answer.get("perimeters", ())):
            status = {**perimeter.get("status", {}), "resources": [self.google.owner(project)]}
            kind = "identity.accesscontextmanager.googleapis.com/ServicePerimeter"
            self._of_project(kind, ORGANIZATION, {**perimeter, "status": status}, f"{project}-{number}")

    def _of_project(self, asset_type: str, owner: str, data: Mapping[str, Any], name: str) -> None:
        self.made.append(self.google.plant(asset_type, owner, data, name))

    def _services(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self.google.services[project] = {one["config"]["name"] for one in answer.get("items", ())}

    def _approval(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        self.google.direct[f"/v1/projects/{project}/accessApprovalSettings"] = dict(answer)

    def _contacts(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        for number, contact in enumerate(answer.get("items", ())):
            self._of_project("essentialcontacts.googleapis.com/Contact", ORGANIZATION, contact, str(number))

    def _table(self, answer: Mapping[str, Any], item: Mapping[str, Any], project: str) -> None:
        path = item["name"].removeprefix("//bigquery.googleapis.com")
        self.google.direct[f"/bigquery/v2{path}"] = {**item["resource"]["data"], **answer}


_ANSWERS: Final[Mapping[str, Callable[[Planter, Mapping[str, Any], Mapping[str, Any], str], None]]] = {
    "policy": Planter._policy,
    "metadata": Planter._metadata,
    "sinks": Planter._sinks,
    "organizationPolicies": Planter._organization_policies,
    "perimeters": Planter._perimeters,
    "usage.services": Planter._services,
    "approval.settings": Planter._approval,
    "contacts.compute": Planter._contacts,
    "bigquery.table": Planter._table,
}
"""Where the answer of each detail call and of each join is planted."""
