"""Print the principals that each statement of a policy document grants access, as text or JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from perpend.core.iam.access_policy import AccessLevel
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.core.iam.levels import StatementAccess

_NOT_KNOWN: Final = "not known"
_STYLES: Final = {
    AccessLevel.NOBODY: "dim",
    AccessLevel.SAME_ACCOUNT: "green",
    AccessLevel.SAME_ORG: "green",
    AccessLevel.TRUSTED_PRINCIPAL: "cyan",
    AccessLevel.AWS_SERVICE: "cyan",
    AccessLevel.EXTERNAL_PRINCIPAL: "bold red",
    AccessLevel.ANONYMOUS_PRINCIPAL: "bold red",
}
_SHOWN: Final = 4
_LABEL: Final = "    {:8}"


def print_access(accesses: Sequence[StatementAccess], console: Console) -> None:
    """Print each Allow statement with its level, its grants and the reasons for the level; then a count."""
    page = TerminalPage(console)
    for access in accesses:
        sid = access.statement.get("Sid")
        called = f"  {page.name(sid)}" if isinstance(sid, str) and sid else ""
        level = (_level(access), _STYLES[access.level] if access.level is not None else "yellow")
        page.line(level, f"  statement {access.number}{called}")
        page.line(page.prose(_granted(access.statement)), first=_LABEL.format("grants"))
        for number, sentence in enumerate(access.because):
            page.line(page.prose(sentence), first=_LABEL.format("" if number else "because"))
        page.blank()
    page.line(_count(accesses))
    if any(access.calls for access in accesses):
        page.line("To describe your accounts and organizations, give a file: --context FILE.", style="dim")


def write_access_json(accesses: Sequence[StatementAccess], stream: TextIO) -> None:
    """Write a JSON array with an object per Allow statement."""
    rows = [
        {
            "statement": access.number,
            "level": access.level.name if access.level is not None else None,
            "because": "; ".join(access.because),
        }
        for access in accesses
    ]
    stream.write(json.dumps(rows, indent=2) + "\n")


def _level(access: StatementAccess) -> str:
    return access.level.name if access.level is not None else _NOT_KNOWN


def _count(accesses: Sequence[StatementAccess]) -> str:
    if not accesses:
        return "no Allow statement: the document grants no access"
    counts = Counter(map(_level, accesses))
    ordered = sorted(accesses, key=lambda access: (access.level is None, -(access.level or 0)))
    parts = [f"{counts[name]:,} {name}" for name in dict.fromkeys(map(_level, ordered))]
    return f"{len(accesses):,} Allow statement{'' if len(accesses) == 1 else 's'}: {', '.join(parts)}"


def _granted(statement: Any) -> str:
    what = _some(statement["Action"]) if "Action" in statement else f"all but {_some(statement['NotAction'])}"
    if "Resource" in statement:
        return f"{what} on {_some(statement['Resource'])}"
    return f"{what} on all but {_some(statement['NotResource'])}" if "NotResource" in statement else what


def _some(given: str | list[str]) -> str:
    texts = [given] if isinstance(given, str) else given
    more = f" and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more
