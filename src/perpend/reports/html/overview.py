"""Write the first page of the HTML report: the summary of the run, with the numbers and words of the terminal's summary.

Nothing here needs a script: buttons only choose findings in the list further down.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.html.summary import bar, html_text, list_of, table
from perpend.reports.overview_texts import (
    call_text,
    level_text,
    object_texts,
    others_text,
    places_text,
    scope_text,
    score_parts,
    score_text,
    subject_text,
    summed_services,
    unknown_text,
    unread_text,
    verdicts_text,
)
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from perpend.findings.severity.levels import SeverityLevel
    from perpend.reports.overview import NeededCall, OpenCounts, Overview

_MOST_ACCOUNTS: Final = 3
_MOST_SERVICES: Final = 8
_MOST_CALLS: Final = 10
_SIGNS: Final = {"compliant": "✓", "failing": "✕", "waived": "⊘", "unknown": "?"}


def moment_text(time: datetime) -> str:
    """Return a time in UTC; midnight is a date."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC".removesuffix(" 00:00 UTC")


def facts(overview: Overview, notes: Sequence[str], *, assumed: bool) -> str:
    """Return the subject, scope, time and version of a run. ``notes`` say how many policies were not evaluated.

    ``assumed``: not every source states when it was observed.
    """
    listed = len(overview.accounts) > _MOST_ACCOUNTS
    subject = html_text(subject_text(overview, _MOST_ACCOUNTS))
    scope = "; ".join((scope_text(overview), counted(overview.objects, "object"), *notes))
    time = moment_text(overview.time) + (", the day of the run: not every source states its time" if assumed else "")
    pairs = {
        "Accounts": list_of(subject, overview.accounts) if listed else subject,
        "Scope": html_text(scope),
        "Time": html_text(time),
        "Made by": f"Perpend {__version__}",
    }
    return f'<dl class="facts">{"".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in pairs.items() if text)}</dl>'


def score(overview: Overview, *, complete: bool) -> str:
    """Return the numbers of failing and unknown verdicts, the compliant share, and a bar of the applicable verdicts.

    Unless the run is ``complete``, the share says that not everything was evaluated.
    """
    parts = score_parts(overview)
    bar_html = bar(parts, f"{overview.applicable:,} verdicts; the numbers follow") if overview.applicable else ""
    items = "".join(
        f'<li><span class="status {name}">{_SIGNS[name]}</span> {number:,} {name}</li>' for name, number in parts.items()
    )
    others, part = others_text(overview), "" if complete else "; not everything was evaluated"
    return (
        f'<p class="score"><b>{verdicts_text(overview)}</b> <span>{score_text(overview)}{part}</span></p>'
        f'{bar_html}<ul class="totals">{items}</ul>' + (f'<p class="soft">({others})</p>' if others else "")
    )


def counts(overview: Overview, *, rated: bool) -> str:
    """Return the tables of severities and services. ``rated``: the list of findings can be chosen by severity."""
    tables = []
    if any(level for level, _ in overview.severities):
        levels = [(_level_button(level) if rated else level_text(level), counts) for level, counts in overview.severities]
        tables.append(_count_table("Severity", levels))
    if overview.services:
        first, others, summed = summed_services(overview, _MOST_SERVICES)
        rows = [(html_text(name), counts) for name, counts in first]
        text = _count_table("Service", [*rows, (f"{others} more", summed)] if others else rows)
        if others:
            rest = [(html_text(name), counts) for name, counts in overview.services[len(first) :]]
            text += f"<details><summary>The {others} others</summary>{_count_table('Other service', rest)}</details>"
        tables.append(text)
    note = f'<p class="soft">{html_text(overview.severity_note)}</p>' if overview.severity_note else ""
    return f'<div class="counted">{"".join(f"<div>{one}</div>" for one in tables)}</div>{note}' if tables else ""


def to_fix(overview: Overview, *, rated: bool) -> str:
    """Return the policies to fix first, each with a button that chooses its findings; empty if none fails."""
    if not overview.to_fix:
        return ""
    has_levels = any(policy.level for policy in overview.to_fix)
    rows = ""
    for policy, names in zip(overview.to_fix, object_texts(overview.to_fix), strict=True):
        level = level_text(policy.level)
        chosen = {"policy": visible(policy.policy_id), "status": Status.INCOMPLIANT.value, "waived": "not waived"}
        button = show_button(policy.title, chosen | ({"severity": level} if rated else {}))
        rows += (
            "<tr>"
            + (f'<td class="level {level.replace(" ", "-")}">{level}</td>' if has_levels else "")
            + f'<td class="number">{policy.failing:,}</td><td>{button}</td><td>{html_text(names[0])}</td></tr>'
        )
    heads = (*(("Severity",) if has_levels else ()), "Failing", "Policy", "Objects")
    rest = overview.failing_policies - len(overview.to_fix)
    more = show_button(counted(rest, "more policy fails", "more policies fail"), {"status": Status.INCOMPLIANT.value})
    return (
        f"<section><h2>Fix first</h2>{table(heads, rows, numbers=('Failing',), label='Fix first')}"
        + (f'<p class="soft">… {more}</p>' if rest else "")
        + "</section>"
    )


def unread(overview: Overview, command: str) -> str:
    """Return the calls that failed, the command that prints the permissions of denied ones, and the causes of unknown verdicts.

    Empty if no call failed and everything was asked for.
    """
    causes = unknown_text(overview)
    why = f"<p>{html_text(causes[:1].upper() + causes[1:])}.</p>" if causes else ""
    if not overview.unread:
        return f'<section class="unread"><h2>Unknown</h2>{why}</section>' if why else ""
    if not any(call.is_denied for call in overview.unread):
        command = ""
    first, rest = overview.unread[:_MOST_CALLS], overview.unread[_MOST_CALLS:]
    more = f"<details><summary>{len(rest):,} more</summary>{_call_table(overview, rest, 'Other call')}</details>"
    text = unread_text(overview)
    return (
        f'<section class="unread"><h2>Not read</h2><p>{html_text(text[:1].upper() + text[1:])}.</p>{why}'
        f"{_call_table(overview, first, 'Call')}{more if rest else ''}"
        + (f'<p class="soft">What would allow denied calls: <code>{html_text(command)}</code></p>' if command else "")
        + "</section>"
    )


def show_button(text: str, chosen: dict[str, str]) -> str:
    """Return a button that chooses findings by some filters of the list."""
    return f'<button type="button" class="plain" data-show="{html_text(urlencode(chosen))}">{html_text(text)}</button>'


def _level_button(level: SeverityLevel | None) -> str:
    return show_button(level_text(level), {"severity": level_text(level)})


def _count_table(title: str, rows: Iterable[tuple[str, OpenCounts]]) -> str:
    body = "".join(
        f'<tr><td>{name}</td><td class="number">{number.failing:,}</td><td class="number">{number.unknown:,}</td></tr>'
        for name, number in rows
    )
    return table((title, "Failing", "Unknown"), body, numbers=("Failing", "Unknown"))


def _call_table(overview: Overview, calls: Sequence[NeededCall], title: str) -> str:
    rows = "".join(
        f"<tr><td><code>{html_text(call_text(overview, call))}</code></td><td>{html_text(places_text(call))}</td>"
        f'<td class="number">{call.verdicts:,}</td></tr>'
        for call in calls
    )
    return table((title, "Where", "Verdicts"), rows, numbers=("Verdicts",))
