"""Accounts and objects that somebody names, and a history's registry, in; a refusal of what is not in it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.analyze.names import did_you_mean, printable
from perpend.errors import PerpendError
from perpend.ir.estate import ROOT_NAME, ROOT_USER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.store.database import Connection


class UnknownOwner(PerpendError):
    """A name that no account or no object of a history has: that nothing is found of it would look like nothing open."""


def refuse_unknown(connection: Connection, registries: Sequence[str], accounts: Sequence[str], objects: Sequence[str]) -> None:
    """Raise UnknownOwner for an account that nothing belongs to, with the nearest one, and a name that no object has.

    ``registries`` are the relations of what is known of the objects of each type.
    """
    if accounts:
        query = " UNION ".join(f"SELECT account FROM {one}" for one in registries)
        owners = {one for (one,) in connection.execute(query).fetchall() if one} if query else set[str]()
        for one in accounts:
            if one not in owners:
                near = did_you_mean(one, sorted(owners))
                raise UnknownOwner(f"nothing in the history belongs to an account '{printable(one)}'{near}")
    for one in objects:
        names = [one, one, ROOT_NAME if one == ROOT_USER else one]
        found = (f"SELECT 1 FROM {registry} WHERE id = ? OR external_id = ? OR name = ? LIMIT 1" for registry in registries)
        if not any(connection.execute(query, names).fetchall() for query in found):
            raise UnknownOwner(f"the history knows no object '{printable(one)}'")
