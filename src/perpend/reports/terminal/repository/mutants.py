"""Print the scores of mutants, as text, JSON or HTML."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from perpend.authoring.mutation.score import SURVIVOR
from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted, format_percent
from perpend.core.diagnostics.text import render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.authoring.mutation.score import MutationScore, Survivor
    from perpend.core.diagnostics.model import Diagnostic

_NOTHING_FOUND = "no object was found that would kill it; it may be equivalent"


def print_mutants(scores: Sequence[MutationScore], console: Console, source_line: Callable[[str, int], str | None]) -> None:
    """Print each survivor in its source, the test objects that would kill survivors, and the scores."""
    survivors = [survivor for score in scores for survivor in score.survivors]
    if survivors:
        diagnostics = [_diagnostic(survivor) for survivor in survivors]
        console.print(Text(render_text(diagnostics, source_line=source_line, width=min(console.width, 120))), soft_wrap=True)
    for score in scores:
        _print_killers(score, console)
        for key in score.stale:
            line = f"{score.logic_id}: listed as equivalent, but killed, missing, or proven equivalent: {key}"
            console.print(Text.assemble(("stale ", "bold yellow"), visible(line)))
    _print_scores(scores, console)


def _diagnostic(survivor: Survivor) -> Diagnostic:
    return SURVIVOR.at(survivor.span, f"no test notices that {survivor.words}", label=survivor.mutator)


def _print_killers(score: MutationScore, console: Console) -> None:
    killers = list(dict.fromkeys(survivor.killer for survivor in score.survivors if survivor.killer))
    if killers:
        number = sum(bool(survivor.killer) for survivor in score.survivors)
        console.print(Text(f"{visible(score.logic_id)}: test objects that kill {number} of them", style="bold"))
        lines = ",\n".join(killers).split("\n")
        console.print(Text("\n".join(map(visible, lines)) + "\n"), soft_wrap=True)


def _print_scores(scores: Sequence[MutationScore], console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("logic", overflow="fold")
    for heading in ("mutants", "killed", "equivalent", "survived", "%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for score in scores:
        style = "yellow" if score.survivors else "green"
        numbers = _numbers(score)
        cells = [str(numbers[name]) for name in ("mutants", "killed", "equivalent", "survived")]
        table.add_row(Text(visible(score.logic_id)), *cells, Text(_percent(score), style=style))
    console.print(table)
    console.print(Text(summary_of(scores), style="bold red" if any(score.survivors for score in scores) else "bold green"))


def summary_of(scores: Sequence[MutationScore]) -> str:
    """Return a line with the totals of all scores."""
    every = [_numbers(score) for score in scores]
    total = {name: sum(numbers[name] for numbers in every) for name in every[0]} if every else dict.fromkeys(_NAMES, 0)
    line = f"{counted(total['mutants'], 'mutant')}: {total['killed']} killed, {total['survived']} survived, "
    line += f"{total['equivalent']} equivalent ({total['proven']} proven, {total['listed']} listed)"
    return line + (f"; {total['left']} not evaluated" if total["left"] else "")


_NAMES = ("mutants", "killed", "survived", "equivalent", "proven", "listed", "left")


def _numbers(score: MutationScore) -> dict[str, int]:
    proven, listed = len(score.proven), len(score.listed or {})
    values = (score.mutants, sum(score.killed.values()), len(score.survivors), proven + listed, proven, listed, score.left)
    return dict(zip(_NAMES, values, strict=True))


def _percent(score: MutationScore) -> str:
    killed = sum(score.killed.values())
    return format_percent(killed, killed + len(score.survivors)) if killed or score.survivors else "–"


def write_mutants_json(scores: Sequence[MutationScore], stream: TextIO) -> None:
    """Write JSON: for each logic file its numbers, survivors with killers, and equivalent mutants."""
    document = {"logics": [_document(score) for score in scores]}
    stream.write(json.dumps(document, indent=2) + "\n")


def _document(score: MutationScore) -> dict[str, Any]:
    return {
        "logicId": score.logic_id,
        "percent": round(score.percent, 1),
        **_numbers(score),
        "killedBy": dict(score.killed),
        "survivors": [
            {
                "key": survivor.key,
                "mutator": survivor.mutator,
                "change": survivor.words,
                "path": survivor.span.path,
                "line": survivor.span.line,
                "column": survivor.span.column,
                "killer": json.loads(survivor.killer) if survivor.killer else None,
            }
            for survivor in score.survivors
        ],
        "provenEquivalent": list(score.proven),
        "listedEquivalent": [{"mutant": key, "reason": reason} for key, reason in (score.listed or {}).items()],
        "stale": list(score.stale),
    }


def write_mutants_html(scores: Sequence[MutationScore], stream: TextIO) -> None:
    """Write one self-contained page: the scores, then each survivor with its place and killer."""
    rows = "".join(
        "<tr><td>{}</td>{}<td>{}</td></tr>\n".format(
            _html(score.logic_id),
            "".join(f"<td>{_numbers(score)[name]}</td>" for name in ("mutants", "killed", "equivalent", "survived")),
            _percent(score),
        )
        for score in scores
    )
    survivors = "".join(_survivor_html(survivor) for score in scores for survivor in score.survivors)
    stream.write(encodable(_PAGE.format(summary=_html(summary_of(scores)), rows=rows, survivors=survivors)))


def _survivor_html(survivor: Survivor) -> str:
    place = f"{survivor.span.path}:{survivor.span.line}:{survivor.span.column}"
    killer = f"<pre>{_html(survivor.killer)}</pre>" if survivor.killer else f"<p>{_NOTHING_FOUND}</p>"
    return f"<section><h2>{_html(place)}</h2><p>No test notices that {_html(survivor.words)}.</p>{killer}</section>\n"


def _html(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mutants</title><style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .2rem 1rem .2rem 0; text-align: right; }}
td:first-child, th:first-child {{ text-align: left; overflow-wrap: anywhere; }}
pre {{ overflow-x: auto; border: 1px solid; padding: 1rem; }} h2 {{ font-size: 1rem; overflow-wrap: anywhere; }}
</style></head><body><h1>Mutants</h1><p>{summary}</p>
<table><thead><tr><th>logic</th><th>mutants</th><th>killed</th><th>equivalent</th><th>survived</th><th>%</th></tr></thead>
<tbody>
{rows}</tbody></table>
{survivors}</body></html>
"""
