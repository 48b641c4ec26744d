"""Make the invented organisation's directory by the real path: collect, evaluate and record, run by run.

Only AWS is invented. A run takes the same way into the store and the history as one of ``perpend scan``.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.collectors.protocol import CollectOptions
from perpend.collectors.registry import load, simulate
from perpend.collectors.runs.collection import collect_accounts
from perpend.collectors.runs.request import request_for
from perpend.collectors.runs.silent_progress import SilentProgress
from perpend.core.clouds.aws import AWS
from perpend.core.commit import make_directory, put, remove_tree, temporary, write_whole
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.history.record import record_run
from perpend.findings.severity.active import ActiveSeverities
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import ROOT_MARK, open_repository
from perpend.reports.demo.defaults import DEFAULTS, type_name
from perpend.reports.demo.organisation import ACCOUNTS, DOMAIN, ORGANISATION
from perpend.reports.demo.story import RUNS, Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.collectors.simulated import SimulatedEstate
    from perpend.language.program.program import Program


class _Waiver(NamedTuple):
    """A waiver that ends some days after today, or before it if the number is negative."""

    id: str
    policy: str
    account: str
    kind: str
    days: int
    limit: int
    reason: str
    name: str = "*"


_AWS: Final = "/ce/ca/aws"
_WAIVERS: Final = (
    _Waiver(
        "media-is-public",
        f"{_AWS}/s3/bucket-*",
        "Web shop production",
        "compensating-control",
        9,
        10,
        "Product pictures are public. A content delivery network takes over, then the bucket closes.",
        "*-media",
    ),
    _Waiver(
        "staging-in-one-zone",
        f"{_AWS}/rds/instance-deletion-protection",
        "Payments staging",
        "accepted-risk",
        12,
        6,
        "The databases for tests are made again each night.",
    ),
    _Waiver(
        "warehouse-old-metadata",
        f"{_AWS}/ec2/instance-imdsv2",
        "Warehouse production",
        "planned-fix",
        -6,
        10,
        "The label printers' agent is to be replaced before the autumn sale.",
    ),
    _Waiver(
        "lake-detailed-monitoring",
        f"{_AWS}/ec2/instance-detailed-monitoring",
        "Data lake",
        "accepted-risk",
        160,
        10,
        "Batch jobs need no metrics by the minute.",
    ),
)


def configuration(excluded: Iterable[str]) -> str:
    """Return the text of ``perpend.toml``. ``excluded`` are the policies that read objects which the organisation does not
    have."""
    accounts = "".join(
        f'\n[accounts.{account.number}]\nname = "{account.name}"\nowner = "{account.owner}@{DOMAIN}"\n' for account in ACCOUNTS
    )
    policies = "".join(f'  "{policy}",\n' for policy in excluded)
    return (
        f"# {ORGANISATION} is invented. `perpend demo` made this directory; it may be deleted.\n"
        'store = "store"\n'
        'waivers = "waivers"\n'
        "# These policies also read what nobody has invented.\n"
        f"exclude = [\n{policies}]\n{accounts}"
    )


def waivers(today: datetime) -> str:
    """Return the text of a file of waivers."""
    numbers = {account.name: account.number for account in ACCOUNTS}
    owners = {account.name: account.owner for account in ACCOUNTS}
    entries = "".join(
        f"  - id: {waiver.id}\n"
        f'    policies: ["{waiver.policy}"]\n'
        "    scope:\n"
        f'      accounts: ["{numbers[waiver.account]}"]\n'
        f'      names: ["{waiver.name}"]\n'
        f"    kind: {waiver.kind}\n"
        f"    reason: {waiver.reason}\n"
        f"    owner: {owners[waiver.account]}@{DOMAIN}\n"
        f"    approvedBy: ciso@{DOMAIN}\n"
        f"    until: {today + timedelta(days=waiver.days):%Y-%m-%d}\n"
        f"    limit: {waiver.limit}\n"
        for waiver in _WAIVERS
    )
    return f"approvers: [ciso@{DOMAIN}]\nwaivers:\n{entries}"


MARK: Final = ".perpend-demo"
"""The file by which a directory is known as one that ``perpend demo`` has made."""

EXPLAINED: Final = ("security-group-unrestricted-inbound-common-ports", "picking")
"""The policy and the object of a finding that is worth an explanation."""

NEXT: Final = (
    ("perpend", "findings"),
    ("perpend", "report", "html", "--out", "report.html"),
    ("perpend", "explain", *EXPLAINED),
    ("perpend", "serve"),
)
"""The commands to try next, in the directory."""


class NotMade(PerpendError):
    """The directory cannot be made, or must not be replaced."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Counts of the directory that was made: accounts and objects of the last run, runs, and the times of the runs."""

    accounts: int
    objects: int
    times: tuple[datetime, ...]


