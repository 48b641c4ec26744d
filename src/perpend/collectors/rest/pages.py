"""Read the pages of a listing to its end, or fail: half a list must never look like a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from perpend.collectors.rest.errors import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from urllib.parse import SplitResult

    from perpend.collectors.rest.rows import RestCall

_MOST_PAGES: Final = 100_000
_PORTS: Final = {"https": 443, "http": 80}


def member(item: Any, path: str) -> Any:
    """Return the member at a path of names with dots; None if it is missing."""
    for step in path.split("."):
        item = item.get(step) if isinstance(item, dict) else None
    return item


def items_in(call: RestCall, answer: Any) -> list[dict[str, Any]]:
    """Return the items of an answer. Raises MalformedAnswer if it has no list of objects."""
    items = member(answer, call.items) if call.items else [answer]
    if items is None and call.empty_with and isinstance(member(answer, call.empty_with), str):
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedAnswer("NoItems")
    return items


def pages_of(call: RestCall, address: str, get: Callable[[str, Mapping[str, str]], Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of each page. Raises CallRefused, of which MalformedAnswer is one.

    The address of a next page has the same host and path. An address or token that comes twice is an error.
    """
    parameters, seen = dict(call.parameters), set()
    begin = address
    for _ in range(_MOST_PAGES):
        answer = get(address, parameters)
        items = items_in(call, answer)
        following = (
            member(answer, call.next_link or (call.next_token or ("",))[0]) if call.next_link or call.next_token else None
        )
        del answer
        yield items
        del items  # a page is not kept while the next one is read
        if not following:
            return
        if not isinstance(following, str) or following in seen:
            raise MalformedAnswer("RepeatedPage")
        seen.add(following)
        if call.next_token:
            parameters = {**call.parameters, call.next_token[1]: following}
        else:
            address, parameters = _followed(begin, following), {}
    raise MalformedAnswer("TooManyPages")


def _followed(begin: str, following: str) -> str:
    """Return the address of the next page. Raises MalformedAnswer if it leads to another host or path."""
    try:
        first, link = urlsplit(begin), urlsplit(following)
        same = _place_of(first) == _place_of(link)
    except ValueError:
        raise MalformedAnswer("AnotherPlace") from None
    if not same or link.username is not None or not parse_qsl(link.query):
        raise MalformedAnswer("AnotherPlace")
    return f"{begin.partition('?')[0]}?{link.query}"


def _place_of(address: SplitResult) -> tuple[str, str | None, int | None, str]:
    """Return what two addresses of the same list share. Some servers name the usual port, too."""
    return address.scheme, address.hostname, address.port or _PORTS.get(address.scheme), unquote(address.path).casefold()
