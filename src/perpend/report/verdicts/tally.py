"""A judgement in, what people want to read of it out: counts by policy, and what is wrong or unknown, by message.

However many findings there are, only counts and the first few objects of each message are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.ir.status import Status
from perpend.judge.finding import remediation_of
from perpend.judge.selection import PolicyView

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from perpend.ir.estate import EstateObject
    from perpend.judge.judgement import Judgement
    from perpend.judge.verdicts import Verdicts

TO_ACT_ON = (Status.INCOMPLIANT, Status.UNDETERMINED)
"""The statuses whose objects are listed."""


@dataclass(slots=True)
class Group:
    """The objects of which one policy says the same. ``shown`` holds the first of them with the runtime error, if any."""

    status: Status
    message: str
    remediation: str | None
    objects: int = 0
    shown: list[tuple[EstateObject, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class PolicyTally:
    """How often one policy gave each status, and the groups to act on in the order of its conditions."""

    policy: PolicyView
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    groups: list[Group] = field(default_factory=list)


def tally_of(judgement: Judgement, *, limit: int) -> list[PolicyTally]:
    """Return the tally of each policy in the order of their ids, with ``limit`` objects of each group at most."""
    tallies: dict[str, PolicyTally] = {}
    for column in judgement.verdicts:
        policy_id = column.program.policy_id
        view = judgement.selection.policies.get(policy_id) or PolicyView(policy_id, policy_id, policy_id)
        tally = tallies.setdefault(policy_id, PolicyTally(view))
        places = column.counted()
        for index, number in places.items():
            tally.counts[column.program.verdicts[index].status] += number
        objects = judgement.objects_of(column.program.input_type)
        _fill(_groups(column, places, tally), column, objects, limit)
    return list(tallies.values())


def _groups(column: Verdicts, places: Counter[int], tally: PolicyTally) -> dict[int, Group]:
    """Return the group of each index to act on; indexes that say the same share one."""
    groups: dict[int, Group] = {}
    for index in sorted(places):
        verdict = column.program.verdicts[index]
        if verdict.status not in TO_ACT_ON:
            continue
        wanted = Group(verdict.status, verdict.message, remediation_of(column.program, verdict))
        group = next((known for known in tally.groups if _says(known) == _says(wanted)), wanted)
        if group is wanted:
            tally.groups.append(group)
        group.objects += places[index]
        groups[index] = group
    return groups


def _says(group: Group) -> tuple[Status, str, str | None]:
    return group.status, group.message, group.remediation


def _fill(groups: dict[int, Group], column: Verdicts, objects: Sequence[EstateObject], limit: int) -> None:
    """Put the first objects into their groups."""
    for group in {id(one): one for one in groups.values()}.values():
        indexes = [index for index, other in groups.items() if other is group]
        wanted = limit - len(group.shown)
        group.shown += [(objects[place], error) for place, error in column.first(indexes, wanted)]
