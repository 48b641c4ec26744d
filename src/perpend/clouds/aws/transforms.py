"""How values of AWS become values of fields: a closed list of transforms by name, each a function of one value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collect.formats.values import lower_camel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_DOCUMENT: Final = 1 << 18
"""How many characters a policy document may have. AWS takes 100 KB at most, of OpenSearch."""


class NotThere(Exception):
    """An answer in which a value is not known although AWS answered; the text is the reason."""


def _enabled_disabled(value: Any) -> str:
    return "Enabled" if value is True else "Disabled"


def _yes_no(value: Any) -> str:
    return "Yes" if value is True else "No"


def _is_enabled(value: Any) -> bool:
    """Whether something is switched on, by any of the words that AWS has for it."""
    return str(value).upper() in ("ENABLED", "ON", "TRUE")


def _time(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _policy_kind(value: Any) -> str:
    return "AWS managed" if str(value).split(":")[4:5] == ["aws"] else "Customer managed"


def json_text(value: Any) -> str:
    """Return a value as JSON text without blanks, keys in their order; a text is one already."""
    if isinstance(value, str):
        return value
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), default=lambda one: _time(one) if isinstance(one, datetime) else str(one)
    )


def json_document(value: Any) -> str:
    """Return a policy document as JSON text. Raises NotThere where it is none, or longer than any that AWS takes."""
    found = json_text(value)
    if len(found) > LONGEST_DOCUMENT:
        raise NotThere(f"the policy document has more than {LONGEST_DOCUMENT:,} characters, more than AWS takes")
    try:
        if not isinstance(json.loads(found), dict):
            raise NotThere("the policy document is no JSON object")
    except (ValueError, RecursionError):
        raise NotThere("the policy document is not valid JSON") from None
    return found


def _default_document(value: Any) -> str:
    found = [one.get("Document") for one in value if one.get("IsDefaultVersion")]
    if len(found) != 1 or not found[0]:
        raise NotThere("the answer has no default version")
    return json_document(found[0])


def _lower_camel_json(value: Any) -> str | None:
    return json_text(lower_camel(value)) if value else None


def _lifecycle_rules(value: Any) -> str | None:
    """Rules of a bucket, whose one key of capitals alone (``ID``) is written as others are."""
    rules = lower_camel(value)
    return json_text([{("id" if key == "iD" else key): held for key, held in one.items()} for one in rules]) if rules else None


def _basic_selectors(value: Any) -> str:
    if not value:
        raise NotThere("the trail has advanced event selectors, which stand in CA10__advancedEventSelectorsJson__c")
    return json_text(lower_camel(value))


def _versioning(value: Any) -> str:
    return str(value) if value else "Off"


def _lines(value: Any) -> str | None:
    return "\n".join(str(one) for one in value) or None


def _log_level(value: Any) -> str | None:
    """The level of all methods of a stage. Those of single methods are not seen."""
    found = value.get("*/*", {}).get("loggingLevel") if isinstance(value, dict) else value
    return None if found in (None, "OFF") else str(found)


def _mfa_kind(value: Any) -> str | None:
    if not value:
        return None
    serials = [str(one.get("SerialNumber")) for one in value]
    return "Virtual" if any(":mfa/" in one for one in serials) else "Hardware"


def _confirmed(value: Any) -> bool:
    """Whether a subscription has an ARN: until it is confirmed, a word stands there instead."""
    return str(value).startswith("arn:")


def _is_queue_encrypted(value: Any) -> bool:
    return bool(value.get("KmsMasterKeyId")) or value.get("SqsManagedSseEnabled") == "true"


TRANSFORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "enabled_disabled": _enabled_disabled,
    "yes_no": _yes_no,
    "is_enabled": _is_enabled,
    "time": _time,
    "policy_kind": _policy_kind,
    "json_text": json_text,
    "json_document": json_document,
    "default_document": _default_document,
    "lower_camel_json": _lower_camel_json,
    "lifecycle_rules": _lifecycle_rules,
    "basic_selectors": _basic_selectors,
    "versioning": _versioning,
    "lines": _lines,
    "log_level": _log_level,
    "mfa_kind": _mfa_kind,
    "confirmed": _confirmed,
    "is_queue_encrypted": _is_queue_encrypted,
}
"""The transforms by name. None of them is given null."""

TAKE_MISSING: Final = frozenset(("basic_selectors", "versioning", "is_enabled"))
"""Those that say something of a member that is missing, too: they are given null for it."""
