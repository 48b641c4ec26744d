"""The request of a run: what to evaluate, with which settings, and the report."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption
from perpend.core.objects.labels import Names
from perpend.evaluation.engines.by_name import LOCAL
from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.findings.filters import Filter
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.reports.formats.registry import FORMS, forms_with
from perpend.reports.formats.write import FormatOptions
from perpend.reports.streams import refuse_input_as_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from perpend.core.objects.account import Account
    from perpend.evaluation.verdicts.evaluation import Totals
    from perpend.inventory.importers.input import Input
    from perpend.inventory.snapshots.store import Store
    from perpend.language.syntax.repository import Repository

UNUSABLE: Final = 2
"""The exit code if an input, a policy, a part of the snapshot or the history cannot be used."""

EXIT_CODE, POLICIES = "exit code", "policies"
"""The subjects of settings in a configuration file that Perpend has found itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The inputs or the store to evaluate, the policies, and the report. Fields are named like options of ``perpend check``.

    Name either ``inputs`` or a ``store``. ``run`` is a snapshot of the store, None for the current one. ``waivers_dir`` and
    ``ratings_dir`` are directories, None for those of the repository. ``default_ratings`` are those of the library, for
    policies that no other rating names. ``accounts`` are names and owners by account number. ``decided`` are the settings
    of a configuration file that change the exit code: name, value, place; ``selected`` are those that choose policies.
    ``commands`` returns the commands that go on from the run, given the inputs that could not be read. ``scanned`` are facts
    of a collection before the run. ``record`` writes the run to the store's history, with the absolute path of the file,
    ``configuration``. Without ``reported``, no report is written, and a run that cannot be recorded is an error.
    """

    repository: Repository
    inputs: Sequence[Input] = ()
    store: Store | None = None
    run: str | None = None
    choice: PolicyChoice = field(default_factory=PolicyChoice)
    engine: str = "auto"
    spark_master: str = LOCAL
    spark_settings: Mapping[str, str] = field(default_factory=dict)
    snapshot_time: datetime | None = None
    max_age: timedelta | None = None
    keep_going: bool = False
    waivers_dir: str | None = None
    no_waivers: bool = False
    ratings_dir: str | None = None
    default_ratings: bool = True
    configuration: str | None = None
    unrated_passes: bool = False
    format: FormatOptions = field(default_factory=FormatOptions)
    references: str = "findings"
    limit: int = 20
    summary: bool = False
    details: bool = False
    quiet: bool = False
    filter: Filter = field(default_factory=Filter)
    requirements: str | None = None
    fail_on: str = "undetermined"
    require_coverage: bool = False
    explain_cost: bool = False
    names: str = Names.LABELS
    accounts: Mapping[str, Account] = field(default_factory=dict)
    decided: Sequence[tuple[str, str, str]] = ()
    selected: Sequence[tuple[str, str, str]] = ()
    commands: Callable[[Sequence[str]], Any] | None = None
    scanned: Sequence[str] | None = None
    record: bool = False
    reported: bool = True

    def with_inputs(self, inputs: Sequence[Input]) -> RunRequest:
        """Return this request for inputs."""
        return replace(self, inputs=inputs)

    def check(self) -> None:
        """Raise InvalidOption for options that do not go together, CannotWrite for an output that is an input as well."""
        if self.engine != "spark" and (self.spark_settings or self.spark_master != LOCAL):
            raise InvalidOption("--spark-master and --spark-conf go with --engine spark", "--spark-master", "--spark-conf")
        self._check_report()
        for out in (self.format.out, self.requirements):
            refuse_input_as_output(out, [input_.path for input_ in self.inputs])

    def _check_report(self) -> None:
        out, form, requirements = self.format.out, self.format.form, self.requirements
        self.format.check()
        if self.references == "all" and "--references" not in FORMS[form].options:
            formats = " or ".join(forms_with("--references"))
            raise InvalidOption(f"--references all goes with --format {formats}, not {form}", "--references", "--format")
        lengths = [("--summary", self.summary), ("--details", self.details), ("--quiet", self.quiet)]
        chosen = [option for option, is_given in lengths if is_given]
        if len(chosen) > 1:
            raise InvalidOption(f"{chosen[0]} and {chosen[1]} exclude each other", *chosen)
        for option in chosen:
            if form != "table":
                raise InvalidOption(f"{option} goes with --format table, not {form}", option, "--format")
        if FORMS[form].counts_all and self.filter:
            raise InvalidOption(f"--format {form} counts all verdicts: it does not go with {self.filter.words}", "--format")
        for option, given in (("--require-coverage", self.require_coverage), ("--requirements", requirements is not None)):
            if given and not self.choice.frameworks:
                raise InvalidOption(f"{option} goes with --framework", option)
        if requirements is None:
            return
        from perpend.reports.formats.requirements import FORMS as ENDINGS

        if out is not None and Path(out).resolve() == Path(requirements).resolve():
            raise InvalidOption("--out and --requirements name the same file", "--out", "--requirements")
        if not requirements.lower().endswith(ENDINGS):
            endings = " or ".join(ENDINGS)
            raise InvalidOption(f"--requirements {visible(requirements)}: the file's name ends in {endings}", "--requirements")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The exit code of a run, and the totals of its verdicts: None if nothing was evaluated.

    Exit code 0: nothing is incompliant or undetermined. 1: something is incompliant. 2: something cannot be used, or the run
    was not recorded. 3: nothing is incompliant, but something is undetermined. ``fail_on`` changes 1 and 3.
    """

    exit_code: int
    totals: Totals | None = None

    def unless(self, unusable: bool) -> RunOutcome:
        """Return this outcome, with exit code 2 if something was unusable."""
        return replace(self, exit_code=UNUSABLE) if unusable else self


def waivers_of(request: RunRequest) -> ActiveWaivers:
    """Read the waivers of a request. Raises UnusableEntries for a faulty file."""
    return ActiveWaivers.here(request.repository, request.waivers_dir, none=request.no_waivers)


def severities_of(request: RunRequest) -> ActiveSeverities:
    """Read the ratings of a request. Raises UnusableEntries for a faulty file, InvalidOption if ``fail_on`` needs ratings."""
    return ActiveSeverities.here(
        request.repository,
        request.ratings_dir,
        defaults=request.default_ratings,
        fail_on=request.fail_on,
        unrated_passes=request.unrated_passes,
    )
