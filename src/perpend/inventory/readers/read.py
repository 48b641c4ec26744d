"""Read files into one inventory: recognise the format, read the rows, merge them."""

from __future__ import annotations

import gc
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perpend.core.errors import reject_single_text
from perpend.core.objects.claims import ListClaim, Scope, claims_of, reject_other_scopes
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, is_filled, is_root, object_from_fields
from perpend.core.objects.object_types import ObjectType
from perpend.core.process import is_alone
from perpend.core.values.values import in_utc
from perpend.inventory.readers.credential_report import Reading, read_answer, read_report
from perpend.inventory.readers.errors import UnusableContent, UnusableInput, excerpt
from perpend.inventory.readers.files import STANDARD_INPUT, read_text_bytes
from perpend.inventory.readers.formats import (
    ANSWER,
    DETAILS,
    HEAD,
    JSON_LINES,
    OBJECTS,
    REPORT,
    UNSUPPORTED,
    holds_lines,
    kind_of,
)
from perpend.inventory.readers.json_text import described, in_two_spellings, read_array, refuse_scalar
from perpend.inventory.readers.merge import (
    ACCOUNT_TYPE,
    REPORT_TYPES,
    USER_TYPE,
    coverage_of_report,
    merge_objects,
    merge_readings,
    with_partitions,
    with_root_users,
)
from perpend.inventory.readers.tools.merge import covers, standing, unite, with_empty_list
from perpend.inventory.readers.tools.registry import READERS, reader_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.inventory.readers.formats import InputKind
    from perpend.inventory.readers.tools.merge import Dated

_RESERVED = ("expectedResult", "context")
_RELATION = "__r"
_PROGRESS_STEP = 4096

