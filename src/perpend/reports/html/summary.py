"""Write the parts of the HTML report that need no script: requirements, reasons and tables.

Every text is escaped by :func:`html_text`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.reports.html.columns import UnknownReason

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

_ORDER: Final = (Status.INCOMPLIANT, Status.UNDETERMINED, Status.COMPLIANT)
_NUMBERS: Final = ("Incompliant", "Undetermined", "Compliant")
_REASON_NUMBERS: Final = ("Verdicts", "Policies")
_MOST_REASONS: Final = 50
_WIDE: Final = 1_000
NUMBER: Final = ' class="number"'


def html_text(text: str) -> str:
    """Return a text escaped for HTML, with hidden characters and changes of direction made visible."""
    return escape(visible(encodable(text)))


def requirements(cards: Sequence[Scorecard], answered: Mapping[str, str]) -> str:
    """Return one line for each framework, which opens to its requirements; empty without frameworks.

    ``answered`` are the keys of requirements that findings refer to. A single framework is open: the report is about it.
    """
    lines = "".join(_card(card, answered, is_open=len(cards) == 1) for card in cards)
    return f"<section><h2>Compliance by framework</h2>{lines}</section>" if cards else ""


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
        f"{table(('Reason', 'Next step', *_REASON_NUMBERS), rows, numbers=_REASON_NUMBERS)}{more}</details>"
    )


def list_of(summary: str, lines: Iterable[str]) -> str:
    """Return a folded list of texts, empty if there are none."""
    items = "".join(f"<li>{html_text(line)}</li>" for line in lines)
    return f"<details><summary>{html_text(summary)}</summary><ul>{items}</ul></details>" if items else ""


def _card(card: Scorecard, answered: Mapping[str, str], *, is_open: bool) -> str:
    rendered: dict[str, int] = {}
    for requirement_status, number in card.counts.items():
        name = _STATUSES[requirement_status][1]
        rendered[name] = rendered.get(name, 0) + number
    items = "".join(
        f'<span><span class="status {_STATUSES[requirement_status][1]}">{_STATUSES[requirement_status][0]}</span> <b>{number:,}</b> {requirement_status}'
        "</span> "
        for requirement_status, number in card.counts.items()
        if number
    )
    rows = "".join(_requirement(result, answered.get(result.requirement.id, "")) for result in card.results)
    return (
        f'<details class="framework"{" open" if is_open else ""}><summary>{html_text(card.framework.name)} <span class="soft">'
        f"{card.asked:,} of {len(card.results):,} requirements were asked{card.inherited_text}</span> "
        f'{bar(rendered, f"{len(card.results):,} requirements; the numbers follow")}<span class="totals">{items}</span>'
        "</summary>"
        f"{table(('Requirement', 'Name', 'Found', *_NUMBERS), rows, numbers=_NUMBERS, label=html_text(card.framework.name))}"
        "</details>"
    )


def _requirement(result: RequirementResult, key: str) -> str:
    mark, name = _STATUSES[result.standing]
    number = html_text(result.requirement.number)
    if key:
        chosen = html_text(urlencode({"requirement": key}))
        number = f'<button type="button" class="plain" data-show="{chosen}">{number}</button>'
    counts = "".join(f'<td class="number">{result.counts[status]:,}</td>' for status in _ORDER)
    requirement_status = f'<span class="status {name}">{mark} {result.standing}</span>'
    return f"<tr><td>{number}</td><td>{html_text(result.requirement.name)}</td><td>{requirement_status}</td>{counts}</tr>"


def table(heads: Sequence[str], rows: str, *, numbers: Collection[str], label: str = "") -> str:
    """Return a table. ``numbers`` are the heads of columns of numbers. A wide one can be scrolled by keys.

    ``label`` is its name in HTML, by default its first head.
    """
    top = "".join(f'<th scope="col"{NUMBER if head in numbers else ""}>{head}</th>' for head in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label or heads[0]}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def bar(counts: Mapping[str, int], label: str) -> str:
    """Return a bar of parts by the CSS class of each."""
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
