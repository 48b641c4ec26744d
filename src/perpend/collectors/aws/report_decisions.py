"""Decide from the credential report what else would take a call for each user or key; None if the report leaves it in doubt.

A report may be four hours old. Whatever it decides takes its time of observation.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import REPORT
from perpend.collectors.items import ABOVE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SLOTS: Final = (1, 2)
_NONE: Final = "N/A"
_SAYS_NOTHING: Final = frozenset((_NONE, "not_supported", "no_information"))


def _login(user: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return that a user has no password. The report does not have the date of a password."""
    return {"LoginProfile": {}} if _row(user).get("password_enabled") == "false" else None


def _mfa(user: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a user's MFA devices, if the report and the list of virtual devices agree. A hardware device takes a call."""
    listed = user.get("iam.virtual-mfa", {}).get("VirtualMFADevices")
    owners = [device.get("User", {}).get("Arn") for device in listed or ()]
    if listed is None or None in owners:
        return None
    mine = [device for device, owner in zip(listed, owners, strict=True) if owner == user["arn"]]
    active = _row(user).get("mfa_active")
    decides = active == "true" if mine else active == "false"
    return {"MFADevices": [{"SerialNumber": device.get("SerialNumber")} for device in mine]} if decides else None


def _keys(user: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return that a user has no access key. The report does not have the Ids of keys."""
    row = _row_of_listed(user)
    if row is None or any((row.get(f"access_key_{slot}_active"), _rotated(row, slot)) != ("false", _NONE) for slot in _SLOTS):
        return None
    return {"AccessKeyMetadata": []}


def _key_used(key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return when an access key was used. The key is the one in the report that was made at its time and has its status."""
    row = _row_of_listed(key[ABOVE])
    if row is None:
        return None
    active = "true" if key.get("Status") == "Active" else "false"
    used = {
        (row.get(f"access_key_{slot}_last_used_date"), row.get(f"access_key_{slot}_last_used_service"))
        for slot in _SLOTS
        if row.get(f"access_key_{slot}_active") == active and _is_time(_rotated(row, slot), key.get("CreateDate"))
    }
    if len(used) != 1:
        return None
    [(date, service)] = used
    if date == _NONE and service in _SAYS_NOTHING:
        return {"AccessKeyLastUsed": {"ServiceName": _NONE}}
    if service and service not in _SAYS_NOTHING and _time(date) is not None:
        return {"AccessKeyLastUsed": {"ServiceName": service, "LastUsedDate": date}}
    return None


def _row(user: Mapping[str, Any]) -> Mapping[str, str]:
    """Return a user's row of the report. Reports spell truth values in either case."""
    row: dict[str, Any] = json.loads(user["row"])
    return {name: text.lower() if (text := str(value)).lower() in ("true", "false") else text for name, value in row.items()}


def _row_of_listed(user: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return the row of a listed user, None if it is not of the same user or if the user has more keys than a row holds."""
    if REPORT not in user:
        return None
    row = _row(user[REPORT])
    is_same = _is_time(row.get("user_creation_time"), user.get("CreateDate"))
    return row if is_same and row.get("additional_credentials_info", _NONE) in (_NONE, "") else None


def _rotated(row: Mapping[str, str], slot: int) -> str | None:
    return row.get(f"access_key_{slot}_last_rotated")


def _is_time(text: str | None, moment: Any) -> bool:
    """Whether a text of the report, which has no fractions of seconds, is a time."""
    return isinstance(moment, datetime) and _time(text) == moment.replace(microsecond=0)


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


DECISIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any] | None]]] = {
    "iam.login": _login,
    "iam.mfa": _mfa,
    "iam.keys": _keys,
    "iam.key-used": _key_used,
}
"""The decisions by the name of the call that they make needless. Each returns what the call would answer."""
