"""How values of AWS become values of fields: a closed list of transforms by name, each a function of one value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.clouds.aws.outcomes import NotThere
from perpend.clouds.aws.values import VALUES
from perpend.collect.formats.values import lower_camel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _enabled_disabled(value: Any) -> str:
    return "Enabled" if value is True else "Disabled"


def _time(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _policy_kind(value: Any) -> str:
    return "AWS managed" if str(value).split(":")[4:5] == ["aws"] else "Customer managed"


def _json_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _default_document(value: Any) -> str:
    found = [one.get("Document") for one in value if one.get("IsDefaultVersion")]
    if len(found) != 1 or not found[0]:
        raise NotThere("the answer has no default version")
    return _json_text(found[0])


def _lower_camel_json(value: Any) -> str | None:
    return _json_text(lower_camel(value)) if value else None


def _basic_selectors(value: Any) -> str:
    if not value:
        raise NotThere("the trail has advanced event selectors, which stand in CA10__advancedEventSelectorsJson__c")
    return _json_text(lower_camel(value))


TRANSFORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "enabled_disabled": _enabled_disabled,
    "time": _time,
    "policy_kind": _policy_kind,
    "json_text": _json_text,
    "default_document": _default_document,
    "lower_camel_json": _lower_camel_json,
    "basic_selectors": _basic_selectors,
    **VALUES,
}
"""The transforms by name. None of them is given null."""

TAKE_MISSING: Final = frozenset(("basic_selectors", "is_there"))
"""Those that say something of a member that is missing, too: they are given null for it."""
