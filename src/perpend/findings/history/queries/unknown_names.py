"""Reject names of accounts, regions and objects that a history does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.clouds.aws import ROOT_NAME, ROOT_USER
from perpend.core.clouds.registry import is_account_sql
from perpend.core.errors import PerpendError
from perpend.language.compiler.names import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.snapshots.database import Connection


class UnknownOwner(PerpendError):
    """A name that no account, no region or no object of a history has. An empty result would look like no findings."""


def refuse_unknown(
    connection: Connection,
    registries: Sequence[str],
    accounts: Sequence[str],
    objects: Sequence[str],
    regions: Sequence[str] = (),
) -> None:
    """Raise UnknownOwner for an account or a region without objects, with the nearest one, and for a name without an object.

    ``registries`` are the relations of known objects, one for each type.
    """
    for column, names, belongs in (("account", accounts, "belongs to account"), ("region", regions, "is in region")):
        if not names:
            continue
        known_form = f"WHERE {is_account_sql('account')}" if column == "account" else ""
        query = " UNION ".join(f"SELECT {column} FROM {registry} {known_form}" for registry in registries)
        known = {one for (one,) in connection.execute(query).fetchall() if one} if query else set[str]()
        for name in names:
            if name not in known:
                near = did_you_mean(name, sorted(known))
                raise UnknownOwner(f"no object in the history {belongs} '{printable(name)}'{near}")
    for object_ in objects:
        names = [object_, object_, ROOT_NAME if object_ == ROOT_USER else object_]
        queries = (f"SELECT 1 FROM {registry} WHERE id = ? OR external_id = ? OR name = ? LIMIT 1" for registry in registries)
        if not any(connection.execute(query, names).fetchall() for query in queries):
            raise UnknownOwner(f"the history has no object '{printable(object_)}'")
