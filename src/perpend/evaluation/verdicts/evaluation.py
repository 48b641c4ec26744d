"""A judgement, as one value: who was asked, over what, at which day, how it ended, and a ledger that adds up.

Refuses to know how verdicts were made, and how they look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from perpend.core.objects.claims import ALL, NOT_ASKED, unclaimed, unread_input, unread_of_types
from perpend.core.objects.object_types import UNKNOWN_TYPE, reached
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import AnsweredFor, scorecards_of
from perpend.evaluation.verdicts.verdict import Reference, Verdict, message_of, remediation_of, values_read
from perpend.evaluation.verdicts.verdicts import WHOLE, Share, StreamedObjects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read

BATCH: Final = 1_000
"""How many findings a batch holds."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many objects were judged, how many verdicts there are, and how many of each status. It adds up, or is not made."""

    objects: int
    counts: Mapping[Status, int]

    @property
    def verdicts(self) -> int:
        """The number of all verdicts."""
        return sum(self.counts.values())

    @property
    def known(self) -> int:
        """The number of verdicts that say compliant or incompliant."""
        return self.counts[Status.COMPLIANT] + self.counts[Status.INCOMPLIANT]


@dataclass(frozen=True, slots=True)
class FilteredEvaluation:
    """The verdicts that a report shows, where it does not show all. ``words`` say which these are.

    Verdicts that are not shown have the index ``HIDDEN``; ``statuses`` are those that any shown one can have.
    """

    verdicts: tuple[Verdicts, ...]
    statuses: tuple[Status, ...]
    words: str

    @property
    def number(self) -> int:
        """How many verdicts are shown."""
        return sum(sum(column.counted().values()) for column in self.verdicts)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All verdicts of one run: every object weighed by every policy of its type, each ending in exactly one status.

    ``verdicts`` are by program, in the order of the policies' ids. They are integers; findings are made when asked for.
    ``filter_verdicts`` changes the verdicts that reports show, and no verdict, count or exit code. ``answered`` holds the
    waivers and attestations, which put requirements in classes of their own.
    """

    inventory: Inventory
    selection: Selection
    day: EvaluationTime
    verdicts: tuple[Verdicts, ...]
    ledger: Totals
    filter_verdicts: FilteredEvaluation | None = None
    answered: AnsweredFor = field(default_factory=AnsweredFor)

    @property
    def shown(self) -> tuple[Verdicts, ...]:
        """The verdicts that reports show."""
        return self.filter_verdicts.verdicts if self.filter_verdicts else self.verdicts

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs that judged, in the order of their verdicts."""
        return tuple(column.program for column in self.verdicts)

    def objects_of(self, type_name: str) -> Sequence[CloudObject]:
        """Return the objects of a type, in the order of verdicts."""
        return self.inventory.objects.get(type_name, ())

    def observed_at(self, object_: CloudObject) -> datetime | None:
        """Return when an object looked as it was judged, by its source; None where nothing says it."""
        return times_of(self.inventory).get(object_.origin.source)

    def counts(self, program: Program) -> dict[Status, int]:
        """Return how many objects each status has under one program. Raises ValueError for one that did not judge."""
        for column in self.verdicts:
            if column.program is program:
                return counts_of(column)
        raise ValueError(f"program of {program.policy_id} is not in this evaluation: use one of `programs`")

    def scorecards(self) -> tuple[Scorecard, ...]:
        """Return what was asked and found of each framework that policies were chosen by, requirement by requirement."""
        columns = self.verdicts if self.selection.frameworks else ()
        counts = {column.program.policy_id: counts_of(column) for column in columns}
        return scorecards_of(self.selection.frameworks, counts, self.answered, self.in_part() if counts else {})

    def unread(self, *, beside: Collection[str] = ()) -> dict[str, str]:
        """Return by type why not all objects were read of those that were to be judged, where their sources say so.

        Where nothing at all was judged, also the types of which nobody says that there are none. What is known to be
        ``beside`` the sources, as inputs that could not be read, is left out.
        """
        left_out = {unread_input(one) for one in beside}
        of_types = unread_of_types(claim for claim in _claims(self.inventory) if claim not in left_out)
        everywhere = of_types.get("", [])
        types = sorted({program.input_type for program in self.programs})
        whys = {name: [why for _, why in (*of_types.get(name, []), *everywhere)] for name in types}
        # What could not be read is told before what nobody wanted to be read.
        unread = {name: min(of_type, key=lambda why: why.startswith(NOT_ASKED)) for name, of_type in whys.items() if of_type}
        return unread if self.ledger.verdicts else {**self._unclaimed(), **unread}

    def _unclaimed(self) -> dict[str, str]:
        """Return by type that nobody says that there are none of it, where none are held."""
        complete = {claim.type_name for claim in _claims(self.inventory) if claim.lacking is None and not claim.relation}
        names = dict.fromkeys(program.input_type for program in self.programs)
        return {name: unclaimed(name, ALL) for name in names if name not in complete and not len(self.objects_of(name))}

    @property
    def unread_policies(self) -> tuple[str, ...]:
        """The policies that have no verdicts on objects that could not be read, whether or not there are any."""
        unread = {name for name, why in self.unread().items() if not why.startswith(NOT_ASKED)}
        return tuple(program.policy_id for program in self.programs if program.input_type in unread)

    def in_part(self) -> dict[str, str]:
        """Return by policy why it has not judged all that there is: not all was read, or nothing, which nobody calls all."""
        unread = {**self._unclaimed(), **self.unread()}
        return {program.policy_id: unread[program.input_type] for program in self.programs if program.input_type in unread}

    def findings(self) -> Iterator[Verdict]:
        """Yield the findings by policy, then in the order of the objects. Nothing is kept."""
        for column in self.verdicts:
            for objects, (ends,) in chunks_of(self, [column]):
                for (index, error), object_ in zip(ends, objects, strict=True):
                    yield self._finding(column.program, object_, index, error)

    def batches(self, size: int = BATCH) -> Iterator[list[Verdict]]:
        """Yield the findings in lists of some size, the last one shorter. Raises ValueError for a size that holds none."""
        if size < 1:
            raise ValueError(f"a batch has at least one verdict, not {size}")
        findings = self.findings()
        while batch := list(islice(findings, size)):
            yield batch

    def type_label(self, type_name: str) -> str:
        """Return the name that people know an object type by, its API name where none is declared."""
        declared = self.selection.types.get(type_name)
        return declared.label if declared and declared.label else type_name

    def label_of(self, type_name: str, read: Read) -> str:
        """Return what people call a value: the key inside a document, else the field's label, else its API name."""
        if read.key is not None:
            return read.key
        *lookups, name = read.path.split(".")
        known = reached(self._type(type_name), lookups, self._type).fields.get(name)
        return known.label if known and known.label else name

    def _type(self, name: str) -> ObjectType:
        return self.selection.types.get(name, UNKNOWN_TYPE)

    def _finding(self, program: Program, object_: CloudObject, index: int, error: str | None) -> Verdict:
        verdict, type_name = program.verdicts[index], program.input_type
        return Verdict(
            program.policy_id,
            verdict.status,
            index,
            verdict.text,
            message_of(verdict, error),
            remediation_of(program, verdict),
            error,
            tuple(
                Reference(read.path, self.label_of(type_name, read), value)
                for read, value in zip(program.reads, values_read(object_.fields, program.reads), strict=True)
            ),
            object_,
            self.observed_at(object_),
        )


