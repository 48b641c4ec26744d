"""Write a comment for a pull request: totals, then the findings of each policy.

Names cannot become markup, mentions or links, and the comment is not longer than GitHub allows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.markdown import message, prose, span, summary, table_head, table_row
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.findings.history.model import in_words
from perpend.findings.severity.levels import DEFAULT_NOTE, DEFAULT_SOURCE
from perpend.reports.formats.decisions import severities_document
from perpend.reports.formats.finding import not_evaluated
from perpend.reports.formats.planned import planned_lines
from perpend.reports.formats.tally import TO_ACT_ON, reasons_of, tally_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.finding import ReportedFinding, ReportedRun
    from perpend.reports.formats.tally import PolicyTally

MOST: Final = 60_000
"""The largest number of characters of a comment; GitHub accepts 65,536."""

_MOST_OF_FRAMEWORKS: Final = MOST // 2
"""The largest number of characters for frameworks: the rest is for findings."""

_OBJECTS: Final = 10
_MARK: Final = "<!-- perpend:{} -->"


@dataclass(slots=True)
class MessageGroup:
    """The objects with the same message of a policy: their number, and the first of their names."""

    status: Status
    message: str
    remediation: str | None
    objects: int = 0
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PolicySection:
    """A policy in a comment: the number of findings by status or state, and its messages."""

    id: str
    title: str
    rating: str = ""
    rank: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    messages: list[MessageGroup] = field(default_factory=list)


def write_markdown(
    evaluation: Evaluation, stream: TextIO, *, rated_evaluation: RatedEvaluation | None = None, names: Names = Names.LABELS
) -> None:
    """Write a comment about a run. Its first line is a mark, so that the next run can find and replace the comment.

    ``rated_evaluation`` are the severities; None if nothing is rated. ``names`` are the names of fields.
    """
    labels = Labels(evaluation.selection.types, names)
    counts, total = evaluation.ledger.counts, evaluation.ledger.verdicts
    not_evaluated = _not_evaluated_text(evaluation)
    heading = f"{_heading(counts)}{', and not everything was evaluated' if not_evaluated else ''}"
    written = f"{_MARK.format('check')}\n### Perpend: {heading}\n\n{table_head('status', 'verdicts:')}"
    written += "".join(table_row(status.value.lower(), f"{counts[status]:,}") for status in Status if counts[status])
    written += f"\n{total:,} verdicts on {evaluation.ledger.objects:,} objects at {evaluation.day.time:%Y-%m-%d}"
    if evaluation.filter_verdicts:
        written += f"; listed: {span(evaluation.filter_verdicts.text)}"
    written += (
        f".\n{not_evaluated}{_planned(evaluation)}"
        + (_severities(rated_evaluation, evaluation) if rated_evaluation else "")
        + _frameworks(evaluation.scorecards())
    )
    tallies = tally_of(evaluation, limit=_OBJECTS, rated_evaluation=rated_evaluation)
    stream.write(_with_sections(written, (_section_of(tally, rated_evaluation, labels) for tally in tallies)))


def write_findings_markdown(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO) -> None:
    """Write a comment about findings of a history: the numbers of each state, and the findings of each policy."""
    lives: Counter[str] = Counter()
    sections: dict[str, PolicySection] = {}
    known: dict[tuple[object, ...], MessageGroup] = {}
    waived, is_default = 0, False
    for finding in findings:
        word = in_words(finding.life.word or finding.status.value.lower())
        lives[word] += 1
        waived += finding.life.waiver is not None
        rated = finding.policy.rating
        rating, rank = (rated.short_text(Status.INCOMPLIANT), rated.level.rank) if rated else ("", 0)
        section = sections.setdefault(finding.policy.id, PolicySection(finding.policy.id, finding.policy.title, rating, rank))
        is_default |= rated is not None and rated.source == DEFAULT_SOURCE
        section.counts[word] += 1
        key = (finding.policy.id, finding.status, finding.message, finding.remediation)
        if key not in known:
            known[key] = MessageGroup(finding.status, finding.message, finding.remediation)
            section.messages.append(known[key])
        group = known[key]
        group.objects += 1
        group.names += [finding.subject.shown_name] if len(group.names) < _OBJECTS else []
    named = ", ".join(f"{number:,} {word}" for word, number in lives.items()) or "no findings"
    written = f"{_MARK.format('findings')}\n### Perpend: {named}\n\nAs of the run of {run.day}"
    written += f"; {waived:,} of these are waived.\n" if waived else ".\n"
    written += f"\n{prose(DEFAULT_NOTE)}\n" if is_default else ""
    ordered = sorted(sections.values(), key=lambda section: (-section.rank, -section.counts.total(), section.title, section.id))
    stream.write(_with_sections(written, ordered))


def _with_sections(written: str, sections: Iterable[PolicySection]) -> str:
    """Return a comment with as many sections as fit, and the number of those that do not."""
    left_out = 0
    for section in sections:
        text = "".join(_section(section))
        if text and (left_out or len(written) + len(text) > MOST - 100):
            left_out += 1
        else:
            written += text
    if left_out:
        written += f"\n{left_out:,} more policies have findings that do not fit into this comment.\n"
    return written


def write_comment(lines: Iterable[str], stream: TextIO) -> None:
    """Write the lines of a comment as long as they fit, then the number of lines left out."""
    room, left_out = MOST - 100, 0
    for line in lines:
        if left_out or len(line) > room:
            left_out += 1
            continue
        room -= len(line)
        stream.write(line)
    if left_out:
        stream.write(f"\n{left_out:,} more lines do not fit into this comment.\n")


def _heading(counts: Mapping[Status, int]) -> str:
    named = [f"{counts[status]:,} {status.value.lower()}" for status in (Status.INCOMPLIANT, Status.UNDETERMINED)]
    return " and ".join(named)


def _not_evaluated_text(evaluation: Evaluation) -> str:
    """Return the parts that a run did not evaluate, the first of each kind; empty if there are none."""
    return "".join(_not_evaluated_line(what, [*names]) for what, names in not_evaluated(evaluation).items())


def _not_evaluated_line(what: str, names: Sequence[str]) -> str:
    first = f"the first {_OBJECTS} of {len(names):,}: " if len(names) > _OBJECTS else ""
    return f"\n**Not evaluated**: {what}: {first}{', '.join(map(span, names[:_OBJECTS]))}\n"


def _planned(evaluation: Evaluation) -> str:
    """Return a list of lines about the plans of a run; empty without a plan."""
    lines = planned_lines(evaluation)
    return "\n" + "".join(f"- {prose(line)}\n" for line in lines) if lines else ""


def _severities(rated_evaluation: RatedEvaluation, evaluation: Evaluation) -> str:
    """Return a table of the findings of each severity, without waived ones, and the footnote about their source."""
    rows = [(name, counts) for name, counts in severities_document(rated_evaluation).items() if any(counts.values())]
    shown = [
        table_row("not rated" if name == "notRated" else name, *(f"{number:,}" for number in counts.values()))
        for name, counts in rows
    ]
    if not shown:
        return ""
    note = rated_evaluation.in_force.note(program.policy_id for program in evaluation.programs)
    table = f"\n{table_head('severity', 'incompliant:', 'undetermined:')}{''.join(shown)}"
    return f"{table}\n{prose(note)}\n" if note else table


def _frameworks(cards: Iterable[Scorecard]) -> str:
    """Return the coverage of each framework and the results of its requirements, as far as they fit."""
    written, left_out = "", 0
    for card in cards:
        coverage = f"\n**{prose(card.framework.name)}**: {card.coverage_text}.\n"
        rows = _requirements([result for result in card.results if result.standing.was_evaluated])
        fits = len(written) + len(coverage) <= _MOST_OF_FRAMEWORKS
        left_out += not fits
        written += coverage if fits else ""
        written += rows if fits and len(written) + len(rows) <= _MOST_OF_FRAMEWORKS else ""
    if left_out:
        written += f"\n{left_out:,} more frameworks do not fit into this comment.\n"
    return written


def _requirements(evaluated: Sequence[RequirementResult]) -> str:
    """Return a table with a row for each requirement."""
    if not evaluated:
        return ""
    statuses = [status for status in Status if any(result.counts[status] for result in evaluated)]
    written = f"\n<details><summary>{counted(len(evaluated), 'requirement')} asked</summary>\n\n"
    written += table_head("requirement", "", *(f"{status.value.lower()}:" for status in statuses))
    for result in evaluated:
        numbers = (f"{result.counts[status]:,}" for status in statuses)
        name = prose(f"{result.requirement.number} {result.requirement.name}")
        written += table_row(name, result.standing.value, *numbers)
    return f"{written}\n</details>\n"


def _section_of(tally: PolicyTally, rated_evaluation: RatedEvaluation | None, labels: Labels) -> PolicySection:
    rating = rated_evaluation.in_force.of(tally.policy.id) if rated_evaluation else None
    severity = "" if rated_evaluation is None else rating.short_text(Status.INCOMPLIANT) if rating else "not rated"
    counts = Counter({status.value.lower(): tally.counts[status] for status in TO_ACT_ON if tally.counts[status]})
    incompliant = (group for group in tally.groups if group.status is not Status.UNDETERMINED)
    groups = [_group(one.status, one.message, one.remediation, one.objects, one.shown, labels) for one in incompliant]
    groups += [
        _group(Status.UNDETERMINED, reason.message, reason.remediation, reason.verdicts, reason.shown.values(), labels)
        for reason in reasons_of([tally])
    ]
    return PolicySection(tally.policy.id, tally.policy.contextual_name, severity, counts=counts, messages=groups)


def _group(
    status: Status,
    message: str,
    remediation: str | None,
    objects: int,
    shown: Collection[tuple[CloudObject, str | None]],
    labels: Labels,
) -> MessageGroup:
    shown_remediation = labels.text(remediation) if remediation else None
    return MessageGroup(status, labels.text(message), shown_remediation, objects, _names(shown))


def _names(shown: Collection[tuple[CloudObject, str | None]]) -> list[str]:
    """Return the names of some objects. Those that share a name are named by their ids."""
    names = Counter(object_.name for object_, _ in shown)
    return [object_.name if object_.name and names[object_.name] == 1 else object_.id for object_, _ in shown]


def _section(section: PolicySection) -> Iterator[str]:
    if not section.messages:
        return
    counts = ", ".join(f"{number:,} {summary(word)}" for word, number in section.counts.items())
    rating = f" · {summary(section.rating)}" if section.rating else ""
    yield f"\n<details><summary><b>{counts}</b>{rating} · {summary(section.title)}</summary>\n\n"
    yield f"{span(section.id)}\n"
    for group in section.messages:
        yield _message(group)
    yield "\n</details>\n"


def _message(group: MessageGroup) -> str:
    text = f"\n- {group.status.value} {group.objects:,}: {message(group.message)}"
    if group.remediation:
        text += f" Next: {message(group.remediation)}"
    first = f"first {len(group.names)}: " if group.objects > len(group.names) else ""
    return f"{text}\n  {first}{', '.join(map(span, group.names))}\n"
