"""An object or an account's number in: what the project's configuration says of that account out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.config.configuration import Account
    from perpend.ir.estate import EstateObject


def account_of(judged: EstateObject, accounts: Mapping[str, Account]) -> tuple[str, Account] | None:
    """Return the account that an object belongs to, or is, with its number; None for one that nothing is said of."""
    for number in _numbers(judged) if accounts else ():
        if number in accounts:
            return number, accounts[number]
    return None


def with_name(number: str, accounts: Mapping[str, Account]) -> str:
    """Return an account's number with its name and owner behind it, as far as they are known."""
    known = accounts.get(number)
    said = ", ".join(filter(None, (known.name, known.owner))) if known else ""
    return f"{number} ({said})" if said else number


def _numbers(judged: EstateObject) -> Iterator[str]:
    """Yield what may be the number of an object's account: what its master is called by, else its ARN, else the object."""
    master = judged.master
    if master is not None:
        yield from (master.id, master.external_id, master.name)
    for external_id in (judged.external_id, judged.id):
        parts = external_id.split(":", 5)
        if parts[0] == "arn" and len(parts) > 4:
            yield parts[4]
    if master is None:
        yield from (judged.id, judged.external_id)
