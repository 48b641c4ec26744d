"""Rows of tables in, claims out on accounts whose number stands for one in each of several partitions: none is known in full.

AWS, AWS in China and GovCloud number their accounts apart. What is said of a number, objects of the other account must not
be judged by: a list of theirs is not empty, and none of them is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.objects.claims import OWNED_ARN, USUAL_PARTITION, of_two_partitions
from perpend.inventory.snapshots.database import name, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableSequence

    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_ID: Final = name("Id")


def partitions_of(
    connection: Connection, relations: Iterable[str], known: Iterable[tuple[str, str]] = ()
) -> set[tuple[str, str]]:
    """Return accounts with their partitions: those ``known``, and of rows, by the ARNs in their Ids.

    Relations have a column ``Id`` of texts. Where all are of the partition that nearly all accounts are in, they are not told.
    """
    tables, pairs = list(relations), set(known)
    unusual = f"contains({_ID}, 'arn:') AND NOT contains({_ID}, 'arn:{USUAL_PARTITION}:')"
    if all(partition == USUAL_PARTITION for _, partition in pairs) and not any(
        rows_of(connection, f"SELECT 1 FROM ({one}) WHERE {unusual} LIMIT 1") for one in tables
    ):
        return pairs
    for relation in tables:
        parts = f"regexp_extract({_ID}, '{OWNED_ARN}', 2), regexp_extract({_ID}, '{OWNED_ARN}', 1)"
        query = f"SELECT DISTINCT {parts} FROM ({relation}) WHERE regexp_matches({_ID}, '{OWNED_ARN}')"
        pairs |= {(account, partition) for account, partition in rows_of(connection, query)}
    return pairs


def claim_mixed(sources: MutableSequence[StoredSource], partitions: Iterable[tuple[str, str]]) -> None:
    """Have the first source say of accounts of several partitions that nothing of theirs is known in full."""
    by_account: dict[str, set[str]] = {}
    for account, partition in partitions:
        by_account.setdefault(account, set()).add(partition)
    said = {claim for source in sources for claim in source.coverage}
    claims = [one for one in of_two_partitions(by_account) if one not in said]
    if claims and sources:
        sources[0] = replace(sources[0], coverage=(*sources[0].coverage, *claims))
