"""The objects of Terraform plans in a run, and the lines about them in reports."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import ACCOUNT_TYPE, REGION_TYPE
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.inventory import CloudObject, PlannedObject
    from perpend.evaluation.verdicts.evaluation import Evaluation

_KINDS: Final = (
    ("a dynamic block", "a block that a dynamic one may fill is known after apply"),
    ("is sensitive", "a value is sensitive"),
    ("may belong to it", "a resource may belong to the object"),
    ("may set it", "a resource may belong to the object"),
    ("known after apply", "a value is known after apply"),
    ("the account, the region", "the account, the region or a name is not known (--planned-account names the account)"),
    ("does not say of which account", "the account is not known (--planned-account names it)"),
    ("its default is not known", "nothing configures a value, and its default is not known"),
    ("decides it", "a snapshot, a template or another object decides a value"),
    ("exists already", "the object exists already, and the plan does not show a value"),
    ("is null", "the object exists already, and the plan does not show a value"),
    ("run time", "a value is a fact of run time"),
    ("no plan holds", "a value is a fact of run time"),
    ("not in this plan", "the plan does not hold an object that is named"),
    ("was not collected", "the plan does not hold an object that is named"),
    ("no input claims", "a list of other objects is not known in full"),
    ("may hold more", "a list of other objects is not known in full"),
    ("covers only a part", "the plan covers only a part of its configuration"),
)
"""Words of reasons, and the kind of reason that they tell. The first that fits counts."""

_CLAIMED_BY_NO_PLAN: Final = (ACCOUNT_TYPE, REGION_TYPE)

OTHER: Final = "another reason, which the verdict names"


def planned_objects(evaluation: Evaluation) -> dict[str, PlannedObject]:
    """Return the objects of plans by Id, none for a run without a plan."""
    return {one.id: one for source in evaluation.inventory.sources for one in source.planned}


def with_address(object_: CloudObject, planned: Mapping[str, PlannedObject]) -> CloudObject:
    """Return an object with the address of its resource as its name, if a plan holds it."""
    place = planned.get(object_.id)
    return object_ if place is None else object_._replace(name=place.address)


def kind_of_reason(message: str) -> str:
    """Return the kind of the reason why a verdict on a planned object is not known."""
    return next((kind for words, kind in _KINDS if words in message), OTHER)


def planned_lines(evaluation: Evaluation) -> list[str]:
    """Return the lines about the plans of a run, none for a run without a plan.

    They have the objects that fail a run, the verdicts that are not known by their reason, and the policies over accounts.
    """
    planned = planned_objects(evaluation)
    if not planned:
        return []
    changed = sum(one.is_changed for one in planned.values())
    left = len(planned) - changed
    lines = [f"the plan changes {counted(changed, 'object')}, which may fail the run, and leaves {left:,} as they are"]
    reasons: Counter[str] = Counter()
    if any(counts_of(column)[Status.UNDETERMINED] for column in evaluation.verdicts):
        for verdict in evaluation.findings():
            if verdict.status is Status.UNDETERMINED and verdict.object.id in planned:
                reasons[kind_of_reason(verdict.current_state_message)] += 1
    listed = sorted(reasons.items(), key=lambda one: (one[0] == OTHER, -one[1], one[0]))
    lines += [f"not known until apply: {counted(number, 'verdict')}: {reason}" for reason, number in listed]
    types = [*evaluation.selection.absent.values(), *(one.input_type for one in evaluation.programs)]
    number = sum(name in _CLAIMED_BY_NO_PLAN and not len(evaluation.objects_of(name)) for name in types)
    if number:
        over = counted(number, "policy", "policies")
        lines.append(f"{over} over accounts and regions: no verdict, because a plan claims nothing of them")
    return lines
