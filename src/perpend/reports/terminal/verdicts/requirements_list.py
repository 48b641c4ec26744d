"""Print the results of frameworks: totals, a row per evaluated requirement, the other ones by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.terminal.page import STYLES
from perpend.reports.terminal.verdicts.count_table import CountRow, print_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.reports.terminal.page import TerminalPage

_STATUS_OF: Final = {
    RequirementStatus.FAILS: Status.INCOMPLIANT,
    RequirementStatus.UNDETERMINED: Status.UNDETERMINED,
    RequirementStatus.WAIVED: Status.INCOMPLIANT,
    RequirementStatus.MET: Status.COMPLIANT,
    RequirementStatus.NOTHING_TO_JUDGE: Status.INAPPLICABLE,
}
"""The verdict status whose symbol and colour a requirement status has."""


def print_totals(card: Scorecard, page: TerminalPage) -> None:
    """Print the name of a framework, its coverage and its totals."""
    page.line((page.prose(card.framework.name), "bold"))
    page.line((card.coverage_text, "" if card.all_asked else "yellow"), first="  ")
    words: list[str | tuple[str, str]] = [f"{card.counts[RequirementStatus.MET]:,} of {len(card.results):,} met: "]
    for requirement_status, status in _STATUS_OF.items():
        number = card.counts[requirement_status]
        if requirement_status is RequirementStatus.WAIVED and not number:
            continue
        word = "fail" if requirement_status is RequirementStatus.FAILS and number != 1 else requirement_status.value
        words += [(f"{number:,} {word}", STYLES[status] if number else "dim"), " + "]
    page.line(*words[:-1], f" = {card.asked:,} asked", first="  ")


def print_requirements(card: Scorecard, page: TerminalPage) -> None:
    """Print a row for each evaluated requirement, and the other ones by reason."""
    evaluated = [result for result in card.results if result.standing.was_evaluated]
    if evaluated:
        page.blank()
        print_counts([_row(result, page) for result in evaluated], page, "requirement", list(Status))
    partly = [
        result for result in evaluated if not all(one.was_fully_evaluated for one in result.requirement.policies if one.judges)
    ]
    if partly or any(not result.standing.was_evaluated for result in card.results):
        page.blank()
    _print_reasons("asked in part", partly, page)
    _print_reasons("not asked", _of(card, RequirementStatus.NOT_ASKED), page)
    _print_looser(card, page)
    for requirement_status in (RequirementStatus.ATTESTED, RequirementStatus.MANUAL, RequirementStatus.UNANSWERED):
        if results := _of(card, requirement_status):
            page.line(f"{requirement_status.value} ({len(results):,}): {_numbers(results, page)}", first="  ", rest="    ")


def _row(result: RequirementResult, page: TerminalPage) -> CountRow:
    requirement, status = result.requirement, _STATUS_OF[result.standing]
    name = f"{requirement.number} {requirement.name}"
    policies = tuple(policy.policy_id for policy in requirement.policies if policy.was_evaluated)
    return CountRow(name, result.counts, below=policies, mark=f"{page.symbol(status)} ", style=STYLES[status])


def _print_reasons(what: str, results: Sequence[RequirementResult], page: TerminalPage) -> None:
    """Print requirements by the reason why their policies were not evaluated, each reason once."""
    by_reason: dict[str, list[RequirementResult]] = {}
    for result in results:
        reasons = dict.fromkeys(policy.reason for policy in result.requirement.policies if policy.judges and policy.reason)
        by_reason.setdefault("; ".join(reasons), []).append(result)
    if results:
        page.line(f"{what} ({len(results):,}):", first="  ")
    for reason, alike in by_reason.items():
        page.line(f"{page.prose(reason)}: {_numbers(alike, page)}", first="    ", rest="      ")


def _print_looser(card: Scorecard, page: TerminalPage) -> None:
    """Print the requirements that are judged by a looser value than theirs, each value once."""
    by_value: dict[tuple[str, str], list[RequirementResult]] = {}
    for result in card.results:
        for policy in result.requirement.policies:
            if policy.looser and policy.was_evaluated:
                by_value.setdefault((policy.looser, policy.policy_id), []).append(result)
    if by_value:
        page.line((f"with a looser value than theirs ({len(by_value):,}):", "yellow"), first="  ")
    for (looser, policy_id), results in by_value.items():
        page.line(f"{page.prose(looser)}, {page.name(policy_id)}: {_numbers(results, page)}", first="    ", rest="      ")


def _numbers(results: Iterable[RequirementResult], page: TerminalPage) -> str:
    return ", ".join(page.name(result.requirement.number) for result in results)


def _of(card: Scorecard, requirement_status: RequirementStatus) -> list[RequirementResult]:
    return [result for result in card.results if result.standing is requirement_status]
