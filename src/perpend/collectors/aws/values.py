"""Transform lists, tags, security group rules and metrics into values of fields, by name."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import MEASURED_DAYS
from perpend.collectors.items import NotThere

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALL: Final = "all"
_EVERY_PORT: Final = -1
_PORTLESS: Final = frozenset(("icmp", "icmpv6", "1", "58"))
_PROTOCOLS: Final = {"-1": "All", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_OF_RULES: Final = {"CidrIpv4": "IP", "CidrIpv6": "IP", "ReferencedGroupInfo": "Group", "PrefixListId": "PrefixList"}
_VERSIONS: Final = {"CidrIpv4": "IPv4", "CidrIpv6": "IPv6"}
_TRANSITION: Final = re.compile(r"\(([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) (?:GMT|UTC)\)$")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sorted_lines(value: Any) -> str | None:
    return "\n".join(sorted(map(str, value))) or None


def _first(value: Any) -> Any:
    return value[0] if value else None


def _non_empty(value: Any) -> Any:
    return None if value == "" else value


def _is_there(value: Any) -> bool:
    return value is not None


def _name_tag(value: Any) -> str | None:
    return next((tag.get("Value") for tag in value if tag.get("Key") == "Name"), None)


def _tags(value: Any) -> str:
    """Return tags as a JSON object, from a map or from pairs of key and value; none if the answer leaves them out."""
    return _json(value if isinstance(value, dict) else {one["Key"]: one.get("Value") or "" for one in value or ()})


def _key_values(value: Any) -> str:
    return _json({one["Key"]: one.get("Value") for one in value})


def _attribute_values(value: Any) -> str:
    """Return lists by name, with ``all`` first."""
    values = {one["AttributeName"]: sorted(one.get("AttributeValues", ()), key=lambda who: (who != _ALL, who)) for one in value}
    return _json(values)


def _of_vpc(value: Any) -> str | None:
    return value if str(value).rpartition("/")[2].startswith("vpc-") else None


def _of_instance(value: Any) -> str | None:
    """Return the ARN of an instance, None if it has no id: AWS returns such an ARN for an unused address."""
    return value if str(value).rpartition("/")[2].startswith("i-") else None


def _direction(value: Any) -> str:
    return "Outbound" if value is True else "Inbound"


def _protocol_name(value: Any) -> str:
    return _PROTOCOLS.get(str(value), str(value))


def _port(rule: Mapping[str, Any], name: str) -> int | None:
    """Return a port of a rule: None for all ports, and for ICMP, whose numbers are message types."""
    protocol, port = str(rule.get("IpProtocol")), rule.get(name)
    if protocol in _PORTLESS or port == _EVERY_PORT or (port is None and protocol == str(_EVERY_PORT)):
        return None
    if not isinstance(port, int):
        raise NotThere(f"the answer has no {name}")
    return port


def _rule_source(rule: Mapping[str, Any]) -> str:
    kinds = [kind for name, kind in _OF_RULES.items() if rule.get(name)]
    if not kinds:
        raise NotThere("the rule names no other end")
    return kinds[0]


def _ip_version(rule: Mapping[str, Any]) -> str | None:
    return next((version for name, version in _VERSIONS.items() if rule.get(name)), None)


def _week(metric: Mapping[str, Any]) -> list[float]:
    """Return the daily values of a metric for a week. Raises NotThere if a value is missing or impossible."""
    values, days = metric.get("Values") or [], {str(one)[:10] for one in metric.get("Timestamps") or ()}
    if metric.get("StatusCode") != "Complete":
        raise NotThere("CloudWatch has not told the metric in full")
    if (len(values), len(days)) != (MEASURED_DAYS, MEASURED_DAYS):
        raise NotThere(f"CloudWatch has data of {len(days)} of the last {MEASURED_DAYS} days")
    if not all(isinstance(one, int | float) and 0 <= one < math.inf for one in values):
        raise NotThere("CloudWatch tells a value that the metric cannot have")
    return list(values)


def _week_average(metric: Mapping[str, Any]) -> float:
    return math.fsum(_week(metric)) / MEASURED_DAYS


def _week_megabytes(metric: Mapping[str, Any]) -> float:
    return math.fsum(_week(metric)) / 1_000_000


def _transition_time(value: Any) -> str | None:
    """Return the time when a user changed the state of an instance, from the reason; None without a reason."""
    if not value:
        return None
    match = _TRANSITION.search(str(value))
    try:
        moment = datetime.fromisoformat(match[1] if match else "")
    except ValueError as odd:
        raise NotThere("the reason of the state names no time") from odd
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _retention(group: Mapping[str, Any]) -> Any:
    """Return the retention of a log group in days, None if it is unlimited.

    Raises NotThere for the class DELIVERY: AWS returns no value, and deletes after a day.
    """
    days = group.get("retentionInDays")
    if days is None and group.get("logGroupClass") == "DELIVERY":
        raise NotThere("the answer has no retentionInDays of a log group of the class DELIVERY, which does not keep all")
    return days


VALUES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "sorted_lines": _sorted_lines,
    "first": _first,
    "count": len,
    "digits": str,
    "non_empty": _non_empty,
    "is_there": _is_there,
    "name_tag": _name_tag,
    "tags": _tags,
    "key_values": _key_values,
    "attribute_values": _attribute_values,
    "of_vpc": _of_vpc,
    "of_instance": _of_instance,
    "direction": _direction,
    "protocol_name": _protocol_name,
    "from_port": lambda rule: _port(rule, "FromPort"),
    "to_port": lambda rule: _port(rule, "ToPort"),
    "rule_source": _rule_source,
    "ip_version": _ip_version,
    "transition_time": _transition_time,
    "retention": _retention,
    "week_average": _week_average,
    "week_megabytes": _week_megabytes,
}
"""The transforms by name."""
