"""Print the compliance with frameworks, and the requirements carried over between versions of a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.terminal.page import TerminalPage
from perpend.reports.terminal.verdicts.requirements_list import print_requirements, print_totals

if TYPE_CHECKING:
    from rich.console import Console

    from perpend.evaluation.verdicts.framework_mapping import CarryOver, RequirementCarryOver
    from perpend.evaluation.verdicts.requirements import Scorecard


def fractions(card: Scorecard) -> dict[str, tuple[int, int]]:
    """Return the met share of all and of evaluated requirements, and the compliant share of known verdicts.

    A requirement is evaluated if it fails, is undetermined, waived or met. A verdict is known if it is compliant or
    incompliant.
    """
    met = card.counts[RequirementStatus.MET]
    evaluated = met + sum(
        card.counts[requirement_status]
        for requirement_status in (RequirementStatus.FAILS, RequirementStatus.UNDETERMINED, RequirementStatus.WAIVED)
    )
    total = {status: sum(result.counts[status] for result in card.results) for status in Status}
    known = total[Status.COMPLIANT] + total[Status.INCOMPLIANT]
    return {
        "met of all": (met, len(card.results)),
        "met of judged": (met, evaluated),
        "compliant of known verdicts": (total[Status.COMPLIANT], known),
        "known of asked verdicts": (known, known + total[Status.UNDETERMINED]),
    }


def print_card(card: Scorecard, console: Console, *, whole: bool) -> None:
    """Print the compliance with a framework; ``whole``: with a row for each requirement, even if none was asked."""
    page = TerminalPage(console)
    if not card.asked and not whole:
        page.line((page.prose(card.framework.name), "bold"), ": no requirement was asked")
        return
    print_totals(card, page)
    named = ("requirements met", "evaluated ones met", "known verdicts compliant", "verdicts known")
    parts = [f"{part:,} of {of:,} {name}" for (part, of), name in zip(fractions(card).values(), named, strict=True)]
    page.line(", ".join(parts), first="  ")
    if whole:
        print_requirements(card, page)
    page.blank()


def card_document(card: Scorecard) -> dict[str, Any]:
    """Return a scorecard for JSON."""
    return {
        "framework": card.framework.id,
        "name": card.framework.name,
        "requirements": {requirement_status.value: number for requirement_status, number in card.counts.items()},
        "fractions": {name: {"part": part, "of": of} for name, (part, of) in fractions(card).items()},
        "results": [
            {
                "requirement": result.requirement.id,
                "number": result.requirement.number,
                "name": result.requirement.name,
                "standing": result.standing.value,
                "counts": {status.value: number for status, number in result.counts.items() if number},
                "policies": [
                    {"policy": policy.policy_id, "judges": policy.judges, "whyNot": policy.reason or None}
                    | ({"looser": policy.looser} if policy.looser else {})
                    for policy in result.requirement.policies
                ],
            }
            for result in card.results
        ],
    }


def print_carry_over(carry_over: CarryOver, console: Console) -> None:
    """Print the numbers of carried over requirements, and the requirements that inherit, gain or lose policies."""
    page = TerminalPage(console)
    page.line((f"carried over from {page.name(carry_over.before)}", "bold"))
    page.line(f"{_words(carry_over)}", first="  ")
    for requirement in carry_over.requirements:
        for word, policies in (("inherits", requirement.inherited), ("gained", requirement.gained)):
            for policy in policies:
                was = (
                    f" (was {', '.join(map(_short, requirement.before))})" if requirement.before and word == "inherits" else ""
                )
                page.line(f"{_short(requirement.id)}{was} {word} {page.name(policy)}", first="  ", rest="    ")
    for section, policies in carry_over.lost:
        for policy in policies:
            page.line(f"{_short(section)} lost {page.name(policy)}: it maps to no requirement there", first="  ", rest="    ")
    page.blank()


def carry_over_document(carry_over: CarryOver) -> dict[str, Any]:
    """Return the carried over requirements for JSON."""
    return {
        "from": carry_over.before,
        "requirements": [
            {
                "requirement": requirement.id,
                "before": list(requirement.before),
                "kept": list(requirement.kept),
                "inherited": list(requirement.inherited),
                "gained": list(requirement.gained),
            }
            for requirement in carry_over.requirements
        ],
        "lost": [{"requirement": section, "policies": list(policies)} for section, policies in carry_over.lost],
    }


def _words(carry_over: CarryOver) -> str:
    def number(which: str) -> int:
        return sum(bool(getattr(requirement, which)) for requirement in carry_over.requirements)

    none = sum(not (requirement.kept or requirement.inherited) for requirement in carry_over.requirements)
    total = counted(len(carry_over.requirements), "requirement")
    lost = counted(len({policy for _, policies in carry_over.lost for policy in policies}), "policy", "policies")
    return (
        f"of {total}, {number('kept'):,} keep a policy, {_only(carry_over):,} inherit all of their policies, "
        f"{number('gained'):,} gained one, {none:,} have no policy from before; {lost} lost"
    )


def _only(carry_over: CarryOver) -> int:
    def inherits(requirement: RequirementCarryOver) -> bool:
        return bool(requirement.inherited) and not requirement.kept and not requirement.gained

    return sum(map(inherits, carry_over.requirements))


def _short(section: str) -> str:
    return section.removeprefix("/frameworks/")
