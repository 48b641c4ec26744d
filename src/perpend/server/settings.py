"""The settings of a server: its names, the credentials that it accepts, and its limits."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network, IPv6Network

    from perpend.server.scope import ReaderScope

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names of a server that only this machine can reach, as the header ``Host`` gives them without the port."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of requests. Sizes are in bytes, times in seconds.

    A reader may send ``burst`` requests at once, and ``rate`` a second in the long run; so may the readers of one address that
    show no valid credentials. ``at_once`` is the number of requests of all readers that are answered at the same time. A body
    that comes without valid credentials is that of a log-in: ``logins_at_once`` of them may arrive at the same time,
    ``logins_of_address`` from one address.
    """

    address: int = 8_192
    headers: int = 16_384
    body: int = 262_144
    body_seconds: float = 30.0
    login_body: int = 1_024
    login_seconds: float = 5.0
    logins_at_once: int = 16
    logins_of_address: int = 4
    rate: float = 50.0
    burst: int = 200
    at_once: int = 64
    session_seconds: float = 43_200.0


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that programs send, with the accounts that it shows, and the name of its table in the configuration, if any."""

    text: str = field(repr=False)
    scope: ReaderScope
    name: str = ""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of a server. ``place`` is the store as the user named it.

    ``one_time_token`` is exchanged once for a cookie that shows all accounts, and each of ``tokens`` for one that shows its
    accounts; programs send ``tokens`` themselves. The header ``trust_header`` names the reader, and ``scope_header`` the
    accounts that this reader may see: both are believed only from the addresses ``trust_from``. ``runs`` are the runs that
    readers may start: arguments of ``perpend`` by name. ``repository_url`` is the repository to which waivers are proposed.
    """

    place: str = ""
    hosts: frozenset[str] = LOOPBACK_NAMES
    one_time_token: str | None = field(default=None, repr=False)
    tokens: tuple[BearerToken, ...] = ()
    trust_header: str | None = None
    trust_from: tuple[IPv4Network | IPv6Network, ...] = ()
    scope_header: str | None = None
    runs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repository_url: str | None = None
    log_format: str = "text"
    limits: Limits = field(default_factory=Limits)
