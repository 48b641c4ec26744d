"""The names of accounts that a command shows: those of the configuration, and those of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.cli.config.command import configuration_of
from perpend.core.objects.account import account_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from perpend.core.objects.account import Account
    from perpend.findings.history.storage import HistoryStorage
    from perpend.language.syntax.repository import Repository


def accounts_of_history(context: click.Context, history: HistoryStorage, repository: Repository) -> dict[str, Account]:
    """Return the accounts of a history by number. Raises StoreError if the history is damaged."""
    from perpend.findings.history.account_names import named_accounts

    return named_accounts(history, history.head(), configuration_of(context).accounts, repository.declared_type)


def numbers_in_history(
    context: click.Context, history: HistoryStorage, repository: Repository, wanted: Sequence[str]
) -> tuple[str, ...]:
    """Return the numbers of accounts that are wanted by number or by name. Raises StoreError if the history is damaged."""
    return account_numbers(wanted, accounts_of_history(context, history, repository)) if wanted else ()
