"""Read the document that ``show -json`` writes of a plan or a state: its resources, one by one, and its configuration.

Only attributes that the map names are kept. Source: Terraform's documentation, "JSON Output Format", versions 0.1 to 1.2.
"""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.values.values import date_time_from_text
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.json_text import JsonText, described
from perpend.inventory.readers.terraform.configuration import Place, module_path
from perpend.inventory.readers.terraform.refusals import ERRORED, NO_VERSION, REDACTED, STATE_FILE
from perpend.inventory.readers.terraform.values import marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.inventory.readers.files import InputText
    from perpend.inventory.readers.terraform.configuration import Path

_PLANS: Final = ("resource_changes",)
_CREATE, _DELETE, _FORGET, _READ, _UPDATE = "create", "delete", "forget", "read", "update"
_DEEPEST: Final = 32
_READ_BEFORE: Final = ("aws_caller_identity", "aws_region")


@dataclass(slots=True, eq=False)
class Resource:
    """An instance of a resource: planned, or of a state.

    ``values`` are the attributes that are read, with marks; ``former`` those that hold before. ``named_before`` are texts that
    it is known by already.
    """

    address: str
    place: Place
    type: str
    provider: str
    actions: frozenset[str]
    values: Mapping[str, Any]
    former: Mapping[str, Any]
    position: int

    @property
    def is_created(self) -> bool:
        """Whether the plan creates it, also in place of another."""
        return _CREATE in self.actions

    @property
    def is_deleted(self) -> bool:
        """Whether it is gone after the plan."""
        return _DELETE in self.actions and _CREATE not in self.actions

    @property
    def is_forgotten(self) -> bool:
        """Whether it stays, outside of this configuration."""
        return _FORGET in self.actions and _CREATE not in self.actions

    @property
    def is_changed(self) -> bool:
        """Whether the plan creates, updates or replaces it."""
        return bool(self.actions & {_CREATE, _UPDATE})


@dataclass(slots=True)
class Document:
    """A plan or a state.

    ``data`` are data sources that are read during apply. ``read`` are attributes of data sources that were read before.
    ``partial`` is the reason if the plan does not cover all of its configuration. ``relevant`` are the attributes that values
    of the plan rest on, None if the plan does not say. ``types`` are all resource types, ``mentioned`` all resources by the
    instance of their module. ``is_complete``: the plan says that it covers all of its configuration.
    """

    is_state: bool = False
    resources: list[Resource] = field(default_factory=list)
    data: list[Resource] = field(default_factory=list)
    read: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    relevant: list[tuple[str, str]] | None = None
    partial: str = ""
    timestamp: datetime | None = None
    types: set[str] = field(default_factory=set)
    mentioned: set[tuple[Path, str]] = field(default_factory=set)
    is_complete: bool = False


def read_document(text: InputText, attributes: Mapping[str, frozenset[str]], document: Document) -> Iterator[None]:
    """Read a text into a document, one resource a step. Raises UnusableContent if the text is something else of Terraform."""
    members: dict[str, Any] = {}
    json_text = JsonText(text.pieces())
    position = 0
    for name, value in json_text.members(_PLANS):
        if name in ("plan_format_version",):
            raise UnusableContent(REDACTED)
        if name in ("planned_values", "prior_state", "resource_drift", "checks", "output_changes"):
            if name == "prior_state":
                document.read += _read_before(value)
            members[name] = None
            continue
        if name == "format_version":
            _check_version(value)
        if name not in _PLANS or value is not None:
            members[name] = value
            continue
        members[name] = None
        if not json_text.is_array:
            continue
        for _, change in json_text.elements():
            position += 1
            _add_change(document, change, position, attributes)
            yield
    json_text.end()
    _finish(document, members, attributes, position)


def _check_version(value: Any) -> None:
    major = value.partition(".")[0] if isinstance(value, str) else ""
    if not major.isdigit():
        raise UnusableContent(
            f"`format_version` is {described(value) if not isinstance(value, str) else excerpt(value)}, which is no version"
        )
    if int(major) > 1:
        raise UnusableContent(
            f"a plan or state of format {excerpt(value, 20)}: formats 0 and 1 are read; write it with a version of Terraform "
            "or OpenTofu that has these"
        )


