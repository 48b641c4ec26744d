"""Test objects of the library turned into answers of the API: a row of the tables, read backwards.

Each member that is made is read again by the row's own source, and has to give the field's value. So what is planted depends on
paths and transforms of the tables; ``models`` compares the members with the SDK's.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from perpend.collectors.azure.transforms import USER_ACCESS_ADMINISTRATOR
from perpend.collectors.items import ABOVE, NotThere
from perpend.collectors.rest.fields import id_of, objects_in, value_of
from perpend.collectors.rest.rows import FieldSource, RestCall, RestTables, TypeRow
from perpend.core.objects.object_types import ObjectType
from perpend.language.syntax.repository import Repository
from tests.servers.azure.double import GROUP, MANAGEMENT, Azure
from tests.unit.collectors.azure.recorded import RECORDED, SUBSCRIPTION

LOCATION: Final = "westeurope"

READER: Final = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

AT_A_SUBSCRIPTION: Final = frozenset(("microsoft.security", "microsoft.authorization"))
"""The namespaces whose objects are in no resource group. Diagnostic settings of a subscription are not, either."""

_BOOLEANS: Final[dict[bool, tuple[Any, ...]]] = {
    True: (True, "Enabled", "On", "Allow", "True", "true"),
    False: (False, "Disabled", "Off", "Deny", "False", "false"),
}
"""What the API may write for a Boolean."""

_WORDS: Final = {"Allow": True, "Deny": False, "Enabled": True, "Disabled": False}
_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")

_INNER: Final = {
    "CA10__encryptionKeyVaultUri__c": "keyvaulturi",
    "CA10__keyExpirationPeriodDays__c": "keyExpirationPeriodInDays",
    "CA10__sasExpirationPeriod__c": "sasExpirationPeriod",
    "CA10__networkSecurityGroup__c": "id",
    "CA10__firewallPolicy__c": "id",
    "CA10__publicIpAddress__c": "id",
    "CA10__managedDiskId__c": "id",
    "CA10__managedDiskLookup__c": "id",
    "CA10__vhdUri__c": "uri",
    "CA10__customVirtualNetworkId__c": "value",
    "CA10__securityProfileSecurityType__c": "securityType",
    "CA10__uefiSettingsSecureBoot__c": "uefiSettings.secureBootEnabled",
    "CA10__uefiSettingsVTpm__c": "uefiSettings.vTpmEnabled",
    "CA10__identityPrincipalId__c": "principalId",
    "CA10__identityType__c": "type",
    "CA10__patchAssessmentMode__c": "linuxConfiguration.patchSettings.assessmentMode",
    "CA10__wafEnabled__c": "webApplicationFirewallConfiguration.enabled",
    "CA10Z1__extensions__c": "extensions",
}
"""Where below a source's path the member is, for transforms that read one below an object."""


class Unplantable(Exception):
    """A test object holds a value that no answer of the API gives, as far as the tables show."""


def _administrators(value: Any) -> Iterator[Any]:
    """Yield assignments at the root, one of them of another role."""
    if isinstance(value, int):
        of = f"/providers/Microsoft.Authorization/roleDefinitions/{USER_ACCESS_ADMINISTRATOR}"
        other = {
            "scope": "/",
            "principalId": "reader",
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
        }
        yield [
            {"name": "other", "properties": other},
            *(
                {"name": f"a-{number}", "properties": {"scope": "/", "principalId": f"p-{number}", "roleDefinitionId": of}}
                for number in range(value)
            ),
        ]


def _contacts(value: Any) -> Iterator[Any]:
    """Yield security contacts in the newer form, then in the older one."""
    contacts = json.loads(value) if isinstance(value, str) else []
    yield [{"name": one.get("name", "default"), "properties": _newer_contact(one)} for one in contacts]
    yield [{"name": one.get("name", "default"), "properties": _older_contact(one)} for one in contacts]


