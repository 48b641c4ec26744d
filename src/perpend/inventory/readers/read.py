"""Read files into one inventory: recognise the format, read the rows, merge them."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from perpend.core.clouds.aws import ACCOUNT_TYPE, USER_TYPE, is_root_user
from perpend.core.dataclass import dataclass
from perpend.core.errors import reject_single_text
from perpend.core.objects.claims import ListClaim, Scope, claims_of, reject_other_scopes
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, is_filled, object_from_fields
from perpend.core.objects.object_types import ObjectType
from perpend.core.process import collector_paused, is_alone
from perpend.core.values.values import in_utc
from perpend.inventory.readers.credential_report import Reading, read_answer, read_report
from perpend.inventory.readers.errors import UnusableContent, UnusableInput, excerpt
from perpend.inventory.readers.files import STANDARD_INPUT, InputText
from perpend.inventory.readers.formats import (
    ANSWER,
    DETAILS,
    JSON_LINES,
    OBJECTS,
    PLAN,
    REPORT,
    STATE,
    UNSUPPORTED,
    holds_lines,
    kind_of,
)
from perpend.inventory.readers.json_text import described, in_two_spellings, read_array, refuse_scalar
from perpend.inventory.readers.merge import (
    REPORT_TYPES,
    coverage_of_report,
    merge_objects,
    merge_readings,
    with_partitions,
    with_root_users,
)
from perpend.inventory.readers.tools.contents import Contents, Found
from perpend.inventory.readers.tools.merge import covers, uncontradicted, unite, with_empty_list
from perpend.inventory.readers.tools.registry import READERS, reader_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.inventory.readers.formats import InputKind
    from perpend.inventory.readers.tools.merge import Dated

_RESERVED = ("expectedResult", "context")
_RELATION = "__r"
_MOST_CHECKED = 1024
_PROGRESS_STEP = 4096

_UNSUPPORTED = (
    "unsupported JSON: findings, wrapped lists and arrays of pages are not read; name a credential report, account "
    "authorization details, an AWS Config snapshot, or a table with --type and --mapping"
)
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


_Relations = dict[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of reading files: the inventory of the usable inputs, and the unusable ones in the order of the arguments."""

    inventory: Inventory
    failures: tuple[UnusableInput, ...] = ()


class Sink(Protocol):
    """Takes objects as they are read, so that they are not held in memory. Objects that it does not take are collected."""

    def begin(self, source: str, kind: InputKind) -> None:
        """Begin with an input."""

    def take(self, entry: Found) -> bool:
        """Whether an object was taken; ``left_out`` has the lists that are empty if nothing says otherwise."""

    def take_reading(self, reading: Reading) -> bool:
        """Whether a row of a credential report was taken."""

    def end(self, *, is_read: bool) -> None:
        """End the input. If it was not read to its end, forget the objects taken from it."""


