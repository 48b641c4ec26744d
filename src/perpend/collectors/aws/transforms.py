"""Transform values of AWS into values of fields. Tables refer to these functions by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.filter_pattern import terms_counted
from perpend.collectors.aws.values import VALUES
from perpend.collectors.items import ABOVE, NotThere
from perpend.core.clouds.registry import is_of_provider
from perpend.core.iam.surroundings import NO_ORGANIZATION
from perpend.inventory.readers.tools.values import lower_camel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_DOCUMENT: Final = 1 << 18
"""The maximum length of a policy document in characters. The longest that AWS accepts, for OpenSearch, has 100 KB."""

_HOW: Final = "ApplyServerSideEncryptionByDefault"


def _enabled_disabled(value: Any) -> str:
    return "Enabled" if value is True else "Disabled"


def _yes_no(value: Any) -> str:
    return "Yes" if value is True else "No"


def _is_enabled(value: Any) -> bool:
    """Whether a value is one of AWS's words for enabled."""
    return str(value).upper() in ("ENABLED", "ON", "TRUE")


def _is_one(value: Any) -> bool:
    return bool(value == 1)


def _time(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _policy_kind(value: Any) -> str:
    return "AWS managed" if is_of_provider(str(value)) else "Customer managed"


def json_text(value: Any) -> str:
    """Return a value as JSON without blanks, with keys in their order. A text is returned unchanged."""
    if isinstance(value, str):
        return value
    return json.dumps(
        value,
        ensure_ascii=False,
        separators=(",", ":"),
        default=lambda one: _time(one) if isinstance(one, datetime) else str(one),
    )


def json_document(value: Any) -> str:
    """Return a policy document as JSON. Raises NotThere if it is malformed, or longer than AWS accepts."""
    text = json_text(value)
    if len(text) > LONGEST_DOCUMENT:
        raise NotThere(f"the policy document has more than {LONGEST_DOCUMENT:,} characters, more than AWS takes")
    try:
        if not isinstance(json.loads(text), dict):
            raise NotThere("the policy document is no JSON object")
    except (ValueError, RecursionError):
        raise NotThere("the policy document is not valid JSON") from None
    return text


def _default_document(value: Any) -> str:
    defaults = [version.get("Document") for version in value if version.get("IsDefaultVersion")]
    if len(defaults) != 1 or not defaults[0]:
        raise NotThere("the answer has no default version")
    return json_document(defaults[0])


def _lower_camel_json(value: Any) -> str | None:
    return json_text(lower_camel(value)) if value else None


def _basic_selectors(value: Any) -> str:
    if not value:
        raise NotThere("the trail has advanced event selectors, which stand in CA10__advancedEventSelectorsJson__c")
    return json_text(lower_camel(value))


def _versioning(value: Any) -> str:
    return str(value) if value else "Off"


def _lines(value: Any) -> str | None:
    return "\n".join(str(one) for one in value) or None


def _log_level(settings: Any) -> str | None:
    """Return the log level of all methods of a stage, None if one method has logging off."""
    level = settings.get("*/*", {}).get("loggingLevel")
    levels = {one.get("loggingLevel") for one in settings.values()}
    return None if level is None or "OFF" in levels else str(level)


def _route_log_level(stage: Any) -> str | None:
    """Return the log level of all routes of a stage, None if one route has logging off."""
    level = stage.get("DefaultRouteSettings", {}).get("LoggingLevel")
    levels = {level, *(one.get("LoggingLevel") for one in stage.get("RouteSettings", {}).values())}
    return None if level is None or "OFF" in levels else str(level)


def _mfa_kind(value: Any) -> str | None:
    """Return the kind of a user's MFA device, None for none.

    For the root user it comes from the account summary and the list of virtual devices.
    """
    serials = [str(one.get("SerialNumber")) for one in value["MFADevices"]]
    item = value[ABOVE]
    if item["root"]:
        summary, devices = item.get("iam.summary"), item.get("iam.virtual-mfa")
        if summary is None or devices is None or "AccountMFAEnabled" not in summary.get("SummaryMap", {}):
            raise NotThere(
                "it takes iam:GetAccountSummary and iam:ListVirtualMFADevices to know which device the root user has"
            )
        if not summary["SummaryMap"]["AccountMFAEnabled"]:
            return None
        owners = [one.get("User", {}).get("Arn") for one in devices.get("VirtualMFADevices", ())]
        if any(str(owner).endswith(":root") for owner in owners):
            return "Virtual"
        if None in owners:
            raise NotThere("AWS does not say whose virtual MFA device one is, so it may be the root user's")
        return "Hardware"
    if not serials:
        return None
    return "Virtual" if any(":mfa/" in one for one in serials) else "Hardware"


def _root_mfa_kind(value: Any) -> str | None:
    """Return the kind of the root user's MFA device, None for none."""
    known = {"root": True, "iam.virtual-mfa": value, "iam.summary": value[ABOVE].get("iam.summary")}
    return _mfa_kind({"MFADevices": (), ABOVE: known})


def _mfa_state(value: Any) -> str:
    """Return a constant if it is known whether the user has a device. Raises NotThere otherwise."""
    _mfa_kind(value)
    return "Known"


def _seconds_after_user(value: Any) -> float:
    """Return how many seconds after its user an access key was created."""
    made, began = value.get("CreateDate"), value[ABOVE].get("CreateDate")
    if not isinstance(made, datetime) or not isinstance(began, datetime):
        raise NotThere("it takes iam:ListAccessKeys and iam:GetAccountAuthorizationDetails to know when key and user were made")
    return (made - began).total_seconds()


def _report_lines(value: Any) -> str:
    return "\n".join(f"{name}: {member}" for name, member in json.loads(value).items())


def _report_password_last_used(value: Any) -> str | None:
    last_used = json.loads(value).get("password_last_used")
    if last_used in ("N/A", "no_information"):
        return None
    try:
        return _time(last_used)
    except ValueError:
        raise NotThere("the report does not say when the password was last used") from None


def _unescaped(value: Any) -> str:
    """Return the text of a JSON string without its quotes. API Gateway returns documents in this form."""
    try:
        return str(json.loads(f'"{value}"')) if "\\" in str(value) else str(value)
    except ValueError:
        return str(value)


def _encryption_algorithm(value: Any) -> str | None:
    return next((one[_HOW]["SSEAlgorithm"] for one in value if _HOW in one), None)


def _bucket_key(value: Any) -> bool:
    return any(one.get("BucketKeyEnabled") is True for one in value)


def _object_ownership(value: Any) -> str | None:
    return next((one.get("ObjectOwnership") for one in value), None)


def _first_arn(value: Any) -> str | None:
    return next((one.get("Arn") for one in value), None)


def _topic_arn(value: Any) -> str | None:
    return str(value) if str(value).split(":")[2:3] == ["sns"] else None


def _organization(value: Any) -> str | None:
    return None if value == NO_ORGANIZATION else str(value)


def _confirmed(value: Any) -> bool:
    """Whether a subscription has an ARN. Before it is confirmed, AWS returns a word instead."""
    return str(value).startswith("arn:")


def _the_one(value: Any) -> Any:
    if len(value) != 1:
        raise NotThere(f"the answer has {len(value)} entries for one object")
    return value[0]


def _is_queue_encrypted(value: Any) -> bool:
    return bool(value.get("KmsMasterKeyId")) or value.get("SqsManagedSseEnabled") == "true"


TRANSFORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "enabled_disabled": _enabled_disabled,
    "yes_no": _yes_no,
    "is_enabled": _is_enabled,
    "is_one": _is_one,
    "time": _time,
    "policy_kind": _policy_kind,
    "json_text": json_text,
    "json_document": json_document,
    "default_document": _default_document,
    "lower_camel_json": _lower_camel_json,
    "basic_selectors": _basic_selectors,
    "versioning": _versioning,
    "lines": _lines,
    "log_level": _log_level,
    "route_log_level": _route_log_level,
    "mfa_kind": _mfa_kind,
    "root_mfa_kind": _root_mfa_kind,
    "mfa_state": _mfa_state,
    "seconds_after_user": _seconds_after_user,
    "report_lines": _report_lines,
    "report_password_last_used": _report_password_last_used,
    "unescaped": _unescaped,
    "encryption_algorithm": _encryption_algorithm,
    "bucket_key": _bucket_key,
    "object_ownership": _object_ownership,
    "first_arn": _first_arn,
    "topic_arn": _topic_arn,
    "organization": _organization,
    "confirmed": _confirmed,
    "terms_counted": terms_counted,
    "is_queue_encrypted": _is_queue_encrypted,
    "the_one": _the_one,
    **VALUES,
}
"""The transforms by name. They never get null, except those in ``TAKE_MISSING``."""

TAKE_MISSING: Final = frozenset(("basic_selectors", "versioning", "is_enabled", "is_there", "tags"))
"""The transforms that also take a missing member, as null."""
