"""Objects of a stored table, read on demand with their verdicts."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Protocol

from perpend.core.garbage import collector_paused
from perpend.core.objects.identity import account_fields
from perpend.core.objects.inventory import CloudObject, Origin, object_from_fields
from perpend.core.objects.object_types import UNKNOWN_TYPE
from perpend.core.schema.tables import CONTRADICTED
from perpend.inventory.readers.conflicts import CONTRADICT, PLACES
from perpend.inventory.readers.formats import is_table
from perpend.inventory.snapshots.database import pattern, text
from perpend.inventory.snapshots.queries.identity import object_identity
from perpend.language.program.required_columns import required_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.shred import RequiredFields
    from perpend.evaluation.engines.verdicts import VerdictFiles
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.queries.identity import ObjectIdentity
    from perpend.inventory.snapshots.read_objects import ObjectReader
    from perpend.inventory.snapshots.snapshot import ReadableTables
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program

_AT_ONCE: Final = 8_192
"""The number of objects that are read at once."""

_WHY: Final = (
    f"CASE WHEN starts_with({CONTRADICTED}, {text(CONTRADICT)}) "
    f"THEN split_part({CONTRADICTED}, {text(PLACES)}, 1) ELSE {CONTRADICTED} END"
)
"""The reason of a contradicted row, without its places (``inventory/readers/conflicts.py``)."""


class CodedVerdicts(Protocol):
    """The codes of one program in files, and the outcomes that they mean."""

    @property
    def number(self) -> int:
        """The number of the program in the files."""

    @property
    def files(self) -> VerdictFiles:
        """The files."""

    def verdicts_at(self, verdicts: Sequence[tuple[int, int]], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return the outcomes of some objects, which are given by place."""


