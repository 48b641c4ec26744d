"""Reject names of accounts and objects that a history does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.errors import PerpendError
from perpend.core.objects.inventory import ROOT_NAME, ROOT_USER
from perpend.language.compiler.names import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.snapshots.database import Connection


class UnknownOwner(PerpendError):
    """A name that no account or no object of a history has. An empty result would look like no findings."""


def refuse_unknown(connection: Connection, registries: Sequence[str], accounts: Sequence[str], objects: Sequence[str]) -> None:
    """Raise UnknownOwner for an account without objects, with the nearest account, and for a name without an object.

    ``registries`` are the relations of known objects, one for each type.
    """
    if accounts:
        query = " UNION ".join(f"SELECT account FROM {registry}" for registry in registries)
        owners = {owner for (owner,) in connection.execute(query).fetchall() if owner} if query else set[str]()
        for account in accounts:
            if account not in owners:
                near = did_you_mean(account, sorted(owners))
                raise UnknownOwner(f"no object in the history belongs to account '{printable(account)}'{near}")
    for object_ in objects:
        names = [object_, object_, ROOT_NAME if object_ == ROOT_USER else object_]
        queries = (f"SELECT 1 FROM {registry} WHERE id = ? OR external_id = ? OR name = ? LIMIT 1" for registry in registries)
        if not any(connection.execute(query, names).fetchall() for query in queries):
            raise UnknownOwner(f"the history has no object '{printable(object_)}'")