@dataclass(slots=True)
class Collecting:
    """The files of one collection, and all that was read and is not merged yet.

    The first fields are parameters of :func:`collect_files`. ``sink`` takes objects as they are read. ``planned_accounts`` has
    by path the account of a plan that does not state one.
    """

    type_name: str | None = None
    object_type: ObjectType | None = None
    complete: Mapping[str, Sequence[Scope]] = field(default_factory=dict)
    progress: Callable[[int], None] | None = None
    read_from: Mapping[str, str] = field(default_factory=dict)
    observed_at: Mapping[str, datetime] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    sink: Sink | None = None
    planned_accounts: Mapping[str, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    failures: tuple[UnusableInput, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    objects: list[CloudObject] = field(default_factory=list)
    contents: list[Dated] = field(default_factory=list)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    not_left_out: set[tuple[str, str]] = field(default_factory=set)
    cut_off: dict[str, Collection[str]] = field(default_factory=dict)
    last_pages: list[Collection[str]] = field(default_factory=list)
    _texts: dict[str, InputText] = field(default_factory=dict)

    def read(self, paths: Sequence[str], *, keep_going: bool) -> None:
        """Read files. The first unusable one raises UnusableInput; with ``keep_going``, all are in ``failures``.

        A sink gets them in the order of their contents, so that names and the order of arguments do not matter.
        """
        self._texts = {path: InputText(self.read_from.get(path, path)) for path in paths}
        failed: dict[int, UnusableInput] = {}
        for place in self._in_order(paths):
            if failed and not keep_going and place > min(failed):
                continue
            try:
                if paths[place] == STANDARD_INPUT and STANDARD_INPUT in paths[:place]:
                    raise UnusableContent("standard input can be read only once")
                self._read(paths[place])
            except UnusableContent as error:
                failed[place] = UnusableInput(paths[place], str(error))
                if self.sink is None and not keep_going:
                    break
        self.failures = tuple(failed[place] for place in sorted(failed))
        if self.failures and not keep_going:
            raise self.failures[0]

    def reread(self, paths: Iterable[str], sink: Sink) -> None:
        """Read files again and add the objects that a sink does not take. Raises UnusableInput if a file has changed."""
        for path in paths:
            second = Collecting(
                self.type_name,
                self.object_type,
                self.complete,
                observed_at=self.observed_at,
                types=self.types,
                sink=sink,
                planned_accounts=self.planned_accounts,
                _texts=self._texts,
            )
            try:
                second._read(path)
                if second.digests[path] != self.digests[path]:
                    raise UnusableContent("changed while it was read")
            except UnusableContent as error:
                raise UnusableInput(path, str(error)) from None
            self.left_out += [(len(self.contents) + place, kind, name) for place, kind, name in second.left_out]
            self.readings += second.readings
            self.objects += second.objects
            self.contents += second.contents

    def collected(self) -> Iterator[CloudObject]:
        """Yield the objects that the sink did not take, before they are merged."""
        ranks = dict.fromkeys((source.name for source in self.sources), 0)
        users, accounts = merge_readings(self.readings, ranks)
        yield from with_root_users(users)
        yield from accounts
        yield from self.objects
        yield from (object_ for object_, _ in self.contents)

    def inventory(self, read_before: Sequence[Reading] = ()) -> Inventory:
        """Return the objects merged.

        ``read_before`` has the first reading of each account that the sink took: its account is included, and its root user if
        no reading shows it.
        """
        # If empty lists are stated elsewhere, or more is missing, the format's rule about omitted lists does not apply.
        for place, kind, name in self.left_out:
            if (kind, name) not in self.not_left_out:
                self.contents[place] = with_empty_list(self.contents[place], name)
        # Sort sources by content hash, so that file names and argument order do not matter.
        sources = sorted(map(self._up_to_the_end, self.sources), key=lambda source: (self.digests[source.name], source.name))
        ranks = {source.name: rank for rank, source in enumerate(sources)}
        objects: dict[str, list[CloudObject]] = {}
        if self.readings or read_before:
            users, objects[ACCOUNT_TYPE] = merge_readings([*self.readings, *read_before], ranks)
            described = {object_.id for object_ in self.objects} if self.type_name == USER_TYPE else set()
            known = {reading.arn for reading in read_before}
            objects[USER_TYPE] = [user for user in with_root_users(users, described=described) if user.id not in known]
        if self.type_name and any(source.kind == OBJECTS.name for source in sources):
            shown = objects.get(self.type_name, [])
            if self.type_name == ACCOUNT_TYPE:
                described = {object_.id for object_ in self.objects}
                shown = [account for account in shown if account.id not in described]
            objects[self.type_name] = merge_objects([*shown, *self.objects], ranks)
        times = {source.name: source.observed_at or _UNKNOWN for source in sources}

        def age(reading: CloudObject) -> tuple[datetime, int]:
            return times[reading.origin.source], -ranks[reading.origin.source]

        contents = sorted(self.contents, key=lambda dated: (ranks[dated[0].origin.source], dated[0].origin.row or 0))
        for type_name in {object_.type_name for object_, _ in contents}:
            of_type = [dated for dated in contents if dated[0].type_name == type_name]
            objects[type_name] = unite([*((object_, None) for object_ in objects.get(type_name, ())), *of_type], age)
        sources = with_partitions(sources, objects)
        unread = tuple(failure.shown for failure in self.failures)
        return Inventory(
            tuple(uncontradicted(sources, objects)), {name: tuple(objects[name]) for name in sorted(objects)}, unread
        )

    def _in_order(self, paths: Sequence[str]) -> list[int]:
        if self.sink is None:
            return [*range(len(paths))]
        return sorted(range(len(paths)), key=lambda place: (self._digest(paths[place]), paths[place]))

    def _digest(self, path: str) -> str:
        try:
            return self.digests.setdefault(path, self._texts[path].digest())
        except UnusableContent:  # reading it reports the error
            return ""

    def _read(self, path: str) -> None:
        with collector_paused():
            self._read_text(self._texts[path], path)

    def _read_text(self, text: InputText, path: str) -> None:
        recognised = kind_of(text.head())
        self._digest(path)
        if recognised is UNSUPPORTED:
            raise UnusableContent(_UNSUPPORTED)
        if recognised is not None and recognised.is_table and self.type_name and path == STANDARD_INPUT:
            raise UnusableContent("a table is read from a file, not from standard input: write it to one and name that")
        if recognised is not None and recognised in READERS:
            self._read_format(recognised, text, path)
        elif recognised is OBJECTS:
            self._read_test_data(text, path)
        elif not self.type_name and recognised is JSON_LINES and holds_lines(text.head()):
            raise UnusableContent("JSON lines do not state their object type; set it with --type")
        else:
            self._read_report(recognised, text.content(), path)

    def _read_report(self, recognised: InputKind | None, content: bytes, path: str) -> None:
        kind, observed_at = REPORT, None
        if recognised in (ANSWER, JSON_LINES):
            content, observed_at = read_answer(content)
            kind = ANSWER
        elif self.type_name:
            refuse_scalar(content)
        observed_at = self.observed_at.get(path, observed_at)
        readings = read_report(content, path, observed_at=observed_at, progress=self._report_rows())
        if self.type_name and self.type_name not in REPORT_TYPES:
            raise UnusableContent(f"a credential report, which holds `{USER_TYPE}` objects, not `{self.type_name}`")
        whole = {reading.account for reading in readings if is_root_user(reading.arn)}
        accounts = {one: one in whole for one in sorted({reading.account for reading in readings})}
        coverage = coverage_of_report(accounts, self.complete.get(path, ()))
        self.sources.append(Source(path, kind.name, observed_at, len(readings), tuple(accounts), coverage))
        self.readings += readings
        with self._taking(path, kind):  # a sink has the numbers of all sources, though it takes no reports
            pass

    def _read_test_data(self, text: InputText, path: str) -> None:
        if not self.type_name:
            raise UnusableContent("a JSON array does not state its object type; set it with --type")
        declared = self.object_type or ObjectType(self.type_name)
        progress = self._report_rows()
        objects, count = [], 0
        with self._taking(path, OBJECTS) as sink:
            for count, fields in enumerate(read_objects(text.pieces()), 1):
                origin = Origin(path, count, "entry")
                if sink is None or not sink.take(Found(self.type_name, fields, origin)):
                    objects.append(object_from_fields(fields, declared, origin))
                if progress and count % _PROGRESS_STEP == 0:
                    progress(count)
        if progress:
            progress(count)
        self.objects += objects
        coverage = claims_of(self.type_name, self.complete.get(path, ()))
        self.sources.append(Source(path, OBJECTS.name, self.observed_at.get(path), count, coverage=coverage))

    def _read_format(self, kind: InputKind, text: InputText, path: str) -> None:
        contents, claimed, stated = (
            Contents(planned_account=self.planned_accounts.get(path, "")),
            self.complete.get(path, ()),
            self.observed_at.get(path),
        )
        if claimed and kind in (PLAN, STATE):
            raise UnusableContent(f"a {kind.label} holds no account, and cannot be declared complete (--complete)")
        progress = self._report_rows()
        objects: list[Found] = []
        readings: list[Reading] = []
        count = 0
        with self._taking(path, kind) as sink:
            for _ in reader_of(kind)(text, path, contents):
                for entry in contents.objects:
                    whole_entry = entry if not entry.left_out or covers(claimed, entry) else entry._replace(left_out=())
                    if sink is None or not sink.take(whole_entry):
                        objects.append(whole_entry)
                for reading in contents.readings:
                    dated = reading._replace(observed_at=stated) if stated else reading
                    if sink is None or not sink.take_reading(dated):
                        readings.append(dated)
                count += len(contents.objects) + len(contents.readings)
                contents.objects.clear()
                contents.readings.clear()
                if progress and count % _PROGRESS_STEP == 0:
                    progress(count)
            types = {*contents.types, *(listed for *_, listed in contents.lists)}
            if (wanted := self.types.get(path, self.type_name)) and wanted not in types:
                holds = ", ".join(f"`{one}`" for one in sorted(types)) or "nothing that is known"
                raise UnusableContent(f"{kind.label}, which holds {holds}, not `{wanted}`")
        accounts = tuple(sorted(contents.accounts))
        coverage = (
            *contents.lacking,
            *(claim for type_name in sorted(contents.types) for claim in claims_of(type_name, claimed)),
        )
        lists = [ListClaim(owner, name, one) for owner, name, of in sorted(contents.lists) for one in claims_of(of, claimed)]
        if kind is DETAILS:
            self.last_pages += [] if contents.has_more else [accounts]
            self.cut_off |= {path: accounts} if contents.has_more and claimed else {}
        self.left_out += [
            (len(self.contents) + place, kind.name, name) for place, entry in enumerate(objects) for name in entry.left_out
        ]
        self.not_left_out |= {(kind.name, name) for name in contents.stated_empty | contents.left_open}
        self.contents += [(entry.as_object, entry.seen_at) for entry in objects]
        self.readings += readings
        planned = tuple(contents.planned)
        observed_at = stated or contents.observed_at
        self.sources.append(Source(path, kind.name, observed_at, count, accounts, coverage, tuple(lists), planned))
        if progress:
            progress(count)

    @contextmanager
    def _taking(self, path: str, kind: InputKind) -> Iterator[Sink | None]:
        """Yield the sink, which forgets the input if it cannot be read to its end."""
        if self.sink:
            self.sink.begin(path, kind)
        is_read = False
        try:
            yield self.sink
            is_read = True
        finally:
            if self.sink:
                self.sink.end(is_read=is_read)

    def _report_rows(self) -> Callable[[int], None] | None:
        """Return a progress hook for one file that adds the rows of the files before it."""
        hook, before = self.progress, sum(source.objects for source in self.sources)
        return (lambda rows: hook(before + rows)) if hook else None

    def _up_to_the_end(self, source: Source) -> Source:
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
    collecting = Collecting(
        type_name, object_type, complete or {}, progress, read_from or {}, observed_at=stated, types=types or {}
    )
    with collector_paused():
        collecting.read(names, keep_going=keep_going)
        inventory = collecting.inventory()
    if is_alone():  # all of it is kept; in another program, its garbage would be kept forever, too
        gc.freeze()
    return Collected(inventory, collecting.failures)


def read_objects(pieces: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the fields of the objects of an array. Raises UnusableContent with the position of the first invalid one."""
    relations: _Relations = {}
    for position, entry in read_array(pieces):
        if not isinstance(entry, dict):
            raise UnusableContent(f"entry {position} of the array is {described(entry)} where an object is expected")
        fields = entry
        if _RESERVED[0] in entry or _RESERVED[1] in entry:
            fields = {name: value for name, value in entry.items() if name not in _RESERVED}
        if twice := _in_two_spellings(fields, relations):
            raise UnusableContent(f"object {position} of the array: the key {excerpt(twice)} appears in two spellings")
        identity = fields.get("Id")
        if not is_filled(identity):
            fault = "is missing" if "Id" not in fields else "is empty" if identity == "" else f"is {described(identity)}"
            raise UnusableContent(f"object {position} of the array: its `Id` {fault} where text is expected")
        yield fields


def _in_two_spellings(fields: Mapping[str, Any], relations: _Relations) -> str:
    """Return a key that an object, or one under its relations, has twice in different case; empty if there is none.

    A table could store only one of them. Keys inside of field values, such as tags, may differ only in case. ``relations`` has
    the relations among keys that were found to be different.
    """
    names = tuple(fields)
    related = relations.get(names)
    if related is None:
        if twice := in_two_spellings(fields):
            return twice[0]
        related = tuple(name for name in names if name.endswith(_RELATION))
        if len(relations) < _MOST_CHECKED:
            relations[names] = related
    for name in related:
        value = fields[name]
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, dict) and (spelt := _in_two_spellings(inner, relations)):
                return spelt
    return ""
