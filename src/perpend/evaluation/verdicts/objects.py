"""Find one object of a snapshot by a name: its ID, its ARN, or its display name."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.clouds.aws import ROOT_NAME, ROOT_USER
from perpend.core.objects.inventory import CloudObject, Origin, object_from_fields
from perpend.core.schema.tables import readings
from perpend.evaluation.verdicts.stores.stored_objects import StoredOrigins, required_values, with_accounts, with_paths
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.queries.identity import object_identity
from perpend.inventory.snapshots.queries.texts import texts_like
from perpend.inventory.snapshots.read_objects import ObjectReader, rows_with
from perpend.language.compiler.names import UnknownName, did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.shred import RequiredFields
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program

_MOST_COMPARED: Final = 20_000
_MOST_OF_A_NAME: Final = 1_000
_MAX_LISTED: Final = 5
_ESCAPES: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))")
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t"}


class NameQuery(NamedTuple):
    """A text that names an object: its ID, external ID or name. ``owner`` is the name of its owner, None for any."""

    text: str
    owner: str | None = None

    def matches_in(self, objects: Iterable[CloudObject]) -> list[CloudObject]:
        """Return the objects with the text as an ID, else those with the text as a name."""
        owned = [object_ for object_ in objects if self._is_owned(object_)]
        by_id = [object_ for object_ in owned if self.text in (object_.id, object_.external_id)]
        return by_id or [object_ for object_ in owned if object_.name == self.text]

    def _is_owned(self, object_: CloudObject) -> bool:
        if self.owner is None:
            return True
        return object_.master is not None and f"{self.owner} ".startswith(f"{object_.master.name} ")


def stored_object_named(
    snapshot: Snapshot,
    program: Program,
    object_type: ObjectType,
    name: str,
    where: str = "",
    *,
    paths: Iterable[str] = (),
    type_of: Callable[[str], ObjectType | None] | None = None,
) -> CloudObject:
    """Return the one object with a name, with the fields that a program reads and those at further ``paths``.

    A name is an ID, or a name, also as reports print it or with its owner. ``where`` describes a temporary snapshot in
    messages. ``type_of`` gives the declared types of owners, whose account is the object's; without it, the program's types do.
    Raises UnknownName if there is no such object, or more than one.
    """
    required = with_paths(required_values([program], object_type), paths)
    return _object_named(snapshot, program, object_type, name, where, required, type_of or program.types.by_name.get)


def stored_object_with_accounts(
    snapshot: Snapshot,
    program: Program,
    object_type: ObjectType,
    name: str,
    type_of: Callable[[str], ObjectType],
    *,
    paths: Iterable[str] = (),
) -> CloudObject:
    """Return the object of :func:`stored_object_named` with the fields that name the accounts of its related objects."""
    required = with_accounts(with_paths(required_values([program], object_type), paths), object_type, type_of)
    return _object_named(snapshot, program, object_type, name, "", required, type_of)


def _object_named(
    snapshot: Snapshot,
    program: Program,
    object_type: ObjectType,
    name: str,
    where: str,
    required: RequiredFields,
    types: Callable[[str], ObjectType | None],
) -> CloudObject:
    snapshot = snapshot.as_declared(program.types)
    columns = naming_columns(object_type)
    origins = StoredOrigins(snapshot, object_type.name)
    with opened(paths=snapshot.files.paths) as connection:
        for query in name_queries(name):
            rows = rows_with(connection, snapshot, object_type.name, columns, _as_stored(query.text))
            numbers = [row for row, _ in rows[:_MOST_OF_A_NAME]]
            if not rows:
                continue
            reader, identity = ObjectReader(connection, snapshot), object_identity(snapshot, object_type, types)
            nested = reader.objects(object_type.name, numbers, required)
            scopes = reader.values(object_type.name, numbers, identity, ("account", "region"))
            objects = [
                object_from_fields(fields, object_type, origins.of(row, source))._replace(account=account, region=region)
                for (row, source), fields, (account, region) in zip(rows, nested, scopes, strict=False)
            ]
            if candidates := query.matches_in(objects):
                named = _single(candidates, len(candidates) + len(rows) - len(objects), name)
                return _with_readings(connection, snapshot, object_type, named, required, origins)
        near = did_you_mean(name, texts_like(connection, snapshot, object_type.name, columns, name))
    label = printable(object_type.label or object_type.name)
    raise UnknownName(f"no object '{printable(name)}' of type \"{label}\" {where or f'in snapshot {snapshot.id}'}{near}")


def _with_readings(
    connection: Connection,
    snapshot: Snapshot,
    object_type: ObjectType,
    object_: CloudObject,
    required: RequiredFields,
    origins: StoredOrigins,
) -> CloudObject:
    """Return an object with all of its readings, if its sources contradict each other and the snapshot has them."""
    table = readings(object_type.name)
    if table not in snapshot.tables.by_name:
        return object_
    rows = rows_with(connection, snapshot, table, ["Id"], object_.id)
    nested = ObjectReader(connection, snapshot).objects(table, [row for row, _ in rows], required)
    first, *others = [
        object_from_fields(fields, object_type, Origin(origins.name_of(source)))
        for (_, source), fields in zip(rows, nested, strict=True)
    ] or [object_]
    return object_._replace(fields=first.fields, variants=tuple(others))


def naming_columns(object_type: ObjectType) -> list[str]:
    """Return the columns that hold IDs or names of a type's objects."""
    return [column for column in ("Id", object_type.external_id_field, object_type.name_field, "Name") if column]


def _as_stored(text: str) -> str:
    """Return the text in stored columns for a text that reports show."""
    return ROOT_NAME if text == ROOT_USER else text


def name_queries(name: str) -> list[NameQuery]:
    """Return the queries for a name in order: as it is, then as reports print it, unescaped and with the owner after it.

    The shell completes the root user by its name in ARNs, so that name finds it if no other object has the name.
    """
    named, _, owner = name.removesuffix(")").rpartition(" (")
    query = [NameQuery(name), NameQuery(_unescape(name))]
    if named and name.endswith(")"):
        query += [NameQuery(named, owner), NameQuery(_unescape(named), _unescape(owner))]
    if name == ROOT_NAME:
        query.append(NameQuery(ROOT_USER))
    return list(dict.fromkeys(query))


def _unescape(text: str) -> str:
    """Return a text with the escapes of reports, such as ``\\x1b``, replaced by their characters."""
    return _ESCAPES.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or match[3] or "0", 16)
    return _SHORT[match[4]] if match[4] else chr(code) if code <= sys.maxunicode else match[0]


def _single(objects: Sequence[CloudObject], number: int, name: str) -> CloudObject:
    """Return the only object. Raises UnknownName with a list if there are several."""
    if number == 1:
        return objects[0]
    ids = [object_.id for object_ in objects]
    apart = len({*ids}) == len(ids) and all(ids)
    listed = [printable(object_.id if apart else object_.origin.place) for object_ in objects[:_MAX_LISTED]]
    more = f" and {number - len(listed):,} more" if number > len(listed) else ""
    advice = "; name one by its id" if apart else ""
    raise UnknownName(f"'{printable(name)}' names {number:,} objects: {', '.join(listed)}{more}{advice}")