def make_demo(
    directory: Path, today: datetime, *, force: bool = False, runs: int = RUNS, phase: Callable[[str], None] = lambda _: None
) -> Demo:
    """Make a directory with a store, waivers and a configuration file, all of it or nothing.

    The store holds the last ``runs`` runs up to ``today``. ``force`` replaces a directory that was made by this function.
    ``phase`` is called with the work that begins. Raises NotMade.
    """
    _require_free(directory, force=force)
    try:
        make_directory(directory.absolute().parent)
        with temporary(directory, directory=True) as part:
            phase("inventing the organisation")
            estates = [*Story(today).estates(RUNS - runs + 1)]
            excluded = _build_store(part / "store", estates, phase)
            phase("writing waivers and configuration")
            write_whole(make_directory(part / "waivers") / "waivers.yaml", waivers(today).encode())
            write_whole(part / "perpend.toml", configuration(excluded).encode())
            write_whole(part / MARK, b"")
            if force:
                remove_tree(directory)
            put(part, directory)
    except OSError as error:
        raise NotMade(f"{visible(str(directory))}: cannot be made: {(error.strerror or str(error)).lower()}") from None
    last = estates[-1]
    return Demo(
        len(last.accounts), sum(len(account.objects) for account in last.accounts), tuple(estate.at for estate in estates)
    )


def _require_free(directory: Path, *, force: bool) -> None:
    """Raise NotMade if the directory exists, unless it may be replaced, or if the commands there would read other policies."""
    shown = visible(str(directory))
    if directory.is_symlink() or directory.exists():
        if directory.is_symlink() or not (directory / MARK).is_file():
            raise NotMade(f"{shown}: exists, and `perpend demo` has not made it: name another directory")
        if not force:
            raise NotMade(f"{shown}: exists: --force replaces it")
    around = next((above for above in directory.absolute().parents if (above / ROOT_MARK).is_file()), None)
    if around is not None:
        raise NotMade(f"{shown}: is in the policy repository {visible(str(around))}: name a directory outside of it")


def _build_store(store_directory: Path, estates: Sequence[SimulatedEstate], phase: Callable[[str], None]) -> list[str]:
    """Make a store with a run for each estate. Return the policies that read more than the organisation has."""
    repository = open_repository()
    analyzer, store, cloud = Analyzer(repository), Store(store_directory), load(AWS.name)
    ratings = ActiveSeverities.here(repository, None).recorded
    programs, excluded = _covered(select_policies(analyzer).programs)
    for number, estate in enumerate(estates, 1):
        phase(f"run {number} of {len(estates)}, of {estate.at:%Y-%m-%d}: collecting, checking, recording")
        invented = partial(simulate, cloud.name, estate)
        request = request_for(cloud, invented, analyzer, lambda: programs, (), only_types=False)
        collected = collect_accounts(store, request, CollectOptions(), SilentProgress())
        with store.reading(collected.snapshot.id) as snapshot:
            selection = select_policies(analyzer, exclude=excluded, over=snapshot)
            with evaluate_snapshot(snapshot, selection) as evaluation:
                record_run(snapshot, evaluation, repository, ratings)
    return excluded


def _covered(programs: Sequence[Program]) -> tuple[tuple[Program, ...], list[str]]:
    """Return the programs that read only invented types, and the policies over invented types that read others, too."""
    types = {*map(type_name, DEFAULTS)}
    covered = tuple(program for program in programs if {*fields_by_type([program])} <= types)
    others = {program.policy_id for program in programs if program.input_type in types} - {one.policy_id for one in covered}
    return covered, sorted(others)
