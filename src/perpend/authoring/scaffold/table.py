"""Read a table of policies: each entry is valid, or has a diagnostic."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.authoring.scaffold.ids import field_named, new_policy_id, path_kind
from perpend.authoring.scaffold.starts import JSON
from perpend.authoring.scaffold.table_shape import TABLE, UNUSABLE, Form
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import FIELD_TYPES, ObjectType
from perpend.core.values.types import ValueType
from perpend.findings.waivers.entries import EntriesRead
from perpend.language.compiler.names import find_type
from perpend.language.syntax.files import Files
from perpend.language.syntax.read import Fields, Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.syntax.repository import Repository

Scalar = str | float | bool
T = TypeVar("T")

_MOST_ROWS: Final = 1_000
_MOST_VALUES: Final = 100
_LONGEST: Final = 2_000
_TEXT_FORMS: Final = (Form.ONE_OF, Form.NONE_OF)
_FLAG_FORMS: Final = (Form.IS_TRUE, Form.IS_FALSE)
_LIMIT_FORMS: Final = (Form.AT_LEAST, Form.AT_MOST)
_EMPTY_FORMS: Final = (Form.EMPTY, Form.NOT_EMPTY)
_EMPTY_IS_KNOWN: Final = (*_EMPTY_FORMS, Form.CONTAINS)
_OTHER_ITEM: Final = "another item"
_LIST_FORMS: Final = (Form.CONTAINS, Form.LACKS)
_TYPES: Final = {
    **dict.fromkeys(_TEXT_FORMS, (ValueType.TEXT,)),
    **dict.fromkeys(_FLAG_FORMS, (ValueType.BOOLEAN,)),
    **dict.fromkeys(_LIMIT_FORMS, (ValueType.NUMBER,)),
    **dict.fromkeys(_EMPTY_FORMS, (ValueType.TEXT, ValueType.NUMBER)),
    **dict.fromkeys(_LIST_FORMS, (ValueType.TEXT,)),
}
"""The value types of the fields that each form can check."""

_NEEDED: Final = {
    **dict.fromkeys(_TEXT_FORMS, ("passes", "fails")),
    **dict.fromkeys(_FLAG_FORMS, ()),
    **dict.fromkeys(_LIMIT_FORMS, ("limit",)),
    **dict.fromkeys(_LIST_FORMS, ("items",)),
    Form.EMPTY: ("fails",),
    Form.NOT_EMPTY: ("passes",),
}
_ENTRY_FORMS: Final = {
    Form.ONE_OF: ValueType.TEXT,
    Form.AT_LEAST: ValueType.NUMBER,
    Form.AT_MOST: ValueType.NUMBER,
}
"""How the forms that can check an entry of a JSON array read its value, which is text."""

_ALLOWED: Final = {**_NEEDED, **dict.fromkeys(_LIMIT_FORMS, ("limit", "passes", "fails"))}


@dataclass(frozen=True, slots=True)
class CheckedField:
    """A field of an object type, after any lookups."""

    path: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Guard:
    """A field with the values of objects that a policy is about, and other values: all of them if it is ``closed``.

    With ``prefixes``, both are beginnings of values.
    """

    field: CheckedField
    values: tuple[Scalar, ...]
    others: tuple[Scalar, ...]
    closed: bool
    prefixes: bool
    inapplicable: str
    undetermined: str


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """An entry of a JSON array of names and values.

    An array without it means a default: ``default_passes`` and ``default_fails`` are values of ``default_by`` with one that
    passes or fails.
    """

    name: str
    default_by: CheckedField
    default_passes: tuple[Scalar, ...]
    default_fails: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class RowSeverity:
    """The severity of a policy's findings, with reason and source."""

    level: str
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """A policy over one field. ``passes`` and ``fails`` hold a value for each test object; None is an empty field."""

    id: str
    full: str
    contextual: str
    description: str
    type: ObjectType
    guards: tuple[Guard, ...]
    field: CheckedField
    entry: NamedEntry | None
    form: Form
    limit: float
    items: tuple[Scalar, ...]
    passes: tuple[Scalar | None, ...]
    fails: tuple[Scalar | None, ...]
    compliant: str
    incompliant: str
    undetermined: str
    remediation: str
    mappings: tuple[str, ...]
    severity: RowSeverity | None
    categories: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """The entries of a table, and its diagnostics."""

    rows: tuple[Row, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _TableRead(EntriesRead):
    """The reading of a table for a repository, with the ids so far."""

    repository: Repository | None = None
    ids: dict[str, str] = field(default_factory=dict)


def read_table(path: Path, repository: Repository) -> Table:
    """Return the table in a YAML file for policies of a repository."""
    reading = _TableRead(Files(path.parent), TABLE, UNUSABLE, repository=repository)
    rows: list[Row] = []
    for table in reading.at(path.name):
        records = table.records("policies")
        if len(records) > _MOST_ROWS:
            reading.refuse(records[_MOST_ROWS].span, f"the table has more than {_MOST_ROWS:,} entries")
        for record in records[:_MOST_ROWS]:
            row = _row(record, repository, reading)
            if row is not None:
                rows.append(row)
    return Table(tuple(rows), tuple(reading.diagnostics))


def _row(record: Fields, repository: Repository, reading: _TableRead) -> Row | None:
    before = len(reading.diagnostics)
    _check_texts(record, reading)
    identity, object_type = _id(record, repository, reading), _type(record, repository, reading)
    _check_mappings(record, repository, reading)
    if identity is None or object_type is None or not _is_complete(record) or len(reading.diagnostics) > before:
        return None
    guards = tuple(_guard(guard, object_type, repository, reading) for guard in record.records("guards"))
    form = Form(record.text("form"))
    checked = _field(record, object_type, repository, reading, form)
    if checked is None or not _has_form(record, checked, form, reading):
        return None
    entry = _entry(record, object_type, repository, reading)
    passes, fails, items = (_values(record, key, checked, reading) for key in ("passes", "fails", "items"))
    _reject_both(record, passes, reading)
    limit = record.get("limit")
    if limit is not None:
        _check_limit(record, limit, form, reading)
    if len(reading.diagnostics) > before:
        return None
    number = 0.0 if limit is None else limit.value
    messages, names, severity = record["messages"], record["names"], record.get("severity")
    return Row(
        identity,
        _one_line(names["full"]),
        _one_line(names["contextual"]),
        _one_line(record["description"]),
        object_type,
        tuple(guard for guard in guards if guard is not None),
        checked,
        entry,
        form,
        number,
        items,
        *_tested(form, number, items, passes, fails),
        _one_line(messages["compliant"]),
        _one_line(messages["incompliant"]),
        "" if form in _EMPTY_IS_KNOWN else _one_line(messages["undetermined"]),
        _one_line(record["remediation"]),
        tuple(dict.fromkeys(section.value for section in record.texts("frameworkMappings"))),
        None if severity is None else RowSeverity(*(_one_line(severity[key]) for key in ("level", "because", "source"))),
        tuple(dict.fromkeys(category.value for category in record.texts("categories"))),
        record["id"].span,
    )


def _tested(
    form: Form, limit: float, items: tuple[Scalar, ...], passes: tuple[Scalar, ...], fails: tuple[Scalar, ...]
) -> tuple[tuple[Scalar | None, ...], tuple[Scalar | None, ...]]:
    """Return the values of test objects that pass, and of those that fail. A limit is tested on both sides."""
    match form:
        case Form.IS_TRUE | Form.IS_FALSE:
            return (form is Form.IS_TRUE,), (form is Form.IS_FALSE,)
        case Form.AT_LEAST:
            return (*dict.fromkeys((limit, limit + 1, *passes)),), (*dict.fromkeys((limit - 1, *fails)),)
        case Form.AT_MOST:
            return (*dict.fromkeys((limit, limit - 1, *passes)),), (*dict.fromkeys((limit + 1, *fails)),)
        case Form.EMPTY:
            return (None,), fails
        case Form.NOT_EMPTY:
            return passes, (None,)
        case Form.CONTAINS:
            whole = (_lines(*items), _lines(_OTHER_ITEM, *items))
            return whole, (*(_lines(_OTHER_ITEM, *(other for other in items if other != item)) for item in items), None)
        case Form.LACKS:
            return (_OTHER_ITEM,), (*items, *(_lines(_OTHER_ITEM, item) for item in items))
        case Form.ONE_OF | Form.NONE_OF:
            return passes, fails


def _lines(*items: Scalar) -> str:
    return "\n".join(map(str, items))


def _one_line(text: Placed) -> str:
    return str(text.value).strip()


def _is_complete(record: Fields) -> bool:
    """Whether all values of an entry could be read, inside its records, too."""
    parts = [*record.records("guards"), *(part for part in record.values() if isinstance(part, Fields))]
    return all(value is not None for part in (record, *parts) for value in part.values())


def _check_texts(record: Fields, reading: _TableRead) -> None:
    """Reject texts that are too long or have several lines."""
    for part in (record, *record.records("guards"), *(part for part in record.values() if isinstance(part, Fields))):
        for key, value in part.items():
            if not isinstance(value, Placed) or not isinstance(value.value, str):
                continue
            if len(value.value) > _LONGEST:
                reading.refuse(value.span, f"`{key}` has more than {_LONGEST:,} characters")
            elif len(value.value.strip().splitlines()) > 1:
                reading.refuse(value.span, f"`{key}` has several lines", "write one paragraph, folded with `>-`")


def _id(record: Fields, repository: Repository, reading: _TableRead) -> str | None:
    written = record.get("id")
    if written is None:
        return None
    identity = _or_refused(lambda: _policy_id(written.value, repository), written.span, reading)
    if identity is None:
        return None
    near = {identity.casefold()[:end] for end in (*_ends(identity), len(identity))} & reading.ids.keys()
    below = [other for folded, other in reading.ids.items() if folded.startswith(f"{identity.casefold()}/")]
    for other in (*(reading.ids[folded] for folded in near), *below):
        reading.refuse(written.span, f"`{shorten(identity)}` and `{shorten(other)}` cannot both be policies")
    reading.ids.setdefault(identity.casefold(), identity)
    return identity


def _policy_id(name: str, repository: Repository) -> str:
    """Return the id of a new policy, or of one that the repository has."""
    return name if name in repository.policy_ids else new_policy_id(name, repository)


def _ends(identity: str) -> Iterable[int]:
    return (place for place, letter in enumerate(identity) if letter == "/" and place)


def _type(record: Fields, repository: Repository, reading: _TableRead) -> ObjectType | None:
    written = record.get("type")
    if written is None:
        return None
    object_type = _or_refused(lambda: find_type(written.value, repository), written.span, reading)
    if object_type is not None and not object_type.declared:
        reading.refuse(written.span, f"the type `{shorten(object_type.name)}` declares no fields")
        return None
    return object_type


def _field(
    record: Fields, object_type: ObjectType, repository: Repository, reading: _TableRead, form: Form | None = None
) -> CheckedField | None:
    """Return the field that a row or a part of it names. With ``entry``, it holds a JSON array; the form types the value."""
    written = record["field"]
    path = _or_refused(lambda: field_named(written.value, object_type), written.span, reading)
    kind = path and _or_refused(lambda: path_kind(path, object_type, repository), written.span, reading)
    if not path or not kind:
        return None
    if path == object_type.deletion_field:
        reading.refuse(written.span, "the field marks disappeared objects, which is checked before any condition")
    elif "entry" in record:
        if kind != JSON:
            reading.refuse(written.span, f"`entry` reads a JSON document, and the field holds {FIELD_TYPES[kind].value}")
        elif form not in _ENTRY_FORMS:
            reading.refuse(record["form"].span, f"`entry` goes with {', '.join(f'`{one.value}`' for one in _ENTRY_FORMS)} only")
        else:
            return CheckedField(path, _ENTRY_FORMS[form])
    elif kind == JSON:
        hint = "name an `entry` of an array of names and values; `perpend new policy --key` begins a policy on other documents"
        reading.refuse(written.span, "the field holds a JSON document", hint)
    else:
        return CheckedField(path, FIELD_TYPES[kind])
    return None


def _entry(record: Fields, object_type: ObjectType, repository: Repository, reading: _TableRead) -> NamedEntry | None:
    """Return the entry that a row checks, None if it checks a field or is refused."""
    unset = record.get("unset")
    if ("entry" in record) != ("unset" in record) or (unset is not None and not (unset.get("passes") or unset.get("fails"))):
        reading.refuse(record["field"].span, "`entry` and `unset` go together, and `unset` has `passes` or `fails`")
        return None
    if unset is None:
        return None
    default_by = _field(unset, object_type, repository, reading)
    if default_by is None:
        return None
    if default_by.type is not ValueType.TEXT:
        reading.refuse(unset["field"].span, f"`unset` reads text, and this field holds {default_by.type.value}")
        return None
    passes, fails = (_values(unset, key, default_by, reading) for key in ("passes", "fails"))
    _reject_both(unset, passes, reading)
    return NamedEntry(_one_line(record["entry"]), default_by, passes, fails)


def _guard(record: Fields, object_type: ObjectType, repository: Repository, reading: _TableRead) -> Guard | None:
    checked = _field(record, object_type, repository, reading)
    if checked is None:
        return None
    if checked.type not in (ValueType.TEXT, ValueType.BOOLEAN):
        reading.refuse(record["field"].span, f"a guard reads text or a checkbox, and this field holds {checked.type.value}")
        return None
    values, others = (_values(record, key, checked, reading) for key in ("values", "others"))
    if checked.type is ValueType.BOOLEAN:
        if len(values) != 1 or others or "closed" in record or "prefixes" in record:
            reading.refuse(record.span, "the guard of a checkbox has one value, no `others`, and is never `closed`")
            return None
        others = (not values[0],)
    elif not values or not others:
        reading.refuse(record.span, f"`{'others' if values else 'values'}` names no value")
        return None
    closed, prefixes = (record.text(key, False) for key in ("closed", "prefixes"))
    if prefixes and not closed:
        reading.refuse(record.span, "a guard with `prefixes` is `closed`")
    _reject_both(record, values, reading, keys=("values", "others"))
    messages = (_one_line(record[key]) for key in ("inapplicable", "undetermined"))
    return Guard(checked, values, others, closed, prefixes, *messages)


def _has_form(record: Fields, checked: CheckedField, form: Form, reading: _TableRead) -> bool:
    """Whether an entry has the keys of its form, and its field a type that the form can check."""
    before = len(reading.diagnostics)
    if checked.type not in _TYPES[form]:
        wanted = " or ".join(type_.value for type_ in _TYPES[form])
        reading.refuse(record["form"].span, f"`{form.value}` checks {wanted}, and the field holds {checked.type.value}")
    for key in ("limit", "items", "passes", "fails"):
        if key in record and key not in _ALLOWED[form]:
            reading.refuse(record.key_spans[key], f"`{key}` does not go with `{form.value}`")
        elif not record.get(key) and key in _NEEDED[form]:
            reading.refuse(record["form"].span, f"`{form.value}` needs `{key}`")
    messages = record["messages"]
    if form in _EMPTY_IS_KNOWN and "undetermined" in messages:
        reading.refuse(messages.key_spans["undetermined"], f"an empty field is an answer to `{form.value}`")
    if form not in _EMPTY_IS_KNOWN and "undetermined" not in messages:
        reading.refuse(messages.span, f"`{form.value}` needs a message `undetermined`")
    return len(reading.diagnostics) == before


def _values(record: Fields, key: str, checked: CheckedField, reading: _TableRead) -> tuple[Scalar, ...]:
    """Return the values of a list. Values of the wrong kind, and repeated ones, are refused."""
    seen: set[Scalar] = set()
    placed = record.texts(key)
    if len(placed) > _MOST_VALUES:
        reading.refuse(placed[_MOST_VALUES].span, f"`{key}` has more than {_MOST_VALUES} values")
    for value in placed[:_MOST_VALUES]:
        if not _is_of(value.value, checked.type):
            hint = "quote a text" if checked.type is ValueType.TEXT else None
            reading.refuse(value.span, f"`{shorten(str(value.value))}` is not {checked.type.value}", hint)
        elif _same(value.value) in seen:
            reading.refuse(value.span, f"`{shorten(str(value.value))}` is in `{key}` twice")
        seen.add(_same(value.value))
    return tuple(value.value for value in placed[:_MOST_VALUES])


def _reject_both(
    record: Fields, first: Sequence[Scalar], reading: _TableRead, *, keys: tuple[str, str] = ("passes", "fails")
) -> None:
    seen = set(map(_same, first))
    for value in record.texts(keys[1]):
        if _same(value.value) in seen:
            reading.refuse(value.span, f"`{shorten(str(value.value))}` is in `{keys[0]}` and in `{keys[1]}`")


def _check_limit(record: Fields, limit: Placed, form: Form, reading: _TableRead) -> None:
    if not _is_of(limit.value, ValueType.NUMBER):
        reading.refuse(limit.span, f"`{shorten(str(limit.value))}` is not Number")
        return
    for key in ("passes", "fails"):
        for value in record.texts(key):
            within = value.value >= limit.value if form is Form.AT_LEAST else value.value <= limit.value
            if within != (key == "passes"):
                reading.refuse(value.span, f"`{value.value}` {'passes' if within else 'fails'} by the limit {limit.value}")


def _is_of(value: Any, wanted: ValueType) -> bool:
    if wanted is ValueType.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if wanted is ValueType.BOOLEAN else str)


def _same(value: Scalar) -> Scalar:
    """Return a value as comparisons of the language see it: text without regard to case and white space."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


def _check_mappings(record: Fields, repository: Repository, reading: _TableRead) -> None:
    for section in record.texts("frameworkMappings"):
        if section.value not in repository.section_ids:
            near = nearest(section.value, [one for one in repository.section_ids if _framework_is(one, section.value)], ())
            reading.refuse(section.span, f"there is no section `{shorten(section.value)}`", near)


def _framework_is(section: str, written: str) -> bool:
    return section.split("/")[:3] == written.split("/")[:3]


def _or_refused(get: Callable[[], T], span: Span, reading: _TableRead) -> T | None:
    """Return a value, or None and a diagnostic with the reason why there is none."""
    try:
        return get()
    except PerpendError as error:
        reading.refuse(span, str(error).replace("; nothing was written", ""))
        return None
