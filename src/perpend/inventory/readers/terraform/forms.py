"""Convert values of Terraform's AWS provider into values of fields. The map refers to these conversions by name.

A conversion never gets null, except those in ``TAKE_NULL``, nor a value with a mark inside, except those in ``TAKE_MARKS``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.inventory.readers.terraform.values import ABSENT, Mark, mark_in
from perpend.inventory.readers.tools.values import UnknownValue, boolean, integer, json_text, policy, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OWNER: Final = {"type": "CanonicalUser", "id": "(the owner)"}
_GROUPS: Final = "http://acs.amazonaws.com/groups/"
_EVERYBODY: Final = {"type": "Group", "uri": f"{_GROUPS}global/AllUsers"}
_ANY_ACCOUNT: Final = {"type": "Group", "uri": f"{_GROUPS}global/AuthenticatedUsers"}
_LOG_DELIVERY: Final = {"type": "Group", "uri": f"{_GROUPS}s3/LogDelivery"}
_CANNED: Final[Mapping[str, tuple[tuple[Mapping[str, str], str], ...]]] = {
    "private": (),
    "public-read": ((_EVERYBODY, "READ"),),
    "public-read-write": ((_EVERYBODY, "READ"), (_EVERYBODY, "WRITE")),
    "authenticated-read": ((_ANY_ACCOUNT, "READ"),),
    "log-delivery-write": ((_LOG_DELIVERY, "WRITE"), (_LOG_DELIVERY, "READ_ACP")),
}
"""The grants of a canned list beside the owner's. Source: Amazon S3 user guide, "Access control list overview"."""

