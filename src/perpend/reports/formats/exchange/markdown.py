"""A judgement or findings in, a comment for a pull request out: totals, then what is wrong or not known, policy by policy.

Nothing in it is markup, a mention or a link that a name brings along, and it is never longer than a comment may be.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.markdown import prose, span
from perpend.core.diagnostics.plural import counted
from perpend.core.objects.status import Status
from perpend.findings.history.model import in_words
from perpend.reports.formats.as_severity import severities_document
from perpend.reports.formats.exchange.finding import not_judged
from perpend.reports.formats.tally import TO_ACT_ON, tally_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.exchange.finding import ReportedFinding, ReportedRun
    from perpend.reports.formats.tally import PolicyTally

MOST: Final = 60_000
"""How many characters a comment has at most; GitHub takes 65,536."""

_MOST_OF_FRAMEWORKS: Final = MOST // 2
"""How many characters are told of frameworks at most: what is incompliant has the rest."""

_OBJECTS: Final = 10
_MARK: Final = "<!-- perpend:{} -->"


@dataclass(slots=True)
class SaidOfMany:
    """What a policy says of some objects: how many, and the first of their names."""

    status: Status
    message: str
    remediation: str | None
    objects: int = 0
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PolicySection:
    """A policy as a comment shows it: how many findings, by a word for each kind, and what it says."""

    id: str
    title: str
    rating: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    said: list[SaidOfMany] = field(default_factory=list)


def write_markdown(evaluation: Evaluation, stream: TextIO, *, weighed: RatedEvaluation | None = None) -> None:
    """Write a comment. Its first line says what wrote it, so that the next run finds and replaces it.

    ``weighed`` is how severe findings are; nothing is said of it where nobody has rated any.
    """
    counts, total = evaluation.ledger.counts, evaluation.ledger.verdicts
    unjudged = _unjudged(evaluation)
    heading = f"{_heading(counts)}{', and not all was judged' if unjudged else ''}"
    written = f"{_MARK.format('check')}\n### Perpend: {heading}\n\n| status | verdicts |\n| --- | ---: |\n"
    written += "".join(f"| {status.value.lower()} | {counts[status]:,} |\n" for status in Status if counts[status])
    written += f"\n{total:,} verdicts on {evaluation.ledger.objects:,} objects at {evaluation.day.time:%Y-%m-%d}"
    if evaluation.filter_verdicts:
        written += f"; listed are those of {span(evaluation.filter_verdicts.words)}"
    written += f".\n{unjudged}" + (_severities(weighed) if weighed else "") + _frameworks(evaluation.scorecards())
    stream.write(_with_sections(written, (_section_of(tally, weighed) for tally in tally_of(evaluation, limit=_OBJECTS))))


def write_findings_markdown(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO) -> None:
    """Write a comment with findings that a history knows: how many of each life, and below each policy what is open."""
    lives: Counter[str] = Counter()
    sections: dict[str, PolicySection] = {}
    known: dict[tuple[object, ...], SaidOfMany] = {}
    waived = 0
    for finding in findings:
        word = in_words(finding.life.word or finding.status.value.lower())
        lives[word] += 1
        waived += finding.life.waiver is not None
        rating = finding.policy.rating.text(Status.INCOMPLIANT) if finding.policy.rating else ""
        section = sections.setdefault(finding.policy.id, PolicySection(finding.policy.id, finding.policy.title, rating))
        section.counts[word] += 1
        key = (finding.policy.id, finding.status, finding.message, finding.remediation)
        if key not in known:
            known[key] = SaidOfMany(finding.status, finding.message, finding.remediation)
            section.said.append(known[key])
        said = known[key]
        said.objects += 1
        said.names += [finding.subject.shown_name] if len(said.names) < _OBJECTS else []
    named = ", ".join(f"{number:,} {word}" for word, number in lives.items()) or "no findings"
    written = f"{_MARK.format('findings')}\n### Perpend: {named}\n\nAs of the run of {run.day}"
    written += f"; {waived:,} of these are waived.\n" if waived else ".\n"
    stream.write(_with_sections(written, (sections[name] for name in sorted(sections))))


def _with_sections(written: str, sections: Iterable[PolicySection]) -> str:
    """Return a comment with as many sections as it has room for, and how many it has none for."""
    left_out = 0
    for section in sections:
        text = "".join(_section(section))
        if text and (left_out or len(written) + len(text) > MOST - 100):
            left_out += 1
        else:
            written += text
    if left_out:
        written += f"\n{left_out:,} more policies have findings, which this comment has no room for.\n"
    return written


def _heading(counts: Mapping[Status, int]) -> str:
    named = [f"{counts[status]:,} {status.value.lower()}" for status in (Status.INCOMPLIANT, Status.UNDETERMINED)]
    return " and ".join(named)


def _unjudged(evaluation: Evaluation) -> str:
    """Return what keeps a run from having judged all that there is, the first of each kind; empty where nothing does."""
    return "".join(_not_judged(what, [*names]) for what, names in not_judged(evaluation).items())


def _not_judged(what: str, names: Sequence[str]) -> str:
    first = f"the first {_OBJECTS} of {len(names):,}: " if len(names) > _OBJECTS else ""
    return f"\n**Not judged**: {what}: {first}{', '.join(map(span, names[:_OBJECTS]))}\n"


def _severities(weighed: RatedEvaluation) -> str:
    """Return how many findings there are of each severity; what is waived is not among them."""
    rows = [(name, counts) for name, counts in severities_document(weighed).items() if any(counts.values())]
    shown = [
        f"| {'not rated' if name == 'notRated' else name} | {' | '.join(f'{number:,}' for number in counts.values())} |\n"
        for name, counts in rows
    ]
    return f"\n| severity | incompliant | undetermined |\n| --- | ---: | ---: |\n{''.join(shown)}" if shown else ""


def _frameworks(cards: Iterable[Scorecard]) -> str:
    """Return how much of each framework was asked, and what was found of its requirements, as far as there is room."""
    written, left_out = "", 0
    for card in cards:
        told = f"\n**{prose(card.framework.name)}**: {card.asked_in_words}.\n"
        rows = _requirements([result for result in card.results if result.standing.was_asked])
        fits = len(written) + len(told) <= _MOST_OF_FRAMEWORKS
        left_out += not fits
        written += told if fits else ""
        written += rows if fits and len(written) + len(rows) <= _MOST_OF_FRAMEWORKS else ""
    if left_out:
        written += f"\nOf {left_out:,} more frameworks this comment has no room to tell what was asked.\n"
    return written


def _requirements(asked: Sequence[RequirementResult]) -> str:
    """Return a table with a row for each requirement."""
    if not asked:
        return ""
    statuses = [status for status in Status if any(result.counts[status] for result in asked)]
    names = "".join(f" {status.value.lower()} |" for status in statuses)
    written = f"\n<details><summary>{counted(len(asked), 'requirement')} asked</summary>\n\n"
    written += f"| requirement | |{names}\n| --- | --- |{' ---: |' * len(statuses)}\n"
    for result in asked:
        numbers = "".join(f" {result.counts[status]:,} |" for status in statuses)
        name = prose(f"{result.requirement.number} {result.requirement.name}")
        written += f"| {name} | {result.standing.value} |{numbers}\n"
    return f"{written}\n</details>\n"


def _section_of(tally: PolicyTally, weighed: RatedEvaluation | None) -> PolicySection:
    rating = weighed.in_force.of(tally.policy.id) if weighed else None
    severity = "" if weighed is None else rating.text(Status.INCOMPLIANT) if rating else "not rated"
    counts = Counter({status.value.lower(): tally.counts[status] for status in TO_ACT_ON if tally.counts[status]})
    said = [
        SaidOfMany(
            group.status,
            group.message,
            group.remediation,
            group.objects,
            [judged.name or judged.id for judged, _ in group.shown],
        )
        for group in tally.groups
    ]
    return PolicySection(tally.policy.id, tally.policy.contextual_name, severity, counts, said)


def _section(section: PolicySection) -> Iterator[str]:
    if not section.said:
        return
    counts = ", ".join(f"{number:,} {prose(word)}" for word, number in section.counts.items())
    rating = f" · {prose(section.rating)}" if section.rating else ""
    yield f"\n<details><summary><b>{counts}</b>{rating} · {prose(section.title)}</summary>\n\n"
    yield f"{span(section.id)}\n"
    for said in section.said:
        yield _said(said)
    yield "\n</details>\n"


def _said(many: SaidOfMany) -> str:
    said = f"\n- {many.status.value} {many.objects:,}: {prose(many.message)}"
    if many.remediation:
        said += f" Next: {prose(many.remediation)}"
    first = f"first {len(many.names)}: " if many.objects > len(many.names) else ""
    return f"{said}\n  {first}{', '.join(map(span, many.names))}\n"
