"""Print the report of a run: sources, totals, requirements, policies, and the objects to act on.

All text from files is printed through the page, which makes it safe.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from datetime import UTC
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import display_width
from perpend.core.diagnostics.phrases import counted, first_named, format_percent
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.inventory.readers.formats import label_of_kind
from perpend.reports.formats.finding import not_evaluated
from perpend.reports.formats.planned import planned_lines
from perpend.reports.formats.subjects import with_name
from perpend.reports.formats.tally import reasons_of, tally_of
from perpend.reports.terminal.page import STYLES, TerminalPage
from perpend.reports.terminal.verdicts.count_table import CountRow, count_text, print_counts
from perpend.reports.terminal.verdicts.decisions import adjusted_text, print_severities, print_waived, rating_text, waived_marks
from perpend.reports.terminal.verdicts.next_command import print_next_command
from perpend.reports.terminal.verdicts.requirements_list import print_requirements, print_totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject, Source
    from perpend.evaluation.verdicts.evaluation import Evaluation, Totals
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.formats.tally import Group, PolicyTally, Reason
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

_MOST_ACCOUNTS: Final = 3
_MOST_EXCLUDED: Final = 5


class TooLong(Exception):
    """A report has more lines than asked for. Nothing of it was printed."""


class _BoundedPage(TerminalPage):
    """A page that prints nothing before its end, and only if it has at most some lines."""

    def __init__(self, console: Console, most: int, labels: Labels) -> None:
        super().__init__(console, labels)
        self._most = most
        self._lines: list[Text] = []

    def put(self, line: Text) -> None:
        """Keep a line. Raises TooLong for one too many."""
        self._lines.append(line)
        if len(self._lines) > self._most:
            raise TooLong

    def print(self) -> None:
        """Print the lines."""
        for line in self._lines:
            super().put(line)


def print_report(
    evaluation: Evaluation,
    console: Console,
    *,
    names: Names = Names.LABELS,
    limit: int = 20,
    explained: ExplainCommand | None = None,
    accounts: Mapping[str, Account] | None = None,
    only_totals: bool = False,
    waiver_matches: WaiverMatches | None = None,
    rated_evaluation: RatedEvaluation | None = None,
    decided: str = "",
    most: int | None = None,
) -> None:
    """Print the report of a run. At most ``limit`` sources, and objects for each message of a policy, are named.

    ``explained`` gives the command that explains a verdict, ``accounts`` the configured accounts, ``waiver_matches`` the waived
    verdicts, ``rated_evaluation`` the severities, and ``decided`` the settings that change the exit code. ``names`` are the
    names of types and fields.

    Raises TooLong before anything is printed if the report has more than ``most`` lines.
    """
    accounts = accounts or {}
    tallies = [] if only_totals else tally_of(evaluation, limit=0, rated_evaluation=rated_evaluation)
    if most is not None and _least_lines(tallies, limit) > most:
        raise TooLong
    labels = Labels(evaluation.selection.types, names)
    page = TerminalPage(console, labels) if most is None else _BoundedPage(console, most, labels)
    if not only_totals or not evaluation.ledger.objects:
        _print_subject(evaluation, page, limit, accounts, decided)
    if evaluation.ledger.objects:
        cards = evaluation.scorecards()
        _print_totals(evaluation, cards, page, waiver_matches, rated_evaluation)
        if not only_totals:
            for card in cards:
                print_requirements(card, page)
            _print_policies(evaluation, tallies, cards, page)
            _print_objects(evaluation, page, limit, explained, accounts, waiver_matches, rated_evaluation)
    if isinstance(page, _BoundedPage):
        page.print()


def _least_lines(tallies: Sequence[PolicyTally], limit: int) -> int:
    """Return a number of lines that a report has at least: those of incompliant objects, which need not be read for it."""
    groups = [[group for group in tally.groups if group.status is Status.INCOMPLIANT] for tally in tallies]
    # A blank line, title and id of each policy, a message of each group, and its objects.
    return sum(3 + sum(1 + min(group.objects, limit) for group in of_policy) for of_policy in groups if of_policy)


def _print_objects(
    evaluation: Evaluation,
    page: TerminalPage,
    limit: int,
    explained: ExplainCommand | None,
    accounts: Mapping[str, Account],
    waiver_matches: WaiverMatches | None,
    rated_evaluation: RatedEvaluation | None,
) -> None:
    tallies = tally_of(evaluation, limit=limit, rated_evaluation=rated_evaluation)
    print_incompliant(tallies, page, accounts, _marks(evaluation, tallies, waiver_matches, rated_evaluation))
    print_undetermined(tallies, page, accounts, limit=limit)
    if explained is not None:
        print_next_command(tallies, evaluation.day, page, explained)


def _marks(
    evaluation: Evaluation,
    tallies: Sequence[PolicyTally],
    waiver_matches: WaiverMatches | None,
    rated_evaluation: RatedEvaluation | None,
) -> ObjectMarks:
    """Return the severities and waivers of the printed objects."""
    return ObjectMarks(rated_evaluation, waived_marks(evaluation, waiver_matches, tallies))


def filter_text(evaluation: Evaluation) -> str:
    """Return the number of verdicts that a report shows, and the filter."""
    if evaluation.filter_verdicts is None:
        return ""
    shown = f"{evaluation.filter_verdicts.number:,} of {counted(evaluation.ledger.verdicts, 'verdict')}"
    return f"{shown} shown ({evaluation.filter_verdicts.text}); totals and exit code are for all verdicts"


def _print_subject(
    evaluation: Evaluation, page: TerminalPage, limit: int, accounts: Mapping[str, Account], decided: str
) -> None:
    subject = _subject(evaluation) if evaluation.ledger.objects else _nothing_evaluated(evaluation)
    page.line((page.prose(subject), "bold"))
    _print_sources(evaluation, page, limit, accounts)
    if evaluation.selection.set_aside:
        page.line((page.prose(_set_aside(evaluation)), "dim"), first="  ")
    if evaluation.selection.excluded:
        page.line((page.prose(excluded_text(evaluation)), "dim"), first="  ")
    for line in planned_lines(evaluation):
        page.line((page.prose(line), "dim"), first="  ")
    if decided:
        page.line((page.prose(decided), "yellow"), first="  ")
    if evaluation.ledger.objects:
        page.blank()


def _print_policies(
    evaluation: Evaluation, tallies: Sequence[PolicyTally], cards: Sequence[Scorecard], page: TerminalPage
) -> None:
    """Print the policies, unless the requirements contain all of them."""
    filter_verdicts = evaluation.filter_verdicts
    answering = {policy.policy_id for card in cards for result in card.results for policy in result.requirement.policies}
    if not filter_verdicts and all(tally.policy.id in answering for tally in tallies):
        return
    page.blank()
    if filter_verdicts:
        page.line((page.prose(filter_text(evaluation)), "yellow"))
        page.blank()
    rows = [
        CountRow(tally.policy.contextual_name, tally.counts, below=(tally.policy.id,))
        for tally in tallies
        if any(tally.counts.values())
    ]
    if rows:
        print_counts(rows, page, "policy", filter_verdicts.statuses if filter_verdicts else list(Status))
    if not filter_verdicts and len(rows) < len(tallies):
        without = counted(len(tallies) - len(rows), "policy evaluates types", "policies evaluate types")
        page.line((f"{without} of which there is no object", "dim"))


def _set_aside(evaluation: Evaluation) -> str:
    number = len(evaluation.selection.set_aside)
    needed = "it needs" if number == 1 else "they need"
    return f"{counted(number, 'policy', 'policies')} skipped: these inputs lack the data that {needed}; --policy names one"


def excluded_text(evaluation: Evaluation) -> str:
    """Return the number of excluded policies, with the first of their names."""
    excluded = evaluation.selection.excluded
    named = first_named([policy_id.rpartition("/")[2] for policy_id in excluded], _MOST_EXCLUDED)
    return f"{counted(len(excluded), 'policy', 'policies')} not evaluated: excluded ({named}); use --policy to name them"


def _subject(evaluation: Evaluation) -> str:
    policies = len({program.policy_id for program in evaluation.programs})
    return f"Evaluated {counted(evaluation.ledger.objects, 'object')} with {counted(policies, 'policy', 'policies')}"


def _nothing_evaluated(evaluation: Evaluation) -> str:
    numbers = {name: len(objects) for name, objects in evaluation.inventory.objects.items() if objects}
    if not numbers:
        return "no objects to evaluate: the inputs contain none"
    types = ", ".join(f"{evaluation.type_label(name)} ({number:,})" for name, number in sorted(numbers.items()))
    return f"nothing evaluated: no policy is for the object types in the inputs: {types}"


def _print_sources(evaluation: Evaluation, page: TerminalPage, limit: int, accounts: Mapping[str, Account]) -> None:
    """Print the sources, and the time of observation: once, or per source if the times differ."""
    sources = sorted(evaluation.inventory.sources, key=lambda source: source.name)
    times = dict.fromkeys(_observed(evaluation, source) for source in sources)
    for source in sources[:limit]:
        about = [label_of_kind(source.kind), counted(source.objects, "object"), *_accounts(source, accounts)]
        if len(times) > 1:
            about.append(_observed(evaluation, source))
        page.line(page.name(source.name), (f"  {page.prose(', '.join(about))}", "dim"), first="  ", rest="    ")
    if len(sources) > limit:
        page.line((f"{page.ellipsis} and {counted(len(sources) - limit, 'more input')}", "dim"), first="  ")
    if len(times) == 1 and not evaluation.day.assumed:
        page.line(*times, first="  ")
    if evaluation.day.assumed and evaluation.ledger.objects:
        page.line((_assumed(evaluation), "yellow"), first="  ")
    elif len(times) > 1 and evaluation.ledger.objects and not evaluation.day.given:
        page.line(f"dates are compared with the newest of these times, {evaluation.day.time:%Y-%m-%d} (UTC)", first="  ")


def _assumed(evaluation: Evaluation) -> str:
    stated = any(source.observed_at is not None for source in evaluation.inventory.sources)
    problem = "Not every input states when it was observed" if stated else "The inputs do not state when they were observed"
    return f"{problem}: dates are compared with today, {evaluation.day.time:%Y-%m-%d} (UTC); --snapshot-time sets another time"


def _observed(evaluation: Evaluation, source: Source) -> str:
    if evaluation.day.given and source.observed_at is not None and source.observed_at != evaluation.day.time:
        return f"observed {_minute(source.observed_at)}, evaluated as of {_minute(evaluation.day.time)} (--snapshot-time)"
    if evaluation.day.given:
        return f"observed {_minute(evaluation.day.time)} (--snapshot-time)"
    return "time of observation not stated" if source.observed_at is None else f"observed {_minute(source.observed_at)}"


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _accounts(source: Source, accounts: Mapping[str, Account]) -> list[str]:
    if not source.accounts:
        return []
    if len(source.accounts) > _MOST_ACCOUNTS:
        return [counted(len(source.accounts), "account")]
    return [f"account{'s'[: len(source.accounts) > 1]} {' '.join(with_name(account, accounts) for account in source.accounts)}"]


def _print_totals(
    evaluation: Evaluation,
    cards: Sequence[Scorecard],
    page: TerminalPage,
    waiver_matches: WaiverMatches | None,
    rated_evaluation: RatedEvaluation | None,
) -> None:
    ledger = evaluation.ledger
    parts: list[str | tuple[str, str]] = [f"{counted(ledger.verdicts, 'verdict')} on {counted(ledger.objects, 'object')} = "]
    for status in Status:
        if ledger.counts[status] or status is not Status.DISAPPEARED:
            parts += [count_text(ledger.counts[status], status), " + "]
    page.line(*parts[:-1])
    print_waived(waiver_matches, page)
    print_severities(rated_evaluation, evaluation, page)
    page.line((_score(ledger, all_asked=all(card.all_asked for card in cards) and not not_evaluated(evaluation)), "bold"))
    for card in cards:
        page.blank()
        print_totals(card, page)


def _score(ledger: Totals, *, all_asked: bool) -> str:
    """Return the compliant share as a fraction. A percentage is added only if everything was evaluated."""
    if not ledger.known:
        return "none known to be compliant or incompliant"
    compliant, unknown = ledger.counts[Status.COMPLIANT], ledger.counts[Status.UNDETERMINED]
    share = f" ({format_percent(compliant, ledger.known)})" if all_asked else ""
    not_known = f", {unknown:,} not known" if unknown else ""
    return f"{compliant:,} of {counted(ledger.known, 'known verdict')} compliant{share}{not_known}"


_MOST_POLICIES: Final = 3
_UNDETERMINED: Final = STYLES[Status.UNDETERMINED]


@dataclass(frozen=True, slots=True)
class ObjectMarks:
    """The marks of printed objects: their severity, and their waivers by policy and Id."""

    rated_evaluation: RatedEvaluation | None = None
    waived: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, policy_id: str, object_id: str) -> str:
        """Return the marks of an object, empty if it has none."""
        marks_of = (adjusted_text(self.rated_evaluation, policy_id, object_id), self.waived.get((policy_id, object_id), ""))
        return ", ".join(filter(None, marks_of))


def print_incompliant(
    tallies: Sequence[PolicyTally],
    page: TerminalPage,
    accounts: Mapping[str, Account],
    marks: ObjectMarks | None = None,
) -> None:
    """Print the incompliant objects by policy and message, with the names of configured accounts, and marks."""
    marks = marks or ObjectMarks()
    if not _print_heading(tallies, Status.INCOMPLIANT, page):
        return
    for tally in tallies:
        groups = [group for group in tally.groups if group.status is Status.INCOMPLIANT]
        if groups:
            page.blank()
            page.line((page.prose(tally.policy.contextual_name), "bold"))
            rating = rating_text(marks.rated_evaluation, tally.policy.id)
            page.line((page.name(tally.policy.id), "dim"), (f"  {page.prose(rating)}" if rating else "", "yellow"))
        for number, group in enumerate(groups):
            if number:
                page.blank()
            marks_of = {object_.id: marks.of(tally.policy.id, object_.id) for object_, _ in group.shown}
            _print_group(group, page, accounts, marks_of)


def print_undetermined(
    tallies: Sequence[PolicyTally], page: TerminalPage, accounts: Mapping[str, Account], *, limit: int
) -> None:
    """Print the reasons of undetermined verdicts, each once, with its policies and at most ``limit`` objects."""
    if not _print_heading(tallies, Status.UNDETERMINED, page):
        return
    for reason in reasons_of(tallies):
        page.blank()
        _print_reason(reason, page, accounts, limit)


def _print_heading(tallies: Sequence[PolicyTally], status: Status, page: TerminalPage) -> int:
    total = sum(tally.counts[status] for tally in tallies)
    if total:
        page.blank()
        page.line((f"{page.symbol(status)} {status.value} ({total:,})", STYLES[status]))
    return total


def _print_reason(reason: Reason, page: TerminalPage, accounts: Mapping[str, Account], limit: int) -> None:
    policies = len(reason.policies)
    objects = len(reason.shown) if reason.whole else reason.verdicts
    counted = f"{objects:,} object{'s'[: objects != 1]}"
    if policies > 1:
        counted = f"{counted if reason.whole else f'{reason.verdicts:,} verdicts'} by {policies:,} policies"
    page.line((f"{counted}: ", "bold"), page.prose(reason.message))
    if reason.remediation:
        page.line(page.prose(reason.remediation), first=f"  {page.arrow} ", style="cyan")
    for policy in reason.policies[:_MOST_POLICIES]:
        page.line(page.prose(policy.contextual_name), (f"  {page.name(policy.id)}", "dim"), first="  ", rest="    ")
    if policies > _MOST_POLICIES:
        page.line((f"{page.ellipsis} and {policies - _MOST_POLICIES:,} more policies", "dim"), first="  ")
    shown = list(reason.shown.values())[:limit]
    together: dict[tuple[str, str | None], list[str]] = {}
    apart: list[tuple[str, str, str, str | None]] = []
    repeated = Counter(_name(object_, page, accounts) for object_, _ in shown)
    for object_, error in shown:
        name, owner = _name(object_, page, accounts)
        if repeated[name, owner] > 1:
            apart.append((name, f"  {page.name(object_.id)}", owner, error))
        else:
            together.setdefault((owner, error), []).append(name)
    width = max((display_width(name) for name, *_ in apart), default=0)
    lines = [(", ".join(names), "", owner, error) for (owner, error), names in together.items()]
    for name, identity, owner, error in apart:
        lines.append((name + " " * (width - display_width(name)), identity, owner, error))
    for names, identity, owner, error in lines:
        parts = [(identity, "dim"), (owner, "dim"), (f": {page.prose(error)}" if error else "", "dim")]
        page.line(names, *parts, first=f"    {page.symbol(Status.UNDETERMINED)} ", style=_UNDETERMINED)
    if rest := max(reason.most, len(reason.shown)) - len(shown):
        least = "at least " if policies > 1 else ""
        page.line((f"{page.ellipsis} and {least}{rest:,} more (use --format json or csv for all)", "dim"), first="    ")


def _print_group(group: Group, page: TerminalPage, accounts: Mapping[str, Account], marks_of: Mapping[str, str]) -> None:
    page.line(page.prose(group.message), first="  ")
    if group.remediation:
        page.line(page.prose(group.remediation), first=f"  {page.arrow} ", style="cyan")
    repeated = Counter(_name(object_, page, accounts) for object_, _ in group.shown)
    for object_, error in group.shown:
        name = _name(object_, page, accounts)
        parts: list[str | tuple[str, str]] = [name[0], (name[1], "dim")]
        if repeated[name] > 1:
            parts.append((f" {page.name(object_.id)}", "dim"))
        if marks_of[object_.id]:
            parts.append((f" {page.prose(marks_of[object_.id])}", "yellow"))
        if error:
            parts.append((f": {page.prose(error)}", "dim"))
        page.line(*parts, first=f"    {page.symbol(group.status)} ", style=STYLES[group.status])
    rest = group.objects - len(group.shown)
    if rest:
        page.line((f"{page.ellipsis} and {rest:,} more (use --format json or csv for all)", "dim"), first="    ")


def _name(object_: CloudObject, page: TerminalPage, accounts: Mapping[str, Account]) -> tuple[str, str]:
    number = object_.account or ""
    owner = [number if object_.name != number else "", accounts[number].name if number in accounts else ""]
    shown = ", ".join(filter(None, (object_.region, " ".join(page.name(text) for text in owner if text))))
    return page.name(object_.name or object_.id), f" ({shown})" if shown else ""