_PROTOCOLS: Final = {"-1": "All", "all": "All", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_PORTLESS: Final = ("icmp", "icmpv6", "1", "58")
_SINGLE: Final = frozenset(
    ("filter", "expiration", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload", "and", "tag")
)
_PLURALS: Final = {"transition": "transitions", "noncurrentVersionTransition": "noncurrentVersionTransitions"}
_CONFIRMED: Final = ("sqs", "lambda", "firehose")
"""Protocols of subscriptions that nobody has to confirm, if topic and endpoint belong to one account."""


def _words(**words: Any) -> Callable[[Any], Any]:
    """Return a conversion of Booleans to words."""

    def read(value: Any) -> Any:
        return words["on"] if boolean(value) else words["off"]

    return read


def _unless_null(otherwise: Any, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: otherwise if value is None else read(value)


def _same(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise UnknownValue("holds blocks, not a value")
    return value


def _none_if(*empty: Any) -> Callable[[Any], Any]:
    return lambda value: None if value in empty else _same(value)


def _port(value: Any) -> int | None:
    """Return a port; None for -1, which means all."""
    return None if integer(value) == -1 else integer(value)


def _rule_port(name: str) -> Callable[[Any], Any]:
    """Return the conversion of a rule to one of its ports: None for all ports, and for ICMP, whose numbers are types."""

    def read(rule: Any) -> int | None:
        protocol = rule.get("protocol") if "protocol" in rule else rule.get("ip_protocol")
        if isinstance(protocol, Mark):
            raise UnknownValue(protocol.reason)
        if str(protocol) in _PORTLESS or _PROTOCOLS.get(str(protocol)) == "All":
            return None
        value = rule.get(name)
        if isinstance(value, Mark):
            raise UnknownValue(value.reason)
        return _port(value)

    return read


def _protocol_name(value: Any) -> str:
    return _PROTOCOLS.get(str(value), str(value))


def _sorted_lines(value: Any) -> str | None:
    if not isinstance(value, list):
        raise UnknownValue("holds no list")
    return "\n".join(sorted(map(str, value))) or None


def _versioning(value: Any) -> str:
    return "Off" if value == "Disabled" else text(value)


def _on_if_true(value: Any) -> Any:
    """Return that something is enabled; false leaves it to other attributes."""
    return "Enabled" if boolean(value) else ABSENT


def _canned_acl(value: Any) -> str:
    if value not in _CANNED:
        raise UnknownValue(f"holds `{str(value)[:40]}`, a list whose grants are not fixed")
    grants = [{"grantee": _OWNER, "permission": "FULL_CONTROL"}]
    return json_text(grants + [{"grantee": dict(who), "permission": what} for who, what in _CANNED[value]])


def _acl_grants(value: Any) -> str:
    grants = []
    for one in value:
        grantee = (one.get("grantee") or [one])[0]
        who = {"type": grantee.get("type"), "uri": grantee.get("uri") or None, "id": grantee.get("id") or None}
        for permission in one.get("permissions") or [one.get("permission")]:
            grants.append({"grantee": {name: part for name, part in who.items() if part}, "permission": permission})
    if not grants:
        raise UnknownValue("holds no grants")
    return json_text(grants)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _camel_members(value: Any) -> Any:
    """Return blocks with names in lower camel case. A block that occurs once is an object."""
    if isinstance(value, list):
        return [_camel_members(one) for one in value]
    if not isinstance(value, dict):
        return value
    members = {}
    for name, part in value.items():
        named = _camel(name)
        inner = _camel_members(part)
        if named in _SINGLE and isinstance(inner, list):
            inner = inner[0] if inner else None
        if inner not in (None, "", [], {}):
            members[_PLURALS.get(named, named)] = inner
    return members


def _lifecycle_rules(value: Any) -> str:
    return json_text(_camel_members(value))


def _old_lifecycle_rules(value: Any) -> str:
    rules = [dict(one) for one in value]
    for one in rules:
        one["status"] = "Enabled" if boolean(one.pop("enabled")) else "Disabled"
    return json_text(_camel_members(rules))


def _selectors(value: Any) -> str:
    """Return event selectors with names in lower camel case."""
    listed = []
    for one in value:
        resources = [{"type": part.get("type"), "values": part.get("values") or []} for part in one.get("data_resource") or ()]
        listed.append(
            {
                "readWriteType": one.get("read_write_type") or "All",
                "includeManagementEvents": one.get("include_management_events") is not False,
                "dataResources": resources,
                "excludeManagementEventSources": one.get("exclude_management_event_sources") or [],
            }
        )
    if not listed:
        raise UnknownValue("holds no selectors")
    return json_text(listed)


def _advanced_selectors(value: Any) -> str | None:
    if not value:
        return None
    names = {"equals": "equals", "not_equals": "notEquals", "starts_with": "startsWith", "ends_with": "endsWith"}
    names |= {"not_starts_with": "notStartsWith", "not_ends_with": "notEndsWith"}
    listed = [
        {
            "name": one.get("name") or "",
            "fieldSelectors": [
                {"field": part.get("field")} | {named: part[name] for name, named in names.items() if part.get(name)}
                for part in one.get("field_selector") or ()
            ],
        }
        for one in value
    ]
    return json_text(listed)


def _shared_accounts(value: Any) -> str:
    listed = sorted((str(one) for one in value), key=lambda one: (one != "all", one))
    return json.dumps({"restore": listed}, separators=(",", ":"))


def _eks_encryption(value: Any) -> str | None:
    """Return encryption settings. That a key is named is known even if the key is not: the provider requires one."""
    settings = []
    for one in value:
        resources = one.get("resources")
        if mark := mark_in(resources):
            raise UnknownValue(mark.reason)
        provider = (one.get("provider") or [{}])[0]
        key = provider.get("key_arn") if isinstance(provider, dict) else provider
        if isinstance(key, Mark) or not key:
            raise UnknownValue(key.reason if isinstance(key, Mark) else "names no key")
        settings.append({"resources": resources, "provider": {"keyArn": key}})
    return json_text(settings) if settings else None


_EKS_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _eks_logging(value: Any) -> str:
    enabled = sorted(value or ())
    others = [one for one in _EKS_LOGS if one not in enabled]
    groups = [{"types": enabled, "enabled": True}] if enabled else []
    return json_text({"clusterLogging": [*groups, *([{"types": others, "enabled": False}] if others else [])]})


def _has_log(kind: str) -> Callable[[Any], Any]:
    """Return whether one of the options publishes a kind of log."""

    def read(value: Any) -> bool:
        unknown = None
        for one in value:
            type_name, enabled = one.get("log_type"), one.get("enabled")
            unknown = unknown or mark_in(type_name) or (mark_in(enabled) if type_name == kind else None)
            if type_name == kind and enabled in (True, None):
                return True
        if unknown is not None:
            raise UnknownValue(unknown.reason)
        return False

    return read


def _unread(value: Any) -> Any:
    raise UnknownValue("is not read")


_PORTS: Final = {
    "mysql": 3306,
    "mariadb": 3306,
    "aurora": 3306,
    "postgres": 5432,
    "oracle": 1521,
    "sqlserver": 1433,
    "db2": 50000,
}


def _engine_port(value: Any) -> int:
    """Return the port of an engine that none is given for. Source: Amazon RDS API reference, CreateDBInstance, Port."""
    kind = str(value).removeprefix("aurora-").removeprefix("custom-").partition("-")[0].replace("postgresql", "postgres")
    if kind not in _PORTS:
        raise UnknownValue("names an engine whose port is not known")
    return _PORTS[kind]


def _confirmed(subscription: Any) -> bool:
    protocol, pending = subscription.get("protocol"), subscription.get("pending_confirmation")
    if isinstance(pending, bool):
        return not pending
    if protocol in _CONFIRMED:
        return True
    raise UnknownValue(protocol.reason if isinstance(protocol, Mark) else "is confirmed by somebody after apply")


def _certificate_type(certificate: Any) -> str:
    body, authority = certificate.get("certificate_body"), certificate.get("certificate_authority_arn")
    if unknown := mark_in([body, authority]):
        raise UnknownValue(unknown.reason)
    if body:
        return "IMPORTED"
    return "PRIVATE" if authority else "AMAZON_ISSUED"


def _key_algorithm(value: Any) -> str:
    return text(value).replace("RSA_", "RSA-")


def _origin(key: Any) -> str:
    store = key.get("custom_key_store_id")
    if isinstance(store, Mark) or isinstance(key.get("xks_key_id"), Mark):
        raise UnknownValue("is known after apply")
    if not store:
        return "AWS_KMS"
    return "EXTERNAL_KEY_STORE" if key.get("xks_key_id") else "AWS_CLOUDHSM"


def _method_log_level(settings: Any) -> str | None:
    """Return the log level of all methods of a stage; unknown for settings of one method."""
    if settings.get("method_path") != "*/*":
        raise UnknownValue("is that of one method only")
    level = ((settings.get("settings") or [{}])[0] or {}).get("logging_level")
    if isinstance(level, Mark):
        raise UnknownValue(level.reason)
    return None if level in (None, "", "OFF") else str(level)


def _route_log_level(value: Any) -> str | None:
    return None if value == "OFF" else text(value)


_BALANCERS: Final = {
    "deletion_protection.enabled": ("enable_deletion_protection", ("application", "network", "gateway")),
    "waf.fail_open.enabled": ("enable_waf_fail_open", ("application",)),
    "routing.http.drop_invalid_header_fields.enabled": ("drop_invalid_header_fields", ("application",)),
    "routing.http.desync_mitigation_mode": ("desync_mitigation_mode", ("application",)),
}


def _balancer_attributes(balancer: Any) -> str:
    """Return the attributes of a load balancer that are known. All have defaults in the provider, and stand in plans."""
    kind = balancer.get("load_balancer_type")
    if not isinstance(kind, str):
        raise UnknownValue("is of a type that is known after apply")
    known = {}
    for name, (attribute, kinds) in _BALANCERS.items():
        if kind not in kinds:
            continue
        if attribute not in balancer:
            continue  # the provider does not know it
        value = balancer[attribute]
        if isinstance(value, Mark) or value is None:
            raise UnknownValue(f"has `{attribute}`, which is known after apply")
        known[name] = str(value).lower() if isinstance(value, bool) else str(value)
    if kind in ("application", "network"):
        known["access_logs.s3.enabled"] = str(_logs_access(balancer, unless_said=False)).lower()
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


def _listener_actions(value: Any) -> str:
    """Return types of actions, and the protocols that redirects lead to, with names as the API spells them."""
    actions = []
    for action in value:
        redirects = action.get("redirect") or []
        if isinstance(action.get("type"), Mark) or isinstance(redirects, Mark):
            raise UnknownValue("is known after apply")
        protocols = [redirect.get("protocol") for redirect in redirects]
        if any(isinstance(protocol, Mark) for protocol in protocols):
            raise UnknownValue("redirects to a protocol that is known after apply")
        led = {"RedirectConfig": {"Protocol": protocols[0] or "#{protocol}"}} if protocols else {}
        actions.append({"Type": action.get("type"), **led})
    return json_text(actions)


def _logs_access(balancer: Any, *, unless_said: bool) -> bool:
    """Return whether a load balancer logs access. Without a block it does not; a block may leave it to a default."""
    blocks = balancer.get("access_logs")
    if isinstance(blocks, Mark):
        raise UnknownValue(blocks.reason)
    if not blocks:
        return False
    enabled = blocks[0].get("enabled") if isinstance(blocks[0], dict) else blocks[0]
    if isinstance(enabled, Mark):
        raise UnknownValue(enabled.reason)
    return unless_said if enabled is None else bool(boolean(enabled))


def _classic_attributes(balancer: Any) -> str:
    names = ("cross_zone_load_balancing", "connection_draining", "desync_mitigation_mode")
    values = {name: balancer.get(name) for name in names}
    if wrong := next((name for name, value in values.items() if isinstance(value, Mark) or value is None), None):
        raise UnknownValue(f"has `{wrong}`, which is known after apply")
    return json_text(
        {
            "crossZoneLoadBalancing": {"enabled": values["cross_zone_load_balancing"]},
            "connectionDraining": {"enabled": values["connection_draining"]},
            "accessLog": {"enabled": _logs_access(balancer, unless_said=True)},
            "additionalAttributes": [
                {"key": "elb.http.desyncmitigationmode", "value": values["desync_mitigation_mode"]},
            ],
        }
    )


def _rule_source(rule: Any) -> str:
    names = {
        "IP": ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"),
        "PrefixList": ("prefix_list_ids", "prefix_list_id"),
        "Group": ("security_groups", "source_security_group_id", "referenced_security_group_id", "self"),
    }
    for kind, attributes in names.items():
        if any(rule.get(name) not in (None, [], "", False) and not isinstance(rule.get(name), Mark) for name in attributes):
            return kind
    raise UnknownValue("is known after apply")


def _network_count(value: Any) -> int:
    return len(value)


def _address(value: Any) -> None:
    """Return that an instance has no public address of its own; whether it has one that is asked for is known later."""
    if boolean(value):
        raise UnknownValue("is true, and the address is known after apply")


def _security_contact(contact: Any) -> str:
    kind = contact.get("alternate_contact_type")
    if kind != "SECURITY":
        raise UnknownValue(kind.reason if isinstance(kind, Mark) else "is that of another contact")
    if isinstance(address := contact.get("email_address"), Mark):
        raise UnknownValue(address.reason)
    return text(address)


def _range(rule: Any) -> str | None:
    """Return the range of a rule's other end, None for a group or a list of prefixes."""
    for name in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"):
        value = rule.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, Mark):
            raise UnknownValue(value.reason)
        if value:
            return text(value)
    return None


def _there(value: Any) -> bool:
    return value not in (None, [], "")


def _document(value: Any) -> str | None:
    return None if value == "" else policy(value)


FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "": _same,
    "acl_grants": _acl_grants,
    "address": _address,
    "advanced_selectors": _advanced_selectors,
    "audit_logs": _has_log("AUDIT_LOGS"),
    "balancer_attributes": _balancer_attributes,
    "boolean": boolean,
    "canned_acl": _canned_acl,
    "classic": lambda value: "classic",
    "certificate_type": _certificate_type,
    "classic_attributes": _classic_attributes,
    "confirmed": _confirmed,
    "count": _network_count,
    "digits": lambda value: str(integer(value)),
    "direction": lambda value: {"ingress": "Inbound", "egress": "Outbound"}[value],
    "document": _document,
    "eks_encryption": _eks_encryption,
    "eks_logging": _eks_logging,
    "elasticsearch_version": lambda value: f"Elasticsearch_{text(value)}",
    "enabled_disabled": _words(on="Enabled", off="Disabled"),
    "enabled_disabled_lower": _words(on="enabled", off="disabled"),
    "enabled_disabled_upper": _words(on="ENABLED", off="DISABLED"),
    "enabled_if_true": _on_if_true,
    "enabled_off": _words(on="Enabled", off="Off"),
    "enabled_yes": lambda value: "Yes" if value == "Enabled" else "No",
    "engine_port": _engine_port,
    "engine_port_text": lambda value: str(_engine_port(value)),
    "error_logs": _has_log("ES_APPLICATION_LOGS"),
    "false_if_null": _unless_null(False, boolean),
    "from_port": _rule_port("from_port"),
    "inbound": lambda value: "Inbound",
    "is_all": lambda value: value == "all",
    "is_enabled": lambda value: str(value).upper() in ("ENABLED", "TRUE"),
    "json_text": json_text,
    "key_algorithm": _key_algorithm,
    "kms_or_none": _words(on="KMS", off=None),
    "lifecycle_rules": _lifecycle_rules,
    "lower": lambda value: text(value).lower(),
    "method_log_level": _method_log_level,
    "no": lambda value: False,
    "none": lambda value: None,
    "listener_actions": _listener_actions,
    "none_if_empty": _none_if(""),
    "none_if_zero": _none_if(0),
    "off_if_disabled": _versioning,
    "old_lifecycle_rules": _old_lifecycle_rules,
    "origin": _origin,
    "outbound": lambda value: "Outbound",
    "port": _port,
    "protocol_name": _protocol_name,
    "range": _range,
    "route_log_level": _route_log_level,
    "rule_source": _rule_source,
    "security_contact": _security_contact,
    "selectors": _selectors,
    "shared_accounts": _shared_accounts,
    "sorted_lines": _sorted_lines,
    "there": _there,
    "to_port": _rule_port("to_port"),
    "true_if_set": lambda value: bool(value) or None,
    "unread": _unread,
    "unread_if_true": lambda value: _unread(value) if value else "$LATEST",
    "yes": lambda value: True,
    "yes_no": _words(on="Yes", off="No"),
    "zero_if_null": _unless_null(0, integer),
}
"""The conversions by name. Those of documents with access levels are in ``documents.py``."""

TAKE_NULL: Final = frozenset(("false_if_null", "zero_if_null", "none_if_empty", "none_if_zero", "eks_logging", "there"))
"""Conversions that read null as a value: the provider writes null for it."""

TAKE_MARKS: Final = frozenset(
    (
        *("audit_logs", "balancer_attributes", "certificate_type", "classic", "classic_attributes", "confirmed"),
        *("eks_encryption", "error_logs", "from_port", "inbound", "method_log_level", "no", "none"),
        *("origin", "outbound", "range", "rule_source", "security_contact", "to_port", "unread", "yes"),
    )
)
"""Conversions that get values of which a part may be unknown."""