def _newer_contact(contact: Mapping[str, Any]) -> dict[str, Any]:
    sources = []
    if contact.get("alertNotifications") == "On":
        sources.append({"sourceType": "Alert", "minimalSeverity": contact.get("alertNotificationsMinimalSeverity")})
    if contact.get("attackPathMinimalRiskLevel"):
        sources.append({"sourceType": "AttackPath", "minimalRiskLevel": contact["attackPathMinimalRiskLevel"]})
    return {"emails": contact.get("email"), "isEnabled": True, "notificationsSources": sources, **_roles(contact)}


def _older_contact(contact: Mapping[str, Any]) -> dict[str, Any]:
    alerts = {"state": contact.get("alertNotifications"), "minimalSeverity": contact.get("alertNotificationsMinimalSeverity")}
    return {"emails": contact.get("email"), "alertNotifications": alerts, **_roles(contact)}


def _roles(contact: Mapping[str, Any]) -> dict[str, Any]:
    state, roles = contact.get("notificationsByRoleState"), contact.get("notificationsByRoleRoles")
    return {"notificationsByRole": {"state": state, "roles": roles}}


_SPECIAL: Final[dict[str, Callable[[Any], Iterator[Any]]]] = {
    "CA10__userAccessAdministratorsCount__c": _administrators,
    "CA10__securityCenterContacts__c": _contacts,
    "CA10__activeDirectoryAdminType__c": lambda value: iter([[{"name": "admin", "properties": {"administratorType": value}}]]),
    "CA10__availableLocationNames__c": lambda value: iter(
        [[{"name": line} for line in str(value).split("\n") if line != "global"]]
    ),
    "CA10__basicPublishingCredentialsFtpState__c": lambda value: iter([_publishing("ftp", value)]),
    "CA10__basicPublishingCredentialsScmState__c": lambda value: iter([_publishing("scm", value)]),
    "CA10__networkLocationNames__c": lambda value: iter([_in_locations("network", value, subnets=[])]),
    "CA10__networkWatcherLocationNames__c": lambda value: iter([_in_locations("watcher", value)]),
    "CA10__privateSubnet__c": lambda value: iter([_subnet_of_workspace("customPrivateSubnetName", value)]),
    "CA10__publicSubnet__c": lambda value: iter([_subnet_of_workspace("customPublicSubnetName", value)]),
    "CA10__subnetNames__c": lambda value: iter([{key: {"value": one} for key, one in json.loads(value).items()}]),
    **dict.fromkeys(
        ("CA10__blobDiagnosticLogs__c", "CA10__queueDiagnosticLogs__c", "CA10__tableDiagnosticLogs__c"),
        lambda value: iter([[{"name": "all", "properties": {"logs": json.loads(value)}}]]),
    ),
}
"""What the API may write for fields that one member does not make. A list is added to what is there already."""


def _publishing(name: str, value: Any) -> list[dict[str, Any]]:
    return [{"name": name, "properties": {"allow": _WORDS.get(value)}}]


def _in_locations(name: str, value: Any, **properties: Any) -> list[dict[str, Any]]:
    ready = {"provisioningState": "Succeeded", **properties}
    return [{"name": f"{name}-{place}", "location": place, "properties": ready} for place in str(value).split("\n")]


def _subnet_of_workspace(parameter: str, value: Any) -> dict[str, Any]:
    network, _, subnet = str(value).partition("/subnets/")
    return {"customVirtualNetworkId": {"value": network}, parameter: {"value": subnet}}


def raw_values(name: str, value: Any) -> Iterator[Any]:
    """Yield what the API may write so that a field has a value, the likely ones first."""
    if name in _SPECIAL:
        with suppress(ValueError):  # a value that is no JSON; no answer gives it
            yield from _SPECIAL[name](value)
        return
    yield from _BOOLEANS[value] if isinstance(value, bool) else (value,)
    if isinstance(value, (int, float)):
        yield str(value)
    if isinstance(value, str):
        yield from _raw_texts(value)


def _raw_texts(value: str) -> Iterator[Any]:
    yield from (text for text in (value.capitalize(), value.title(), value.upper(), value.lower()) if text != value)
    if value in _WORDS:
        yield _WORDS[value]
    if _TIME.fullmatch(value):
        yield int(datetime.fromisoformat(value).timestamp())
    try:
        decoded = json.loads(value)
    except ValueError:
        yield re.split(r"[\n,;]", value)
        return
    yield decoded
    if isinstance(decoded, list) and all(isinstance(part, dict) for part in decoded):
        yield [_nested(part) for part in decoded]
        yield [{"name": f"item-{number}", "properties": part} for number, part in enumerate(decoded)]


