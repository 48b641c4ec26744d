"""Make objects of planned resources: join what belongs to one object, and state each field, or why it is not known."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.values.partial_object import PartialObject
from perpend.inventory.readers.errors import excerpt
from perpend.inventory.readers.terraform.configuration import Configuration, expression_at
from perpend.inventory.readers.terraform.documents import DOCUMENT_FORMS, PlannedDocuments
from perpend.inventory.readers.terraform.forms import FORMS, TAKE_MARKS, TAKE_NULL
from perpend.inventory.readers.terraform.mapping import ENTRIES
from perpend.inventory.readers.terraform.providers import NO_ACCOUNT, NO_REGION, Providers
from perpend.inventory.readers.terraform.values import ABSENT, LATER, NULL, Mark, known_text, mark_in, steps_of
from perpend.inventory.readers.tools.values import UnknownValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.inventory.readers.terraform.configuration import Path
    from perpend.inventory.readers.terraform.document import Document, Resource
    from perpend.inventory.readers.terraform.mapping import (
        Default,
        Join,
        MappedField,
        MappedList,
        MappedType,
        SourcePath,
        TerraformMap,
    )

_WHOLE: Final = "@"
_PARTS: Final = re.compile("[:/]")
_RANGES: Final = ("cidr_blocks", "ipv6_cidr_blocks")
_GROUPS: Final = ("security_groups", "prefix_list_ids")
_OUTSIDE: Final = "is not in this plan"


@dataclass(slots=True, eq=False)
class Entry:
    """A planned object: its type, the resource that it comes from, and its values; ``part`` is its place in a list of it.

    ``joined`` are the resources that belong to it, by type. ``open_joins`` has, by type, the address of one that may.
    """

    mapped: MappedType
    resource: Resource
    source: str
    values: Mapping[str, Any]
    part: str = ""
    identity: str = ""
    joined: dict[str, list[Resource]] = field(default_factory=dict)
    open_joins: dict[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether the plan creates the object."""
        return self.resource.is_created

    @property
    def is_block(self) -> bool:
        """Whether the object is an entry of a list of its resource."""
        return self.source.endswith(ENTRIES)


