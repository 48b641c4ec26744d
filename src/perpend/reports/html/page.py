"""Write the HTML report: one self-contained file that fetches nothing and can run only its own code.

The content security policy names script and style by their hashes. Findings are compressed columns, shown as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import LEVELS
from perpend.reports.formats.finding import not_evaluated, not_evaluated_lines
from perpend.reports.html import overview as first_page
from perpend.reports.html.columns import PackedNumbers, PackedTexts, Sinks, write_columns
from perpend.reports.html.history import history_section
from perpend.reports.html.summary import html_text, list_of, reasons, requirements
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.html.columns import FindingColumns, SharedEnding
    from perpend.reports.html.history import ReportHistory
    from perpend.reports.overview import Overview

TITLE: Final = "Compliance report"
"""The title of a report by default."""

POLICY_WORD: Final = 0
OBJECT_WORD: Final = None
"""The placeholders of policy and object in a command."""

_TOOLS: Final = """<h2 id="findings">Findings</h2>
<p id="failed" role="alert" hidden></p>
<noscript><p>The list of findings needs JavaScript; the numbers above do not.</p></noscript>
<div id="work" hidden><div class="tools" role="search">
<label>Words<input type="search" id="q" autocomplete="off" placeholder="objects, accounts, policies, messages"></label>
<label>Status<select id="status"><option value="">all</option></select></label>
<label>Policy<select id="policy"><option value="">all</option></select></label>
<label>Account<select id="account"><option value="">all</option></select></label>
<label>Region<select id="region"><option value="">all</option></select></label>
{more}<label>Grouped by<select id="by"><option value="policy">policy</option>
<option value="object">object</option><option value="account">account</option>
<option value="reason">what was found</option></select></label>
<button type="button" id="clear">Clear</button><button type="button" id="csv">Save as CSV</button></div>
<p id="shown" role="status"></p><div class="work">
<div id="list" role="treegrid" tabindex="0" aria-label="Findings"><div id="rows" role="rowgroup"></div>
<p id="none" class="soft" hidden>No finding matches.</p></div>
<aside id="detail" aria-label="One finding" tabindex="-1" hidden></aside></div></div><div id="paper">{unlisted}</div>
"""
_UNLISTED: Final = (
    "<p>The list of findings is not printed here: its script had not finished. Open the file, wait for the list, and print.</p>"
)
"""Stands on paper in the place of the findings until the script puts them there."""


@dataclass(frozen=True, slots=True)
class ReportCommands:
    """The commands in a report, as words with the placeholders ``POLICY_WORD`` and ``OBJECT_WORD``; empty without one.

    ``explain`` explains a finding, ``remediate`` plans the fix of a policy in ``remedies``. ``permissions`` is the text of the
    command that prints the permissions that the collection lacked.
    """

    explain: Sequence[str | int | None] = ()
    remediate: Sequence[str | int | None] = ()
    remedies: Collection[str] = ()
    permissions: str = ""


_NO_COMMANDS: Final = ReportCommands()
_LIVES: Final = (
    '<label>Life<select id="life"><option value="">all</option></select></label>\n'
    '<label>Waived<select id="waived"><option value="">all</option></select></label>\n'
)
_REQUIREMENT: Final = '<label>Requirement<select id="requirement"><option value="">all</option></select></label>\n'
_SEVERITY: Final = '<label>Severity<select id="severity"><option value="">all</option></select></label>\n'


def write_html_report(
    evaluation: Evaluation,
    overview: Overview,
    stream: TextIO,
    *,
    title: str = TITLE,
    notes: Sequence[str] = (),
    accounts: Mapping[str, Account] | None = None,
    commands: ReportCommands = _NO_COMMANDS,
    history: ReportHistory | None = None,
    waived: str = "",
    rated_evaluation: RatedEvaluation | None = None,
    names: Names = Names.LABELS,
) -> None:
    """Write the report of a run. ``overview`` is its summary, ``notes`` say how many policies were not evaluated.

    ``accounts`` are the configured accounts. ``history`` adds states and a trend, ``waived`` a sentence about waived findings.
    ``rated_evaluation`` are the severities, None if nothing is rated. Raises TooManyFindings.
    """
    labels = Labels(evaluation.selection.types, names)
    called, ids, external_ids = (PackedTexts() for _ in range(3))
    numbers = owners, regions, types, findings, ends = [PackedNumbers() for _ in range(5)]
    lives = PackedNumbers() if history and history.lives else None
    sinks = Sinks(called, ids, external_ids, owners, regions, types, findings, ends, lives)
    life_of = history.life_of if history and lives else None
    columns = write_columns(
        evaluation, sinks, accounts=accounts, life_of=life_of, rated_evaluation=rated_evaluation, names=names
    )
    cards = evaluation.scorecards()
    keys = _keys(cards)
    head = PackedTexts()
    head.add(
        _head(evaluation, columns, cards, keys, commands, history.head() if history else [], rated=rated_evaluation is not None)
    )
    script, style = _asset("list.js") + _asset("report.js"), _asset("report.css")
    stream.write(_opening(f"{title}, {first_page.moment_text(overview.time)}", script, style))
    stream.write(f"<h1>{html_text(title)}</h1>\n")
    requirement_cards = requirements(cards, keys)
    stream.write(
        _first_page(
            evaluation,
            overview,
            notes,
            waived,
            requirement_cards,
            commands.permissions,
            labels,
            rated=rated_evaluation is not None,
        )
    )
    stream.write(history_section(history) if history else "")
    stream.write(_details(evaluation, columns))
    more = {_REQUIREMENT: any(keys.values()), _SEVERITY: rated_evaluation is not None, _LIVES: lives is not None}
    tools = _TOOLS.format(more="".join(part for part, is_there in more.items() if is_there), unlisted=_UNLISTED)
    stream.write(tools + _closing(evaluation))
    packed = zip(("head", *Sinks._fields), (head, called, ids, external_ids, *numbers, lives), strict=True)
    for name, column in ((name, column) for name, column in packed if column is not None):
        stream.write(f'<script type="text/plain" id="column-{name}">{column.text()}</script>\n')
    stream.write(f"<script>{script}</script></body></html>\n")


def _opening(title: str, script: str, style: str) -> str:
    allowed = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="Perpend {__version__}">\n'
        f"<title>{html_text(title)}</title>\n<style>{style}</style></head><body><main>\n"
    )


def _first_page(
    evaluation: Evaluation,
    overview: Overview,
    notes: Sequence[str],
    waived: str,
    requirement_cards: str,
    permissions: str,
    labels: Labels,
    *,
    rated: bool,
) -> str:
    """Return the summary of the run: the blocks that the terminal shows, in the same order.

    The requirements of frameworks, ``requirement_cards``, come right after the score: who chose a framework wants them first.
    """
    shown = evaluation.filter_verdicts
    only = f"<p>This file contains only these findings: {html_text(shown.text)}. The score counts all.</p>" if shown else ""
    unevaluated = list_of(
        "Not everything was evaluated", [labels.text(line) for line in not_evaluated_lines(not_evaluated(evaluation))]
    )
    score = first_page.score(overview, complete=not unevaluated)
    by_waivers = f"<p>{html_text(waived[:1].upper() + waived[1:])}</p>" if waived else ""
    return (
        f"{first_page.facts(overview, notes, assumed=evaluation.day.assumed)}{only}\n{score}{by_waivers}{requirement_cards}"
        f"{first_page.counts(overview, rated=rated)}\n{first_page.to_fix(overview, rated=rated)}\n"
        f"{first_page.unread(overview, permissions)}{unevaluated}\n"
    )


def _details(evaluation: Evaluation, columns: FindingColumns) -> str:
    """Return the folded lists about the run: reasons of undetermined verdicts, policies left out, and sources."""
    selection = evaluation.selection
    sources = [
        f"{source.name}: {source.kind}, {source.objects:,} objects, "
        + (f"observed {first_page.moment_text(source.observed_at)}" if source.observed_at else "no time stated")
        for source in evaluation.inventory.sources
    ]
    left = _reasons_left_out(selection)
    return (
        "<section><h2>About this run</h2>"
        '<p class="soft">This file contains names of objects and accounts: share it with care.</p>'
        f"{reasons(columns.reasons())}"
        + list_of(f"Not evaluated: {counted(len(left), 'policy', 'policies')}", left)
        + list_of(f"Read: {counted(len(sources), 'source')}", sources)
        + "</section>\n"
    )


def _reasons_left_out(selection: Selection) -> list[str]:
    reasons = [f"{policy_id}: no source can list the objects that it counts" for policy_id in selection.set_aside]
    reasons += [f"{policy_id}: excluded" for policy_id in selection.excluded]
    return reasons


def _closing(evaluation: Evaluation) -> str:
    time = first_page.moment_text(evaluation.day.time)
    return f"</main><footer>Made by Perpend {__version__} as of {time}. Nothing is fetched.</footer>\n"


def _head(
    evaluation: Evaluation,
    columns: FindingColumns,
    cards: Sequence[Scorecard],
    keys: Mapping[str, str],
    commands: ReportCommands,
    lives: Sequence[list[Any]],
    *,
    rated: bool,
) -> str:
    """Return the values behind the numbers in columns, as JSON."""
    answers: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for result in (result for card in cards for result in card.results):
        for policy in (policy for policy in result.requirement.policies if policy.was_evaluated):
            answers.setdefault(policy.policy_id, []).append(keys[result.requirement.id])
            names[keys[result.requirement.id]] = visible(result.requirement.name)
    statuses = list(Status)
    policies = [
        {
            "id": visible(policy_id),
            "title": visible(_title(evaluation, policy_id)),
            "asked": sum(counts.values()),
            "requirements": answers.get(policy_id, []),
            **({"remedy": 1} if policy_id in commands.remedies else {}),
        }
        for policy_id, counts in zip(columns.policies, columns.counts, strict=True)
    ]
    content: dict[str, Any] = {
        "objects": columns.objects,
        "statuses": [str(status) for status in statuses],
        "policies": policies,
        "endings": [_ending(ending, statuses, rated=rated) for ending in columns.endings],
        "accounts": columns.accounts,
        "regions": columns.regions,
        "types": columns.types,
        "requirements": [{"key": key, "name": name} for key, name in names.items()],
        "explain": _visible(commands.explain),
        "remediate": _visible(commands.remediate),
    }
    if lives:
        content["lives"] = list(map(_visible, lives))
    if rated:
        content["severities"] = [level.value for level in reversed(LEVELS)]
    return encodable(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _visible(values: Sequence[Any]) -> list[Any]:
    return [visible(value) if isinstance(value, str) else value for value in values]


def _ending(ending: SharedEnding, statuses: Sequence[Status], *, rated: bool) -> list[str | int]:
    severity = [ending.severity, ending.rated] if rated else []
    return [ending.policy, statuses.index(ending.status), ending.message, ending.remediation, *severity]


def _keys(cards: Sequence[Scorecard]) -> dict[str, str]:
    """Return the keys of requirements: the number, after the framework if there are several; blank if not evaluated."""
    return {
        result.requirement.id: visible(
            result.requirement.number if len(cards) == 1 else f"{card.framework.name} {result.requirement.number}"
        )
        if result.standing.was_evaluated
        else ""
        for card in cards
        for result in card.results
    }


def _title(evaluation: Evaluation, policy_id: str) -> str:
    view = evaluation.selection.policies.get(policy_id)
    return view.contextual_name or view.full_name or policy_id if view else policy_id


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _asset(name: str) -> str:
    return files("perpend.reports.html").joinpath("assets", name).read_text("utf-8")
