"""A judgement in, what people want to read of it out: counts by policy, and what is wrong or unknown, by message.

However many findings there are, only counts and the first few objects of each message are kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import objects_at
from perpend.evaluation.verdicts.selection import PolicyView
from perpend.evaluation.verdicts.verdict import remediation_of
from perpend.inventory.readers.conflicts import parted
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Found, Verdicts

TO_ACT_ON = (Status.INCOMPLIANT, Status.UNDETERMINED)
"""The statuses whose objects are listed."""


@dataclass(slots=True)
class Group:
    """The objects of which one policy says the same. ``shown`` holds the first of them with the runtime error, if any.

    ``told``: of unreadable objects, how many there are for each reason that is known without looking at them.
    """

    status: Status
    message: str
    remediation: str | None
    objects: int = 0
    shown: list[tuple[CloudObject, str | None]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    unreadable: bool = False


@dataclass(slots=True)
class Reason:
    """Why verdicts are undetermined, whichever policies say so. ``most`` is how many of its verdicts one policy gave.

    ``whole``: ``shown`` holds every object that it is said of.
    """

    message: str
    remediation: str | None
    policies: list[PolicyView] = field(default_factory=list)
    verdicts: int = 0
    most: int = 0
    whole: bool = True
    shown: dict[tuple[str, str], tuple[CloudObject, str | None]] = field(default_factory=dict)

    def add(self, policy: PolicyView, verdicts: int, shown: Sequence[tuple[CloudObject, str | None]]) -> None:
        """Add what one policy says, with some of the objects that it says it of."""
        self.whole = self.whole and len(shown) == verdicts
        self.policies.append(policy)
        self.verdicts += verdicts
        self.most = max(self.most, verdicts)
        for judged, error in shown:
            self.shown.setdefault((judged.type_name, judged.id), (judged, error))


@dataclass(slots=True)
class PolicyTally:
    """How often one policy gave each status, and the groups to act on in the order of its conditions."""

    policy: PolicyView
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    groups: list[Group] = field(default_factory=list)


def tally_of(evaluation: Evaluation, *, limit: int) -> list[PolicyTally]:
    """Return the tally of each policy in the order of their ids, with ``limit`` objects of each group at most."""
    tallies: dict[str, PolicyTally] = {}
    asked: list[_Asked] = []
    for column in evaluation.shown:
        policy_id = column.program.policy_id
        view = evaluation.selection.policies.get(policy_id) or PolicyView(policy_id, policy_id, policy_id)
        tally = tallies.setdefault(policy_id, PolicyTally(view))
        places = column.counted()
        for index, number in places.items():
            tally.counts[column.program.verdicts[index].status] += number
        by_index = _groups(column, places, tally)
        if UNREADABLE in by_index:
            by_index[UNREADABLE].told += column.unreadable()
        groups = list({id(group): group for group in by_index.values()}.values())
        indexes = [[index for index, other in by_index.items() if other is group] for group in groups]
        asked += [_Asked(*one, column) for one in zip(groups, column.firsts(indexes, limit), strict=True)]
    _show(evaluation, asked, limit)
    return list(tallies.values())


@dataclass(frozen=True, slots=True)
class _Asked:
    """Verdicts of a column whose objects a group may show."""

    group: Group
    verdicts: list[Found]
    column: Verdicts


def _groups(column: Verdicts, places: Counter[int], tally: PolicyTally) -> dict[int, Group]:
    """Return the group of each index to act on; indexes that say the same share one."""
    groups: dict[int, Group] = {}
    for index in sorted(places):
        verdict = column.program.verdicts[index]
        if verdict.status not in TO_ACT_ON:
            continue
        wanted = Group(verdict.status, verdict.message, remediation_of(column.program, verdict), unreadable=index == UNREADABLE)
        group = next((known for known in tally.groups if _says(known) == _says(wanted)), wanted)
        if group is wanted:
            tally.groups.append(group)
        group.objects += places[index]
        groups[index] = group
    return groups


def _says(group: Group) -> tuple[Status, str, str | None, bool]:
    return group.status, group.message, group.remediation, group.unreadable


def reasons_of(tallies: Sequence[PolicyTally]) -> list[Reason]:
    """Return why verdicts are undetermined, each reason once. An unreadable object's is what keeps it from being judged."""
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
            shown = [(verdict, *(parted(error) if error is not None else (None, None))) for verdict, error in group.shown]
            own = Counter(reason for _, reason, _ in shown if reason is not None and reason not in group.told)
            for reason, number in sorted((group.told + own).items(), key=lambda one: (-one[1], one[0])):
                add(tally.policy, reason, group, number, [(verdict, where) for verdict, said, where in shown if said == reason])
            if rest := group.objects - sum((group.told + own).values()):
                add(tally.policy, group.message, group, rest, [(verdict, None) for verdict, said, _ in shown if said is None])
    return list(reasons.values())


def _show(evaluation: Evaluation, asked: Sequence[_Asked], limit: int) -> None:
    """Put the first objects into their groups. Those of one type are fetched together, once all are known."""
    by_type: dict[str, set[int]] = {}
    for asked_for in asked:
        by_type.setdefault(asked_for.column.program.input_type, set()).update(verdict.place for verdict in asked_for.verdicts)
    objects = {type_name: objects_at(evaluation, type_name, places) for type_name, places in by_type.items()}
    for asked_for in asked:
        of_type = objects[asked_for.column.program.input_type]
        places = asked_for.verdicts[: limit - len(asked_for.group.shown)]
        ends = asked_for.column.ends_of(places, of_type)
        asked_for.group.shown += [(of_type[place], error) for (place, _), (_, error) in zip(places, ends, strict=True)]
