"""The planted estate of Google Cloud: for each policy a fault and its remedy, both from its test data; collected and judged.

Each policy has a project of its own below one organization: the inventory lists all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from perpend.collectors.google.cloud import CLOUD, TABLES
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import Run
from tests.servers.google import credentials
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.planting import Planter
from tests.servers.google.samples import SAMPLES
from tests.servers.planted.rounds import command
from tests.servers.planted_rest import RestRounds, programs_of, quick
from tests.servers.rest import serving

LIBRARY = "/ce/ca/google/"
PROJECTS = f"cai.{RESOURCES}/Project"
"""The listing that shows which accounts there are: without it nothing is collected."""

CHOSEN: Mapping[str, tuple[str, str]] = {
    "/ce/ca/google/compute/no-serial-port": ("project-on-TRUE", "project-off-false"),
    "/ce/ca/google/compute/os-login": ("instance-off-FALSE", "instance-on-TRUE"),
    "/ce/ca/google/compute/os-login-2fa": ("instance-off-FALSE", "instance-on-TRUE"),
    "/ce/ca/google/load-balancing/ssl-policy": ("modern-1-0", "modern"),
}
"""The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few calls."""

DECIDED: Mapping[tuple[str, str], str] = {
    ("/ce/ca/google/compute/exposed-ports", "cai.compute.googleapis.com/FirewallPolicy"): (
        "a port that a firewall rule opens is a fault, whatever a firewall policy opens besides"
    ),
}
"""The policies and calls that cannot change a fault, each with the reason."""


WHOLE = ("--organization", ORGANIZATION.rpartition("/")[2], "--directory")
"""The options of a collection of everything."""


@cache
def calls_of(policy_id: str) -> tuple[str, ...]:
    """Return the names of the calls that a policy reads, without those that show accounts, which are part of each collection."""
    program = next(one for one in programs_of(LIBRARY) if one.policy_id == policy_id)
    plan = CLOUD.plan(fields_by_type([program]))
    listed = TABLES.types[program.input_type].listed if program.input_type in TABLES.types else ""
    accounts = {PROJECTS, *({row.listed for row in TABLES.account_rows} - {listed})}
    return tuple(call.name for call in plan.calls if call.name not in accounts)


@contextmanager
def estate(folder: Path) -> Iterator[Google]:
    """Yield a double with an organization, a service account's credentials, and time that passes only if somebody waits."""
    with serving(Google()) as google:
        google.organization()
        google.project("tooling-1")
        google.home = "tooling-1"
        path = credentials.service_account(google, folder)
        with credentials.signed_in(path), quick():
            yield google


def collect(google: Google, store: Path, *options: Any, parent: tuple[str, ...] = WHOLE) -> Run:
    """Collect by command."""
    return command("collect", "google", "--no-config", "--store", store, "--endpoint-url", google.url, *parent, *options)


class Rounds(RestRounds):
    """The estate. Each policy has a project of its own.

    There is the bucket that sinks of test objects name: a sink to a bucket that nobody collects leaves open which have sinks.
    The organization has a sink of its own.
    """

    library = LIBRARY
    chosen = CHOSEN

    def __init__(self, google: Google, chosen: Iterable[str] = ()) -> None:
        self.google = google
        google.plant("storage.googleapis.com/Bucket", google.home, SAMPLES["storage.googleapis.com/Bucket"], "logs")
        errors = {**SAMPLES["logging.googleapis.com/LogSink"], "name": "errors", "filter": "severity>=ERROR"}
        errors |= {"destination": "storage.googleapis.com/logs", "includeChildren": True}
        google.plant("logging.googleapis.com/LogSink", ORGANIZATION, errors, "errors")
        held = tuple(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
        programs = programs_of(LIBRARY, tuple(chosen) or held)
        accounts = {one.policy_id: google.project(f"planted-{number:03}") for number, one in enumerate(programs, 1)}
        super().__init__(programs, lambda: Planter(google, TABLES, open_repository()), google.remove, accounts)
