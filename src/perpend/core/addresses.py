"""Decide whether ranges of addresses together are the internet.

The bound is a sixteenth of the public addresses. Of IPv4, this is a /4: sixteen networks of a /8, the widest network that AWS
does not call public. Of IPv6, it is a /13: registries hold eight networks of a /12. Sources: IANA's registries of
special-purpose addresses and of global unicast assignments; the tags of services are Azure's.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class NotARange(PerpendError):
    """A text is no address, prefix, range ``a-b`` or known tag."""


class Span(NamedTuple):
    """All addresses of a version of IP from a first to a last one, as numbers."""

    version: int
    first: int
    last: int


def _span(text: str) -> Span:
    network = ip_network(text)
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


_EVERYBODY: Final = frozenset({"*", "/0", "0.0.0.0", "::", "all", "any", "internet"})  # noqa: S104  # nothing is bound
"""Words for every address. Azure takes ``0.0.0.0`` without a length for one."""

_BOUND: Final = {4: 1 << (32 - 4), 6: 1 << (128 - 13)}
"""The most addresses of a version of IP that are not the internet."""

_MAPPED: Final = _span("::ffff:0:0/96")
"""All IPv4 addresses, written as IPv6."""

_PUBLIC_IPV6: Final = _span("2000::/3")
_NOT_PUBLIC_IPV4: Final = tuple(
    map(
        _span,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
            *("198.18.0.0/15", "224.0.0.0/3"),
        ),
    )
)

_SERVICES: Final = re.compile(
    "(action|api|app|azure|batch|chaos|cognitive|data|dynamics|eop|event|gateway|geneva|guest|hdi|kusto|logic|m365|market|"
    "microsoft|oneds|power|scuba|security|serial|service|sql|storage|video|virtual|windows)[a-z0-9.]*"
)
"""The tags of Azure for services and virtual networks, in lower case. They are parts of a cloud, not the internet."""

_BETWEEN: Final = re.compile(r"[\s,;]+")
_DASH: Final = re.compile(r"\s*-\s*")
_LONGEST: Final = 100


def are_open_to_internet(ranges: str | Iterable[str] | None, version: int | None = None) -> bool:
    """Return whether ranges together hold more public addresses than the bound, of a version of IP or of either.

    A text holds ranges with white space, commas or semicolons between them. Without a range, nothing is open. Raises NotARange
    if a part is no range and the others do not decide.
    """
    texts = () if ranges is None else (ranges,) if isinstance(ranges, str) else ranges
    parts = {part for text in texts for part in _parts_of(text)}
    if not _EVERYBODY.isdisjoint(parts):
        return True
    spans: list[Span] = []
    unknown: str | None = None
    for part in sorted(parts):
        try:
            spans += public_spans(part)
        except NotARange as error:
            unknown = str(error)
    for counted in _BOUND if version is None else (version,):
        if _size([span for span in spans if span.version == counted], _BOUND[counted]) > _BOUND[counted]:
            return True
    if unknown is not None:
        raise NotARange(unknown)
    return False


def open_ranges(ranges: Iterable[str]) -> list[str]:
    """Return the ranges that are open to the internet alone. A text that is no range is left out."""
    found = []
    for one in ranges:
        with suppress(NotARange):
            found += [one] if are_open_to_internet(one) else []
    return found


@lru_cache(maxsize=4096)
def _parts_of(text: str) -> tuple[str, ...]:
    """Return the ranges in a text, in lower case."""
    return tuple(part for part in _BETWEEN.split(_DASH.sub("-", text.lower())) if part)


@lru_cache(maxsize=16384)
def public_spans(part: str) -> tuple[Span, ...]:
    """Return the public addresses of a range in lower case; none for a service's tag. Raises NotARange."""
    if _SERVICES.fullmatch(part):
        return ()
    span = _span_of(part)
    if span.version == 6 and _MAPPED.first <= span.first and span.last <= _MAPPED.last:
        span = Span(4, span.first - _MAPPED.first, span.last - _MAPPED.first)
    if span.version == 4:
        return tuple(_without(span, _NOT_PUBLIC_IPV4))
    public = Span(6, max(span.first, _PUBLIC_IPV6.first), min(span.last, _PUBLIC_IPV6.last))
    return (public,) if public.first <= public.last else ()


def _span_of(part: str) -> Span:
    begin, dash, end = part.partition("-")
    _, slash, length = part.partition("/")
    try:
        if len(part) > _LONGEST or (slash and not (length.isascii() and length.isdigit())):
            raise ValueError
        if not dash:
            network = ip_network(part, strict=False)
            return Span(network.version, int(network.network_address), int(network.broadcast_address))
        first, last = ip_address(begin), ip_address(end)
        if first.version != last.version or int(first) > int(last):
            raise ValueError
        return Span(first.version, int(first), int(last))
    except ValueError:
        raise NotARange(f"`{part[:_LONGEST]}` is no range of addresses") from None


def _without(span: Span, others: Sequence[Span]) -> Iterable[Span]:
    """Yield the parts of a span outside of others, which are in order."""
    first = span.first
    for other in others:
        if first <= other.last and other.first <= span.last:
            if first < other.first:
                yield Span(span.version, first, other.first - 1)
            first = other.last + 1
    if first <= span.last:
        yield Span(span.version, first, span.last)


def _size(spans: Sequence[Span], bound: int) -> int:
    """Return the number of addresses in at least one of some spans. If it is below a bound anyway, common ones count again."""
    total = sum([span.last - span.first + 1 for span in spans])
    if total <= bound:
        return total
    size, end = 0, -1
    for span in sorted(spans):
        size += max(0, span.last - max(span.first, end + 1) + 1)
        end = max(end, span.last)
    return size
