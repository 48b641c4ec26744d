"""An object or an account's number in: what the project's configuration says of that account out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.evaluation.verdicts.child_lists import account_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject


def account_of(judged: CloudObject, accounts: Mapping[str, Account]) -> tuple[str, Account] | None:
    """Return the account that an object belongs to, or is, with its number; None for one that nothing is said of."""
    for number in account_names(judged) if accounts else ():
        if number in accounts:
            return number, accounts[number]
    return None


def with_name(number: str, accounts: Mapping[str, Account]) -> str:
    """Return an account's number with its name and owner behind it, as far as they are known."""
    known = accounts.get(number)
    said = ", ".join(filter(None, (known.name, known.owner))) if known else ""
    return f"{number} ({said})" if said else number
