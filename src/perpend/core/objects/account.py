"""The description of an account, by the configuration and by its cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Account:
    """The name and the owner of an account. None if they are not known."""

    name: str | None = None
    owner: str | None = None


def with_collected_names(accounts: Mapping[str, Account], names: Mapping[str, str]) -> dict[str, Account]:
    """Return the configured accounts with the names that their cloud has for them. A configured name wins."""
    collected = {number: Account(name, accounts.get(number, Account()).owner) for number, name in names.items()}
    return {**collected, **{number: one for number, one in accounts.items() if one.name or number not in collected}}


def account_numbers(wanted: Iterable[str], accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """Return the numbers of accounts that are wanted by number or by name, in any case. ``accounts`` have names by number.

    A name that several accounts share stands for all of them. A text that is no name stays as it is.
    """
    numbers: dict[str, list[str]] = {}
    for number, account in accounts.items():
        if account.name:
            numbers.setdefault(account.name.casefold(), []).append(number)
    return tuple(dict.fromkeys(number for one in wanted for number in numbers.get(one.casefold(), (one,))))
