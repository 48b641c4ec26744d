"""Detect account numbers that are used in several AWS partitions, and claim that nothing of them is known in full.

AWS, AWS China and GovCloud number accounts independently. A claim about one account must not vouch for the other: its lists
are not empty, and its objects are not deleted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import account_of_id_sql, partition_of_id_sql
from perpend.core.objects.claims import partition_claims
from perpend.inventory.snapshots.database import name, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableSequence

    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_ID: Final = name("Id")


def partitions_of(
    connection: Connection, relations: Iterable[str], known: Iterable[tuple[str, str]] = ()
) -> set[tuple[str, str]]:
    """Return pairs of account and partition: the ``known`` pairs, and those of ARNs in the Ids of relations.

    Relations have a column ``Id`` of texts. If all ARNs are of the usual partition, only ``known`` is returned.
    """
    tables, pairs = list(relations), set(known)
    unusual = f"contains({_ID}, 'arn:') AND NOT contains({_ID}, 'arn:{AWS.usual_partition}:')"
    if all(partition == AWS.usual_partition for _, partition in pairs) and not any(
        rows_of(connection, f"SELECT 1 FROM ({one}) WHERE {unusual} LIMIT 1") for one in tables
    ):
        return pairs
    for relation in tables:
        parts = f"{account_of_id_sql(_ID, AWS)} AS account, {partition_of_id_sql(_ID, AWS)} AS shown_partition"
        query = f"SELECT DISTINCT * FROM (SELECT {parts} FROM ({relation})) WHERE COLUMNS(*) IS NOT NULL"
        pairs |= {(account, partition) for account, partition in rows_of(connection, query)}
    return pairs


def claim_mixed(sources: MutableSequence[StoredSource], partitions: Iterable[tuple[str, str]]) -> None:
    """Add to the first source the claim that accounts of several partitions are not known in full."""
    by_account: dict[str, set[str]] = {}
    for account, partition in partitions:
        by_account.setdefault(account, set()).add(partition)
    stated = {claim for source in sources for claim in source.coverage}
    claims = [one for one in partition_claims(by_account) if one not in stated]
    if claims and sources:
        sources[0] = replace(sources[0], coverage=(*sources[0].coverage, *claims))
