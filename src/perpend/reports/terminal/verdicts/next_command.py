"""A report's findings in, the command that explains one of them out: it works as it stands there, in a shell."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.reports.formats.tally import TO_ACT_ON

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.reports.formats.tally import PolicyTally
    from perpend.reports.terminal.page import TerminalPage

MOST_INPUTS: Final = 10
"""Of more inputs only those are named that hold the object."""


@dataclass(frozen=True, slots=True)
class ExplainCommand:
    """What `perpend explain` needs to say why of the verdicts of one run: its inputs or store, its options, the policies known.

    ``in_order``: inputs have options between them, and all are named. ``time``: when the estate is said to be of. ``is_kept``:
    what was judged is still there when the run is over.
    """

    inputs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    policy_ids: Collection[str] = ()
    time: datetime | None = None
    in_order: bool = False
    is_kept: bool = True

    @property
    def names_some(self) -> bool:
        """Whether only those inputs are named that hold the object: all would be too many."""
        return not self.in_order and len(self.inputs) > MOST_INPUTS

    def words(self, policy_id: str, judged: CloudObject, day: EvaluationTime) -> list[str]:
        """Return the words of the command that explains one verdict."""
        last = policy_id.rpartition("/")[2]
        alone = sum(known.rpartition("/")[2] == last for known in self.policy_ids) == 1
        few = not self.names_some
        sources = dict.fromkeys(reading.origin.source for reading in (judged, *judged.variants))
        inputs = self.inputs if few else tuple(sources)
        time = day.time if self.time or not (few or day.assumed) else None
        options = [*self.options, *(["--snapshot-time", time_text(time)] if time else [])]
        named = [last if alone else policy_id, judged.id or judged.name, *inputs]
        if not self.in_order and any(word.startswith("-") and word != "-" for word in named):
            return ["perpend", "explain", *options, "--", *named]
        return ["perpend", "explain", *named, *options]


def print_hint(tallies: Sequence[PolicyTally], day: EvaluationTime, page: TerminalPage, command: ExplainCommand) -> None:
    """Print the command that explains the first verdict to act on, on one line however long, nothing where there is none."""
    groups = (
        (tally.policy.id, group)
        for status in TO_ACT_ON
        for tally in tallies
        for group in tally.groups
        if group.status is status and group.shown
    )
    policy_id, group = next(groups, (None, None))
    if policy_id is None or group is None:
        return
    if not command.is_kept:
        page.blank()
        page.line(("Why? `perpend explain` tells where --store has kept what was collected.", "dim"))
        return
    if "-" in command.inputs:
        page.blank()
        page.line(("Why? `perpend explain` tells where a file holds what came in on standard input.", "dim"))
        return
    words = command.words(policy_id, group.shown[0][0], day)
    page.blank()
    inputs = f", with those of {len(command.inputs)} inputs that hold it" if command.names_some else ""
    page.line((f"Why? For the first one{inputs}:", "dim"))
    page.whole("  " + " ".join(quoted(word, page.console.encoding) for word in words))


def time_text(time: datetime) -> str:
    """Return a moment as `--snapshot-time` takes it: a date where it is one."""
    text = time.isoformat().replace("+00:00", "Z")
    return text.removesuffix("T00:00:00Z")


def quoted(word: str, encoding: str = "utf-8") -> str:
    r"""Return a word as a shell takes it. What cannot be shown is written out, as in ``$'a\x1bb'``."""
    if all(_is_shown(sign, encoding) for sign in word):
        return shlex.quote(word)
    return "$'" + "".join(_written(sign, encoding) for sign in word) + "'"


_SPECIAL: Final = re.compile(r"['\\]")


def _is_shown(sign: str, encoding: str) -> bool:
    return sign.isprintable() and sign.encode(encoding, "ignore") != b""


def _written(sign: str, encoding: str) -> str:
    if _is_shown(sign, encoding):
        return _SPECIAL.sub(r"\\\g<0>", sign)
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(sign))
