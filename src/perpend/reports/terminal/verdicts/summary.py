"""Print the summary of a run: on one screen the score, severities, services, the policies to fix first, and next commands.

On a terminal, no row is wider than the page: titles and names are cut. A pipe gets whole rows, without colour and bar.
"""

from __future__ import annotations

from datetime import UTC
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import display_width
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.overview_texts import (
    call_text,
    level_text,
    object_texts,
    others_text,
    places_text,
    score_parts,
    score_text,
    subject_text,
    summed_services,
    unknown_text,
    unread_text,
    verdicts_text,
)
from perpend.reports.terminal.page import STYLES, TerminalPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.reports.overview import OpenCounts, Overview
    from perpend.reports.terminal.verdicts.next_command import NextCommand, RunCommands

MOST_LINES: Final = 30
"""The largest number of lines, without those about data that could not be read."""

MOST_UNREAD_LINES: Final = 10

_ROWS: Final = 6
_MOST_FRAMEWORKS: Final = 2
_MOST_CALLS: Final = 5
_MOST_PADDED: Final = 32
_MOST_ACCOUNTS: Final = 3
_BAR: Final = 40
_GAP: Final = "  "
_SIDE_BY_SIDE: Final = 76
"""The width from which severities and services stand side by side."""

_NUMBER: Final = 10
_FAILING: Final = STYLES[Status.INCOMPLIANT]
_UNKNOWN: Final = STYLES[Status.UNDETERMINED]
_LEVELS: Final = {"critical": "bold red", "high": "red", "medium": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFacts:
    """Facts of a run that the overview does not hold.

    ``verb`` is `Scanned` or `Checked`, ``subject`` the inputs if there is no account, ``more`` facts of a collection. ``notes``
    say how many policies were not evaluated, ``decided`` which settings change the exit code. ``coverage`` has a line per
    framework, ``planned`` the lines about plans.
    """

    verb: str = "Checked"
    subject: str = ""
    more: Sequence[str] = ()
    notes: Sequence[str] = ()
    decided: str = ""
    coverage: Sequence[str] = ()
    planned: Sequence[str] = ()


def print_summary(
    overview: Overview, console: Console, facts: SummaryFacts, commands: RunCommands | None, day: EvaluationTime
) -> None:
    """Print the summary of a run with evaluated objects, and the commands that go on from there."""
    rows = _Rows(TerminalPage(console), is_cut=console.is_terminal)
    _print_head(overview, facts, rows)
    _print_score(overview, facts, rows)
    _print_counts(overview, facts, rows)
    _print_to_fix(overview, commands.all_failing if commands else None, rows)
    _print_unread(overview, commands.permissions if commands else None, rows)
    if commands and (following := commands.after(overview, day)):
        rows.blank()
        rows.put(("Next", "bold"))
        rows.put_commands(following)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a page. On a terminal they are cut to its width."""

    page: TerminalPage
    is_cut: bool

    @property
    def width(self) -> int:
        return self.page.width

    def blank(self) -> None:
        self.page.blank()

    def put(self, *parts: str | tuple[str, str]) -> None:
        """Print one row."""
        text = Text.assemble(*parts)
        if self.is_cut and display_width(text.plain) > self.width:
            text.truncate(self.width, overflow="ellipsis" if self.page.ellipsis == "…" else "crop")
        text.rstrip()
        self.page.put(text)

    def put_commands(self, commands: Sequence[NextCommand], indent: str = _GAP) -> None:
        """Print commands whole, so that they can be copied. A purpose is left out if it does not fit beside its command."""
        texts = [command.text(self.page.console.encoding) for command in commands]
        widest = max(map(display_width, texts))
        aligned = display_width(indent) + widest + max(len(command.purpose) for command in commands) + 3 <= self.width
        for text, command in zip(texts, commands, strict=True):
            blanks = widest - display_width(text) if aligned else 0
            purpose = f"{' ' * blanks}   {command.purpose}"
            fits = not self.is_cut or display_width(f"{indent}{text}{purpose}") <= self.width
            self.page.put(Text.assemble(f"{indent}{text}", (purpose if fits else "", "dim")))

    def fit(self, text: str, room: int) -> str:
        """Return a text that takes a number of columns: padded, and on a terminal cut."""
        if self.is_cut and display_width(text) > room:
            shown_text = Text(text)
            shown_text.truncate(max(room - len(self.page.ellipsis), 0))
            text = shown_text.plain.rstrip() + self.page.ellipsis
        return text + " " * (room - display_width(text))


def _print_head(overview: Overview, facts: SummaryFacts, rows: _Rows) -> None:
    page = rows.page
    subject = subject_text(overview, _MOST_ACCOUNTS, page.name) or page.prose(facts.subject)
    head_parts = [f"{facts.verb} {subject}".rstrip(), *facts.more]
    time = f"{overview.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    room = max(rows.width - len(time) - len(_GAP), 0)
    while rows.is_cut and len(head_parts) > 1 and display_width(", ".join(head_parts)) > room:
        head_parts.pop()
    rows.put((rows.fit(", ".join(head_parts), room), "bold"), (f"{_GAP}{time}", "dim"))
    parts = [f"{counted(overview.policies, 'policy', 'policies')} on {counted(overview.objects, 'object')}"]
    if overview.without_objects:
        parts.append(f"{overview.without_objects:,} more without an object")
    parts += ["severity: Perpend's default"] if overview.severity_note else []
    rows.put(("; ".join((*parts, *facts.notes)), "dim"))
    for line in facts.planned:
        rows.put((page.prose(line), "dim"))
    if facts.decided:
        rows.put((page.prose(facts.decided), "yellow"))
    if overview.filter:
        rows.put((page.prose(f"only verdicts by {overview.filter} are listed below; the score counts all"), "yellow"))


def _print_score(overview: Overview, facts: SummaryFacts, rows: _Rows) -> None:
    page = rows.page
    rows.blank()
    head_parts, score = verdicts_text(overview), score_text(overview)
    together = f"{_GAP}{head_parts}     {score}"
    if not rows.is_cut or display_width(together) <= rows.width:
        rows.put((together, "bold"))
    else:
        rows.put((f"{_GAP}{head_parts}", "bold"))
        rows.put((f"{_GAP}{score}", "bold"))
    listed = " · ".join(f"{number:,} {name}" for name, number in score_parts(overview).items())
    listed = listed if page.ellipsis == "…" else listed.replace("·", "+")
    if rows.is_cut and overview.applicable:
        room = min(_BAR, rows.width - len(listed) - 5)
        rows.put(_GAP, *_bar(overview, room, page), f"   {listed}" if room > 0 else listed)
    elif not rows.is_cut:
        rows.put(f"{_GAP}{listed}")
    if others := others_text(overview):
        rows.put((f"{_GAP}({others})", "dim"))
    for line in facts.coverage[:_MOST_FRAMEWORKS]:
        rows.put(f"{_GAP}{page.prose(line)}")
    if len(facts.coverage) > _MOST_FRAMEWORKS:
        rows.put((f"{_GAP}{page.ellipsis} and {len(facts.coverage) - _MOST_FRAMEWORKS} more frameworks", "dim"))


def _bar(overview: Overview, room: int, page: TerminalPage) -> list[tuple[str, str]]:
    """Return a bar of the compliant, failing and unknown parts. Each part that exists has at least one column."""
    if room <= 0:
        return []
    characters = ("█", "░", "▒") if page.ellipsis == "…" else ("#", "-", "?")
    numbers = [overview.compliant, overview.applicable - overview.compliant - overview.unknown, overview.unknown]
    columns = [max(number * room // overview.applicable, number > 0) for number in numbers]
    columns[columns.index(max(columns))] += room - sum(columns)
    styles = (STYLES[Status.COMPLIANT], _FAILING, _UNKNOWN)
    return [(character * number, style) for character, number, style in zip(characters, columns, styles, strict=True)]


def _print_counts(overview: Overview, facts: SummaryFacts, rows: _Rows) -> None:
    """Print the table of severities beside that of services."""
    most = _ROWS - bool(overview.filter) - bool(facts.decided) - min(len(facts.coverage), _MOST_FRAMEWORKS)
    severities = [(level_text(level), counts) for level, counts in overview.severities]
    if all(level is None for level, _ in overview.severities):
        severities = []
    listed, others, summed = summed_services(overview, most)
    services = [(rows.page.name(name), counts) for name, counts in listed]
    services += [(f"{others} more", summed)] if others else []
    if not services:
        return
    rows.blank()
    left = max((len("Severity"), *(len(name) for name, _ in severities)))
    gap = "      "
    if not severities or (rows.is_cut and rows.width < _SIDE_BY_SIDE):
        tables = [("Severity", severities, left)] if severities else []
        for title, listed, _ in (*tables, ("Service", services, 0)):
            room = max(len(title), *(display_width(name) for name, _ in listed))
            room = min(room, rows.width - 2 * _NUMBER - len(_GAP)) if rows.is_cut else room
            rows.put(_GAP, *_count_cells(title, None, room, rows))
            for name, counts in listed:
                rows.put(_GAP, *_count_cells(name, counts, room, rows))
        return
    room = max(len("Service"), *(display_width(name) for name, _ in services))
    if rows.is_cut:
        room = min(room, rows.width - left - 4 * _NUMBER - len(gap) - len(_GAP))
    rows.put(_GAP, *_count_cells("Severity", None, left, rows), gap, *_count_cells("Service", None, room, rows))
    for severity, service in zip_longest(severities, services):
        first = _count_cells(severity[0], severity[1], left, rows) if severity else [" " * (left + 2 * _NUMBER)]
        second = _count_cells(service[0], service[1], room, rows) if service else []
        rows.put(_GAP, *first, gap, *second)


def _count_cells(name: str, counts: OpenCounts | None, room: int, rows: _Rows) -> list[str | tuple[str, str]]:
    """Return the cells of one row, or for no counts those of the heading."""
    if counts is None:
        return [(f"{name:<{room}}{'failing':>{_NUMBER}}{'unknown':>{_NUMBER}}", "bold")]
    failing, unknown = f"{counts.failing:>{_NUMBER},}", f"{counts.unknown:>{_NUMBER},}"
    return [
        (rows.fit(name, room), _LEVELS.get(name, "")),
        (failing, _FAILING if counts.failing else "dim"),
        (unknown, _UNKNOWN if counts.unknown else "dim"),
    ]


def _print_to_fix(overview: Overview, all_failing: NextCommand | None, rows: _Rows) -> None:
    if not overview.to_fix:
        return
    rows.blank()
    rows.put(("Fix first", "bold"))
    is_rated = any(policy.level for policy in overview.to_fix)
    levels = max(len(level_text(policy.level)) for policy in overview.to_fix) + len(_GAP) if is_rated else 0
    numbers = max(len(f"{policy.failing:,}") for policy in overview.to_fix)
    titles = [rows.page.prose(policy.title) for policy in overview.to_fix]
    named = object_texts(overview.to_fix, rows.page.name)
    title_room, name_room = max(map(display_width, titles)), max(display_width(texts[0]) for texts in named)
    room = rows.width - len(f"  1{_GAP}") - levels - numbers - 2 * len(_GAP)
    if rows.is_cut and title_room + name_room > room:
        name_room = min(name_room, max(room - title_room, room // 3))
        title_room = min(title_room, room - name_room)
    for number, (policy, title, names) in enumerate(zip(overview.to_fix, titles, named, strict=True), 1):
        level = level_text(policy.level)
        rows.put(
            f"{number:>3}{_GAP}",
            (f"{level:<{levels}}" if is_rated else "", _LEVELS.get(level, "")),
            (f"{policy.failing:>{numbers},}", _FAILING),
            f"{_GAP}{rows.fit(title, title_room)}{_GAP}",
            (rows.fit(next((text for text in names if display_width(text) <= name_room), names[-1]), name_room), "dim"),
        )
    if rest := overview.failing_policies - len(overview.to_fix):
        head_parts = f"{_GAP} {rows.page.ellipsis} {counted(rest, 'more policy fails', 'more policies fail')}"
        command = f": {all_failing.text(rows.page.console.encoding)}" if all_failing else ""
        fits = not rows.is_cut or display_width(head_parts + command) <= rows.width
        rows.put((head_parts + (command if fits else ""), "dim"))


def _print_unread(overview: Overview, permissions: NextCommand | None, rows: _Rows) -> None:
    causes = unknown_text(overview)
    if overview.unread or causes:
        rows.blank()
    if overview.unread:
        _print_calls(overview, permissions, rows)
    if causes:
        rows.put((causes[:1].upper() + causes[1:], "" if overview.unread else _UNKNOWN))


def _print_calls(overview: Overview, permissions: NextCommand | None, rows: _Rows) -> None:
    """Print the calls that failed, and the command that prints the permissions of those that were denied."""
    page, shown = rows.page, overview.unread[:_MOST_CALLS]
    rows.put((f"Not read: {unread_text(overview)}", _UNKNOWN))
    labels = [page.name(call_text(overview, call)) for call in shown]
    places = [page.prose(places_text(call)) for call in shown]
    verdicts = [f"{call.verdicts:,} verdict{'s'[: call.verdicts != 1]}" for call in shown]
    label_room, verdict_room = max(map(display_width, labels)), max(map(len, verdicts))
    place_room = max(map(display_width, places))
    if rows.is_cut:
        room = rows.width - 4 - verdict_room - 2 * len(_GAP)
        label_room = min(label_room, room * 2 // 3 if place_room > room // 3 else room - place_room)
        place_room = min(place_room, room - label_room)
    else:
        label_room = min(label_room, _MOST_PADDED)
    for label, place, count in zip(labels, places, verdicts, strict=True):
        rows.put(f"    {rows.fit(label, label_room)}{_GAP}{rows.fit(place, place_room)}{_GAP}{count:>{verdict_room}}")
    if rest := len(overview.unread) - len(shown):
        rows.put((f"    {page.ellipsis} and {rest:,} more", "dim"))
    if permissions and any(call.is_denied for call in overview.unread):
        rows.put_commands([permissions], indent="    ")
