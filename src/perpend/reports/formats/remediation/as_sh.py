"""What would mend objects in, a POSIX shell script out: steps are commands, all else is in comments.

The one check that a script can make itself, it makes: it stops where the credentials are those of another account.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from perpend.findings.remediation.plans import WHOSE
from perpend.reports.formats.remediation.texts import RAN_NOTHING, command_line, comment, not_filled_line, object_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from perpend.findings.remediation.model import Remedy
    from perpend.findings.remediation.plans import RemediationPlan


def write_sh(mendings: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a script that stops at the first command that fails."""
    stream.write(f"#!/bin/sh\n# {RAN_NOTHING}\n# The script stops at the first command that fails.\nset -eu\n")
    told = ""
    for mending in mendings:
        if mending.policy.id != told:
            told = mending.policy.id
            stream.writelines(("\n", *comment(f"{mending.policy.full_name} ({told})", "## ")))
        stream.writelines(_lines(mending))


def _lines(mending: RemediationPlan) -> Iterator[str]:
    yield "\n"
    yield from comment(object_line(mending))
    yield from comment(mending.message, "# found: ", "#   ")
    if mending.remedy is None:
        yield from comment(not_filled_line(mending))
        yield from comment(mending.guide, "#   ")
        return
    yield from remedy_lines(mending.remedy, mending.account)


def remedy_lines(remedy: Remedy, account: str = "") -> Iterator[str]:
    """Yield the lines of one plan: what to check before, commands, how to undo them. Raises UnquotableWord."""
    for look in remedy.before:
        yield from comment(look.say, "# before: ", "#   ")
        if look.run == WHOSE and account:
            yield f'test "$({command_line(look.run)})" = {shlex.quote(account)}\n'
        elif look.run:
            yield from comment(command_line(look.run), "#   ")
    for step in remedy.steps:
        yield from comment(step.say, "# step: ", "#   ")
        yield f"{command_line(step.run)}\n"
        yield from comment(command_line(step.undo) if step.undo else step.no_undo, "# undo: ", "#   ")