class StoredObjects(Sequence[CloudObject]):
    """The objects of one stored table, read in batches. Places are the row numbers of the table."""

    def __init__(
        self,
        reader: ObjectReader,
        readable: ReadableTables,
        files: VerdictFiles,
        object_type: ObjectType,
        required: RequiredFields,
        types: Callable[[str], ObjectType | None] = lambda _: None,
    ) -> None:
        self._reader = reader
        self._readable = readable
        self._files = files
        self._type = object_type
        self._required = required
        self._types = types
        self._origins = StoredOrigins(readable, object_type.name)
        self._contradictions: dict[tuple[VerdictFiles, frozenset[int]], list[Counter[str]]] = {}

    def __len__(self) -> int:
        return self._files.rows

    def __getitem__(self, place: Any) -> Any:
        return self.with_rows([place])[0]

    def __iter__(self) -> Iterator[CloudObject]:
        for objects, _ in self.chunks([]):
            yield from objects

    @property
    def readable(self) -> ReadableTables:
        """The tables of the objects."""
        return self._readable

    @property
    def object_type(self) -> ObjectType:
        """The type of the objects."""
        return self._type

    @property
    def required(self) -> RequiredFields:
        """The fields that are read of the objects."""
        return self._required

    @cached_property
    def identity(self) -> ObjectIdentity:
        """The SQL for the identity of the rows."""
        return object_identity(self._readable, self._type, self._types)

    @property
    def connection(self) -> Connection:
        """The database that reads the objects."""
        return self._reader.connection

    def reading(self, paths: Iterable[str]) -> StoredObjects:
        """Return the same objects, with the values at further paths."""
        required = with_paths(deepcopy(self._required), paths)
        return StoredObjects(self._reader, self._readable, self._files, self._type, required, self._types)

    def with_rows(self, rows: Sequence[int]) -> list[CloudObject]:
        """Return the objects with these row numbers, in their order."""
        objects: list[CloudObject] = []
        for start in range(0, len(rows), _AT_ONCE):
            batch = rows[start : start + _AT_ONCE]
            sources = self._files.sources(batch)
            objects += self._objects(batch, [sources[row] for row in batch])
        return objects

    def at(self, places: Collection[int]) -> dict[int, CloudObject]:
        """Return objects by their places, with one query per table."""
        rows = sorted(set(places))
        return dict(zip(rows, self.with_rows(rows), strict=True))

    def chunks(self, columns: Sequence[CodedVerdicts]) -> Iterator[tuple[Sequence[CloudObject], list[list[EvaluationOutcome]]]]:
        """Yield all objects in order, in chunks, with the outcome of each in some columns of verdicts."""
        files = columns[0].files if columns else self._files
        read = 0
        for chunk in files.chunks([column.number for column in columns]):
            read += len(chunk)
            for start in range(0, len(chunk), _AT_ONCE):
                rows, sources, *codes = zip(*chunk[start : start + _AT_ONCE], strict=True)
                objects = self._objects(rows, sources)
                by_row = dict(zip(rows, objects, strict=True))
                outcomes = [
                    column.verdicts_at(list(zip(rows, of_column, strict=True)), by_row)
                    for column, of_column in zip(columns, codes, strict=True)
                ]
                yield objects, outcomes
        if files.shown is None and read != len(self):
            raise AssertionError(f"{read} objects have verdicts, {len(self)} were expected")

    def write_rows(self, query: str) -> Path:
        """Write the row numbers that a query returns to a file next to the verdicts; return the file."""
        path = self._files.paths[0].with_name(f"rows-{secrets.token_hex(8)}.parquet")
        self._files.reader.run(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
        return path

    def run(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query over the tables of the objects."""
        return self._files.reader.run(query)

    def contradictions(self, files: VerdictFiles, codes: frozenset[int]) -> list[Counter[str]]:
        """Return, for each program, the reasons of contradicted rows, with the number of rows that ended for that reason.

        ``codes`` are those whose reason only the row itself gives.
        """
        if not self._readable.tables.by_name[self._type.name].contradicted:
            return [Counter() for _ in range(files.programs)]
        if (files, codes) not in self._contradictions:
            rows = files.contradictions(self._readable.relation(self._type.name), _WHY, codes)
            of_each = ({why: numbers[place] for why, *numbers in rows if numbers[place]} for place in range(files.programs))
            self._contradictions[files, codes] = [Counter(reasons) for reasons in of_each]
        return self._contradictions[files, codes]

    def _objects(self, rows: Sequence[int], sources: Sequence[int]) -> list[CloudObject]:
        with collector_paused():
            nested = self._reader.objects(self._type.name, rows, self._required)
            scopes = self._reader.values(self._type.name, rows, self.identity, ("account", "region"))
            return [
                object_from_fields(fields, self._type, self._origins.of(row, source))._replace(account=account, region=region)
                for row, source, fields, (account, region) in zip(rows, sources, nested, scopes, strict=True)
            ]


class StoredOrigins:
    """The sources of the rows of a stored table, with the places in them if row numbers give these.

    They do if all sources are tables and each of their rows is one of this table: then row numbers continue from file to file.
    """

    def __init__(self, readable: ReadableTables, type_name: str) -> None:
        numbers = [source.objects for source in readable.sources]
        self._names = [source.name for source in readable.sources]
        self._starts = [0, *accumulate(numbers)]
        table = readable.tables.by_name.get(type_name)
        whole = len(numbers) == 1 or (table is not None and self._starts[-1] == table.rows)
        self._lines = [source.lines for source in readable.sources]
        self._rows_are_places = whole and all(is_table(source.kind) for source in readable.sources)

    def name_of(self, source: int) -> str:
        """Return the name of a source."""
        return self._names[source]

    def of(self, row: int, source: int) -> Origin:
        """Return the source and place of one row."""
        if self._rows_are_places and self._starts[source] <= row < self._starts[source + 1]:
            return Origin(self._names[source], row - self._starts[source] + 1, "row")
        if lines := self._lines[source]:
            first_row, number, first_line = lines
            if first_row <= row < first_row + number:
                return Origin(self._names[source], row - first_row + first_line)
        return Origin(self._names[source])


def required_values(programs: Sequence[Program], object_type: ObjectType) -> RequiredFields:
    """Return the fields that programs read, and those that name the object and its owner."""
    required = required_fields(programs)
    required.values |= {"Id", "Name"} | {name for name in (object_type.name_field, object_type.external_id_field) if name}
    if object_type.master is not None and object_type.master in object_type.lookups:
        required.through([object_type.master]).values |= {"Id", "Name"}
    return required


def with_accounts(required: RequiredFields, object_type: ObjectType, type_of: Callable[[str], ObjectType]) -> RequiredFields:
    """Return the fields after adding those that name the account of the object and of each related object."""
    required.values |= account_fields(object_type)
    names = {name: lookup.target for name, lookup in object_type.lookups.items()}
    names |= {name: children.type_name for name, children in object_type.children.items()}
    for name, below in (*required.lookups.items(), *required.children.items()):
        with_accounts(below, type_of(names[name]) if name in names else UNKNOWN_TYPE, type_of)
    return required


def with_paths(required: RequiredFields, paths: Iterable[str]) -> RequiredFields:
    """Return the fields after adding those at further paths."""
    for path in paths:
        *lookups, name = path.split(".")
        required.through(lookups).values.add(name)
    return required
