"""The changes that a cloud makes to the walk through an account. Most clouds need none."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from perpend.collectors.rest.pages import pages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from perpend.collectors.rest.rows import RestCall
    from perpend.core.objects.claims import FailedCall

    Get = Callable[[str, Mapping[str, str]], Any]


class Joined(NamedTuple):
    """The answer of a join, and by member why it is not known: a failed call, or a reason in words.

    The reason for an empty name is that of all members.
    """

    answer: Mapping[str, Any]
    lacking: Mapping[str, FailedCall | str] = MappingProxyType({})


class WalkExtension:
    """Changes nothing. A cloud overrides what it needs. Threads share it.

    ``began`` is the time for which listings are true; None if that is when they were asked for.
    """

    began: datetime | None = None

    def place(self, account: str) -> str:
        """Return the text of an account in the address of its listings."""
        return account

    def pages(self, call: RestCall, address: str, get: Get) -> Iterator[list[dict[str, Any]]]:
        """Yield the items of each page of a listing. Raises CallRefused."""
        return pages_of(call, address, get)

    def prepared(self, call: RestCall, item: dict[str, Any]) -> dict[str, Any] | None:
        """Return a listed item as rows of types read it, None for one that is not collected. Raises MalformedAnswer."""
        return item

    def account_of(self, item: Mapping[str, Any], account: str) -> str:
        """Return the account that an item belongs to. ``account`` is the one that is collected."""
        return account

    def joined(self, name: str, item: Mapping[str, Any]) -> Joined:
        """Return the answer of a join for an item. Without joins, all of it is unknown."""
        return Joined({}, {"": f"no other listing shows {name}"})