class Planned:
    """The objects of a document. ``scope`` is a text that tells the Ids of two documents apart."""

    def __init__(self, document: Document, mapping: TerraformMap, *, planned_account: str, scope: str) -> None:
        self._document = document
        self._map = mapping
        self._scope = scope
        instances: dict[tuple[Path, str], list[str | int | None]] = {}
        for one in (*document.resources, *document.data):
            instances.setdefault((one.place.module, one.place.resource), []).append(one.place.key)
        self._configuration = Configuration(document.configuration, instances)
        self.providers = Providers(document, self._configuration, planned_account)
        self._documents = PlannedDocuments(document.data, self._configuration)
        self.partial = document.partial or self._partial()
        self._resources: dict[str, list[Resource]] = {}
        for one in document.resources:
            self._resources.setdefault(one.type, []).append(one)
        self._by_place = {one.place: one for one in document.resources}
        self._may_be_dynamic = self._has_unknown_reference()
        self.open_lists: dict[str, str] = {}
        self.listed: list[tuple[str, Resource]] = []
        self.entries: dict[str, list[Entry]] = {name: [*self._entries(one)] for name, one in mapping.types.items()}
        self._owners: dict[str, list[Entry]] = {}
        for entries in self.entries.values():
            for entry in entries:
                entry.identity = self._identity(entry)
                if not entry.part:
                    self._owners.setdefault(entry.resource.type, []).append(entry)
        self._of_resource = {id(entry.resource): entry for entries in self._owners.values() for entry in entries}
        self._named: dict[tuple[str, str], list[Entry]] = {}
        for resource_type, entries in self._owners.items():
            for entry in entries:
                for text in _texts_of(entry):
                    self._named.setdefault((resource_type, text), []).append(entry)
        for mapped in mapping.types.values():
            for join in mapped.joins.values():
                self._join(mapped, join)
        self._changed = {
            entry.identity
            for of_type in self.entries.values()
            for entry in of_type
            if any(
                one.is_changed or one.is_deleted for one in (entry.resource, *(r for rs in entry.joined.values() for r in rs))
            )
        }

    def objects(self) -> Iterator[tuple[MappedType, PartialObject, Resource]]:
        """Yield the objects that are not listed by another object. ``listed`` are the others."""
        children: dict[str, list[tuple[Entry, PartialObject]]] = {}
        for name, entries in self.entries.items():
            children[name] = [(entry, self._fields(entry)) for entry in entries]
        listed: set[int] = set()
        for name, of_type in self._map.types.items():
            for one in of_type.lists:
                of_list = children.get(one.type_name, [])
                self._changed |= {
                    str(fields[one.key]) for entry, fields in of_list if entry.resource.is_changed and one.key in fields
                }
                listed |= self._list(children[name], one, of_list)
        self.listed = [
            (entry.identity, entry.resource) for made in children.values() for entry, fields in made if id(fields) in listed
        ]
        for name, made in children.items():
            owner = self._map.types[name].owner
            for entry, fields in made:
                if id(fields) not in listed and not (owner and owner not in fields):
                    yield entry.mapped, fields, entry.resource

    def is_changed(self, identity: str) -> bool:
        """Whether the plan creates, updates or replaces an object, a resource that belongs to it, or deletes one that did."""
        return identity in self._changed

    def _partial(self) -> str:
        if self._document.is_state or self._document.is_complete or not self._document.configuration:
            return ""
        left_out = self._configuration.left_out(self._document.mentioned)
        if not left_out:
            return ""
        more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        return f"this plan covers only a part of its configuration: it leaves out {excerpt(left_out[0], 80)}{more}"

    def _has_unknown_reference(self) -> bool:
        """Whether some value in the plan may rest on an unknown one, so that a dynamic block may be unknown."""
        if self._document.relevant is None:
            return True
        known = {f"{one.place.resource}": one for one in self._document.resources}
        for resource, attribute in self._document.relevant:
            if resource.startswith("data.") and not any(one.address == resource for one in self._document.data):
                continue
            one = known.get(resource)
            if one is None or mark_in(one.values.get(attribute, LATER)) is not None:
                return True
        return False

    # Entries and Ids

    def _entries(self, mapped: MappedType) -> Iterator[Entry]:
        for source in mapped.resources:
            base, _, block = source.partition(".")
            for resource in self._resources.get(base, ()):
                if resource.is_deleted or resource.is_forgotten:
                    continue
                if not block:
                    yield from self._expanded(Entry(mapped, resource, source, resource.values))
                    continue
                name = block.removesuffix(ENTRIES)
                listed = self._blocks(resource, name)
                if isinstance(listed, Mark):
                    if listed is not ABSENT:
                        self._open(mapped.name, f"`{name}` of {resource.address} {listed.reason}")
                    continue
                for place, values in enumerate(listed or ()):
                    if isinstance(values, Mark):
                        self._open(mapped.name, f"an entry of `{name}` of {resource.address} {values.reason}")
                        continue
                    entry = values if isinstance(values, dict) else {"value": values}
                    yield from self._expanded(Entry(mapped, resource, source, entry, f"/{name}/{place}"))

    def _open(self, type_name: str, reason: str) -> None:
        self.open_lists.setdefault(type_name, reason)

    def _blocks(self, resource: Resource, name: str) -> Any:
        """Return a list of a resource, or a mark if it is not known as a list."""
        expressions = self._configuration.expressions(resource.place.module, resource.place.resource)
        return self._read(resource.values, expressions, f"{name}[]", resource)

    def _expanded(self, entry: Entry) -> Iterator[Entry]:
        """Yield an entry, one for each range of a rule of a security group: AWS makes a rule of each."""
        if not any(one.name == "CA10__sourceIpRange__c" for one in entry.mapped.fields):
            yield entry
            return
        values = entry.values
        several = [name for name in (*_RANGES, *_GROUPS) if name in values]
        if not several:
            yield entry
            return
        if unknown := mark_in([values.get(name) for name in (*several, "self")]):
            self._open(entry.mapped.name, f"{entry.resource.address} has ranges or groups, of which one {unknown.reason}")
            return
        single = {name: value for name, value in values.items() if name not in several}
        ends: list[dict[str, Any]] = [{name: [one]} for name in several for one in values[name] or ()]
        own = None if entry.is_block else self._expressions(entry.resource)
        of_group = self._read(values, own, "source_security_group_id", entry.resource)
        of_group = None if of_group is ABSENT else of_group
        if isinstance(of_group, Mark):
            ends.append({"source_security_group_id": of_group})
        elif of_group or values.get("self"):
            ends.append({"source_security_group_id": of_group or "self"})
        single.pop("source_security_group_id", None)
        for place, end in enumerate(ends):
            yield Entry(entry.mapped, entry.resource, entry.source, single | end, f"{entry.part}/{place}")

    def _identity(self, entry: Entry) -> str:
        template = entry.mapped.identity
        known = self._filled(template, entry) if template and not entry.part else None
        if not entry.part and not entry.mapped.owner and (not template or template.startswith("arn:")):
            known = known_text(entry.values, "arn") or known  # what exists has the ARN that AWS says
        return known or f"terraform:{self._scope}/{entry.resource.address}{entry.part}"

    def _filled(self, template: str, entry: Entry, value: str = "") -> str | None:
        """Return a template filled with facts and attributes, None if one of them is not known."""
        facts = self.providers.facts(entry.resource)
        domain = "amazonaws.com.cn" if facts.partition == "aws-cn" else "amazonaws.com"
        known = {
            "account": facts.account,
            "region": facts.region,
            "partition": facts.partition,
            "domain": domain,
            "value": value,
        }
        parts = []
        for number, part in enumerate(template.split("{")):
            if not number:
                parts.append(part)
                continue
            name, _, rest = part.partition("}")
            text = known[name] if name in known else known_text(entry.values, name)
            if not text:
                return None
            parts += [text, rest]
        return "".join(parts)

    # Joins

    def _join(self, mapped: MappedType, join: Join) -> None:
        owners = [entry for entry in self.entries[mapped.name] if not entry.part]
        for resource in self._resources.get(join.resource, ()):
            placed = self._owner_of(resource, join.by, mapped.resources)
            if placed is None:
                for owner in owners:
                    owner.open_joins.setdefault(
                        join.resource, f"{resource.address} may set it, and its `{join.by}` is not known"
                    )
            elif isinstance(placed, list):
                for owner in placed:
                    owner.joined.setdefault(join.resource, []).append(resource)

    def _owner_of(self, resource: Resource, by: str, types: Sequence[str]) -> list[Entry] | str | None:
        """Return the objects that an attribute of a resource names, a text for one outside of the plan, None if not known."""
        values = resource.former if resource.is_deleted or resource.is_forgotten else resource.values
        value = values.get(by)
        if isinstance(value, str) and value:
            named = [entry for one in types for entry in self._named.get((one, value), ())]
            if len(named) == 1:
                return named
            unnamed = any(_may_be_named(entry, value) for one in types for entry in self._owners.get(one, ()))
            target = self._target(resource, by)
            if target is not None and target.resource.type in types:
                return [target]
            return None if named or unnamed else value
        target = self._target(resource, by)
        if target is not None:
            return [target] if target.resource.type in types else target.identity
        return None

    def _target(self, resource: Resource, path: str) -> Entry | None:
        """Return the planned object that an attribute refers to."""
        expressions = self._configuration.expressions(resource.place.module, resource.place.resource)
        target = self._configuration.target(resource.place, expression_at(expressions, steps_of(path)))
        named = self._by_place.get(target.place) if target else None
        return self._of_resource.get(id(named)) if named is not None else None

    # Fields

    def _fields(self, entry: Entry) -> PartialObject:
        facts = self.providers.facts(entry.resource)
        prefix = entry.mapped.name.partition("__")[0]
        fields: dict[str, Any] = {"Id": entry.identity, f"{prefix}__disappearanceTime__c": None}
        reasons: dict[str, str] = {}
        for name, value, reason in (("account", facts.account, NO_ACCOUNT), ("regionName", facts.region, NO_REGION)):
            if value:
                fields[f"{prefix}__{name}__c"] = value
            else:
                reasons[f"{prefix}__{name}__c"] = reason
        for single in entry.mapped.fields:
            try:
                fields[single.name] = self._field(entry, single)
            except UnknownValue as error:
                reasons[single.name] = str(error)
                continue
            if fields[single.name] is None and any(one.refers for one in single.sources):
                fields[f"{single.name.removesuffix('__c')}__r"] = None
        return PartialObject(fields, reasons)

    def _field(self, entry: Entry, single: MappedField) -> Any:
        """Return the value of a field. Raises UnknownValue with the reason if it is not known."""
        if single.unknown and not single.sources:
            raise UnknownValue(single.unknown)
        if single.has_constant and not any(one.resource == entry.source for one in single.sources):
            return single.constant
        attached = False
        null_at = ""
        for source in single.sources:
            for values, expressions, resource in self._read_from(entry, single, source):
                is_own = source.resource == entry.source
                attached = attached or not is_own
                value = self._value(entry, source, values, expressions, resource)
                if value is ABSENT:
                    continue
                if value is NULL:
                    null_at = null_at or f"`{source.path}` of {resource.address}"
                    if single.default is not None and single.default.value is None and is_own:
                        return None
                    continue
                return value
        if entry.is_new and not attached and single.default is not None:
            return self._default(entry, single.default)
        if null_at:
            raise UnknownValue(f"is not known: {null_at} is null")
        raise UnknownValue(self._absent_reason(entry, single))

    def _default(self, entry: Entry, default: Default) -> Any:
        """Return a default, with the account in place. Raises UnknownValue if an attribute takes it from somewhere else."""
        for name in entry.mapped.defaults_unless:
            value = self._read(entry.values, self._expressions(entry.resource), name, entry.resource)
            if value is not ABSENT and value not in (None, "", [], {}):
                raise UnknownValue(f"is not known: `{name}` of {entry.resource.address} decides it")
        if isinstance(default.value, str) and "{account}" in default.value:
            facts = self.providers.facts(entry.resource)
            filled = default.value.replace("{account}", facts.account or "(account)")
            return filled.replace("{partition}", facts.partition or "aws")
        return default.value

    def _absent_reason(self, entry: Entry, single: MappedField) -> str:
        if single.unknown:
            return single.unknown
        if not single.sources:
            return "is not known: no attribute of the resource has it"
        named = next((one for one in single.sources if one.resource == entry.source), single.sources[0])
        if entry.is_new:
            return f"is not known: nothing configures `{named.path}` of {named.resource}, and its default is not known"
        return f"is not known: nothing in this plan sets `{named.path}` of {named.resource}, and the object exists already"

    def _read_from(
        self, entry: Entry, single: MappedField, source: SourcePath
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None, Resource]]:
        """Yield the values that a source of a field has on an object. Raises UnknownValue if another may count, too."""
        if source.resource == entry.source:
            own = None if entry.is_block else self._expressions(entry.resource)
            yield entry.values, own, entry.resource
            return
        join = entry.mapped.joins.get(source.resource)
        if join is None:
            return
        joined = entry.joined.get(source.resource, [])
        stay = [one for one in joined if not one.is_deleted and not one.is_forgotten]
        gone = [one for one in joined if one.is_deleted]
        if not stay and source.resource in entry.open_joins:
            raise UnknownValue(f"is not known: {entry.open_joins[source.resource]}")
        if not joined and self.partial:
            raise UnknownValue(f"is not known: {self.partial}")
        if forgotten := next((one for one in joined if one.is_forgotten), None):
            raise UnknownValue(f"is not known: this plan forgets {forgotten.address}, which stays as it is")
        if len(stay) > 1 or (stay and gone and not entry.is_new):
            several = " and ".join(one.address for one in (*stay, *gone)[:2])
            raise UnknownValue(f"is not known: {several} both set it")
        if gone and not entry.is_new:
            if single.name in join.deleted:
                yield {_WHOLE: join.deleted[single.name]}, None, gone[0]
                return
            raise UnknownValue(f"is not known: this plan deletes {gone[0].address}")
        for one in stay:
            yield one.values, self._expressions(one), one

    def _expressions(self, resource: Resource) -> Mapping[str, Any] | None:
        return self._configuration.expressions(resource.place.module, resource.place.resource)

    def _value(
        self,
        entry: Entry,
        source: SourcePath,
        values: Mapping[str, Any],
        expressions: Mapping[str, Any] | None,
        resource: Resource,
    ) -> Any:
        """Return the converted value of a source, ABSENT if it is not configured. Raises UnknownValue with the reason."""
        if _WHOLE in values:
            return values[_WHOLE]
        if source.refers:
            return self._referred(entry, source, values, resource)
        where = f"`{source.path}` of {resource.address}" if source.path != _WHOLE else resource.address
        try:
            return self._converted(entry, source, values, expressions, resource)
        except UnknownValue as error:
            raise UnknownValue(f"is not known: {where} {error}") from None
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            raise UnknownValue(f"is not known: {where} has a form that is not read") from None

    def _converted(
        self,
        entry: Entry,
        source: SourcePath,
        values: Mapping[str, Any],
        expressions: Mapping[str, Any] | None,
        resource: Resource,
    ) -> Any:
        if source.path == _WHOLE:
            value: Any = values
        else:
            value = self._read(values, expressions, source.path, resource)
        if value is ABSENT:
            if source.absent is not None and resource.is_created:
                return source.absent.value
            if source.form in TAKE_NULL and not resource.is_created:
                value = None
            else:
                return ABSENT
        if source.form in DOCUMENT_FORMS:
            planned = self._documents.document(resource, source.path, value)
            account = self.providers.facts(entry.resource).account
            return NULL if planned is None else DOCUMENT_FORMS[source.form](planned, account)
        if (mark := mark_in(value)) is not None and (source.form not in TAKE_MARKS or isinstance(value, Mark)):
            raise UnknownValue(mark.reason)
        if value is None and source.form not in TAKE_NULL:
            return NULL
        if source.form.startswith("template:"):
            filled = self._filled(source.form.removeprefix("template:"), entry, str(value))
            if filled is None:
                raise UnknownValue("does not suffice: the account, the region or a part of the name is not known")
            return filled
        return FORMS[source.form](value)

    def _referred(self, entry: Entry, source: SourcePath, values: Mapping[str, Any], resource: Resource) -> Any:
        """Return the Id of the object that an attribute names. Raises UnknownValue if that is not known."""
        if entry.is_block and source.path == _OWNER:
            owner = self._of_resource.get(id(resource))
            if owner is not None:
                return owner.identity
        value = self._read(values, self._expressions(resource), source.path, resource)
        if value is ABSENT or value is None or value == "":
            return ABSENT if value is ABSENT else NULL
        where = f"`{source.path}` of {resource.address}"
        if isinstance(value, str):
            named = [one for name in source.refers for one in self._named.get((name, value), ())]
            if len(named) == 1:
                return named[0].identity
        target = None if entry.is_block else self._target(resource, source.path)
        if target is not None and target.resource.type in source.refers:
            return target.identity
        if isinstance(value, Mark):
            raise UnknownValue(f"is not known: {where} {value.reason}")
        may_be = any(_may_be_named(one, str(value)) for name in source.refers for one in self._owners.get(name, ()))
        if may_be:
            raise UnknownValue(f"is not known: {where} names what may be in this plan, under a name that is known after apply")
        raise UnknownValue(f"is not known: {where} names {excerpt(str(value), 80)}, which {_OUTSIDE}")

    def _read(self, values: Mapping[str, Any], expressions: Mapping[str, Any] | None, path: str, resource: Resource) -> Any:
        """Return the value at a path with its marks; ABSENT if nothing configures it and the resource is new."""
        steps, is_new = steps_of(path), resource.is_created
        is_attribute = f"{resource.type}.{steps[0][0]}" in self._map.attribute_blocks
        value: Any = values
        expression: Any = expressions
        for depth, (name, kind) in enumerate(steps):
            if isinstance(value, Mark):
                return value
            if not isinstance(value, dict) or name not in value:
                return ABSENT if is_new or value is values else None
            value = value[name]
            is_named = isinstance(expression, dict) and name in expression
            has_configuration = expressions is not None and (depth == 0 or isinstance(expression, dict))
            is_named = is_named or (depth > 0 and _is_value(expression))
            expression = expression[name] if isinstance(expression, dict) and name in expression else None
            if isinstance(value, Mark):
                if value is not LATER or is_named or not has_configuration or not is_new:
                    return value
                if kind and self._may_be_dynamic and not is_attribute:
                    return Mark("is known after apply: no block is configured, but a dynamic block would look the same")
                return ABSENT
            if value is None or (kind and value == []):
                return ABSENT if is_new else None
            if not kind:
                continue
            if not isinstance(value, list):
                return Mark("has a form that is not read")
            if (mark := mark_in(value)) is not None and expressions is not None and not _is_named_in_full(expression, value):
                return (
                    mark if mark is not LATER else Mark("is known after apply: a dynamic block may become any number of blocks")
                )
            if kind == "[0]":
                if len(value) != 1:
                    return Mark("holds several blocks where one is expected")
                value = value[0]
                if isinstance(expression, list):
                    expression = expression[0] if len(expression) == 1 else None
        return value

    # Lists

    def _list(
        self, owners: list[tuple[Entry, PartialObject]], one: MappedList, children: list[tuple[Entry, PartialObject]]
    ) -> set[int]:
        """State a child list in the new objects whose children are all known. Return the children that are listed."""
        if self._document.is_state or self.partial:
            return set()
        if any(name in self._document.types for name in one.opened_by):
            self._open(one.type_name, "a resource of this plan may add to it")
        for entry, fields in children:
            if one.key not in fields and _OUTSIDE not in fields.reasons.get(one.key, ""):
                self._open(one.type_name, f"{entry.resource.address} may belong to it")
        if one.type_name in self.open_lists:
            return set()
        by_owner: dict[str, list[PartialObject]] = {}
        for _, fields in children:
            if isinstance(key := fields.get(one.key), str):
                by_owner.setdefault(key, []).append(fields)
        listed: set[int] = set()
        for entry, fields in owners:
            if entry.is_new and not entry.part:
                given = [
                    PartialObject(
                        {"Id": f"{entry.identity}{added['Id']}", one.key: entry.identity}
                        | {name: value for name, value in added.items() if name != "Id"},
                        {},
                    )
                    for added in one.adds
                ]
                fields[one.name] = [*by_owner.get(entry.identity, []), *given]
                listed |= {id(child) for child in by_owner.get(entry.identity, [])}
        return listed


_OWNER: Final = "@owner"


def _texts_of(entry: Entry) -> set[str]:
    """Return the texts by which other resources may name an object."""
    names = ("id", "arn", *entry.mapped.names)
    texts = {known_text(values, name) for name in names for values in (entry.values, entry.resource.former)}
    return {one for one in texts if one} | ({entry.identity} if entry.identity.startswith("arn:") else set())


def _may_be_named(entry: Entry, value: str) -> bool:
    """Whether a text may name an object: one whose name is known after apply, or by an ARN, a URL or a version of its name."""
    names = [entry.values.get(name) for name in entry.mapped.names]
    return any(isinstance(name, Mark) for name in names) or not set(_PARTS.split(value)).isdisjoint(filter(_is_text, names))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_value(expression: Any) -> bool:
    """Whether an expression is a value, not a block with an expression for each attribute."""
    return isinstance(expression, dict) and (not expression or not {"references", "constant_value"}.isdisjoint(expression))


def _is_named_in_full(expression: Any, blocks: list[Any]) -> bool:
    """Whether the configuration names each block of a list, or the whole list as one value."""
    if isinstance(expression, list):
        return len(expression) == len(blocks)
    return isinstance(expression, dict)
