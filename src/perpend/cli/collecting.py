"""What is to be collected of a cloud, as options name it: policies, frameworks, types; and the plan that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.analyze.programs import Analyzer
from perpend.cli.repositories import type_here
from perpend.errors import PerpendError
from perpend.judge.selection import select_policies
from perpend.plan.wanted import fields_by_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.collect.aws.plan import CollectionPlan
    from perpend.ir.program import Program
    from perpend.load.repository import Repository

MOST_NAMED: Final = 20
"""How many names a message has at most."""


class NothingServed(PerpendError):
    """Types that no call of AWS serves, and no others."""


@dataclass(frozen=True, slots=True)
class ToCollect:
    """The plan, and the programs whose reads it serves."""

    plan: CollectionPlan
    programs: tuple[Program, ...]

    def readers(self) -> dict[str, list[str]]:
        """Return by permission, or operation where none is needed, the policies that read what it gives."""
        from perpend.collect.aws.plan import plan_of

        found: dict[str, list[str]] = {}
        for program in self.programs:
            for label in sorted({call.label for call in plan_of(fields_by_type([program])).calls}):
                found.setdefault(label, []).append(program.policy_id)
        return found


def to_collect(repository: Repository, policies: Sequence[str], frameworks: Sequence[str], types: Sequence[str]) -> ToCollect:
    """Return what is to be collected: what the policies read, all of them where neither policies nor types are named.

    Raises NothingServed where nothing of it can be.
    """
    from perpend.collect.aws.plan import plan_of
    from perpend.collect.aws.types import TYPES

    only_types = bool(types) and not policies and not frameworks
    programs = () if only_types else select_policies(Analyzer(repository), policies, framework=frameworks or None).programs
    wanted = fields_by_type(programs)
    for name in (type_here(repository, one) for one in types):
        wanted.setdefault(name, set()).update(TYPES[name].fields if name in TYPES else ())
    plan = plan_of(wanted)
    if len(plan.types) == 1:
        raise NothingServed(f"nothing of this can be collected from AWS: {', '.join(plan.unserved[:MOST_NAMED])}")
    return ToCollect(plan, programs)
