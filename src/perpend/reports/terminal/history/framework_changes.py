"""What goes on between versions of a framework in, text and values out. Refuses to know how requirements stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.phrases import counted
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from rich.console import Console

    from perpend.evaluation.verdicts.framework_mapping import CarryOver, RequirementCarried


def print_carry_over(carry_over: CarryOver, console: Console) -> None:
    """Print how many requirements go on from which, and those that inherit, gain or lose policies."""
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
            page.line(f"{_short(section)} lost {page.name(policy)}: it answers nothing there", first="  ", rest="    ")
    page.blank()


def carry_over_document(carry_over: CarryOver) -> dict[str, Any]:
    """Return the same as JSON has it."""
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
        f"of {total}, {number('kept'):,} keep a policy, {_only(carry_over):,} inherit all they have, "
        f"{number('gained'):,} gained one, {none:,} go on from nothing; {lost} lost"
    )


def _only(carry_over: CarryOver) -> int:
    def inherits(requirement: RequirementCarried) -> bool:
        return bool(requirement.inherited) and not requirement.kept and not requirement.gained

    return sum(map(inherits, carry_over.requirements))


def _short(section: str) -> str:
    return section.removeprefix("/frameworks/")
