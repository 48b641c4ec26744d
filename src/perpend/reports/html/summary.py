"""Totals, requirements and reasons in, the parts of HTML that say them out: they are read without any script.

Every text goes through :func:`said`. A share never stands without the two numbers that it is made of.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted, percent_text
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.reports.html.columns import UnknownReason

SIGNS: Final = {
    Status.COMPLIANT: "✓",
    Status.INCOMPLIANT: "✕",
    Status.UNDETERMINED: "?",
    Status.INAPPLICABLE: "–",
    Status.DISAPPEARED: "∅",
}

_STANDINGS: Final = {
    RequirementStatus.FAILS: ("✕", "fails"),
    RequirementStatus.UNDETERMINED: ("?", "undetermined"),
    RequirementStatus.WAIVED: ("~", "undetermined"),
    RequirementStatus.MET: ("✓", "met"),
    RequirementStatus.NOTHING_TO_JUDGE: ("–", "nothing"),
    RequirementStatus.NOT_ASKED: ("·", "not"),
    RequirementStatus.ATTESTED: ("·", "not"),
    RequirementStatus.MANUAL: ("·", "not"),
    RequirementStatus.UNANSWERED: ("·", "not"),
}
"""The sign of a class of requirements, and the name under which it is drawn."""

_ORDER: Final = (Status.INCOMPLIANT, Status.UNDETERMINED, Status.COMPLIANT, Status.INAPPLICABLE, Status.DISAPPEARED)
_MOST_REASONS: Final = 50
_WIDE: Final = 1_000


def said(text: str) -> str:
    """Return a text as HTML shows it: what would hide or turn the reading order is written out."""
    return escape(visible(encodable(text)))


def totals(evaluation: Evaluation, *, all_judged: bool) -> str:
    """Return how all verdicts ended, as a sentence, a bar and numbers that add up.

    Unless all was judged that there is, the compliant ones are no percentage, which could be read as one of everything.
    """
    ledger = evaluation.ledger
    counts, known = ledger.counts, ledger.known
    asked = known + counts[Status.UNDETERMINED]
    part = f"<b>{counts[Status.COMPLIANT]:,}</b> compliant of {known:,} known"
    shares = [_share(counts[Status.COMPLIANT], known, "compliant of {:,} known") if all_judged else part] if known else []
    shares += [_share(counts[Status.UNDETERMINED], asked, "of {:,} could not be determined")] if asked else []
    items = [
        f'<li><span class="status {status}">{SIGNS[status]}</span> <b>{counts[status]:,}</b> {status.lower()}</li>'
        for status in _ORDER
    ]
    text = f"<p>{' · '.join(shares)}</p>" if shares else "<p>No verdict says compliant or incompliant.</p>"
    bar = _bar({str(status): counts[status] for status in _ORDER}, f"{ledger.verdicts:,} verdicts; the numbers follow")
    whole = f"<li>= <b>{ledger.verdicts:,}</b> verdicts on <b>{ledger.objects:,}</b> objects</li>"
    return f'{text}{bar}<ul class="totals">{"".join(items)}{whole}</ul>'


def requirements(cards: Sequence[Scorecard], answered: Mapping[str, str]) -> str:
    """Return what was asked and found of frameworks. ``answered`` are the keys of requirements that findings point to."""
    return "".join(_card(card, answered) for card in cards)


def reasons(unknown: Sequence[UnknownReason]) -> str:
    """Return why verdicts are undetermined, each reason once, nothing where none is."""
    if not unknown:
        return ""
    rows = "".join(
        f'<tr><td>{escape(reason.message)}</td><td>{escape(reason.remediation)}</td><td class="number">{reason.verdicts:,}</td>'
        f'<td class="number">{reason.policies:,}</td></tr>'
        for reason in unknown[:_MOST_REASONS]
    )
    rest = len(unknown) - _MOST_REASONS
    more = f"<p>{rest:,} more reasons stand in the list below, by reason.</p>" if rest > 0 else ""
    number = sum(reason.verdicts for reason in unknown)
    return (
        f"<details><summary>Undetermined: {counted(number, 'verdict')}, for {counted(len(unknown), 'reason')}</summary>"
        f"{table(('Reason', 'Next step', 'Verdicts', 'Policies'), rows, numbers=2)}{more}</details>"
    )


def list_of(summary: str, lines: Iterable[str]) -> str:
    """Return a folded list of texts, nothing where there are none."""
    items = "".join(f"<li>{said(line)}</li>" for line in lines)
    return f"<details><summary>{said(summary)}</summary><ul>{items}</ul></details>" if items else ""


def _card(card: Scorecard, answered: Mapping[str, str]) -> str:
    drawn: dict[str, int] = {}
    for standing, number in card.counts.items():
        name = _STANDINGS[standing][1]
        drawn[name] = drawn.get(name, 0) + number
    items = "".join(
        f'<li><span class="status {_STANDINGS[standing][1]}">{_STANDINGS[standing][0]}</span> <b>{number:,}</b> {standing}</li>'
        for standing, number in card.counts.items()
        if number
    )
    rows = "".join(_requirement(result, answered.get(result.requirement.id, "")) for result in card.results)
    return (
        f"<section><h2>{said(card.framework.name)}</h2>"
        f"<p>{card.asked:,} of {len(card.results):,} requirements were asked.</p>"
        f'{_bar(drawn, f"{len(card.results):,} requirements; the numbers follow")}<ul class="totals">{items}</ul>'
        "<details><summary>Requirement by requirement</summary>"
        f"{table(('Requirement', 'Name', 'Found', 'Incompliant', 'Undetermined', 'Compliant'), rows, numbers=3)}</details>"
        "</section>"
    )


def _requirement(result: RequirementResult, key: str) -> str:
    sign, name = _STANDINGS[result.standing]
    number = said(result.requirement.number)
    if key:
        number = f'<button type="button" class="plain" data-requirement="{said(key)}">{number}</button>'
    counts = "".join(f'<td class="number">{result.counts[status]:,}</td>' for status in (*_ORDER[:3],))
    standing = f'<span class="status {name}">{sign} {result.standing}</span>'
    return f"<tr><td>{number}</td><td>{said(result.requirement.name)}</td><td>{standing}</td>{counts}</tr>"


def table(heads: Sequence[str], rows: str, *, numbers: int) -> str:
    """Return a table of which the last columns are ``numbers``. It can be scrolled by keys where it is wide."""
    classes = [""] * (len(heads) - numbers) + [' class="number"'] * numbers
    top = "".join(f'<th scope="col"{style}>{head}</th>' for head, style in zip(heads, classes, strict=True))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{heads[0]}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _share(part: int, whole: int, text: str) -> str:
    return f"<b>{percent_text(part, whole)}</b> ({part:,}) {text.format(whole)}"


def _bar(counts: Mapping[str, int], label: str) -> str:
    total, at, drawn = sum(counts.values()), 0, []
    for name, number in counts.items():
        start, end = (_WIDE * place / (total or 1) for place in (at, at + number))
        at += number
        if number:
            drawn.append(f'<rect class="{name}" x="{start:.2f}" width="{end - start:.2f}" height="12"/>')
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDE} 12" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{''.join(drawn)}</svg>"
    )
