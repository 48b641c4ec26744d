"""What a judgement of a store reads as it is asked: the objects of a stored table, and verdicts in Parquet files.

What only an object itself can tell, why it could not be read or a runtime error's text, the interpreter is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.interpret.interpreter import End, Interpreter
from perpend.ir.estate import EstateObject, Origin, object_from_fields
from perpend.ir.numbering import UNREADABLE
from perpend.judge.finding import untold_indexes
from perpend.plan.wanted import wanted_by
from perpend.store.nest import nested

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from perpend.engines.verdicts import VerdictFiles
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program
    from perpend.store.snapshot import Snapshot
    from perpend.tables.shred import Wanted

_AT_ONCE: Final = 8_192
_UNTOLD: Final = "the object's own data keep it from being judged"


class StoredObjects(Sequence[EstateObject]):
    """The objects of one stored table, read some thousands at a time. Places are the table's row numbers."""

    def __init__(self, snapshot: Snapshot, files: VerdictFiles, object_type: ObjectType, wanted: Wanted) -> None:
        self._snapshot = snapshot
        self._files = files
        self._type = object_type
        self._wanted = wanted

    def __len__(self) -> int:
        return self._files.rows

    def __getitem__(self, place: Any) -> Any:
        return self.with_rows([place])[0]

    def __iter__(self) -> Iterator[EstateObject]:
        for chunk in self._files.chunks([]):
            rows = [row for (row,) in chunk]
            for start in range(0, len(rows), _AT_ONCE):
                yield from self.with_rows(rows[start : start + _AT_ONCE])

    def with_rows(self, rows: Sequence[int]) -> list[EstateObject]:
        """Return the objects with these row numbers, in their order."""
        objects = nested(self._snapshot, self._type.name, rows, self._wanted)
        sources = self._files.sources(rows)
        names = [source.name for source in self._snapshot.sources]
        return [
            object_from_fields(fields, self._type, Origin(names[sources[row]], row))
            for row, fields in zip(rows, objects, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class StoredVerdicts:
    """The verdicts of one program over a stored table: counted, found and read in order without holding them.

    ``table`` are the table's own files; ``day`` is the run's, in milliseconds since 1970.
    """

    program: Program
    number: int
    reasons: tuple[str | None, ...]
    files: VerdictFiles
    table: Sequence[Path]
    objects: StoredObjects
    day: int
    _with_errors: frozenset[int] = field(init=False)
    _interpreter: Interpreter = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_with_errors", untold_indexes(self.program))
        object.__setattr__(self, "_interpreter", Interpreter([self.program]))

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""
        counts: Counter[int] = Counter()
        for code, number in self.files.counted(self.number).items():
            counts[max(code, UNREADABLE)] += number
        return counts

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""
        codes = {*indexes, *(range(-len(self.reasons), 0) if UNREADABLE in indexes else ())}
        rows = self.files.first(self.number, codes, limit)
        return [(row, error) for (row, _), (_, error) in zip(rows, self._ends(rows), strict=True)]

    def ends(self) -> Iterator[End]:
        """Yield how the program ended on each object, in their order."""
        for chunk in self.files.chunks([self.number]):
            yield from self._ends([(row, code) for row, code in chunk])

    def errors(self) -> dict[int, str]:
        """Return the runtime errors and reasons of all objects that have one of their own, and by code those of many."""
        codes = [code for code in self.files.counted(self.number) if self._is_untold(code)]
        rows = self.files.first(self.number, codes, self.files.rows)
        told = {row: error for (row, _), (_, error) in zip(rows, self._ends(rows), strict=True) if error is not None}
        return told | {-1 - number: text for number, text in enumerate(self.reasons) if text is not None}

    def _ends(self, rows: Sequence[tuple[int, int]]) -> list[End]:
        untold = [row for row, code in rows if self._is_untold(code)]
        errors: dict[int, str | None] = {}
        for start in range(0, len(untold), _AT_ONCE):
            asked = untold[start : start + _AT_ONCE]
            for row, judged in zip(asked, self.objects.with_rows(asked), strict=True):
                errors[row] = self._interpreter.judge(judged.fields, self.day, complete=False)[0][1]
        return [self._end(code, errors.get(row)) for row, code in rows]

    def _is_untold(self, code: int) -> bool:
        return self.reasons[-1 - code] is None if code < 0 else code in self._with_errors

    def _end(self, code: int, error: str | None) -> End:
        if code >= 0:
            return code, error
        return UNREADABLE, self.reasons[-1 - code] or error or _UNTOLD


def wanted_of(programs: Sequence[Program], object_type: ObjectType) -> Wanted:
    """Return what programs read of a type's objects, and what names them and their owner."""
    wanted = wanted_by(programs)
    wanted.values |= {"Id", "Name"} | {name for name in (object_type.name_field, object_type.external_id_field) if name}
    if object_type.master in object_type.lookups:
        owner = wanted.through([object_type.master or ""])
        owner.values |= {"Id", "Name"}
    return wanted