def _nested(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flattened item as the API writes it: the name apart from the properties."""
    outer = {name: part[name] for name in ("id", "name") if name in part}
    return {**outer, "properties": {name: value for name, value in part.items() if name not in outer}}


def same(left: Any, right: Any) -> bool:
    """Whether two values of a field are equal; JSON texts are, whatever their spaces and the order of a list."""
    if left == right:
        return isinstance(left, bool) == isinstance(right, bool)
    try:
        return bool(_sorted(json.loads(left)) == _sorted(json.loads(right)))
    except (TypeError, ValueError):
        return False


def _sorted(value: Any) -> Any:
    """Return a list of objects in an order that only its members decide."""
    return sorted(value, key=json.dumps) if isinstance(value, list) else value


def shows(source: FieldSource, item: Any, account: str, value: Any) -> bool:
    """Whether an item gives a field a value."""
    try:
        return same(value_of(source, item, account), value)
    except NotThere:
        return False


def _places(source: FieldSource) -> list[str]:
    """Return the members of an item with which a template is filled."""
    return [place for place in _PLACE.findall(source.template) if place != "account"]


def is_fixed(source: FieldSource) -> bool:
    """Whether a field's value is the same whatever an item holds."""
    return bool(source.template) and not _places(source)


def put(item: dict[str, Any], path: str, raw: Any) -> None:
    """Set a member of an item, and make those around it. Objects and lists are added to those that are there."""
    *around, last = path.split(".")
    for step in around:
        item = item.setdefault(step, {})
    there = item.get(last)
    if isinstance(there, dict) and isinstance(raw, dict):
        item[last] = {**there, **raw}
    elif isinstance(there, list) and isinstance(raw, list):
        item[last] = [*there, *raw]
    else:
        item[last] = raw


def write(name: str, source: FieldSource, value: Any, item: dict[str, Any], account: str) -> None:
    """Set the members of an item that give a field a value. Raises Unplantable."""
    if shows(source, item, account, value):
        return
    if is_fixed(source):
        if "{account}" in source.template:
            return  # which test objects write in any form
        raise Unplantable(f"{name} is always {source.template}")
    if value is None:
        raise Unplantable(f"{name} is never null")
    path = f"{source.path}.{_INNER[name]}" if name in _INNER else source.path or _places(source)[0]
    before = copy.deepcopy({key: part for key, part in item.items() if key != ABOVE})
    for raw in raw_values(name, value):
        try:
            put(item, path, raw)
        except (AttributeError, TypeError):
            continue
        if shows(source, item, account, value):
            return
        above = {key: part for key, part in item.items() if key == ABOVE}
        item.clear()
        item.update({**copy.deepcopy(before), **above})
    raise Unplantable(f"{name} is never {value!r}")


def plant_roles(azure: Azure, account: str) -> None:
    """Plant those of Azure's own roles that assignments of planted objects name. Each subscription lists all of them."""
    for role, label in ((READER, "Reader"), (USER_ACCESS_ADMINISTRATOR, "User Access Administrator")):
        kind = "Microsoft.Authorization/roleDefinitions"
        shown = {"roleName": label, "type": "BuiltInRole", "permissions": [{"actions": ["*/read"]}], "assignableScopes": ["/"]}
        identity = f"/subscriptions/{account}/providers/{kind}/{role}"
        azure.plant({"id": identity, "name": role, "type": kind, "properties": shown})


class Planter:
    """Plants test objects in a double. ``made`` are the ids of all that it made."""

    def __init__(self, azure: Azure, tables: RestTables, repository: Repository) -> None:
        self.azure = azure
        self.tables = tables
        self.repository = repository
        self.made: list[str] = []

    def plant(self, type_name: str, fields: Mapping[str, Any], account: str, name: str, part: str = "") -> str:
        """Plant an object of a type with its children and those that it refers to. Return its Id. Raises Unplantable.

        A nested object with the name of a ``part`` is added to the item of that name, if it is there.
        """
        row = self._row(type_name)
        if type_name in self.tables.cloud.account_types:
            self._details(row, fields, {"id": f"/subscriptions/{account}"}, account)
            self._children(row, fields, account, account, name)
            return account
        call = self.tables.calls[row.listed]
        item = self.item(call, account, name)
        fields = self._referring(row, fields, account, name) if not row.inside else fields
        if row.inside:
            there = self.azure.objects.get(item["id"].casefold()) if part else None
            item = there or _begin(row, item)
            self._part(row, fields, item, account, part or name)
            identity = id_of(self.tables, row, objects_in(row, item)[-1], account)
        else:
            self._write(row, "", fields, item, account, name)
            self._parts(row, fields, item, account)
            identity = id_of(self.tables, row, item, account)
        self._put(item, path_of(call, account))
        self._details(row, fields, item, account)
        self._children(row, fields, identity, account, name)
        return identity

    def record(self, type_name: str, account: str, name: str) -> None:
        """Plant the recorded object of a type, with another name."""
        call = self.tables.calls[self._row(type_name).listed]
        text = json.dumps(RECORDED[type_name].item).replace(SUBSCRIPTION, account)
        own = self.item(call, account, name)["id"]
        self._put({**json.loads(text.replace(json.loads(text)["id"], own)), "name": name}, path_of(call, account))

    def item(self, call: RestCall, account: str, name: str) -> dict[str, Any]:
        """Return an object of a listing, without properties."""
        path = path_of(call, account)
        before, _, resource_type = path.rpartition("/providers/")
        namespace = resource_type.partition("/")[0].lower()
        in_a_group = namespace not in AT_A_SUBSCRIPTION and not resource_type.endswith("/diagnosticSettings")
        scope = f"{before}/resourceGroups/{GROUP}" if in_a_group else before
        item = {"id": f"{scope}/providers/{resource_type}/{name}", "name": name, "type": resource_type, "properties": {}}
        return {**item, "location": LOCATION, "tags": {}} if in_a_group else item

    def _row(self, type_name: str) -> TypeRow:
        if type_name not in self.tables.types:
            raise Unplantable(f"{type_name} is in no list")
        return self.tables.types[type_name]

    def _declared(self, type_name: str) -> ObjectType:
        declared = self.repository.declared_type(type_name)
        if declared is None:
            raise Unplantable(f"{type_name} is not declared")
        return declared

    def _put(self, item: dict[str, Any], *lists: str) -> None:
        self.azure.plant(item, *lists)
        self.made.append(item["id"])

    def _write(self, row: TypeRow, call: str, fields: Mapping[str, Any], item: dict[str, Any], account: str, name: str) -> None:
        """Set the members of an item from which a call's fields are read, and the Ids of objects that it refers to."""
        given = {key: value for key, value in fields.items() if key in row.fields and row.fields[key].call == call}
        for key, source in row.fields.items():
            if key not in given:
                continue
            value = given[key]
            if source.path == "id" and "type" in item and isinstance(value, str) and not item["id"].startswith(f"{value}/"):
                item["id"] = f"{value}/providers/{item['type']}/{name}"
            if value is None or value == source.otherwise:
                _around(item, source.path)
            if value is None and not source.optional:
                continue  # the policy's test says that it is not known
            write(key, source, value, item, account)

    def _referring(self, row: TypeRow, fields: Mapping[str, Any], account: str, name: str) -> dict[str, Any]:
        """Plant the objects that lookups lead to. Return the fields with their Ids, in all fields of the same member."""
        own = dict(fields)
        for lookup in self._declared(row.type_name).lookups.values():
            target = fields.get(lookup.name)
            is_served = lookup.key in row.fields and lookup.target not in self.tables.cloud.account_types
            if isinstance(target, dict) and is_served:
                identity = self.plant(lookup.target, target, account, f"{name}-of", lookup.name.lower())
                path = row.fields[lookup.key].path
                same_member = {key for key, source in row.fields.items() if source.path == path and path}
                own |= dict.fromkeys({lookup.key, *(same_member - _SPECIAL.keys())}, identity)
        return own

    def _details(self, row: TypeRow, fields: Mapping[str, Any], item: Mapping[str, Any], account: str) -> None:
        """Plant the answers of detail calls."""
        for name in row.details:
            call = self.tables.calls[name]
            answer: dict[str, Any] = {"items": []} if call.items else {}
            self._write(row, name, fields, answer, account, "detail")
            path = path_of(call, account).replace("{id}", str(item["id"]))
            if not call.items and answer:
                self._put({"id": path, "name": path.rpartition("/")[2], **answer})
            for number, part in enumerate(answer["items"] if call.items else ()):
                self._put({"id": f"{path}/{part.get('name', number)}", **part}, path)

    def _parts(self, row: TypeRow, fields: Mapping[str, Any], item: dict[str, Any], account: str) -> None:
        """Add the children that are parts of the item itself."""
        for children in self._declared(row.type_name).children.values():
            child = self.tables.types.get(children.type_name)
            if child is not None and child.listed == row.listed and child.inside:
                _begin(child, item)
                for number, part in enumerate(fields.get(children.name) or ()):
                    self._part(child, part, item, account, f"{item['name']}-{number}")

    def _part(self, row: TypeRow, fields: Mapping[str, Any], item: dict[str, Any], account: str, name: str) -> None:
        """Add a nested object to an item."""
        own = self._referring(row, fields, account, name)
        for key, source in row.fields.items():
            if source.path.startswith("^.properties.") and own.get(key) is not None:
                write(key, replace(source, path=source.path.removeprefix("^.")), own[key], item, account)
        own = {key: value for key, value in own.items() if not row.fields.get(key, _NO).path.startswith("^.")}
        kind = row.inside.rpartition(".")[2] if isinstance(row.inside, str) else "parts"
        part: dict[str, Any] = {"id": f"{item['id']}/{kind}/{name}", "name": name, **_scratch(row, own), ABOVE: item}
        self._write(row, "", own, part, account, name)
        del part[ABOVE]
        _add(row, item, part)
        shown = objects_in(row, item)[-1]
        for key, value in own.items():
            if (
                key in row.fields
                and value is not None
                and not is_fixed(row.fields[key])
                and not shows(row.fields[key], shown, account, value)
            ):
                raise Unplantable(f"{row.type_name}.{key} is never {value!r}")

    def _children(self, row: TypeRow, fields: Mapping[str, Any], identity: str, account: str, name: str) -> None:
        """Plant the children that have lists of their own."""
        for children in self._declared(row.type_name).children.values():
            child = self.tables.types.get(children.type_name)
            if not fields.get(children.name) or (child and child.listed == row.listed and child.inside):
                continue
            for number, part in enumerate(fields[children.name]):
                source = self._row(children.type_name).fields.get(children.key)
                own = {key: value for key, value in part.items() if key != children.key}
                own |= {children.key: identity} if source and not is_fixed(source) else {}
                own = _of_account(own, account)
                label = _name_of(part) or str(number)
                is_own = row.type_name in self.tables.cloud.account_types
                self.plant(children.type_name, own, account, label if is_own else f"{name}-{label}")


_NO: Final = FieldSource()
_NAMES: Final = ("Name", "CA10Z1__name__c", "CA10__name__c")


def _name_of(fields: Mapping[str, Any]) -> str:
    return str(next((fields[name] for name in _NAMES if fields.get(name)), ""))


def _of_account(fields: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Return fields with the account's Id in place of that of the test object's own subscription."""
    own = (fields.get("CA10__subscription__r") or {}).get("CA10__subscriptionId__c")
    return {key: value.replace(own, account) if own and isinstance(value, str) else value for key, value in fields.items()}


def path_of(call: RestCall, account: str) -> str:
    """Return the path of a call in a subscription."""
    return call.url.removeprefix(f"https://{MANAGEMENT}").replace("{account}", account)


def _around(item: dict[str, Any], path: str) -> None:
    """Make the members around one that is left out."""
    for step in path.split(".")[:-1]:
        item = item.setdefault(step, {})


_LISTS: Final = {
    "CA10__CaAzureNetworkSecurityGroupRule__c": ("properties.securityRules",),
    "CA10__CaAzureVirtualMachineDisk__c": ("properties.storageProfile.dataDisks",),
    "CA10__CaAzureVirtualMachineNetworkInterface__c": ("properties.networkProfile.networkInterfaces",),
    "CA10Z1__CaAzurePrivateEndpointLinkServiceConn__c": (
        "properties.privateLinkServiceConnections",
        "properties.manualPrivateLinkServiceConnections",
    ),
}
"""The lists of an item in which a function finds nested objects, for types that have a function."""


_NO_DISK: Final = "of an image"
"""The name of the disk that a machine starts from until a test object has one. Each machine has one."""


def _begin(row: TypeRow, item: dict[str, Any]) -> dict[str, Any]:
    """Give an item the empty lists of nested objects, and return it."""
    for path in _LISTS.get(row.type_name, (row.inside,)):
        put(item, str(path), [])
    if row.type_name == "CA10__CaAzureVirtualMachineDisk__c":
        put(item, "properties.storageProfile.osDisk", {"name": _NO_DISK, "managedDisk": {}})
    return item


def _scratch(row: TypeRow, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a nested object that its function makes of others."""
    if row.type_name == "CA10__CaAzureNetworkSecurityGroupRule__c":
        first, last = fields.get("CA10__destinationPortFrom__c"), fields.get("CA10__destinationPortTo__c")
        ports = fields.get("CA10__destinationPortRange__c") or (f"{first}" if first == last else f"{first}-{last}")
        return {"range": "*" if ports == "0-65535" else ports, "source": {}, "properties": {}}
    if row.type_name == "CA10__CaAzureVirtualMachineDisk__c":
        return {"isOsDisk": bool(fields.get("CA10__isOsDisk__c"))}
    return {"properties": {}}


def _add(row: TypeRow, item: dict[str, Any], part: dict[str, Any]) -> None:
    """Add a nested object to the list that it belongs to, without the members that a function makes."""
    if row.type_name == "CA10__CaAzureNetworkSecurityGroupRule__c":
        source = part.pop("source")
        part["properties"]["destinationPortRange"] = part.pop("range")
        if source.get("prefixes"):
            part["properties"]["sourceAddressPrefixes"] = source["prefixes"].split("\n")
        elif source.get("prefix"):
            part["properties"]["sourceAddressPrefix"] = source["prefix"]
    if row.type_name == "CA10__CaAzureVirtualMachineNetworkInterface__c":
        del part["name"]
    if row.type_name == "CA10__CaAzureVirtualMachineDisk__c":
        del part["id"]
        is_first = item["properties"]["storageProfile"]["osDisk"]["name"] == _NO_DISK
        if part.pop("isOsDisk") or is_first:
            item["properties"]["storageProfile"]["osDisk"] = part
            return
    put(item, str(_LISTS.get(row.type_name, (row.inside,))[0]), [part])


def fixtures(repository: Repository, policy_id: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the test objects of a policy: id, expected status, fields. Their times are as far from now as from their snapshot."""
    today = datetime.now(UTC).date()
    for logic_id in repository.logic_ids:
        if logic_id.rpartition("/")[0] == policy_id:
            logic = repository.logic(logic_id).value
            assert logic is not None
            for test in repository.test_objects(logic).value or ():
                days = today - datetime.fromisoformat(test.snapshot_time).date() if test.snapshot_time else timedelta()
                yield test.id, test.expected.status, _later(test.fields, days)


def _later(value: Any, days: timedelta) -> Any:
    """Return a value of a test object with all times in it so many days later."""
    if isinstance(value, Mapping):
        return {name: _later(part, days) for name, part in value.items()}
    if isinstance(value, list):
        return [_later(part, days) for part in value]
    is_time = isinstance(value, str) and _TIME.fullmatch(value)
    return f"{datetime.fromisoformat(value) + days:%Y-%m-%dT%H:%M:%SZ}" if is_time else value
