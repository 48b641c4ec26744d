"""What waivers cover of a judgement in, lines that say so out: always as a part of what is incompliant, never instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.diagnostics.escape import visible
from perpend.ir.status import Status

if TYPE_CHECKING:
    from perpend.report.page import TerminalPage
    from perpend.waivers.covering import Covering

_COVERED: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
_MOST_NAMED: Final = 5


def waived_text(covering: Covering | None) -> str:
    """Return how many verdicts of each status are waived, and by which waivers; nothing where none is."""
    if covering is None or not covering.waived:
        return ""
    parts = [f"{number:,} {status.value}" for status in _COVERED if (number := covering.number(status))]
    names = sorted({name for name, _ in covering.by_waiver})
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"of which waived: {' + '.join(parts)} (by {', '.join(map(visible, names[:_MOST_NAMED]))}{more})"


def print_waived(covering: Covering | None, page: TerminalPage) -> None:
    """Print how many verdicts are waived."""
    text = waived_text(covering)
    if text:
        page.line((page.prose(text), "yellow"), first="  ")
