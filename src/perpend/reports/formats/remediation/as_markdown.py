"""What would mend objects in, Markdown for a ticket out: nothing in it is markup that a name brings along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.markdown import prose, span
from perpend.reports.formats.remediation.texts import RAN_NOTHING, command_line, comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from perpend.findings.remediation.model import Remedy, Words
    from perpend.findings.remediation.plans import RemediationPlan

_BACKTICKS: Final = re.compile("`{3,}")


def write_remedies_markdown(mendings: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a section for each policy, and in it one for each object."""
    stream.write(f"{RAN_NOTHING}\n")
    told = ""
    for mending in mendings:
        if mending.policy.id != told:
            told = mending.policy.id
            stream.write(f"\n## {prose(mending.policy.full_name)}\n\n{span(told)}\n")
        stream.writelines(_section(mending))


def _section(mending: RemediationPlan) -> Iterator[str]:
    judged = mending.object
    yield f"\n### {span(judged.name or judged.id)}\n\n"
    yield f"{prose(mending.type_label)} {span(judged.external_id or judged.id)}, account {mending.account or 'not known'}. "
    yield f"{prose(mending.message)}\n"
    if mending.remedy is not None:
        yield from _commands(mending.remedy)
        return
    yield f"\n**Not filled in:** {prose('; '.join(mending.why_not))}\n\n"
    yield from _fenced("".join(comment(mending.guide, "")))


def _commands(remedy: Remedy) -> Iterator[str]:
    yield "\n**Before**\n"
    for look in remedy.before:
        yield f"\n- {prose(look.say)}\n"
        yield from _command(look.run)
    yield "\n**Steps**\n"
    for number, step in enumerate(remedy.steps, 1):
        yield f"\n{number}. {prose(step.say)}\n"
        yield from _command(step.run)
        yield f"\n   Undo: {prose(step.no_undo)}\n" if step.no_undo else "\n   Undo:\n"
        yield from _command(step.undo)


def _command(words: Words) -> Iterator[str]:
    if words:
        yield "\n"
        yield from (f"   {line}" for line in _fenced(f"{command_line(words)}\n", "sh"))


def _fenced(text: str, language: str = "text") -> Iterator[str]:
    """Yield lines of code in a fence that is longer than any that it holds."""
    fence = "`" * (1 + max(2, *map(len, _BACKTICKS.findall(text)), 2))
    yield f"{fence}{language}\n"
    yield from text.splitlines(keepends=True)
    yield f"{fence}\n"
