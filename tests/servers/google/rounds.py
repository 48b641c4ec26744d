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
from tests.servers.planted.rounds import command
from tests.servers.planted_rest import RestRounds, programs_of, quick
from tests.servers.rest import serving

LIBRARY = "/ce/ca/google/"
PROJECTS = f"cai.{RESOURCES}/Project"
"""The listing that shows which accounts there are: without it nothing is collected."""

UNHELD: Mapping[str, str] = {}
"""The policies for which no list shows a fault, each with the reason."""

CHOSEN: Mapping[str, tuple[str, str]] = {}
"""The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few calls."""

DECIDED: Mapping[tuple[str, str], str] = {}
"""The policies and calls that cannot change a fault, each with the reason."""


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


def collect(google: Google, store: Path, *options: Any, parent: tuple[str, ...] = ("--organization", "1001")) -> Run:
    """Collect by command."""
    return command("collect", "google", "--no-config", "--store", store, "--endpoint-url", google.url, *parent, *options)


class Rounds(RestRounds):
    """The estate. Each policy has a project of its own."""

    library = LIBRARY
    chosen = CHOSEN

    def __init__(self, google: Google, chosen: Iterable[str] = ()) -> None:
        self.google = google
        programs = programs_of(LIBRARY, tuple(chosen))
        accounts = {one.policy_id: google.project(f"planted-{number:03}") for number, one in enumerate(programs, 1)}
        super().__init__(programs, lambda: Planter(google, TABLES, open_repository()), google.remove, accounts)

    def clear(self, policy: str) -> None:
        """Remove the objects of a policy, and the IAM policies of its project and of the organization."""
        super().clear(policy)
        for node in (self.accounts[policy], ORGANIZATION):
            self.google.assets[f"//{RESOURCES}/{self.google.owner(node)}"].asset.pop("iamPolicy", None)
