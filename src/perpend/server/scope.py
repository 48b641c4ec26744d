"""The accounts that a reader may see."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class ReaderScope:
    """The numbers of the accounts that a reader may see: none unless they are named.

    Only :data:`ALL_ACCOUNTS` shows objects without a known account. ``origin`` is the sentence for a reader to whom these
    accounts show nothing: who has named them, and whom to ask.
    """

    accounts: frozenset[str] = frozenset()
    is_all: bool = False
    origin: str = field(default="", compare=False)

    def sees(self, account: str | None) -> bool:
        """Whether the reader may see the objects of an account; None stands for objects without a known account."""
        return self.is_all or account in self.accounts

    def within(self, accounts: Collection[str]) -> ReaderScope:
        """Return the part of the scope that is in some accounts."""
        return ReaderScope(frozenset(filter(self.sees, accounts)))


ALL_ACCOUNTS: Final = ReaderScope(is_all=True)
"""The scope of a reader who sees everything."""


class NoAccount(PerpendError):
    """A reader may see no account of the store. The message says so in whole sentences."""

    def __init__(self, scope: ReaderScope) -> None:
        super().__init__(f"You may see no account. {scope.origin}".rstrip())
        self.scope = scope
