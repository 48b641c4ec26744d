"""Which ratings hold for a command: its options, the files that they mean, and whether what is severe enough makes it fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import is_from_file
from perpend.cli.options.waivers import beside, refuse_faults
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.findings.severity.effective import EffectiveRatings, ratings_in_force
from perpend.findings.severity.levels import LEVELS, SeverityLevel
from perpend.findings.severity.read import FOLDER, ratings_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import HistoryManifest, RecordedRatings
    from perpend.findings.severity.read import RatingFiles
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.syntax.repository import Repository

    Command = TypeVar("Command", bound=Callable[..., Any])

SEVERITIES: Final = tuple(level.value for level in reversed(LEVELS))
"""The levels as options name them, the worst first."""

ratings_option = click.option(
    "--ratings",
    "ratings_dir",
    metavar="DIR",
    type=click.Path(),
    help="Read ratings from this directory; without it, from `ratings` in the repository.",
)
unrated_passes_option = click.option(
    "--unrated-passes", is_flag=True, help="With --fail-on SEVERITY: let findings pass which nobody has rated."
)


def rating_files(repository: Repository, directory: str | None) -> RatingFiles:
    """Return the ratings that an option means. Raises PerpendError where some cannot be read, having shown why."""
    files, folder = beside(repository, FOLDER, directory)
    ratings = ratings_below(files, folder)
    refuse_faults(ratings.diagnostics, files, FOLDER)
    return ratings


def is_severity(word: str | None) -> bool:
    """Whether a word of ``--fail-on`` is a severity."""
    return word in SEVERITIES


@dataclass(frozen=True, slots=True)
class ActiveSeverities:
    """The ratings that hold for a command, with the severity that makes it fail, None where none does."""

    in_force: EffectiveRatings = field(default_factory=EffectiveRatings)
    least: SeverityLevel | None = None
    unrated_passes: bool = False

    @classmethod
    def here(
        cls, repository: Repository, directory: str | None, *, fail_on: str | None = None, unrated_passes: bool = False
    ) -> ActiveSeverities:
        """Return the ratings that options mean. Raises where a severity is asked for, and no policy is rated."""
        least = SeverityLevel(fail_on) if fail_on is not None and is_severity(fail_on) else None
        if unrated_passes and least is None and not is_from_file(click.get_current_context(), "unrated_passes"):
            raise click.UsageError(f"--unrated-passes goes with --fail-on {'|'.join(SEVERITIES)}")
        in_force = ratings_in_force(rating_files(repository, directory), repository.policy_ids)
        if least is not None and not in_force.by_policy:
            raise click.UsageError(
                f"--fail-on {least} needs ratings, and no policy is rated: `ratings/*.yaml` in the repository, or --ratings DIR"
            )
        return cls(in_force, least, unrated_passes)

    @property
    def said(self) -> RecordedRatings | None:
        """The ratings as a history remembers them."""
        from perpend.findings.severity.history_document import said_by

        return said_by(self.in_force)

    def weighed(self, evaluation: Evaluation, covering: WaiverMatches | None) -> RatedEvaluation | None:
        """Return how severe a judgement's findings are, None where nothing is rated. ``covering`` is what is waived of it."""
        if not self.in_force.by_policy:
            return None
        from perpend.findings.severity.results import weighed

        return weighed(evaluation, self.in_force, covering)

    def exit_code_of(self, judged: RatedEvaluation, least: SeverityLevel, unread: Iterable[str] = ()) -> int:
        """Return the exit code of what is so severe, or not rated; of ``unread`` policies objects were not read."""
        unrated = not self.unrated_passes
        numbers = (judged.number(status, least, unrated=unrated) for status in (Status.INCOMPLIANT, Status.UNDETERMINED))
        ratings = (judged.in_force.of(policy_id) for policy_id in unread)
        could_be = any(unrated if rating is None else rating.level.rank >= least.rank for rating in ratings)
        return self.exit_code(*numbers) or (3 if could_be else 0)

    def exit_code(self, incompliant: int, undetermined: int) -> int:
        """Return 1 where something fails, 3 where something could, else 0, and say on standard error what it is."""
        number, what, code = (incompliant, "INCOMPLIANT", 1) if incompliant else (undetermined, "UNDETERMINED", 3)
        if not number:
            return 0
        would = "could be" if code > 1 else "is" if number == 1 else "are"
        unrated = "" if self.unrated_passes else ", or not rated"
        click.echo(f"perpend: {counted(number, what + ' finding')} {would} {self.least} or worse{unrated}", err=True)
        return code


def time_of(head: HistoryManifest) -> datetime:
    """Return the time of a history's newest run, by UTC."""
    return max(datetime.fromisoformat(run.time) for run in head.runs).astimezone(UTC)
