"""One object of an estate or of a stored snapshot, by whatever people call it: its id, its ARN, its name."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.objects.inventory import ROOT_NAME, ROOT_USER, CloudObject, object_from_fields
from perpend.evaluation.verdicts.stores.parquet_verdicts import StoredOrigins, wanted_of
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.queries.texts import texts_like
from perpend.inventory.snapshots.read_objects import ObjectReader, rows_with
from perpend.language.compiler.names import UnknownName, did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.core.objects.inventory import Inventory
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program

_MOST_COMPARED: Final = 20_000
_MOST_OF_A_NAME: Final = 1_000
_MOST_TOLD: Final = 5
_WRITTEN_OUT: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))")
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t"}


class Meant(NamedTuple):
    """A text that stands for an object: its id, external id or name, and how its owner is called, None for any."""

    text: str
    owner: str | None = None

    def among(self, objects: Iterable[CloudObject]) -> list[CloudObject]:
        """Return the objects that have the text as an id; else those that have it as their name."""
        owned = [judged for judged in objects if self._is_owned(judged)]
        by_id = [judged for judged in owned if self.text in (judged.id, judged.external_id)]
        return by_id or [judged for judged in owned if judged.name == self.text]

    def _is_owned(self, judged: CloudObject) -> bool:
        if self.owner is None:
            return True
        return judged.master is not None and f"{self.owner} ".startswith(f"{judged.master.name} ")


def object_named(inventory: Inventory, type_name: str, name: str) -> CloudObject:
    """Return the one object of a type that a name means: an id, or a name as it is, as reports print it or with its owner.

    Raises UnknownName where there is none, or several.
    """
    objects = inventory.objects.get(type_name, ())
    for meant in meanings(name):
        if candidates := meant.among(objects):
            return _the_one(candidates, len(candidates), name)
    near = did_you_mean(name, [judged.name for judged in objects[:_MOST_COMPARED]])
    raise UnknownName(f"no object '{printable(name)}' of type {type_name} among the inputs{near}")


def stored_object_named(
    snapshot: Snapshot, program: Program, object_type: ObjectType, name: str, where: str = ""
) -> CloudObject:
    """Return the one stored object that a name means, with what a program reads of it. Raises UnknownName as above.

    ``where`` is what people call a snapshot that was made for this question only.
    """
    snapshot = snapshot.as_declared(program.types)
    columns = naming_columns(object_type)
    wanted, origins = wanted_of([program], object_type), StoredOrigins(snapshot, object_type.name)
    with opened(paths=snapshot.files.paths) as connection:
        for meant in meanings(name):
            rows = rows_with(connection, snapshot, object_type.name, columns, _as_stored(meant.text))
            numbers = [row for row, _ in rows[:_MOST_OF_A_NAME]]
            nested = ObjectReader(connection, snapshot).objects(object_type.name, numbers, wanted) if rows else []
            objects = [
                object_from_fields(fields, object_type, origins.of(row, source))
                for (row, source), fields in zip(rows, nested, strict=False)
            ]
            if candidates := meant.among(objects):
                return _the_one(candidates, len(candidates) + len(rows) - len(objects), name)
        near = did_you_mean(name, texts_like(connection, snapshot, object_type.name, columns, name))
    raise UnknownName(f"no object '{printable(name)}' of type {object_type.name} {where or f'in snapshot {snapshot.id}'}{near}")


def naming_columns(object_type: ObjectType) -> list[str]:
    """Return the columns that hold what objects of a type are called by."""
    return [column for column in ("Id", object_type.external_id_field, object_type.name_field, "Name") if column]


def _as_stored(text: str) -> str:
    """Return the text that columns hold where people see another."""
    return ROOT_NAME if text == ROOT_USER else text


def meanings(name: str) -> list[Meant]:
    """Return what a name may mean, first as it is, then as reports print it: signs written out, the owner behind it.

    The name of the root user in ARNs and stores, by which the shell completes it, means that user where no other is called so.
    """
    named, _, owner = name.removesuffix(")").rpartition(" (")
    meant = [Meant(name), Meant(_unwritten(name))]
    if named and name.endswith(")"):
        meant += [Meant(named, owner), Meant(_unwritten(named), _unwritten(owner))]
    if name == ROOT_NAME:
        meant.append(Meant(ROOT_USER))
    return list(dict.fromkeys(meant))


def _unwritten(text: str) -> str:
    """Return a text with the signs that reports write out, such as ``\\x1b``, as they are."""
    return _WRITTEN_OUT.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or match[3] or "0", 16)
    return _SHORT[match[4]] if match[4] else chr(code) if code <= sys.maxunicode else match[0]


def _the_one(objects: Sequence[CloudObject], number: int, name: str) -> CloudObject:
    """Return the object where there is one; else raise UnknownName, which lists some by what tells them apart."""
    if number == 1:
        return objects[0]
    ids = [judged.id for judged in objects]
    apart = len({*ids}) == len(ids) and all(ids)
    told = [printable(object_.id if apart else object_.origin.place) for object_ in objects[:_MOST_TOLD]]
    more = f" and {number - len(told):,} more" if number > len(told) else ""
    advice = "; name one by its id" if apart else ""
    raise UnknownName(f"'{printable(name)}' names {number:,} objects: {', '.join(told)}{more}{advice}")
