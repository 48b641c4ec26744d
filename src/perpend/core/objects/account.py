"""The description of an account in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Account:
    """The name and the owner of an account. None if the configuration does not say."""

    name: str | None = None
    owner: str | None = None


def account_numbers(wanted: Iterable[str], accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """Return the numbers of accounts that are wanted by number or by name, in any case. ``accounts`` have names by number.

    A name that several accounts share stands for all of them. A text that is no name stays as it is.
    """
    numbers: dict[str, list[str]] = {}
    for number, account in accounts.items():
        if account.name:
            numbers.setdefault(account.name.casefold(), []).append(number)
    return tuple(dict.fromkeys(number for one in wanted for number in numbers.get(one.casefold(), (one,))))
