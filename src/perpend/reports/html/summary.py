"""Write the parts of the HTML report that need no script: totals, requirements and reasons.

Every text is escaped by :func:`html_text`. A share is always shown with its two numbers.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted, format_percent
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

_STATUSES: Final = {
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
"""The symbol and the CSS class of each requirement status."""

_ORDER: Final = (Status.INCOMPLIANT, Status.UNDETERMINED, Status.COMPLIANT, Status.INAPPLICABLE, Status.DISAPPEARED)
_MOST_REASONS: Final = 50
_WIDE: Final = 1_000


def html_text(text: str) -> str:
    """Return a text escaped for HTML, with hidden characters and changes of direction made visible."""
    return escape(visible(encodable(text)))


def totals(evaluation: Evaluation, *, complete: bool) -> str:
    """Return the totals of all verdicts, as a sentence, a bar and numbers that add up.

    The compliant share is a percentage only if everything was evaluated.
    """
    ledger = evaluation.ledger
    counts, known = ledger.counts, ledger.known
    asked = known + counts[Status.UNDETERMINED]
    part = f"<b>{counts[Status.COMPLIANT]:,}</b> compliant of {known:,} known"
    shares = [_share(counts[Status.COMPLIANT], known, "compliant of {:,} known") if complete else part] if known else []
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
    """Return the coverage and results of frameworks. ``answered`` are the keys of requirements that findings refer to."""
    return "".join(_card(card, answered) for card in cards)


def reasons(unknown: Sequence[UnknownReason]) -> str:
    """Return the reasons of undetermined verdicts, each once; empty if there are none."""
    if not unknown:
        return ""
    rows = "".join(
        f'<tr><td>{escape(reason.message)}</td><td>{escape(reason.remediation)}</td><td class="number">{reason.verdicts:,}</td>'
        f'<td class="number">{reason.policies:,}</td></tr>'
        for reason in unknown[:_MOST_REASONS]
    )
    rest = len(unknown) - _MOST_REASONS
    more = f"<p>The list below has {rest:,} more reasons.</p>" if rest > 0 else ""
    number = sum(reason.verdicts for reason in unknown)
    return (
        f"<details><summary>Undetermined: {counted(number, 'verdict')}, for {counted(len(unknown), 'reason')}</summary>"
        f"{table(('Reason', 'Next step', 'Verdicts', 'Policies'), rows, numbers=2)}{more}</details>"
    )


def list_of(summary: str, lines: Iterable[str]) -> str:
    """Return a folded list of texts, empty if there are none."""
    items = "".join(f"<li>{html_text(line)}</li>" for line in lines)
    return f"<details><summary>{html_text(summary)}</summary><ul>{items}</ul></details>" if items else ""


def _card(card: Scorecard, answered: Mapping[str, str]) -> str:
    rendered: dict[str, int] = {}
    for standing, number in card.counts.items():
        name = _STATUSES[standing][1]
        rendered[name] = rendered.get(name, 0) + number
    items = "".join(
        f'<li><span class="status {_STATUSES[standing][1]}">{_STATUSES[standing][0]}</span> <b>{number:,}</b> {standing}</li>'
        for standing, number in card.counts.items()
        if number
    )
    rows = "".join(_requirement(result, answered.get(result.requirement.id, "")) for result in card.results)
    return (
        f"<section><h2>{html_text(card.framework.name)}</h2>"
        f"<p>{card.asked:,} of {len(card.results):,} requirements were asked{card.inherited_text}.</p>"
        f'{_bar(rendered, f"{len(card.results):,} requirements; the numbers follow")}<ul class="totals">{items}</ul>'
        "<details><summary>Requirement by requirement</summary>"
        f"{table(('Requirement', 'Name', 'Found', 'Incompliant', 'Undetermined', 'Compliant'), rows, numbers=3)}</details>"
        "</section>"
    )


def _requirement(result: RequirementResult, key: str) -> str:
    sign, name = _STATUSES[result.standing]
    number = html_text(result.requirement.number)
    if key:
        number = f'<button type="button" class="plain" data-requirement="{html_text(key)}">{number}</button>'
    counts = "".join(f'<td class="number">{result.counts[status]:,}</td>' for status in (*_ORDER[:3],))
    standing = f'<span class="status {name}">{sign} {result.standing}</span>'
    return f"<tr><td>{number}</td><td>{html_text(result.requirement.name)}</td><td>{standing}</td>{counts}</tr>"


def table(heads: Sequence[str], rows: str, *, numbers: int) -> str:
    """Return a table whose last ``numbers`` columns are numbers. A wide one can be scrolled by keys."""
    classes = [""] * (len(heads) - numbers) + [' class="number"'] * numbers
    top = "".join(f'<th scope="col"{style}>{head}</th>' for head, style in zip(heads, classes, strict=True))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{heads[0]}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _share(part: int, whole: int, text: str) -> str:
    return f"<b>{format_percent(part, whole)}</b> ({part:,}) {text.format(whole)}"


def _bar(counts: Mapping[str, int], label: str) -> str:
    total, at, rendered = sum(counts.values()), 0, []
    for name, number in counts.items():
        start, end = (_WIDE * place / (total or 1) for place in (at, at + number))
        at += number
        if number:
            rendered.append(f'<rect class="{name}" x="{start:.2f}" width="{end - start:.2f}" height="12"/>')
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDE} 12" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{''.join(rendered)}</svg>"
    )
