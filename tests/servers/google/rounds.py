"""The planted estate of Google Cloud: for each policy a fault, and what mends it, both from its test data; collected and judged.

Each policy has a project of its own below one organization: the inventory lists all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from perpend.collectors import rate_limit
from perpend.collectors.google.cloud import CLOUD, TABLES
from perpend.collectors.rest import transport
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import Run
from tests.servers.aws import Verdicts
from tests.servers.azure.planting import Unplantable, fixtures
from tests.servers.azure.rounds import Clocks
from tests.servers.google import credentials
from tests.servers.google.double import ORGANIZATION, RESOURCES, Google
from tests.servers.google.planting import Planter
from tests.servers.planted.rounds import command
from tests.servers.rest import serving

LIBRARY = "/ce/ca/google/"
FAULT, MENDED = "INCOMPLIANT", "COMPLIANT"
PROJECTS = f"cai.{RESOURCES}/Project"
"""The listing that shows which accounts there are: without it nothing is collected."""

UNHELD: Mapping[str, str] = {}
"""The policies for which no list shows a fault, each with the reason."""

CHOSEN: Mapping[str, tuple[str, str]] = {}
"""The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few calls."""

DECIDED: Mapping[tuple[str, str], str] = {}
"""The policies and calls that cannot change a fault, each with the reason."""


@cache
def programs(chosen: tuple[str, ...] = ()) -> tuple[Program, ...]:
    """Return the chosen policies of the library over Google Cloud, all without a choice."""
    wanted = chosen or tuple(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
    return tuple(select_policies(Analyzer(open_repository()), wanted).programs) if wanted else ()


@cache
def calls_of(policy_id: str) -> tuple[str, ...]:
    """Return the names of the calls that a policy reads, without those that show accounts, which are part of each collection."""
    program = next(one for one in programs() if one.policy_id == policy_id)
    plan = CLOUD.plan(fields_by_type([program]))
    listed = TABLES.types[program.input_type].listed if program.input_type in TABLES.types else ""
    accounts = {PROJECTS, *({row.listed for row in TABLES.account_rows} - {listed})}
    return tuple(call.name for call in plan.calls if call.name not in accounts)


@contextmanager
def estate(folder: Path) -> Iterator[Google]:
    """Yield a double with an organization, a service account's credentials, and time that passes only if somebody waits."""
    clock = Clocks()
    with serving(Google()) as google:
        google.organization()
        google.project("tooling-1")
        google.home = "tooling-1"
        path = credentials.service_account(google, folder)
        clocks = mock.patch.object(rate_limit, "time", clock), mock.patch.object(transport, "time", clock)
        with credentials.signed_in(path), clocks[0], clocks[1]:
            yield google


def collect(google: Google, store: Path, *options: Any, parent: tuple[str, ...] = ("--organization", "1001")) -> Run:
    """Collect by command."""
    return command("collect", "google", "--no-config", "--store", store, "--endpoint-url", google.url, *parent, *options)


class Rounds:
    """The estate. ``planted`` are the Ids of things by policy; ``unplanted`` says why there is none."""

    def __init__(self, google: Google, chosen: Iterable[str] = ()) -> None:
        self.google = google
        self.programs = programs(tuple(chosen))
        self.planted: dict[str, str] = {}
        self.unplanted: dict[str, str] = {}
        self._made: dict[str, list[str]] = {}
        self.projects = {
            program.policy_id: google.project(f"planted-{number:03}") for number, program in enumerate(self.programs, 1)
        }

    @property
    def options(self) -> list[str]:
        """The options of commands that select the policies."""
        return [word for program in self.programs for word in ("--policy", program.policy_id)]

    def plant(self) -> None:
        """Plant a fault for each policy."""
        self._turn(FAULT, 0)

    def mend(self) -> None:
        """Put what is right in the place of each fault."""
        self._turn(MENDED, 1)

    def _turn(self, status: str, number: int) -> None:
        for program in self.programs:
            policy, project = program.policy_id, self.projects[program.policy_id]
            for key in self._made.pop(policy, ()):
                self.google.remove(key)
            for node in (project, ORGANIZATION):
                self.google.assets[f"//{RESOURCES}/{self.google.owner(node)}"].asset.pop("iamPolicy", None)
            try:
                self.planted[policy] = self._plant(program, status, number)
            except Unplantable as error:
                self.unplanted[policy] = f"{status}: {error}"

    def _plant(self, program: Program, status: str, number: int) -> str:
        """Plant the first test object with a status that an API can answer. Raises Unplantable with the last reason."""
        policy, why = program.policy_id, Unplantable(f"no test object is {status}")
        wanted = CHOSEN[policy][number] if policy in CHOSEN else ""
        for key, expected, fields in fixtures(open_repository(), policy):
            if expected != status or (wanted and key != wanted):
                continue
            planter = Planter(self.google, TABLES, open_repository())
            self._made[policy] = planter.made
            try:
                name = policy.removeprefix(LIBRARY).replace("/", "-")
                return planter.plant(program.input_type, fields, self.projects[policy], name)
            except Unplantable as error:
                why = error
                for made in planter.made:
                    self.google.remove(made)
        raise why

    def statuses(self, verdicts: Verdicts) -> dict[str, str]:
        """Return what policies say of their things."""
        return {
            policy: (verdicts.get((policy, thing)) or {"status": "not there"})["status"]
            for policy, thing in self.planted.items()
        }
