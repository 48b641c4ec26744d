"""Print the command that explains a finding, ready to be copied into a shell."""

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
"""The largest number of inputs in the command. With more, only the inputs that contain the object are named."""


@dataclass(frozen=True, slots=True)
class ExplainCommand:
    """The arguments with which `perpend explain` explains verdicts of a run.

    ``in_order``: inputs have options between them, and all are named. ``time`` is the value of --snapshot-time.
    ``is_kept``: the evaluated data still exists after the run.
    """

    inputs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    policy_ids: Collection[str] = ()
    time: datetime | None = None
    in_order: bool = False
    is_kept: bool = True

    @property
    def names_some(self) -> bool:
        """Whether only the inputs that contain the object are named, because there are too many."""
        return not self.in_order and len(self.inputs) > MOST_INPUTS

    def words(self, policy_id: str, object_: CloudObject, day: EvaluationTime) -> list[str]:
        """Return the words of the command that explains a verdict."""
        last = policy_id.rpartition("/")[2]
        alone = sum(known.rpartition("/")[2] == last for known in self.policy_ids) == 1
        few = not self.names_some
        sources = dict.fromkeys(reading.origin.source for reading in (object_, *object_.variants))
        inputs = self.inputs if few else tuple(sources)
        time = day.time if self.time or not (few or day.assumed) else None
        options = [*self.options, *(["--snapshot-time", time_text(time)] if time else [])]
        named = [last if alone else policy_id, object_.id or object_.name, *inputs]
        if not self.in_order and any(word.startswith("-") and word != "-" for word in named):
            return ["perpend", "explain", *options, "--", *named]
        return ["perpend", "explain", *named, *options]


def print_next_command(
    tallies: Sequence[PolicyTally], day: EvaluationTime, page: TerminalPage, command: ExplainCommand
) -> None:
    """Print the command that explains the first verdict to act on, on one line; nothing if there is none."""
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
        page.line(("Why? To use `perpend explain`, keep the collected data with --store.", "dim"))
        return
    if "-" in command.inputs:
        page.blank()
        page.line(("Why? To use `perpend explain`, save standard input to a file.", "dim"))
        return
    words = command.words(policy_id, group.shown[0][0], day)
    page.blank()
    inputs = f", with the inputs that contain it (of {len(command.inputs)})" if command.names_some else ""
    page.line((f"Why? For the first one{inputs}:", "dim"))
    page.whole("  " + " ".join(quoted(word, page.console.encoding) for word in words))


def time_text(time: datetime) -> str:
    """Return a moment as `--snapshot-time` accepts it: a date if it is midnight in UTC."""
    text = time.isoformat().replace("+00:00", "Z")
    return text.removesuffix("T00:00:00Z")


def quoted(word: str, encoding: str = "utf-8") -> str:
    r"""Return a word quoted for a shell. Characters that cannot be shown are escaped, as in ``$'a\x1bb'``."""
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
