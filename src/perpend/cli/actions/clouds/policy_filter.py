"""What a scan is to collect in, what judges it out: policies that are named, or those that read nothing but what types hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from perpend.collectors.aws.plan import ACCOUNT_TYPE, plan_of
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.core.objects.ids import production_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.program.required_columns import fields_by_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.cli.actions.clouds.collection_plan import CollectOptions, ToCollect
    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.language.program.program import Program

_MOST_NAMED: Final = 20


class NothingToEvaluate(PerpendError):
    """Types of which no policy judges by them alone."""


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """What judges what is collected: ids or globs of policies, of frameworks; all policies where nothing is named.

    Where types alone are collected, ``lacking`` are policies over these that read others, too, or fields of the account that
    nobody asks for: which, by policy; ``others`` is how many are over other types. Else ``lacking`` is None.
    """

    to_collect: ToCollect
    policies: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    lacking: Mapping[str, tuple[str, ...]] | None = None
    others: int = 0

    @property
    def words(self) -> list[str]:
        """The options that name them."""
        named = [("--policy", name) for name in self.policies] + [("--framework", name) for name in self.frameworks]
        return [word for option in named for word in option]

    def tell(self) -> None:
        """Say on standard error which policies were asked where types alone were named, and why others were not."""
        if self.lacking is None:
            return
        asked = f"{counted(len(self.policies), 'policy reads', 'policies read')} nothing but what --types names"
        click.echo(f"{asked}; {counted(self.others, 'policy', 'policies')} over other types not asked", err=True)
        for policy, types in list(self.lacking.items())[:_MOST_NAMED]:
            click.echo(f"  not asked, since it also reads {visible(', '.join(types))}: {visible(policy)}", err=True)
        if len(self.lacking) > _MOST_NAMED:
            click.echo(f"  nor {len(self.lacking) - _MOST_NAMED} more that read other types, too", err=True)


def policies_asked(collection: ToCollect, wishes: CollectOptions, exclude: Sequence[str]) -> PolicyRequest:
    """Return what judges what is collected.

    Where types alone are, that is what reads nothing else: of all other policies nothing could be said. ``exclude`` names some
    that are left out in any case. Raises NothingToJudge where no policy is left.
    """
    if wishes.policies or wishes.frameworks or not wishes.types:
        return PolicyRequest(collection, wishes.policies, wishes.frameworks)
    chosen = select_policies(collection.analyzer, exclude=exclude)
    input_type, types = collection.analyzer.repository.input_type, {*collection.plan.types}
    named = types if collection.plan.account.details else types - {ACCOUNT_TYPE}
    lacking = {one.policy_id: _lacking(one, collection.plan) for one in chosen.programs}
    asked = [one for one in chosen.programs if not lacking[one.policy_id]]
    wrong = [name for name in chosen.refused if input_type(production_of(name)) in types]
    over = {one.policy_id: lacking[one.policy_id] for one in chosen.programs if one.input_type in named}
    if not asked and not wrong:
        names = visible(", ".join(sorted(named)[:_MOST_NAMED]))
        raise NothingToEvaluate(f"no policy judges by {names} alone: `perpend collect aws` brings it in without judging")
    told = {policy: names for policy, names in over.items() if names}
    others = len(chosen.programs) + len(chosen.refused) - len(asked) - len(wrong) - len(told)
    policies = sorted([*(one.policy_id for one in asked), *wrong])
    return PolicyRequest(replace(collection, reader=lambda: tuple(asked)), tuple(policies), lacking=told, others=others)


def _lacking(program: Program, plan: CollectionPlan) -> tuple[str, ...]:
    """Return the types of which a program reads what is not collected."""
    read = fields_by_type([program])
    fields = read.pop(ACCOUNT_TYPE, set())
    calls, asked = ({one.call for one in of.account.details} for of in (plan_of({ACCOUNT_TYPE: fields}), plan))
    account = () if calls <= asked else (ACCOUNT_TYPE,)
    return (*account, *sorted({*read} - {*plan.types}))
