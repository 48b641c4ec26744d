"""The severity ratings that are active in a run: read them, rate an evaluation, decide the exit code."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import InvalidOption
from perpend.core.objects.status import Status
from perpend.findings.severity.effective import EffectiveRatings, ratings_in_force
from perpend.findings.severity.levels import LEVELS, SeverityLevel
from perpend.findings.severity.read import FOLDER, RatingFiles, ratings_below
from perpend.findings.waivers.active import entry_files, raise_faults
from perpend.findings.waivers.entries import by_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import RecordedRatings
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.syntax.repository import Repository

SEVERITIES: Final = tuple(level.value for level in reversed(LEVELS))
"""The severity levels as options spell them, the most severe first."""


def rating_directories(repository: Repository, directory: str | None, *, defaults: bool = True) -> tuple[str | None, ...]:
    """Return the directories of ratings, None for ``ratings`` of the repository. A later one overrides an earlier one.

    ``directory`` replaces the repository's ratings, except those of the library, which are only defaults.
    """
    named = () if directory is None else (directory,)
    if repository.is_library:
        return (None, *named) if defaults else named
    return named or (None,)


def rating_files(repository: Repository, directory: str | None, *, defaults: bool = True) -> RatingFiles:
    """Read the ratings in a directory; for None, in ``ratings`` of the repository. Raises UnusableEntries for a faulty file.

    Unless ``defaults`` is false, policies of the library that the directory does not rate have the library's ratings.
    """
    read = RatingFiles()
    for place in rating_directories(repository, directory, defaults=defaults):
        files, folder = entry_files(repository, FOLDER, place)
        ratings = ratings_below(files, folder)
        raise_faults(ratings.diagnostics, files, FOLDER)
        is_default = place is None and repository.is_library
        read = RatingFiles(defaults=ratings.ratings) if is_default else replace(ratings, defaults=read.defaults)
    return read


def is_severity(word: str | None) -> bool:
    """Whether a value of ``--fail-on`` is a severity."""
    return word in SEVERITIES


@dataclass(frozen=True, slots=True)
class ActiveSeverities:
    """The severity ratings of a run. ``least`` is the severity that makes the run fail, None if severity does not matter."""

    in_force: EffectiveRatings = field(default_factory=EffectiveRatings)
    least: SeverityLevel | None = None
    unrated_passes: bool = False

    @classmethod
    def here(
        cls,
        repository: Repository,
        directory: str | None,
        *,
        defaults: bool = True,
        fail_on: str | None = None,
        unrated_passes: bool = False,
    ) -> ActiveSeverities:
        """Read the ratings of a directory or a repository, with the ``defaults`` of the library.

        Raises InvalidOption if ``fail_on`` is a severity and no policy is rated.
        """
        least = SeverityLevel(fail_on) if fail_on is not None and is_severity(fail_on) else None
        in_force = ratings_in_force(rating_files(repository, directory, defaults=defaults), repository.policy_ids)
        if least is not None and not in_force.by_policy:
            off = "" if defaults else ", or no --no-default-ratings"
            reason = f"no policy is rated: `ratings/*.yaml` in the repository, or --ratings DIR{off}"
            raise InvalidOption(f"--fail-on {least} needs ratings, and {reason}", "--fail-on")
        return cls(in_force, least, unrated_passes)

    @property
    def recorded(self) -> RecordedRatings | None:
        """The ratings in the form that a history records."""
        from perpend.findings.severity.history_document import recorded_ratings

        return recorded_ratings(self.in_force)

    @property
    def by_tags(self) -> bool:
        """Whether some change of a severity names tags."""
        return by_tags(self.in_force.shifts)

    def rated_evaluation(self, evaluation: Evaluation, waiver_matches: WaiverMatches | None) -> RatedEvaluation | None:
        """Rate the findings of an evaluation that no waiver covers. Return None if no policy is rated."""
        if not self.in_force.by_policy:
            return None
        from perpend.findings.severity.results import rated_evaluation

        if not self.in_force.shifts:
            return rated_evaluation(evaluation, self.in_force, waiver_matches, ())
        from perpend.findings.severity.adjustments import shifted_findings

        shifted = shifted_findings(evaluation, self.in_force.shifts, waiver_matches)
        return rated_evaluation(evaluation, self.in_force, waiver_matches, shifted)

    def exit_code_of(self, rated: RatedEvaluation, least: SeverityLevel, unread: Iterable[str] = ()) -> int:
        """Return the exit code for the findings that are severe enough or not rated.

        ``unread`` are the policies of which not all objects were read: one of them could fail.
        """
        unrated = not self.unrated_passes
        numbers = (rated.number(status, least, unrated=unrated) for status in (Status.INCOMPLIANT, Status.UNDETERMINED))
        ratings = (rated.in_force.of(policy_id) for policy_id in unread)
        could_be = any(unrated if rating is None else rating.level.rank >= least.rank for rating in ratings)
        return self.exit_code(*numbers) or (3 if could_be else 0)

    def exit_code(self, incompliant: int, undetermined: int) -> int:
        """Return 1 for incompliant findings, 3 for undetermined ones, else 0. Say the number on standard error."""
        number, status, code = (incompliant, "INCOMPLIANT", 1) if incompliant else (undetermined, "UNDETERMINED", 3)
        if not number:
            return 0
        verb = "could be" if code > 1 else "is" if number == 1 else "are"
        unrated = "" if self.unrated_passes else ", or not rated"
        warn(f"{counted(number, status + ' finding')} {verb} {self.least} or worse{unrated}")
        return code
