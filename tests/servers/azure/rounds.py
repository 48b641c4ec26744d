"""The planted estate of Azure: for each policy a fault, and what mends it, both from its test data; collected and judged.

A policy over a subscription has a subscription of its own. All others share the first one.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from perpend.collectors import rate_limit
from perpend.collectors.azure.api import DESCENDANTS, SUBSCRIPTIONS
from perpend.collectors.azure.cloud import CLOUD, TABLES
from perpend.collectors.rest import transport
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import Run
from tests.servers.aws import Verdicts
from tests.servers.azure.double import IDENTITY, IDENTITY_HEADER, Azure, routes_of, subscription_id
from tests.servers.azure.planting import Planter, Unplantable, fixtures, plant_roles
from tests.servers.planted.rounds import command
from tests.servers.rest import serving

LIBRARY = "/ce/ca/azure/"
FAULT, MENDED = "INCOMPLIANT", "COMPLIANT"

UNHELD: Mapping[str, str] = {
    "/ce/ca/azure/postgresql/double-encryption": "only single servers can have the fault, and none is listed any more",
}
"""The policies for which no list shows a fault, each with the reason."""

CHOSEN: Mapping[str, tuple[str, str]] = {
    "/ce/ca/azure/iam/custom-lock-role": ("nobody-has-it", "all-actions-on-locks"),
}
"""The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few calls."""

DECIDED: Mapping[tuple[str, str], str] = {
    ("/ce/ca/azure/defender/iot-hub", "arm.providers"): "a solution that is off is a fault; the call is read if there is none",
}
"""The policies and calls that cannot change a fault, each with the reason."""


@cache
def programs(chosen: tuple[str, ...] = ()) -> tuple[Program, ...]:
    """Return the chosen policies of the library over Azure, all without a choice."""
    wanted = chosen or tuple(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
    return tuple(select_policies(Analyzer(open_repository()), wanted).programs) if wanted else ()


@cache
def calls_of(policy_id: str) -> tuple[str, ...]:
    """Return the names of the calls that a policy reads, without that which shows the subscription itself."""
    plan = CLOUD.plan(fields_by_type([one for one in programs() if one.policy_id == policy_id]))
    proofs = {proof for call in plan.calls for proof in call.proofs}
    needed = {*plan.listings, *(detail for request in plan.requests for detail in request.details)} - {"arm.subscription"}
    return tuple(call.name for call in plan.calls if call.name in needed or call.name not in {*proofs, "arm.subscription"})


class Clocks(threading.local):
    """The time of each thread, which passes only if that thread waits: no call is late because another one waits."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the seconds that the thread has waited."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass for the thread."""
        self.now += seconds


@contextmanager
def identity(azure: Azure) -> Iterator[None]:
    """Be on a machine whose managed identity the double gives tokens to, and where time passes only if somebody waits."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    own = {"IDENTITY_ENDPOINT": f"{azure.url}/{IDENTITY}/token", "IDENTITY_HEADER": IDENTITY_HEADER}
    clock = Clocks()
    with (
        mock.patch.dict(os.environ, {**known, **own}, clear=True),
        mock.patch.object(rate_limit, "time", clock),
        mock.patch.object(transport, "time", clock),
    ):
        yield


@contextmanager
def estate() -> Iterator[Azure]:
    """Yield a double that knows the calls of the tables, on a machine with an identity."""
    with serving(Azure(routes_of([*TABLES.all_calls, SUBSCRIPTIONS, DESCENDANTS]))) as azure, identity(azure):
        yield azure


def collect(azure: Azure, store: Path, *options: Any) -> Run:
    """Collect by command."""
    return command("collect", "azure", "--no-config", "--store", store, "--endpoint-url", azure.url, *options)


def evaluate(store: Path, *options: Any) -> Verdicts:
    """Return the verdicts on a store by policy and object; no history is made of them."""
    ended = command("check", "--store", store, "--no-history", "--format", "json", *options)
    assert ended.out and ended.code in (0, 1, 3), f"code {ended.code}: {ended.err}"
    return {(one["policyId"], one["object"]["id"]): one for one in json.loads(ended.out)["verdicts"]}


class Rounds:
    """The estate. ``planted`` are the Ids of things by policy; ``unplanted`` says why there is none."""

    def __init__(self, azure: Azure, chosen: Iterable[str] = ()) -> None:
        self.azure = azure
        self.programs = programs(tuple(chosen))
        self.planted: dict[str, str] = {}
        self.unplanted: dict[str, str] = {}
        self._made: dict[str, list[str]] = {}
        self.subscriptions: dict[str, str] = {}
        own = 1
        azure.subscribe(subscription_id(1))
        for program in self.programs:
            if program.input_type in TABLES.cloud.account_types:
                own += 1
                azure.subscribe(subscription_id(own))
            is_own = program.input_type in TABLES.cloud.account_types
            self.subscriptions[program.policy_id] = subscription_id(own if is_own else 1)
        for account in azure.subscriptions:
            plant_roles(azure, account)

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
            policy = program.policy_id
            for key in self._made.pop(policy, ()):
                self.azure.remove(key)
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
            planter = Planter(self.azure, TABLES, open_repository())
            self._made[policy] = planter.made
            try:
                name = policy.removeprefix(LIBRARY).replace("/", "-")
                return planter.plant(program.input_type, fields, self.subscriptions[policy], name)
            except Unplantable as error:
                why = error
                for made in planter.made:
                    self.azure.remove(made)
        raise why

    def statuses(self, verdicts: Verdicts) -> dict[str, str]:
        """Return what policies say of their things."""
        return {
            policy: (verdicts.get((policy, thing)) or {"status": "not there"})["status"]
            for policy, thing in self.planted.items()
        }
