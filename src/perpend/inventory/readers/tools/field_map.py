"""Declarative maps from a format's objects to inventory objects: type, Id, and the path and conversion of each field."""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.values.partial_object import PartialObject
from perpend.inventory.readers.json_text import in_two_spellings, other_spellings
from perpend.inventory.readers.tools.contents import Found, account_of_arn, is_account, of_account
from perpend.inventory.readers.tools.values import UnknownValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from perpend.core.objects.inventory import Origin
    from perpend.inventory.readers.tools.contents import Children, Contents
    from perpend.inventory.readers.tools.values import Form

_GONE: Final = "disappearanceTime__c"


@dataclass(frozen=True, slots=True)
class FieldFrom:
    """A field, the path of its value (names joined by dots), and its conversion."""

    name: str
    path: str
    form: Form


@dataclass(frozen=True, slots=True)
class ListFrom:
    """A child list that an object states in full: the path of its items, their conversion, and a function to make children.

    ``siblings`` are paths of other lists: if an object states these, the format omits this list when it is empty.
    """

    name: str
    type_name: str
    path: str
    form: Form
    children: Children
    siblings: tuple[str, ...] = ()

    def is_left_out(self, row: Mapping[str, Any]) -> bool:
        """Whether a row omits the list in the way the format omits empty ones."""
        stated = self.path in row or any(other_spellings(row, path) for path in (self.path, *self.siblings))
        return bool(self.siblings) and not stated and all(isinstance(row.get(path), list) for path in self.siblings)


@dataclass(frozen=True, slots=True)
class TypeFrom:
    """The map of one object type of a format.

    ``source`` is the format's name of the type. ``arn`` and ``account`` are paths; without an account, the ARN's is used.
    ``marks`` are columns that identify a table. ``identity`` makes the Id from account and ARN. ``lacking`` has the reasons why
    the format cannot express a field.
    """

    source: str
    type_name: str
    arn: str
    fields: tuple[FieldFrom, ...] = ()
    lists: tuple[ListFrom, ...] = ()
    account: str = ""
    marks: frozenset[str] = frozenset()
    identity: Callable[[str, str], str] = lambda account, arn: arn
    lacking: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "CA10"

    @property
    def columns(self) -> frozenset[str]:
        """The columns of a row that are read."""
        paths = (self.arn, self.account, *(one.path for one in self.fields), *(one.path for one in self.lists))
        return frozenset(_names_in(path)[0] for path in paths)

    def read(
        self,
        contents: Contents,
        row: Mapping[str, Any],
        origin: Origin,
        *,
        account: str = "",
        gone_at: str | None = None,
        seen_at: datetime | None = None,
    ) -> str | None:
        """Add the object of a row. Return the reason if it cannot be an object, else None.

        ``account`` is the owner if the row states none; ``gone_at`` is the time of deletion, ``seen_at`` that of observation.
        """
        spelt: dict[int, bool] = {}
        try:
            arn = value_at(row, self.arn, spelt)
            named = value_at(row, self.account, spelt) if self.account else None
        except UnknownValue as error:
            return f"its {error}"
        of_arn = account_of_arn(arn)
        owner = named if is_account(named) else of_arn if is_account(of_arn) else account
        if of_arn is None:
            return f"its `{self.arn}` is no ARN"
        if not is_account(owner):
            return "it does not say of which account it is"
        identity = self.identity(str(owner), arn)
        if identity == arn and is_account(of_arn) and owner != of_arn:
            return f"its `{self.account}` is another account than that of its `{self.arn}`"
        fields: dict[str, Any] = {"Id": identity, **of_account(str(owner), self.prefix)}
        fields[f"{self.prefix}__{_GONE}"] = gone_at
        lacking = dict(self.lacking)
        for single in self.fields:
            _read(fields, lacking, single, row, spelt)
        left_out = []
        for several in self.lists:
            read: dict[str, Any] = {}
            _read(read, {}, several, row, spelt)
            contents.lists.add((self.type_name, several.name, several.type_name))
            if several.name in read:
                contents.stated_empty |= set() if read[several.name] else {several.name}
                fields[several.name] = several.children(identity, str(owner), read[several.name])
            elif several.is_left_out(row):
                left_out.append(several.name)
            else:
                contents.left_open.add(several.name)
        reasons = {name: reason for name, reason in lacking.items() if name not in fields}
        contents.add(Found(self.type_name, PartialObject(fields, reasons), origin, seen_at, tuple(left_out)))
        return None


def _read(
    fields: dict[str, Any],
    lacking: dict[str, str],
    read_from: FieldFrom | ListFrom,
    row: Mapping[str, Any],
    spelt: dict[int, bool],
) -> None:
    path = read_from.path
    try:
        value = value_at(row, path, spelt)
    except UnknownValue as error:
        lacking[read_from.name] = f"is not known: {error}"
        return
    if value is None:  # no conversion takes null
        lacking[read_from.name] = f"is not known: no `{path}`"
        return
    try:
        fields[read_from.name] = read_from.form(value)
    except UnknownValue as error:
        lacking[read_from.name] = f"is not known: `{path}` {error}"


@lru_cache(maxsize=1024)
def _names_in(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def value_at(row: Any, path: str, spelt: dict[int, bool]) -> Any:
    """Return the value at a path, None if there is none. Raises UnknownValue if a name on the path has two spellings.

    ``spelt`` remembers of each object on the path whether some name has two spellings.
    """
    for name in _names_in(path):
        if not isinstance(row, dict) or name not in row:
            return None
        is_spelt = spelt.get(id(row))
        if is_spelt is None:
            is_spelt = spelt[id(row)] = bool(in_two_spellings(row))
        if is_spelt and other_spellings(row, name):
            raise UnknownValue(f"`{path}` appears in two spellings")
        row = row[name]
    return row
