"""The accounts of a history with their names: configured ones, and those that the snapshot of the last run has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.account import with_collected_names
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.queries.account_names import account_names
from perpend.inventory.snapshots.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.objects.account import Account
    from perpend.core.objects.object_types import ObjectType
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage


def named_accounts(
    history: HistoryStorage,
    head: HistoryManifest,
    accounts: Mapping[str, Account],
    declared: Callable[[str], ObjectType | None],
) -> dict[str, Account]:
    """Return the configured accounts, and those to which the snapshot of the last run gives a name.

    A snapshot that is not stored any more, or is damaged, gives no names: findings are shown without it.
    """
    store = Store(history.store)
    names: dict[str, str] = {}
    try:
        if head.runs and head.runs[-1].snapshot in store.runs():
            with store.reading(head.runs[-1].snapshot) as snapshot:
                names = account_names(snapshot, declared)
    except StoreError:
        names = {}
    return with_collected_names(accounts, names)
