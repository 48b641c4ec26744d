"""Accounts: their description in the configuration, and the account in an ARN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.objects.inventory import CloudObject


@dataclass(frozen=True, slots=True)
class Account:
    """The name and the owner of an account. None if the configuration does not say."""

    name: str | None = None
    owner: str | None = None


OF_PROVIDER: Final = r"(^|\|)arn:[^:]*:[^:]*:[^:]*:aws:"
"""The form of the Id of an object that AWS owns and all accounts may use, such as a managed policy of AWS.

A listing shows only those that the account uses: one that is not listed is not deleted.
"""


def is_of_provider_sql(expression: str) -> str:
    """Return SQL of DuckDB for whether an Id is that of an object that AWS owns."""
    return f"coalesce(regexp_matches({expression}, '{OF_PROVIDER}'), false)"


def account_of_arn(text: str) -> str | None:
    """Return the account in an ARN, None for an ARN without one and for any other text."""
    parts = text.split(":", 5)
    return (parts[4] or None) if parts[0] == "arn" and len(parts) > 4 else None


def account_of_arn_sql(expression: str) -> str:
    """Return SQL of DuckDB for :func:`account_of_arn` of an expression."""
    return f"CASE WHEN starts_with({expression}, 'arn:') THEN nullif(split_part({expression}, ':', 5), '') END"


def account_names(judged: CloudObject) -> Iterator[str]:
    """Yield the possible names of an object's account: those of its master, else of its ARN, else its own."""
    master = judged.master
    if master is not None:
        yield from (master.id, master.external_id, master.name)
    for external_id in (judged.external_id, judged.id):
        if account := account_of_arn(external_id):
            yield account
    if master is None:
        yield from (judged.id, judged.external_id)
