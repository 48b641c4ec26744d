"""Count verdicts by policy, and group the findings to act on by message.

Memory use is bounded: only counts and the first few objects of each message are kept. The name of a planned object is the
address of its resource.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import PolicyView
from perpend.evaluation.verdicts.verdict import remediation_of
from perpend.findings.severity.results import policy_order
from perpend.inventory.readers.conflicts import parted
from perpend.language.program.numbering import UNREADABLE
from perpend.reports.formats.planned import planned_objects, with_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject, PlannedObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import PlacedVerdict, Verdicts
    from perpend.findings.severity.results import RatedEvaluation

TO_ACT_ON = (Status.INCOMPLIANT, Status.UNDETERMINED)
"""The statuses of objects that reports list."""


@dataclass(slots=True)
class Group:
    """The objects with the same message of a policy. ``shown`` are the first of them, with the runtime error, if any.

    ``by_reason`` counts unreadable objects by the reasons that are known without reading them.
    """

    status: Status
    message: str
    remediation: str | None
    objects: int = 0
    shown: list[tuple[CloudObject, str | None]] = field(default_factory=list)
    by_reason: Counter[str] = field(default_factory=Counter)
    unreadable: bool = False


@dataclass(slots=True)
class Reason:
    """A reason of undetermined verdicts of any policies. ``most`` is the largest number of its verdicts by one policy.

    ``whole``: ``shown`` contains all of its objects.
    """

    message: str
    remediation: str | None
    policies: list[PolicyView] = field(default_factory=list)
    verdicts: int = 0
    most: int = 0
    whole: bool = True
    shown: dict[tuple[str, str], tuple[CloudObject, str | None]] = field(default_factory=dict)

    def add(self, policy: PolicyView, verdicts: int, shown: Sequence[tuple[CloudObject, str | None]]) -> None:
        """Add the verdicts of a policy, with some of their objects."""
        self.whole = self.whole and len(shown) == verdicts
        self.policies.append(policy)
        self.verdicts += verdicts
        self.most = max(self.most, verdicts)
        for object_, error in shown:
            self.shown.setdefault((object_.type_name, object_.id), (object_, error))


@dataclass(slots=True)
class PolicyTally:
    """The counts of a policy by status, and the groups to act on in the order of its conditions."""

    policy: PolicyView
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    groups: list[Group] = field(default_factory=list)


def tally_of(evaluation: Evaluation, *, limit: int, rated_evaluation: RatedEvaluation | None = None) -> list[PolicyTally]:
    """Return the tally of each policy, with at most ``limit`` objects per group.

    Policies are in the order of :func:`policy_order`, by the severities in ``rated_evaluation``.
    """
    tallies: dict[str, PolicyTally] = {}
    groups_of: list[tuple[Verdicts, list[Group], list[list[int]]]] = []
    for column in evaluation.shown:
        policy_id = column.program.policy_id
        view = evaluation.selection.policies.get(policy_id) or PolicyView(policy_id, policy_id, policy_id)
        tally = tallies.setdefault(policy_id, PolicyTally(view))
        places = column.counted()
        for index, number in places.items():
            tally.counts[column.program.verdicts[index].status] += number
        by_index = _groups(column, places, tally)
        if UNREADABLE in by_index:
            by_index[UNREADABLE].by_reason += column.unreadable()
        groups = list({id(group): group for group in by_index.values()}.values())
        indexes = [[index for index, other in by_index.items() if other is group] for group in groups]
        groups_of.append((column, groups, indexes))
    wanted = [(column, indexes) for column, _, indexes in groups_of]
    firsts = wanted[0][0].firsts_of(wanted, limit) if wanted else []
    shown_groups = [
        _Shown(group, verdicts, column)
        for (column, groups, _), of_groups in zip(groups_of, firsts, strict=True)
        for group, verdicts in zip(groups, of_groups, strict=True)
    ]
    _show(shown_groups, limit, planned_objects(evaluation))
    return sorted(
        tallies.values(),
        key=lambda tally: policy_order(rated_evaluation, tally.policy.id, tally.counts, tally.policy.contextual_name),
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """The verdicts of a column whose objects a group may show."""

    group: Group
    verdicts: list[PlacedVerdict]
    column: Verdicts


def _groups(column: Verdicts, places: Counter[int], tally: PolicyTally) -> dict[int, Group]:
    """Return the group of each index to act on. Indexes with the same message share one."""
    groups: dict[int, Group] = {}
    for index in sorted(places):
        verdict = column.program.verdicts[index]
        if verdict.status not in TO_ACT_ON:
            continue
        wanted = Group(verdict.status, verdict.message, remediation_of(column.program, verdict), unreadable=index == UNREADABLE)
        group = next((known for known in tally.groups if _key(known) == _key(wanted)), wanted)
        if group is wanted:
            tally.groups.append(group)
        group.objects += places[index]
        groups[index] = group
    return groups


def _key(group: Group) -> tuple[Status, str, str | None, bool]:
    return group.status, group.message, group.remediation, group.unreadable


def reasons_of(tallies: Sequence[PolicyTally]) -> list[Reason]:
    """Return the reasons of undetermined verdicts, each once. An unreadable object gives the reason why it cannot be read."""
    reasons: dict[tuple[str, str | None], Reason] = {}

    def add(
        policy: PolicyView, message: str, group: Group, number: int, shown: Sequence[tuple[CloudObject, str | None]]
    ) -> None:
        known = reasons.setdefault((message, group.remediation), Reason(message, group.remediation))
        known.add(policy, number, shown)

    for tally in tallies:
        for group in (group for group in tally.groups if group.status is Status.UNDETERMINED):
            if not group.unreadable:
                add(tally.policy, group.message, group, group.objects, group.shown)
                continue
            shown = [(object_, *(parted(error) if error is not None else (None, None))) for object_, error in group.shown]
            own = Counter(reason for _, reason, _ in shown if reason is not None and reason not in group.by_reason)
            for reason, number in sorted((group.by_reason + own).items(), key=lambda one: (-one[1], one[0])):
                add(
                    tally.policy,
                    reason,
                    group,
                    number,
                    [(verdict, where) for verdict, own_reason, where in shown if own_reason == reason],
                )
            if rest := group.objects - sum((group.by_reason + own).values()):
                add(
                    tally.policy,
                    group.message,
                    group,
                    rest,
                    [(verdict, None) for verdict, reason, _ in shown if reason is None],
                )
    return list(reasons.values())


def _show(shown_groups: Sequence[_Shown], limit: int, planned: Mapping[str, PlannedObject]) -> None:
    """Add the first objects to their groups, planned ones by their address. The objects of one type are read together."""
    stored = {wanted.column.program.input_type: wanted.column.objects for wanted in shown_groups}
    by_type: dict[str, set[int]] = {}
    for wanted in shown_groups:
        by_type.setdefault(wanted.column.program.input_type, set()).update(verdict.place for verdict in wanted.verdicts)
    objects = {type_name: stored[type_name].at(places) for type_name, places in by_type.items()}
    for wanted in shown_groups:
        of_type = objects[wanted.column.program.input_type]
        places = wanted.verdicts[: limit - len(wanted.group.shown)]
        outcomes = wanted.column.verdicts_at(places, of_type)
        wanted.group.shown += [
            (with_address(of_type[place], planned), error) for (place, _), (_, error) in zip(places, outcomes, strict=True)
        ]