def _claims(inventory: Inventory) -> Iterator[Claim]:
    """Yield what sources claim, and that those could not be read that could not."""
    yield from map(unread_input, inventory.unread)
    for source in inventory.sources:
        yield from source.coverage


def objects_at(evaluation: Evaluation, type_name: str, places: Collection[int]) -> dict[int, CloudObject]:
    """Return some objects of a type by their places among them; of a store, all with one query per table."""
    objects, listed = evaluation.objects_of(type_name), sorted(set(places))
    if isinstance(objects, StreamedObjects):
        return dict(zip(listed, objects.with_rows(listed), strict=True))
    return {place: objects[place] for place in listed}


def chunks_of(
    evaluation: Evaluation, columns: Sequence[Verdicts], share: Share = WHOLE
) -> Iterator[tuple[Sequence[CloudObject], list[list[EvaluationOutcome]]]]:
    """Yield the objects of a type in their order, some thousands at once, with how they ended in each of its columns.

    Of several shares, which only objects that are not held have, each has its turn.
    """
    objects = evaluation.objects_of(columns[0].program.input_type)
    if isinstance(objects, StreamedObjects):
        yield from objects.chunks(columns, share)
        return
    ends = [column.ends() for column in columns]
    for start in range(0, len(objects), BATCH):
        part = objects[start : start + BATCH]
        yield part, [list(islice(of_column, len(part))) for of_column in ends]


def times_of(inventory: Inventory) -> dict[str, datetime | None]:
    """Return when sources were observed, by their names."""
    return {source.name: source.observed_at for source in inventory.sources}


def counts_of(column: Verdicts) -> dict[Status, int]:
    """Return how many objects each status has under one program."""
    counts = dict.fromkeys(Status, 0)
    for index, number in column.counted().items():
        counts[column.program.verdicts[index].status] += number
    return counts


def totals_of(inventory: Inventory, verdicts: Sequence[Verdicts]) -> Totals:
    """Return the ledger of verdicts over an estate. One that does not add up is an error of this program, never shown."""
    counts = dict.fromkeys(Status, 0)
    for column in verdicts:
        for status, number in counts_of(column).items():
            counts[status] += number
    types = [column.program.input_type for column in verdicts]
    numbers = {name: len(inventory.objects.get(name, ())) for name in types}
    expected = sum(numbers[name] for name in types)
    if sum(counts.values()) != expected:
        raise AssertionError(f"the totals do not add up: {sum(counts.values())} verdicts, {expected} expected")
    return Totals(sum(numbers.values()), counts)
