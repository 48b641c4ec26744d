"""The ports of an instance that the internet reaches, by firewall rules of its networks. Priorities decide; denies win ties.

If a rule has a form that is not known here, nothing is known of the instances in its network.
"""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import ip_network
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.google.transforms import protocol_and_ports
from perpend.collectors.rest.pages import member
from perpend.core.addresses import are_open_to_internet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

SHAPES: Final = (AttributeError, LookupError, TypeError, ValueError)
"""The errors of code that reads data of another form."""

_NETWORK: Final = re.compile(r"projects/([^/]+)/global/networks/([^/]+)\Z")

_PORTS: Final = {"tcp": ("tcp",), "6": ("tcp",), "udp": ("udp",), "17": ("udp",), "all": ("tcp", "udp")}
"""The protocols with ports by the words and numbers that rules have for them."""

_LAST_PORT: Final = 65535
_PUBLIC: Final = {4: "accessConfigs", 6: "ipv6AccessConfigs"}
"""The public addresses of an interface by version of IP."""

_CLOSING: Final = ("deny", "goto_next")
"""Actions of a firewall policy that open nothing."""


class Network(NamedTuple):
    """A network: its project, and its name."""

    project: str
    name: str


def network_of(address: str) -> Network | None:
    """Return the network that an address or the name of an asset is of; None for one of another form."""
    named = _NETWORK.search(address)
    return Network(named[1], named[2]) if named else None


class _Ports(NamedTuple):
    protocol: str
    first: int
    last: int


class _Rule(NamedTuple):
    """A rule that lets traffic in or keeps it out, of instances with its tags or accounts, or of all if it has neither.

    ``ranges`` are its sources. ``keeps_out`` are the versions of IP of which it keeps everybody out.
    """

    priority: int
    allows: bool
    name: str
    ranges: tuple[str, ...]
    keeps_out: frozenset[int]
    ports: tuple[_Ports, ...]
    tags: frozenset[str]
    accounts: frozenset[str]

    def is_for(self, instance: Mapping[str, Any]) -> bool:
        """Whether it is about traffic of an instance, by the instance's data."""
        if self.tags:
            return not self.tags.isdisjoint(instance["tags"].get("items", ()))
        return not self.accounts or not self.accounts.isdisjoint(one["email"] for one in instance.get("serviceAccounts", ()))


class _OpeningPolicy(NamedTuple):
    """A firewall policy that may let something in, and the nodes and networks that it is attached to."""

    name: str
    targets: tuple[str, ...]


