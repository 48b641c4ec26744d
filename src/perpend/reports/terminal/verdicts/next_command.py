"""The commands that go on from a run, ready to be copied into a shell."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.reports.formats.tally import TO_ACT_ON

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.reports.formats.tally import PolicyTally
    from perpend.reports.overview import Overview
    from perpend.reports.terminal.page import TerminalPage

REPORT: Final = "report.html"
"""The file that the command for a report writes."""

MOST_INPUTS: Final = 10
"""The largest number of inputs in the command. With more, only the inputs that contain the object are named."""


@dataclass(frozen=True, slots=True)
class ExplainCommand:
    """The arguments with which `perpend explain` explains verdicts of a run.

    ``in_order``: inputs have options between them, and all are named. ``time`` is the value of --snapshot-time.
    ``stays``: the evaluated data still exists after the run.
    """

    inputs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    policy_ids: Collection[str] = ()
    time: datetime | None = None
    in_order: bool = False
    stays: bool = True

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


@dataclass(frozen=True, slots=True)
class NextCommand:
    """A command, and its purpose in a few words."""

    words: tuple[str, ...]
    purpose: str

    def text(self, encoding: str = "utf-8") -> str:
        """Return the command as a shell reads it."""
        return " ".join(quoted(word, encoding) for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommands:
    """The commands that go on from a run.

    ``explain`` explains a verdict. ``command`` are the words that repeat the run, without an option for the length of its
    report. ``store`` are the options that name the store, the repository and the configuration, None if nothing is kept.
    ``choice`` are those that choose policies, ``decisions`` those that choose waivers and ratings. ``has_history``: the run is
    in the store's history.
    """

    explain: ExplainCommand
    command: tuple[str, ...] = ()
    store: tuple[str, ...] | None = None
    choice: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    has_history: bool = False

    @property
    def all_failing(self) -> NextCommand | None:
        """The command that lists everything that fails; None if no command can."""
        if self.has_history and self.store is not None:
            return NextCommand(("perpend", "findings", *self.store, *self.decisions), "all of them, and since when")
        return NextCommand((*self.command, "--details"), "all of them, with what to do") if self.command else None

    @property
    def permissions(self) -> NextCommand | None:
        """The command that prints the permissions that the collection lacked; None if no store is kept."""
        if self.store is None:
            return None
        return NextCommand(("perpend", "permissions", "--missing", *self.store), "what would allow denied calls")

    def after(self, overview: Overview, day: EvaluationTime) -> list[NextCommand]:
        """Return the commands that go on from the summary of a run: all of the most severe, why one fails, a report."""
        commands = [one for one in (self._first(overview), self._why(overview, day)) if one is not None]
        if self.store is not None:
            page = ("perpend", "report", "html", *self.store, *self.choice, *self.decisions, "--out", REPORT)
            return [*commands, NextCommand(page, "one file to hand on")]
        if self.command:
            commands.append(NextCommand((*self.command, "--format", "html", "--out", REPORT), "one file to hand on"))
        return commands

    def _first(self, overview: Overview) -> NextCommand | None:
        command = self.all_failing
        level = overview.to_fix[0].level if overview.to_fix else None
        if command is None or level is None or not self.has_history:
            return command
        number = sum(counts.failing for other, counts in overview.severities if other is level)
        purpose = f"the {number:,} that {'is' if number == 1 else 'are'} {level}, and since when"
        return NextCommand((*command.words, "--severity", level.value), purpose)

    def _why(self, overview: Overview, day: EvaluationTime) -> NextCommand | None:
        if not self.explain.stays or "-" in self.explain.inputs:
            return None
        first = next((policy for policy in overview.to_fix if policy.objects), None)
        if first is None:
            return None
        return NextCommand(tuple(self.explain.words(first.policy_id, first.objects[0].object, day)), "why, value by value")


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
    if not command.stays:
        page.blank()
        page.line(("Why? To use `perpend explain`, keep the collected data: leave out --no-store.", "dim"))
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
    if all(_is_shown(character, encoding) for character in word):
        return shlex.quote(word)
    return "$'" + "".join(_written(character, encoding) for character in word) + "'"


_SPECIAL: Final = re.compile(r"['\\]")


def _is_shown(character: str, encoding: str) -> bool:
    return character.isprintable() and character.encode(encoding, "ignore") != b""


def _written(character: str, encoding: str) -> str:
    if _is_shown(character, encoding):
        return _SPECIAL.sub(r"\\\g<0>", character)
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
