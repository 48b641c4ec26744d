"""The interface of a store for programs: ``perpend.open`` and ``perpend.scan_aws`` return it, its methods return rows.

Each method does what a command of the same name does, by the same functions, and prints nothing.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn, warnings_to
from perpend.core.errors import InvalidOption, PerpendError, PerpendWarning, about
from perpend.core.objects.account import Account
from perpend.findings.filters import OF_FINDINGS, ORDERS, WAIVED, Filter
from perpend.findings.history.account_names import named_accounts
from perpend.findings.history.configuration import not_in_use, other_configuration
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.open_store import is_address
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import Repository, open_repository
from perpend.runs.store_reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.collectors.protocol import CollectOptions
    from perpend.collectors.runs.collection import CollectionResult
    from perpend.findings.history.storage import HistoryStorage


@dataclass(frozen=True, slots=True)
class OpenStore(StoreReader):
    """A store with the findings of its runs, as ``open`` and ``scan_aws`` return it.

    ``Store`` is the name of the class of snapshots, which stays, so that programs of earlier versions go on.

    Each method returns a list of rows, a new one at each call: ``pandas.DataFrame(store.findings())`` is a table. The values
    of a row are texts, numbers, true or false, times with the time zone UTC, or None for what is not known or does not apply.
    Ids of objects and types are API names. Numbers are counts; no value has another unit. A row has the columns of the
    command's output, under the same names; columns may be added, and are never renamed.

    Nothing is kept open, so threads may share it. Each call reads the store, the waivers and the ratings again. Text for the
    user is not printed: it is a PerpendWarning, or the text of the PerpendError that is raised.
    """

    place: str
    repository: Repository
    waivers: str | None = None
    no_waivers: bool = False
    ratings: str | None = None
    default_ratings: bool = True
    account_names: Mapping[str, str] | None = None

    def findings(self, *, waived: str = WAIVED[0], order: str = ORDERS[0], **filters: object) -> list[dict[str, Any]]:
        """Return the findings of the history, by default the open ones: the rows of ``perpend findings --format json``.

        Keywords filter: ``policy``, ``framework``, ``type``, ``account``, ``region``, ``object``, ``search``, ``tag``
        (``KEY=VALUE``), ``tag_unknown`` (``yes``), ``life``, ``severity``, ``since``. A value is a text or several; any of
        several is enough, and all keywords must hold. ``since`` is a date, a time with a time zone, or their text in ISO 8601.
        ``waived`` is ``all``, ``yes`` or ``no``; ``order`` is ``severity``, ``age`` or ``priority``.

        A finding of which the last run could not decide has the life ``unconfirmed`` or ``unknown``, never ``resolved``.
        ``open_since`` is None if it never was known to fail, ``ended_at`` while it is open, ``waiver`` if nobody waives it.
        If no policy is rated, there are no columns of severity and priority. The filter ``tag`` leaves out objects of which
        no tags are known, with a warning; ``tag_unknown`` adds them. Raises InvalidOption for an unknown keyword or value,
        PerpendError for a name that the history does not have, and if there is no history.
        """
        from perpend.findings.finding_filter import unknown_tags_text, unused_text
        from perpend.findings.list_findings import listed_findings

        with _warned():
            history, filter = open_history(self.place), Filter.of_arguments(OF_FINDINGS, filters)
            with listed_findings(
                history,
                self.repository,
                filter,
                self._active_waivers(),
                self._active_severities(),
                accounts=self._accounts(history),
                waived=waived,
                order=order,
            ) as listed:
                if listed.unknown_tags:
                    warn(unknown_tags_text(listed.unknown_tags, listed=listed.lists_unknown_tags))
                if listed.unused:
                    warn(unused_text(listed.unused))
                columns = listed.findings.columns
                return [_plain({column: row[column] for column in columns}) for row in listed.rows()]

    def diff(self, before: str | int | None = None, after: str | int | None = None) -> list[dict[str, Any]]:
        """Return the findings that differ between two runs, by default the last two: those of ``perpend diff --format json``.

        A run is a number, ``last``, or the beginning of a snapshot's id. ``after`` is the newest run if only ``before`` is
        given. ``what`` is the event (``opened``, ``reopened``, ``became_unknown``, ``reconfirmed``, ``changed``,
        ``resolved``, ``resource_deleted``, ``policy_removed``), ``cause`` its cause, ``before`` and ``after`` are statuses:
        None if there was no verdict. Raises InvalidOption for runs that cannot be compared, PerpendError for one that does
        not exist.
        """
        from perpend.findings.run_diff import run_difference

        if before is None and after is not None:
            raise InvalidOption("diff needs a run before the one named")
        runs = [str(run) for run in (before, after) if run is not None]
        with _warned():
            history = open_history(self.place)
            difference = run_difference(history, runs, self._active_waivers(), self._active_severities())
            return [_plain(row) for row in difference.rows]

    def compliance(
        self, framework: str | Sequence[str] = (), *, account: str | Sequence[str] = (), inherited: bool = False
    ) -> list[dict[str, Any]]:
        """Return the requirements of frameworks, of all by default: the rows of ``perpend compliance --format csv``.

        ``account`` counts the verdicts of accounts, by number. ``inherited`` also counts policies that reach a requirement
        through rules or similar sections. The columns by status are numbers of verdicts. ``standing`` is ``met`` only if
        something was judged and all of it is known to be compliant; ``policies`` are the ids of the evaluated policies with a
        space between them, ``notAsked`` the others with the reason. Raises UnknownName for a framework that the repository
        does not have.
        """
        from perpend.findings.history.compliance import scorecards_from_history
        from perpend.reports.formats.requirements import requirement_rows

        with _warned():
            history, waivers = open_history(self.place), self._active_waivers()
            cards = scorecards_from_history(
                history,
                self.repository,
                _several(framework),
                _several(account),
                waivers.answered_in_history,
                inherited=inherited,
            )
            return list(requirement_rows(cards))

    def remediate(
        self, *names: str, run: str | None = None, max_age: timedelta | None = None, with_waived: bool = False
    ) -> list[dict[str, Any]]:
        """Return a plan for each object that policies find incompliant: those of ``perpend remediate --format json``, flat.

        ``names`` are ids of policies, folders, or ids of findings. The snapshot is evaluated again: ``run`` is its id, None
        for the current one; facts older than ``max_age`` are unknown. ``commands`` are lines of a POSIX shell, with the
        checks before them and the commands that undo them as comments; None if a name is not known, which ``notKnown``
        explains. ``guide`` is the remediation in words. Perpend runs no command. Waived objects have no row unless a finding
        names them, or ``with_waived`` is true. Objects that are undetermined have no row;
        their number is a warning. Raises UnknownName for a name that means nothing.
        """
        from perpend.findings.plan_remediation import planned_remediation
        from perpend.reports.formats.remediation import remediation_row
        from perpend.runs.warnings import warn_unusable_policies

        if not names:
            raise InvalidOption("remediate needs the name of a policy or a finding")
        analyzer = Analyzer(self.repository)
        with _warned():
            waivers = None if with_waived else self._active_waivers()
            with planned_remediation(analyzer, names, self.place, run=run, max_age=max_age, waivers=waivers) as plan:
                warn_unusable_policies(self.repository, plan.evaluation.selection)
                rows: list[dict[str, Any]] = [remediation_row(one) for one in plan.remediation_plans()]
                summary = plan.summary()
            for line in (*summary.warnings, *(() if summary.is_complete else (summary.text,))):
                warn(line)
        return rows

    def _accounts(self, history: HistoryStorage) -> dict[str, Account]:
        named = {number: Account(name) for number, name in (self.account_names or {}).items()}
        return named_accounts(history, history.head(), named, self.repository.declared_type)

    def _active_waivers(self) -> ActiveWaivers:
        return ActiveWaivers.here(self.repository, self.waivers, none=self.no_waivers)

    def _active_severities(self) -> ActiveSeverities:
        return ActiveSeverities.here(self.repository, self.ratings, defaults=self.default_ratings)


def open(
    store: str | Path,
    *,
    repository: Repository | str | Path | None = None,
    waivers: str | Path | None = None,
    no_waivers: bool = False,
    ratings: str | Path | None = None,
    default_ratings: bool = True,
    account_names: Mapping[str, str] | None = None,
) -> OpenStore:
    """Open a store: a directory, or for ``remediate`` alone an address such as ``s3://bucket/prefix``.

    ``repository`` has the policies: a directory, or what ``open_repository`` returns; None for the library. No configuration
    file is read. ``waivers`` and ``ratings`` are directories, None for those of the repository; ``no_waivers`` ignores all
    waivers, and without ``default_ratings`` policies that nobody rates are not rated. ``account_names`` are names by account
    number, which the filter ``account`` knows beside those that the store has. If none of these are named, a PerpendWarning
    names the configuration of the last run.

    Raises PerpendError if there is no such directory, NotARepository.
    """
    place = str(store)
    if not is_address(place) and (wrong := why_not_a_directory(place)):
        raise about(place, PerpendError(f"{visible(place)}: {wrong}"))
    if not (waivers or ratings or account_names or no_waivers) and (missing := other_configuration(place)):
        with _warned():
            warn(not_in_use(missing, "name waivers, ratings and account_names"))
    return OpenStore(
        place,
        repository if isinstance(repository, Repository) else open_repository(repository),
        str(waivers) if waivers is not None else None,
        no_waivers,
        str(ratings) if ratings is not None else None,
        default_ratings,
        account_names,
    )


def scan_aws(
    store: str | Path | None = None,
    *,
    profiles: str | Sequence[str] = (),
    regions: str | Sequence[str] = (),
    policies: str | Sequence[str] = (),
    frameworks: str | Sequence[str] = (),
    types: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    org: bool = False,
    role_name: str | None = None,
    external_id: str | None = None,
    accounts: str | Sequence[str] = (),
    closed_regions: str | Sequence[str] = (),
    concurrency: int = 16,
    endpoint_url: str | None = None,
    resume: bool = False,
    max_age: timedelta | None = None,
    repository: Repository | str | Path | None = None,
    waivers: str | Path | None = None,
    no_waivers: bool = False,
    ratings: str | Path | None = None,
    default_ratings: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> OpenStore:
    """Collect AWS accounts, evaluate policies on them, and record the run in the history of a store: ``perpend scan aws``.

    ``store`` is a directory, which is made; None for ``.perpend/store`` here. ``profiles`` are those of the AWS
    configuration; credentials are found as the AWS CLI finds them, and stay in memory. ``regions``, ``policies``,
    ``accounts`` and ``closed_regions`` may be globs; empty means all. The other keywords are the options of the command, with
    its defaults. ``repository``, ``waivers`` and ``ratings`` are those of ``open``. ``progress`` is called with the numbers
    of listings that ended and that are known so far.

    A call that AWS denies or fails makes what it serves unknown, never absent or compliant; a PerpendWarning says so. Raises
    PerpendError if nothing can be collected, if options exclude each other, or if the run cannot be recorded.
    """
    from perpend.collectors.registry import commands_of
    from perpend.collectors.runs.silent_progress import SilentProgress
    from perpend.evaluation.verdicts.policy_choice import PolicyChoice
    from perpend.inventory.snapshots.default_store import default_store
    from perpend.runs.request import RunRequest
    from perpend.runs.scan import planned_scan, policy_filter, scan

    if store is not None and is_address(str(store)):
        raise PerpendError(f"{visible(str(store))}: a scan needs a directory: other stores have no history")
    options_of: Callable[..., CollectOptions] = commands_of("aws").options_class
    options = options_of(
        profiles=_several(profiles),
        org=org,
        role_name=role_name,
        external_id=external_id,
        wanted_accounts=_several(accounts),
        regions=_several(regions),
        closed_regions=_several(closed_regions),
        policies=_several(policies),
        frameworks=_several(frameworks),
        types=_several(types),
        concurrency=concurrency,
        endpoint_url=endpoint_url,
        resume=resume,
    )
    opened = repository if isinstance(repository, Repository) else open_repository(repository)
    request = RunRequest(
        repository=opened,
        choice=PolicyChoice(exclude=_several(exclude)),
        max_age=max_age,
        waivers_dir=str(waivers) if waivers is not None else None,
        no_waivers=no_waivers,
        ratings_dir=str(ratings) if ratings is not None else None,
        default_ratings=default_ratings,
        reported=False,
    )
    with _warned():
        chosen = policy_filter(planned_scan(request, options, "aws"), options, request.choice.exclude)
        place = str(store) if store is not None else default_store()
        _warn_incomplete(scan(chosen, request, options, place, SilentProgress(progress)).collected)
    return open(
        place,
        repository=opened,
        waivers=waivers,
        no_waivers=no_waivers,
        ratings=ratings,
        default_ratings=default_ratings,
    )


def _warn_incomplete(collected: CollectionResult) -> None:
    for warning in collected.counts.warnings:
        warn(visible(warning))
    if unread := collected.completeness.unread:
        warn(f"{counted(len(unread), 'call')} failed, what they serve is unknown: {visible(str(unread[0]))}")
    if closed := collected.completeness.closed:
        warn(f"{counted(len(closed), 'region')} with known objects cannot be read any more: {visible(closed[0].region)}")


@contextmanager
def _warned() -> Iterator[None]:
    """Turn the warnings of the block into Python's, for the line that called the function around it."""
    heard: list[str] = []
    try:
        with warnings_to(heard.append):
            yield
    finally:
        for text in heard:
            warnings.warn(text, PerpendWarning, stacklevel=4)


def _several(values: str | Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its times in UTC."""
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}
