"""Names of fields in a mapping or a header in, an error for what their type does not have out, with the nearest that it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import suggestion
from perpend.inventory.importers.tables.table_bytes import UnreadableTable
from perpend.inventory.snapshots.files import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.objects.object_types import ObjectType

_FIELD_NAME: Final = re.compile(r"\w+__[cr]", re.IGNORECASE)
_ALWAYS: Final = ("Id", "Name", "RecordTypeId", "RecordType")


def check_fields(path: str, declared: ObjectType, names: Mapping[str, str], constants: Iterable[str], *, mapped: bool) -> None:
    """Raise where a field is not one of the type's: one that a mapping names, or a column that is called as fields are.

    So is a column with blank space around such a name, in whatever case: it would be one that no policy reads.
    ``names`` gives the field of each column, by a mapping if ``mapped``. Types that declare no fields may have any.
    """
    known = _fields_of(declared)
    given: dict[str, str | None] = {**dict.fromkeys(constants), **{field: column for column, field in names.items()}}
    for field, column in given.items() if declared.fields else ():
        is_named_so = _FIELD_NAME.fullmatch(field.strip()) or field.strip() in known
        if field in known or (not mapped and column is not None and not is_named_so):
            continue
        near = suggestion(field, sorted(known))
        what = f"the mapping calls `{shown(column)}`" if column not in (None, field) else "has a field"
        reason = f"{what} `{shown(field)}`, which is no field of `{declared.name}`{f' ({near})' if near else ''}"
        raise UnreadableTable(path, f"{reason}; --new-type says that it is meant")


def _fields_of(declared: ObjectType) -> set[str]:
    lookups = declared.lookups.values()
    named = {declared.deletion_field, declared.name_field, declared.external_id_field, *(one.key for one in lookups)}
    return {name for name in (*_ALWAYS, *declared.fields, *declared.lookups, *declared.children, *named) if name}
