"""Write the HTML report: one self-contained file that fetches nothing and can run only its own code.

The content security policy names script and style by their hashes. Findings are compressed columns, shown as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import LEVELS
from perpend.reports.formats.finding import not_evaluated, not_evaluated_lines
from perpend.reports.html.columns import PackedNumbers, PackedTexts, Sinks, write_columns
from perpend.reports.html.history import history_section
from perpend.reports.html.summary import html_text, list_of, reasons, requirements, totals
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.html.columns import FindingColumns, SharedEnding
    from perpend.reports.html.history import ReportHistory

POLICY_WORD: Final = 0
OBJECT_WORD: Final = None
"""The placeholders of policy and object in a command."""

_TOOLS: Final = """<h2 id="findings">Findings</h2>
<p id="failed" role="alert" hidden></p>
<noscript><p>The list of findings needs JavaScript; the totals above do not.</p></noscript>
<div id="work" hidden><div class="tools" role="search">
<label>Words<input type="search" id="q" autocomplete="off" placeholder="objects, accounts, policies, messages"></label>
<label>Status<select id="status"><option value="">all</option></select></label>
<label>Policy<select id="policy"><option value="">all</option></select></label>
<label>Account<select id="account"><option value="">all</option></select></label>
{more}<label>Grouped by<select id="by"><option value="policy">policy</option>
<option value="object">object</option><option value="account">account</option>
<option value="reason">what was found</option></select></label>
<button type="button" id="clear">Clear</button><button type="button" id="csv">Save as CSV</button></div>
<p id="shown" role="status"></p><div class="work">
<div id="list" role="treegrid" tabindex="0" aria-label="Findings"><div id="rows" role="rowgroup"></div>
<p id="none" class="soft" hidden>No finding matches.</p></div>
<aside id="detail" aria-label="One finding" tabindex="-1" hidden></aside></div></div><div id="paper"></div>
"""
_LIVES: Final = (
    '<label>Life<select id="life"><option value="">all</option></select></label>\n'
    '<label>Waived<select id="waived"><option value="">all</option></select></label>\n'
)
_REQUIREMENT: Final = '<label>Requirement<select id="requirement"><option value="">all</option></select></label>\n'
_SEVERITY: Final = '<label>Severity<select id="severity"><option value="">all</option></select></label>\n'


def write_html_report(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    explain: Sequence[str | int | None] = (),
    history: ReportHistory | None = None,
    waived: str = "",
    weighed: RatedEvaluation | None = None,
    names: Names = Names.LABELS,
) -> None:
    """Write the report of a run. ``history`` adds states and a trend, ``waived`` a sentence about waived findings.

    ``accounts`` are the configured accounts. ``explain`` are the words of the command that explains a finding, with the
    placeholders ``POLICY_WORD`` and ``OBJECT_WORD``; empty without one. ``weighed`` are the severities, None if nothing is
    rated. Raises TooManyFindings.
    """
    labels = Labels(evaluation.selection.types, names)
    called, ids, external_ids = (PackedTexts() for _ in range(3))
    numbers = owners, types, findings, ends = [PackedNumbers() for _ in range(4)]
    lives = PackedNumbers() if history and history.lives else None
    sinks = Sinks(called, ids, external_ids, owners, types, findings, ends, lives)
    life_of = history.life_of if history and lives else None
    columns = write_columns(evaluation, sinks, accounts=accounts, life_of=life_of, weighed=weighed, names=names)
    cards = evaluation.scorecards()
    keys = _keys(cards)
    head = PackedTexts()
    head.add(_head(evaluation, columns, cards, keys, explain, history.head() if history else [], rated=weighed is not None))
    script, style = _asset("list.js") + _asset("report.js"), _asset("report.css")
    stream.write(_opening(evaluation, script, style))
    stream.write(_summary(evaluation, columns, cards, keys, waived, labels))
    stream.write(history_section(history) if history else "")
    more = {_REQUIREMENT: any(keys.values()), _SEVERITY: weighed is not None, _LIVES: lives is not None}
    stream.write(_TOOLS.format(more="".join(part for part, is_there in more.items() if is_there)) + _closing(evaluation))
    packed = zip(("head", *Sinks._fields), (head, called, ids, external_ids, *numbers, lives), strict=True)
    for name, column in ((name, column) for name, column in packed if column is not None):
        stream.write(f'<script type="text/plain" id="column-{name}">{column.text()}</script>\n')
    stream.write(f"<script>{script}</script></body></html>\n")


def _opening(evaluation: Evaluation, script: str, style: str) -> str:
    allowed = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    title = f"Policy findings, {_moment(evaluation.day.time)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="Perpend {__version__}">\n'
        f"<title>{title}</title>\n<style>{style}</style></head><body><main>\n<h1>{title}</h1>\n"
    )


def _summary(
    evaluation: Evaluation,
    columns: FindingColumns,
    cards: Sequence[Scorecard],
    keys: Mapping[str, str],
    waived: str,
    labels: Labels,
) -> str:
    selection, day = evaluation.selection, evaluation.day
    asked = f"{counted(len(evaluation.programs), 'policy', 'policies')}, {counted(evaluation.ledger.objects, 'object')}."
    assumed = " Not every source states when it was observed; the day of the run is used." if day.assumed else ""
    filter_verdicts = (
        f"<p>This file contains only these findings: {html_text(evaluation.filter_verdicts.text)}</p>"
        if evaluation.filter_verdicts
        else ""
    )
    sources = [
        f"{source.name}: {source.kind}, {source.objects:,} objects, "
        + (f"observed {_moment(source.observed_at)}" if source.observed_at else "no time stated")
        for source in evaluation.inventory.sources
    ]
    left = _reasons_left_out(selection)
    unevaluated = list_of(
        "Not everything was evaluated", [labels.text(line) for line in not_evaluated_lines(not_evaluated(evaluation))]
    )
    numbers = totals(evaluation, complete=not unevaluated and all(card.all_asked for card in cards))
    return (
        f'<p class="soft">{asked}{assumed} This file contains names of objects and accounts: share it with care.</p>'
        f"{filter_verdicts}{unevaluated}{numbers}{f'<p>{html_text(waived[:1].upper() + waived[1:])}</p>' if waived else ''}\n"
        f"{requirements(cards, keys)}\n{reasons(columns.reasons())}"
        + list_of(f"Not evaluated: {counted(len(left), 'policy', 'policies')}", left)
        + list_of(f"Read: {counted(len(sources), 'source')}", sources)
        + "\n"
    )


def _reasons_left_out(selection: Selection) -> list[str]:
    reasons = [f"{policy_id}: no source can list the objects that it counts" for policy_id in selection.set_aside]
    reasons += [f"{policy_id}: excluded" for policy_id in selection.excluded]
    return reasons


def _closing(evaluation: Evaluation) -> str:
    return f"</main><footer>Made by Perpend {__version__} as of {_moment(evaluation.day.time)}. Nothing is fetched.</footer>\n"


def _head(
    evaluation: Evaluation,
    columns: FindingColumns,
    cards: Sequence[Scorecard],
    keys: Mapping[str, str],
    explain: Sequence[str | int | None],
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
        }
        for policy_id, counts in zip(columns.policies, columns.counts, strict=True)
    ]
    content: dict[str, Any] = {
        "objects": columns.objects,
        "statuses": [str(status) for status in statuses],
        "policies": policies,
        "endings": [_ending(ending, statuses, rated=rated) for ending in columns.endings],
        "accounts": columns.accounts,
        "types": columns.types,
        "requirements": [{"key": key, "name": name} for key, name in names.items()],
        "explain": [visible(word) if isinstance(word, str) else word for word in explain],
    }
    if lives:
        content["lives"] = [[visible(value) if isinstance(value, str) else value for value in life] for life in lives]
    if rated:
        content["severities"] = [level.value for level in reversed(LEVELS)]
    return encodable(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


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


def _moment(time: datetime) -> str:
    text = time.strftime("%Y-%m-%d %H:%M UTC")
    return text.removesuffix(" 00:00 UTC")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _asset(name: str) -> str:
    return files("perpend.reports.html").joinpath("assets", name).read_text("utf-8")