class Firewalls:
    """The firewall rules of networks, and firewall policies that may let something in. Each is added by its asset's name."""

    def __init__(self) -> None:
        self._rules: defaultdict[Network, dict[str, _Rule]] = defaultdict(dict)
        self._odd: set[Network | None] = set()
        self._policies: dict[str, _OpeningPolicy] = {}

    def add_rule(self, name: str, data: Any, network: Network | None) -> None:
        """Add a rule of a network; None is a network that is not known."""
        try:
            rule = _rule_of(data)
        except SHAPES:
            self._odd.add(network)
            return
        if rule and network:
            self._rules[network][name] = rule
        elif rule:
            self._odd.add(None)

    def add_policy(self, name: str, data: Any) -> None:
        """Add a firewall policy, unless each of its rules keeps out all that it is about, or is about nothing that comes in."""
        rules = member(data, "rules")
        if not isinstance(rules, list) or any(_comes_in(rule) and member(rule, "action") not in _CLOSING for rule in rules):
            targets = tuple(str(member(one, "attachmentTarget")) for one in member(data, "associations") or ())
            self._policies[name] = _OpeningPolicy(str(member(data, "name")), targets)

    def reached_ports(
        self, instance: Mapping[str, Any], interfaces: Sequence[tuple[Network | None, Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Return the ports that rules open to the internet at the interfaces of an instance, each with its network.

        A row has ``protocol``, ``from``, ``to`` and ``rule``: the names of the rules that let the internet in. Raises one of
        SHAPES if the instance, a rule of these networks, or the network of an interface or of any rule is not known.
        """
        if not self._odd.isdisjoint({None, *(network for network, _ in interfaces)}):
            raise ValueError
        rows: list[dict[str, Any]] = []
        for network, interface in interfaces:
            if network is None:
                raise ValueError
            rows += _reached(interface, self._rules.get(network, {}).values(), instance)
        return rows

    def opening_policies(self, is_above: Callable[[str], bool]) -> list[str]:
        """Return the names of policies that are attached to something that is above an instance."""
        return [policy.name for policy in self._policies.values() if any(map(is_above, policy.targets))]


def _rule_of(data: Mapping[str, Any]) -> _Rule | None:
    """Return a firewall rule by its data; None if it is off or about traffic that goes out. Raises one of SHAPES."""
    if not _comes_in(data):
        return None
    allowed = data.get("allowed") or data.get("alloweds")
    rows = allowed or data.get("denied") or data.get("denieds")
    ranges = [ip_network(text, strict=False) for text in data.get("sourceRanges", ())]
    if data["direction"] != "INGRESS" or not rows:
        raise ValueError
    if not (ranges or data.get("sourceTags") or data.get("sourceServiceAccounts")):
        raise ValueError
    of_some_addresses = allowed or data.get("destinationRanges")
    keeps_out = frozenset() if of_some_addresses else frozenset(one.version for one in ranges if one.prefixlen == 0)
    ports = tuple(part for row in rows for part in _ports(**protocol_and_ports(row)))
    targets = (frozenset(data.get(name) or ()) for name in ("targetTags", "targetServiceAccounts"))
    return _Rule(int(data["priority"]), bool(allowed), str(data["name"]), tuple(map(str, ranges)), keeps_out, ports, *targets)


def _reached(interface: Mapping[str, Any], rules: Iterable[_Rule], instance: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    versions = [version for version, addresses in _PUBLIC.items() if interface.get(addresses)]
    own = [rule for rule in rules if rule.is_for(instance)] if versions else []
    in_order = sorted(own, key=lambda rule: (rule.priority, rule.allows))
    for version in versions:
        closed: list[_Ports] = []
        narrow: list[tuple[_Ports, _Rule]] = []
        for rule in in_order:
            if not rule.allows:
                closed += rule.ports if version in rule.keeps_out else ()
                continue
            left = [_Ports(ports.protocol, *part) for ports in rule.ports for part in _left(ports, closed)]
            if are_open_to_internet(rule.ranges, version):
                yield from (_row(ports, rule.name) for ports in left)
            else:
                narrow += ((ports, rule) for ports in left)
        yield from _opened_together(narrow, version)


def _opened_together(narrow: Sequence[tuple[_Ports, _Rule]], version: int) -> Iterator[dict[str, Any]]:
    """Yield the ports that rules open to the internet although none does alone."""
    if not are_open_to_internet(chain.from_iterable(rule.ranges for _, rule in narrow), version):
        return  # most instances end here, without a look at each port
    for protocol in sorted({ports.protocol for ports, _ in narrow}):
        own = [(ports, rule) for ports, rule in narrow if ports.protocol == protocol]
        borders = sorted({ports.first for ports, _ in own} | {ports.last + 1 for ports, _ in own})
        for first, behind in pairwise(borders):
            rules = {rule.name: rule.ranges for ports, rule in own if ports.first <= first <= ports.last}
            if are_open_to_internet(chain.from_iterable(rules.values()), version):
                yield _row(_Ports(protocol, first, behind - 1), ", ".join(sorted(rules)))


def _row(ports: _Ports, rule: str) -> dict[str, Any]:
    return {"protocol": ports.protocol, "from": ports.first, "to": ports.last, "rule": rule}


def _comes_in(data: Any) -> bool:
    """Whether a rule is not known to be off, or to be about traffic that goes out."""
    return member(data, "disabled") is not True and member(data, "direction") != "EGRESS"


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
