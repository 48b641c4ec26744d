"""A judgement in, a comment for a pull request out: the ledger, then what is incompliant or not known, policy by policy.

Nothing in it is markup, a mention or a link that a name brings along, and it is never longer than a comment may be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.diagnostics.escape import visible
from perpend.ir.status import Status
from perpend.outputs.as_ratings import severities_document
from perpend.outputs.formats.text import cut
from perpend.outputs.tally import tally_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from perpend.judge.judgement import Judgement
    from perpend.outputs.tally import Group, PolicyTally
    from perpend.ratings.judged import WeighedJudgement

MOST: Final = 60_000
"""How many characters a comment has at most; GitHub takes 65,536."""

_OBJECTS: Final = 10
_NAME, _SAID = 200, 1_000
_MARK: Final = "<!-- perpend:check -->"
_BACKTICKS: Final = re.compile("`+")
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@$:.-])")


def write_markdown(judgement: Judgement, stream: TextIO, *, weighed: WeighedJudgement | None = None) -> None:
    """Write a comment. Its first line says what wrote it, so that the next run finds and replaces it.

    ``weighed`` is how severe findings are; nothing is said of it where nobody has rated any.
    """
    counts, total = judgement.ledger.counts, judgement.ledger.verdicts
    written = f"{_MARK}\n### Perpend: {_heading(counts)}\n\n| status | verdicts |\n| --- | ---: |\n"
    written += "".join(f"| {status.value.lower()} | {counts[status]:,} |\n" for status in Status if counts[status])
    written += f"\n{total:,} verdicts on {judgement.ledger.objects:,} objects at {judgement.day.time:%Y-%m-%d}"
    if judgement.narrowed:
        written += f"; listed are those of {span(judgement.narrowed.words)}"
    written += ".\n" + (_severities(weighed) if weighed else "")
    left_out = 0
    for tally in tally_of(judgement, limit=_OBJECTS):
        section = "".join(_section(tally, weighed))
        if section and (left_out or len(written) + len(section) > MOST - 100):
            left_out += 1
        else:
            written += section
    if left_out:
        written += f"\n{left_out:,} more policies have findings, which this comment has no room for.\n"
    stream.write(written)


def _heading(counts: Mapping[Status, int]) -> str:
    named = [f"{counts[status]:,} {status.value.lower()}" for status in (Status.INCOMPLIANT, Status.UNDETERMINED)]
    return " and ".join(named)


def _severities(weighed: WeighedJudgement) -> str:
    """Return how many findings there are of each severity; what is waived is not among them."""
    rows = [(name, counts) for name, counts in severities_document(weighed).items() if any(counts.values())]
    shown = [
        f"| {'not rated' if name == 'notRated' else name} | {' | '.join(f'{one:,}' for one in counts.values())} |\n"
        for name, counts in rows
    ]
    return f"\n| severity | incompliant | undetermined |\n| --- | ---: | ---: |\n{''.join(shown)}" if shown else ""


def _section(tally: PolicyTally, weighed: WeighedJudgement | None) -> Iterator[str]:
    if not tally.groups:
        return
    counts = ", ".join(
        f"{tally.counts[status]:,} {status.value.lower()}"
        for status in (Status.INCOMPLIANT, Status.UNDETERMINED)
        if tally.counts[status]
    )
    rating = weighed.in_force.of(tally.policy.id) if weighed else None
    severity = "" if weighed is None else f" · {prose(rating.text(Status.INCOMPLIANT)) if rating else 'not rated'}"
    yield f"\n<details><summary><b>{counts}</b>{severity} · {prose(tally.policy.contextual_name)}</summary>\n\n"
    yield f"{span(tally.policy.id)}\n"
    for group in tally.groups:
        yield _group(group)
    yield "\n</details>\n"


def _group(group: Group) -> str:
    said = f"\n- {group.status.value} {group.objects:,}: {prose(group.message)}"
    if group.remediation:
        said += f" Next: {prose(group.remediation)}"
    names = ", ".join(span(judged.name or judged.id) for judged, _ in group.shown)
    first = f"first {len(group.shown)}: " if group.objects > len(group.shown) else ""
    return f"{said}\n  {first}{names}\n"


def span(text: str) -> str:
    """Return a text as a code span, in which nothing is markup, whatever it holds."""
    text = cut(visible(" ".join(text.split())), _NAME) or "–"
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a text as a paragraph's words: nothing in it is markup, HTML, a mention or a link."""
    return _SIGNS.sub(r"\\\1", cut(visible(" ".join(text.split())), _SAID)).replace("\\@", "@\u200b").replace("\\<", "&lt;")