_UNSUPPORTED = (
    "unsupported JSON: findings, plans, wrapped lists and arrays of pages are not read; name a credential report, account "
    "authorization details, an AWS Config snapshot, or a table with --type and --mapping"
)
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of reading files: the inventory of the usable inputs, and the unusable ones in the order of the arguments."""

    inventory: Inventory
    failures: tuple[UnusableInput, ...] = ()


@dataclass(slots=True)
class _Pile:
    """Everything read so far, before it is merged."""

    type_name: str | None
    progress: Callable[[int], None] | None
    object_type: ObjectType | None = None
    complete: Mapping[str, Sequence[Scope]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    objects: list[CloudObject] = field(default_factory=list)
    held: list[Dated] = field(default_factory=list)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    not_left_out: set[tuple[str, str]] = field(default_factory=set)
    cut_off: dict[str, Collection[str]] = field(default_factory=dict)
    last_pages: list[Collection[str]] = field(default_factory=list)
    types: Mapping[str, str] = field(default_factory=dict)
    read_from: Mapping[str, str] = field(default_factory=dict)
    observed_at: Mapping[str, datetime] = field(default_factory=dict)

    def report_rows(self) -> Callable[[int], None] | None:
        """Return a progress hook for one file that adds the rows of the files before it."""
        hook, before = self.progress, sum(source.objects for source in self.sources)
        return (lambda rows: hook(before + rows)) if hook else None

    def up_to_the_end(self, source: Source) -> Source:
        """Return a source without claims of missing pages, if the last page of its accounts was also read."""
        accounts = self.cut_off.get(source.name)
        if accounts is None or not any(not last or {*accounts} <= {*last} for last in self.last_pages):
            return source
        return replace(source, coverage=tuple(claim for claim in source.coverage if claim.lacking is None))


def collect_files(
    paths: Sequence[str | Path],
    *,
    type_name: str | None = None,
    object_type: ObjectType | None = None,
    complete: Mapping[str, Sequence[Scope]] | None = None,
    keep_going: bool = False,
    progress: Callable[[int], None] | None = None,
    read_from: Mapping[str, str] | None = None,
    observed_at: Mapping[str, datetime] | None = None,
    types: Mapping[str, str] | None = None,
) -> Collected:
    """Read files into one inventory; ``-`` is standard input.

    ``type_name`` is the object type of a JSON array, ``object_type`` its declaration. ``complete`` has by path the scopes
    of which an input has every object. The first unusable input raises UnusableInput; with ``keep_going`` the others are
    read, and the failures are listed. ``progress`` is called with the number of rows read so far. ``read_from`` has by path
    a file to read instead, ``observed_at`` a time of observation that overrides the input's own, ``types`` a type that an
    input of another tool must contain. Raises TypeError for a single path or a claim that is not a Scope, and ValueError
    for a time without a zone or a key that is not one of the paths.
    """
    reject_single_text(paths, "paths")
    names = [os.fspath(path) for path in paths]
    if strange := {*(complete or {}), *(observed_at or {})} - {*names}:
        raise ValueError(f"none of the inputs is {min(map(repr, strange))}")
    reject_other_scopes(scope for scopes in (complete or {}).values() for scope in scopes)
    stated = {path: in_utc(time) for path, time in (observed_at or {}).items()}
    pile = _Pile(
        type_name, progress, object_type, complete or {}, types=types or {}, read_from=read_from or {}, observed_at=stated
    )
    with _collector_paused():
        return _collect(names, pile, keep_going=keep_going)


def _collect(paths: Sequence[str], pile: _Pile, *, keep_going: bool) -> Collected:
    failures = []
    for place, path in enumerate(paths):
        try:
            if path == STANDARD_INPUT and path in paths[:place]:
                raise UnusableContent("standard input can be read only once")
            _read_file(path, pile)
        except UnusableContent as error:
            failure = UnusableInput(path, str(error))
            if not keep_going:
                raise failure from None
            failures.append(failure)
    unread = tuple(failure.shown for failure in failures)
    return Collected(replace(_estate_of(pile), unread=unread), tuple(failures))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause cyclic garbage collection: all objects made here are kept and have no cycles, so collecting only costs time.

    In a process of Perpend's own, they are also excluded from later collections.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_alone():  # in another program, its garbage would be kept forever, too
            gc.freeze()
        if enabled:
            gc.enable()


def _read_file(path: str, pile: _Pile) -> None:
    content = read_text_bytes(pile.read_from.get(path, path))
    pile.digests[path] = hashlib.sha256(content).hexdigest()
    recognised = kind_of(content[:HEAD])
    if recognised is UNSUPPORTED:
        raise UnusableContent(_UNSUPPORTED)
    if recognised is not None and recognised.is_table and pile.type_name and path == STANDARD_INPUT:
        raise UnusableContent("a table is read from a file, not from standard input: write it to one and name that")
    if recognised is not None and recognised in READERS:
        _read_format(recognised, content, path, pile)
        return
    if recognised is OBJECTS:
        _read_test_data(content, path, pile)
        return
    if not pile.type_name and recognised is JSON_LINES and holds_lines(content[:HEAD]):
        raise UnusableContent("JSON lines do not state their object type; set it with --type")
    kind, observed_at = REPORT, None
    if recognised in (ANSWER, JSON_LINES):
        content, observed_at = read_answer(content)
        kind = ANSWER
    elif pile.type_name:
        refuse_scalar(content)
    observed_at = pile.observed_at.get(path, observed_at)
    readings = read_report(content, path, observed_at=observed_at, progress=pile.report_rows())
    if pile.type_name and pile.type_name not in REPORT_TYPES:
        raise UnusableContent(f"a credential report, which holds `{USER_TYPE}` objects, not `{pile.type_name}`")
    pile.readings += readings
    whole = {reading.account for reading in readings if is_root(reading.arn)}
    accounts = {one: one in whole for one in sorted({reading.account for reading in readings})}
    coverage = coverage_of_report(accounts, pile.complete.get(path, ()))
    pile.sources.append(Source(path, kind.name, observed_at, len(readings), tuple(accounts), coverage))


def _read_test_data(content: bytes, path: str, pile: _Pile) -> None:
    if not pile.type_name:
        raise UnusableContent("a JSON array does not state its object type; set it with --type")
    declared = pile.object_type or ObjectType(pile.type_name)
    objects = read_objects(content, path, object_type=declared, progress=pile.report_rows())
    pile.objects += objects
    coverage = claims_of(pile.type_name, pile.complete.get(path, ()))
    pile.sources.append(Source(path, OBJECTS.name, pile.observed_at.get(path), len(objects), coverage=coverage))


def _read_format(kind: InputKind, content: bytes, path: str, pile: _Pile) -> None:
    held = reader_of(kind)(content, path)
    types = {*held.types, *(listed for *_, listed in held.lists)}
    if (asked := pile.types.get(path, pile.type_name)) and asked not in types:
        holds = ", ".join(f"`{one}`" for one in sorted(types)) or "nothing that is known"
        raise UnusableContent(f"{kind.label}, which holds {holds}, not `{asked}`")
    claimed = pile.complete.get(path, ())
    coverage = (*held.lacking, *(claim for type_name in sorted(held.types) for claim in claims_of(type_name, claimed)))
    lists = [ListClaim(owner, name, one) for owner, name, of in sorted(held.lists) for one in claims_of(of, claimed)]
    if kind is DETAILS:
        pile.last_pages += [] if held.has_more else [held.accounts]
        pile.cut_off |= {path: held.accounts} if held.has_more and claimed else {}
    stated = pile.observed_at.get(path)
    pile.readings += [reading._replace(observed_at=stated) for reading in held.readings] if stated else held.readings
    said_to_be_all = {place for place, one in enumerate(held.objects) if covers(claimed, one)}
    pile.left_out += [(len(pile.held) + place, kind.name, name) for place, name in held.left_out if place in said_to_be_all]
    pile.not_left_out |= {(kind.name, name) for name in held.stated_empty | held.left_open}
    pile.held += [(object_, held.seen_at.get(place)) for place, object_ in enumerate(held.objects)]
    objects = len(held.readings) + len(held.objects)
    pile.sources.append(Source(path, kind.name, stated or held.observed_at, objects, held.accounts, coverage, tuple(lists)))
    if progress := pile.progress:
        progress(sum(source.objects for source in pile.sources))


def _estate_of(pile: _Pile) -> Inventory:
    # If empty lists are stated elsewhere, or more is missing, the format's rule about omitted lists does not apply.
    for place, kind, name in pile.left_out:
        if (kind, name) not in pile.not_left_out:
            pile.held[place] = with_empty_list(pile.held[place], name)
    # Sort sources by content hash, so that file names and argument order do not matter.
    sources = sorted(map(pile.up_to_the_end, pile.sources), key=lambda source: (pile.digests[source.name], source.name))
    ranks = {source.name: rank for rank, source in enumerate(sources)}
    objects: dict[str, list[CloudObject]] = {}
    if pile.readings:
        users, objects[ACCOUNT_TYPE] = merge_readings(pile.readings, ranks)
        described = {object_.id for object_ in pile.objects} if pile.type_name == USER_TYPE else set()
        objects[USER_TYPE] = with_root_users(users, described=described)
    if pile.type_name and any(source.kind == OBJECTS.name for source in pile.sources):
        shown = objects.get(pile.type_name, [])
        if pile.type_name == ACCOUNT_TYPE:
            described = {object_.id for object_ in pile.objects}
            shown = [account for account in shown if account.id not in described]
        objects[pile.type_name] = merge_objects([*shown, *pile.objects], ranks)
    times = {source.name: source.observed_at or _UNKNOWN for source in sources}

    def age(reading: CloudObject) -> tuple[datetime, int]:
        return times[reading.origin.source], -ranks[reading.origin.source]

    held = sorted(pile.held, key=lambda dated: (ranks[dated[0].origin.source], dated[0].origin.row or 0))
    for type_name in {object_.type_name for object_, _ in held}:
        of_type = [dated for dated in held if dated[0].type_name == type_name]
        objects[type_name] = unite([*((object_, None) for object_ in objects.get(type_name, ())), *of_type], age)
    sources = with_partitions(sources, objects)
    return Inventory(tuple(standing(sources, objects)), {name: tuple(objects[name]) for name in sorted(objects)})


def read_objects(
    content: bytes, source: str, *, object_type: ObjectType, progress: Callable[[int], None] | None = None
) -> list[CloudObject]:
    """Return the objects in file order. Raises UnusableContent with the position of the first that cannot be used.

    ``object_type`` declares the fields with an object's name and external id, and the lookup of its owner.
    """
    objects = []
    for position, entry in read_array(content):
        objects.append(_object_of(entry, object_type, Origin(source, position, "entry")))
        if progress and position % _PROGRESS_STEP == 0:
            progress(position)
    if progress:
        progress(len(objects))
    return objects


def _object_of(entry: Any, object_type: ObjectType, origin: Origin) -> CloudObject:
    if not isinstance(entry, dict):
        raise UnusableContent(f"entry {origin.row} of the array is {described(entry)} where an object is expected")
    fields = {name: value for name, value in entry.items() if name not in _RESERVED}
    twice = _in_two_spellings(fields)
    if twice:
        raise UnusableContent(f"object {origin.row} of the array: the key {excerpt(twice)} appears in two spellings")
    identity = fields.get("Id")
    if not is_filled(identity):
        fault = "is missing" if "Id" not in fields else "is empty" if identity == "" else f"is {described(identity)}"
        raise UnusableContent(f"object {origin.row} of the array: its `Id` {fault} where text is expected")
    return object_from_fields(fields, object_type, origin)


def _in_two_spellings(fields: dict[str, Any]) -> str:
    """Return a key that an object, or one under its relations, has twice in different case; empty if there is none.

    A table could store only one of them. Keys inside of field values, such as tags, may differ only in case.
    """
    related = [value for name, value in fields.items() if name.endswith(_RELATION) and isinstance(value, dict | list)]
    others = (one for value in related for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))
    return next(iter(in_two_spellings(fields)), "") or next(filter(None, map(_in_two_spellings, others)), "")