def _finish(document: Document, members: Mapping[str, Any], attributes: Mapping[str, frozenset[str]], position: int) -> None:
    if "format_version" not in members:
        if "version" in members and {"lineage", "serial"} & members.keys():
            raise UnusableContent(STATE_FILE)
        raise UnusableContent(NO_VERSION)
    if members.get("errored") is True:
        raise UnusableContent(ERRORED)
    document.is_state = "resource_changes" not in members and "configuration" not in members and "planned_values" not in members
    if document.is_state:
        values = _object(members.get("values"))
        for place, one in enumerate(_state_resources(_object(values.get("root_module")), 0), position + 1):
            _add_state(document, one, place, attributes)
        return
    document.configuration = _object(members.get("configuration"))
    document.variables = _object(members.get("variables"))
    listed = members.get("relevant_attributes")
    if isinstance(listed, list):
        document.relevant = [_relevant(one) for one in listed if isinstance(one, dict)]
    document.is_complete = members.get("complete") is True
    if members.get("complete") is False:
        document.partial = "this plan covers only a part of its configuration: it was made with -target, or parts are deferred"
    if members.get("deferred_changes"):
        document.partial = "this plan defers changes to a later one"
    instant = date_time_from_text(members["timestamp"]) if isinstance(members.get("timestamp"), str) else None
    if instant is not None:
        document.timestamp = datetime.fromtimestamp(instant / 1000, UTC)


def _relevant(stated: Mapping[str, Any]) -> tuple[str, str]:
    attribute = stated.get("attribute")
    first = attribute[0] if isinstance(attribute, list) and attribute else ""
    return str(stated.get("resource")), first if isinstance(first, str) else ""


def _add_change(document: Document, stated: Any, position: int, attributes: Mapping[str, frozenset[str]]) -> None:
    change = stated.get("change") if isinstance(stated, dict) else None
    if not isinstance(change, dict) or not isinstance(stated.get("address"), str):
        raise UnusableContent(f"resource change {position} has no address, or no change")
    type_name = str(stated.get("type"))
    document.types.add(type_name)
    actions = frozenset(one for one in change.get("actions") or () if isinstance(one, str))
    is_data = stated.get("mode") == "data"
    place = _place(stated, is_data=is_data)
    document.mentioned.add((place.module, place.resource))
    names = attributes.get(type_name)
    if names is None or stated.get("deposed"):
        return
    gone = actions & {_DELETE, _FORGET} and _CREATE not in actions
    former = change.get("before")
    values = {} if gone else _trimmed(names, change.get("after"), change.get("after_unknown"), change.get("after_sensitive"))
    before = _trimmed(names, former, None, change.get("before_sensitive")) if isinstance(former, dict) else {}
    one = Resource(stated["address"], place, type_name, str(stated.get("provider_name", "")), actions, values, before, position)
    if is_data:
        document.data.append(one)
    elif stated.get("mode") == "managed":
        document.resources.append(one)


def _place(stated: Mapping[str, Any], *, is_data: bool) -> Place:
    module: Path = module_path(str(stated.get("module_address", "")))
    prefix = "data." if is_data else ""
    key = stated.get("index")
    return Place(module, f"{prefix}{stated.get('type')}.{stated.get('name')}", key if isinstance(key, str | int) else None)


def _trimmed(names: frozenset[str], after: Any, unknown: Any, sensitive: Any) -> dict[str, Any]:
    """Return the attributes among some that a change states, with marks."""
    values, later, hidden = _object(after), _object(unknown), _object(sensitive)
    if sensitive is True:
        hidden = dict.fromkeys(names, True)
    if unknown is True:
        later = dict.fromkeys(names, True)
    return {
        name: marked(values.get(name), later.get(name), hidden.get(name)) for name in names if name in values or name in later
    }


def _state_resources(module: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    for one in module.get("resources") or ():
        if isinstance(one, dict):
            yield one | {"module_address": module.get("address", "")}
    for child in module.get("child_modules") or ():
        if isinstance(child, dict) and depth < _DEEPEST:
            yield from _state_resources(child, depth + 1)


def _add_state(document: Document, stated: Mapping[str, Any], position: int, attributes: Mapping[str, frozenset[str]]) -> None:
    type_name = str(stated.get("type"))
    document.types.add(type_name)
    if stated.get("mode") == "data":
        document.read += [(type_name, _object(stated.get("values")))]
    names = attributes.get(type_name)
    if names is None or stated.get("mode") != "managed" or not isinstance(stated.get("address"), str):
        return
    values = _trimmed(names, stated.get("values"), None, stated.get("sensitive_values"))
    provider = str(stated.get("provider_name", ""))
    place = _place(stated, is_data=False)
    document.resources.append(
        Resource(stated["address"], place, type_name, provider, frozenset(("no-op",)), values, values, position)
    )


def _read_before(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the data sources about account and region in a prior state."""
    root = _object(_object(_object(value).get("values")).get("root_module"))
    return [
        (str(one["type"]), _object(one.get("values")))
        for one in _state_resources(root, 0)
        if one.get("mode") == "data" and one.get("type") in _READ_BEFORE
    ]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
