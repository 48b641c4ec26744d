"""The result of a run: its policies, inventory, day, verdicts, and totals that add up."""

from __future__ import annotations

from dataclasses import field
from itertools import islice
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.claims import ALL, NOT_ASKED, incomplete_by_type, unclaimed, unread_input
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import HumanDecisions, scorecards_of
from perpend.evaluation.verdicts.verdict import label_of, verdict_of
from perpend.inventory.readers.formats import PLAN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.evaluation.verdicts.verdict import Verdict
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.language.program.program import Program, Read

NOT_AN_ACCOUNT: Final = "a plan is what is meant to be, and meets no requirement"
"""Why a policy that was evaluated over a plan does not count as evaluated on all objects."""

BATCH: Final = 1_000
"""The default number of verdicts in a batch."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of evaluated objects, and of verdicts by status."""

    objects: int
    counts: Mapping[Status, int]

    @property
    def verdicts(self) -> int:
        """The number of all verdicts."""
        return sum(self.counts.values())

    @property
    def known(self) -> int:
        """The number of verdicts that are COMPLIANT or INCOMPLIANT."""
        return self.counts[Status.COMPLIANT] + self.counts[Status.INCOMPLIANT]


@dataclass(frozen=True, slots=True)
class FilteredEvaluation:
    """The verdicts that a report shows if a filter hides others. ``words`` describe the filter.

    A hidden verdict has the index ``HIDDEN``. ``statuses`` are the statuses that shown verdicts can have. ``tags_unknown`` is
    the number of objects of which a filter by tags cannot tell, because their tags are not known: they are left out, unless
    ``shows_tags_unknown``. ``unused`` is the number of objects that are left out because they are not in use.
    """

    verdicts: tuple[Verdicts, ...]
    statuses: tuple[Status, ...]
    words: str
    tags_unknown: int = 0
    shows_tags_unknown: bool = False
    unused: int = 0

    @property
    def text(self) -> str:
        """The filter, with the number of objects whose tags are not known, if it depends on them, and of unused ones."""
        parts = [self.words]
        if self.tags_unknown:
            preposition = "with" if self.shows_tags_unknown else "without"
            parts.append(f"{preposition} {counted(self.tags_unknown, 'object')} of which no tags are known")
        if self.unused:
            parts.append(f"without {counted(self.unused, 'unused object')}")
        return ", ".join(parts)

    @property
    def number(self) -> int:
        """The number of shown verdicts."""
        return sum(sum(column.counted().values()) for column in self.verdicts)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The verdicts of one run: exactly one status per policy and object of its type.

    ``verdicts`` are by program, in the order of policy IDs. They are integers; :meth:`findings` creates full verdicts.
    ``filter_verdicts`` changes the verdicts that reports show, but no total and no exit code. ``answered`` holds waivers and
    attestations, which put requirements in classes of their own.
    """

    inventory: Inventory
    selection: Selection
    day: EvaluationTime
    verdicts: tuple[Verdicts, ...]
    ledger: Totals
    filter_verdicts: FilteredEvaluation | None = None
    answered: HumanDecisions = field(default_factory=HumanDecisions)

    @property
    def shown(self) -> tuple[Verdicts, ...]:
        """The verdicts that reports show."""
        return self.filter_verdicts.verdicts if self.filter_verdicts else self.verdicts

    @property
    def programs(self) -> tuple[Program, ...]:
        """The evaluated programs, in the order of their verdicts."""
        return tuple(column.program for column in self.verdicts)

    def objects_of(self, type_name: str) -> Sequence[CloudObject]:
        """Return the objects of a type, in the order of verdicts."""
        return self.inventory.objects.get(type_name, ())

    def observed_at(self, object_: CloudObject) -> datetime | None:
        """Return when the source of an object observed it, None if that is not known."""
        return times_of(self.inventory).get(object_.origin.source)

    def counts(self, program: Program) -> dict[Status, int]:
        """Return the number of objects by status for one program. Raises ValueError for a program of another run."""
        for column in self.verdicts:
            if column.program is program:
                return counts_of(column)
        raise ValueError(f"program of {program.policy_id} is not in this evaluation: use one of `programs`")

    def scorecards(self) -> tuple[Scorecard, ...]:
        """Return the results of each framework that selected policies, by requirement."""
        columns = self.verdicts if self.selection.frameworks else ()
        counts = {column.program.policy_id: counts_of(column) for column in columns}
        in_part = self.in_part() | self._planned() if counts else {}
        return scorecards_of(self.selection.frameworks, counts, self.answered, in_part)

    def _planned(self) -> dict[str, str]:
        """Return, by policy, that plans do not meet requirements; nothing without a plan."""
        is_planned = any(source.kind == PLAN.name for source in self.inventory.sources)
        return {program.policy_id: NOT_AN_ACCOUNT for program in self.programs} if is_planned else {}

    def unread(self, *, beside: Collection[str] = ()) -> dict[str, str]:
        """Return, by type, why sources did not read all objects that were to be evaluated.

        If no object at all was evaluated, types without objects are included, unless a source claims that there are none.
        Inputs in ``beside`` that could not be read are left out, because the caller reports them.
        """
        left_out = {unread_input(one) for one in beside}
        of_types = incomplete_by_type(claim for claim in _claims(self.inventory) if claim not in left_out)
        everywhere = of_types.get("", [])
        types = sorted({program.input_type for program in self.programs})
        all_reasons = {name: [why for _, why in (*of_types.get(name, []), *everywhere)] for name in types}
        # A reason for a failed read takes precedence over one for types that were not requested.
        unread = {
            name: min(of_type, key=lambda why: why.startswith(NOT_ASKED)) for name, of_type in all_reasons.items() if of_type
        }
        return unread if self.ledger.verdicts else {**self._unclaimed(), **unread}

    def _unclaimed(self) -> dict[str, str]:
        """Return, for types without objects, that no source claims that there are none."""
        complete = {claim.type_name for claim in _claims(self.inventory) if claim.lacking is None and not claim.relation}
        names = dict.fromkeys(program.input_type for program in self.programs)
        return {name: unclaimed(name, ALL) for name in names if name not in complete and not len(self.objects_of(name))}

    @property
    def unread_policies(self) -> tuple[str, ...]:
        """The policies whose type has objects that could not be read, or may have."""
        unread = {name for name, why in self.unread().items() if not why.startswith(NOT_ASKED)}
        return tuple(program.policy_id for program in self.programs if program.input_type in unread)

    def in_part(self) -> dict[str, str]:
        """Return, by policy, why it was not evaluated on all objects: some were not read, or no source claims to list all."""
        unread = {**self._unclaimed(), **self.unread()}
        return {program.policy_id: unread[program.input_type] for program in self.programs if program.input_type in unread}

    def findings(self) -> Iterator[Verdict]:
        """Yield the verdicts by policy, then in the order of objects. None is stored."""
        types = self.selection.types
        for column in self.verdicts:
            for objects, (outcomes,) in column.objects.chunks([column]):
                for end, object_ in zip(outcomes, objects, strict=True):
                    yield verdict_of(column.program, object_, end, types, self.observed_at(object_))

    def batches(self, size: int = BATCH) -> Iterator[list[Verdict]]:
        """Yield the verdicts in lists of one size; the last may be shorter. Raises ValueError for a size below 1."""
        if size < 1:
            raise ValueError(f"a batch has at least one verdict, not {size}")
        findings = self.findings()
        while batch := list(islice(findings, size)):
            yield batch

    def type_label(self, type_name: str) -> str:
        """Return the label of an object type, its API name if none is declared."""
        declared = self.selection.types.get(type_name)
        return declared.label if declared and declared.label else type_name

    def label_of(self, type_name: str, read: Read) -> str:
        """Return the label of a value: the key in a document, else the field's label, else its API name."""
        return label_of(self.selection.types, type_name, read)


def _claims(inventory: Inventory) -> Iterator[Claim]:
    """Yield the claims of sources, and a claim for each input that could not be read."""
    yield from map(unread_input, inventory.unread)
    for source in inventory.sources:
        yield from source.coverage


def times_of(inventory: Inventory) -> dict[str, datetime | None]:
    """Return the observation time of each source, by name."""
    return {source.name: source.observed_at for source in inventory.sources}


def counts_of(column: Verdicts) -> dict[Status, int]:
    """Return the number of objects by status for one program."""
    counts = dict.fromkeys(Status, 0)
    for index, number in column.counted().items():
        counts[column.program.verdicts[index].status] += number
    return counts


def totals_of(inventory: Inventory, verdicts: Sequence[Verdicts]) -> Totals:
    """Return the totals of verdicts on an inventory. Raises AssertionError, an error of this program, if they do not add up."""
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
