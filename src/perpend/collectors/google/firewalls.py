"""The ports of an instance that the internet reaches, by firewall rules of its networks. Priorities decide; denies win ties.

A rule of a form that is not known here is a ValueError or a TypeError: then nothing is known of the instance.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.google.transforms import protocol_and_ports
from perpend.collectors.rest.pages import member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PORTS: Final = {"tcp": ("tcp",), "6": ("tcp",), "udp": ("udp",), "17": ("udp",), "all": ("tcp", "udp")}
"""The protocols with ports by the words and numbers that rules have for them."""

_LAST_PORT: Final = 65535
_NO_PREFIX: Final = 129
_PUBLIC: Final = {4: "accessConfigs", 6: "ipv6AccessConfigs"}
"""The public addresses of an interface by version of IP."""

_CLOSING: Final = ("deny", "goto_next")
"""Actions of a firewall policy that open nothing."""

_WIDE: Final = {4: (1, 7), 6: (3, 11)}
"""By version of IP: the longest prefix of a range that counts as the internet, and of one that may add up to it with others."""


class _Ports(NamedTuple):
    protocol: str
    first: int
    last: int


class _Rule(NamedTuple):
    """A rule that lets traffic in or keeps it out. ``prefixes`` are those of its sources, by version of IP the shortest."""

    priority: int
    allows: bool
    name: str
    prefixes: Mapping[int, int]
    ports: tuple[_Ports, ...]


def reached_ports(
    interface: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], instance: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the ports that rules of a network open to public addresses of an instance's interface in it.

    A row has ``protocol``, ``from``, ``to``, ``rule``, and ``wide``: whether the source is not the internet, but a range so
    wide that it may add up to it with others.
    """
    versions = [version for version, addresses in _PUBLIC.items() if interface.get(addresses)]
    in_order = sorted(_rule(data) for data in rules if _is_for(data, instance)) if versions else []
    for version in versions:
        internet, wide = _WIDE[version]
        closed: list[_Ports] = []
        for rule in in_order:
            prefix = rule.prefixes.get(version, _NO_PREFIX)
            if not rule.allows:
                closed += rule.ports if prefix == 0 else ()
            elif prefix <= wide:
                for ports in rule.ports:
                    for first, last in _left(ports, closed):
                        row = {"protocol": ports.protocol, "from": first, "to": last}
                        yield {**row, "rule": rule.name, "wide": prefix > internet}


def lets_in(policy: Any) -> bool:
    """Whether a firewall policy has a rule that is not known to keep out all that it is about, or to be about nothing."""
    rules = member(policy, "rules")
    return not isinstance(rules, list) or any(
        member(rule, "direction") != "EGRESS"
        and member(rule, "disabled") is not True
        and member(rule, "action") not in _CLOSING
        for rule in rules
    )


def attachments(policy: Any) -> list[str]:
    """Return the nodes and networks that a firewall policy holds for, as its associations have them."""
    return [str(member(one, "attachmentTarget")) for one in member(policy, "associations") or ()]


def _is_for(data: Mapping[str, Any], instance: Mapping[str, Any]) -> bool:
    """Whether a rule is about traffic that comes in to an instance. One without targets is about each instance."""
    if data.get("disabled") is True or data["direction"] == "EGRESS":
        return False
    if data["direction"] != "INGRESS":
        raise ValueError
    tags, accounts = data.get("targetTags"), data.get("targetServiceAccounts")
    if tags:
        return not {*tags}.isdisjoint(instance["tags"].get("items", ()))
    return not accounts or not {*accounts}.isdisjoint(one["email"] for one in instance.get("serviceAccounts", ()))


def _rule(data: Mapping[str, Any]) -> _Rule:
    allowed = data.get("allowed") or data.get("alloweds")
    rows = allowed or data.get("denied") or data.get("denieds")
    ranges = [ip_network(text, strict=False) for text in data.get("sourceRanges", ())]
    if not rows or not (ranges or data.get("sourceTags") or data.get("sourceServiceAccounts")):
        raise ValueError
    prefixes: dict[int, int] = {
        version: min(one.prefixlen for one in ranges if one.version == version) for version in {one.version for one in ranges}
    }
    if not allowed and data.get("destinationRanges"):
        prefixes = {}  # it keeps out of some addresses only, so it closes nothing for sure
    ports = tuple(part for row in rows for part in _ports(**protocol_and_ports(row)))
    return _Rule(int(data["priority"]), bool(allowed), str(data["name"]), prefixes, ports)


def _ports(IPProtocol: str, ports: Iterable[str] = (f"0-{_LAST_PORT}",)) -> Iterator[_Ports]:  # noqa: N803 - the API's name
    for protocol in _PORTS.get(IPProtocol.lower(), ()):
        for text in ports:
            first, _, last = text.partition("-")
            yield _Ports(protocol, int(first), int(last or first))


def _left(ports: _Ports, closed: Iterable[_Ports]) -> list[tuple[int, int]]:
    """Return the parts of ports that are not among closed ones."""
    left = [(ports.first, ports.last)]
    for one in closed:
        if one.protocol == ports.protocol:
            parts = (
                part for first, last in left for part in ((first, min(last, one.first - 1)), (max(first, one.last + 1), last))
            )
            left = [(first, last) for first, last in parts if first <= last]
    return left
