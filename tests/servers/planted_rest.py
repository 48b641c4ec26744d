"""The planted estate of a cloud over REST: for each policy a fault and its remedy, both from its test data.

A cloud says where a policy's objects are planted, and brings its double, its tables and its planter.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from perpend.collectors import rate_limit
from perpend.collectors.rest import transport
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from perpend.language.syntax.repository import open_repository
from tests.servers.aws import Verdicts
from tests.servers.azure.planting import Unplantable, fixtures
from tests.servers.planted.rounds import command

FAULT, MENDED = "INCOMPLIANT", "COMPLIANT"


class Planter(Protocol):
    """Plants one object and all that its fields need. ``made`` are the keys of all that it planted."""

    made: list[str]

    def plant(self, type_name: str, fields: Mapping[str, Any], account: str, name: str, /) -> str:
        """Plant a test object in an account, and return its Id. Raises Unplantable."""
        ...


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
def quick() -> Iterator[None]:
    """Let time pass only if somebody waits."""
    clock = Clocks()
    with mock.patch.object(rate_limit, "time", clock), mock.patch.object(transport, "time", clock):
        yield


@cache
def programs_of(library: str, chosen: tuple[str, ...] = ()) -> tuple[Program, ...]:
    """Return the chosen policies, all below a folder of the library without a choice."""
    wanted = chosen or tuple(one for one in open_repository().policy_ids if one.startswith(library))
    return tuple(select_policies(Analyzer(open_repository()), wanted).programs) if wanted else ()


def evaluate(store: Path, *options: Any) -> Verdicts:
    """Return the verdicts on a store by policy and object; no history is made of them."""
    ended = command("check", "--store", store, "--no-history", "--format", "json", *options)
    assert ended.out and ended.code in (0, 1, 3), f"code {ended.code}: {ended.err}"
    return {(one["policyId"], one["object"]["id"]): one for one in json.loads(ended.out)["verdicts"]}


class RestRounds:
    """The estate. ``planted`` are the Ids of things by policy; ``unplanted`` says why there is none."""

    library = ""
    """The folder of the cloud's policies."""

    chosen: Mapping[str, tuple[str, str]] = {}
    """The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few
    calls."""

    def __init__(
        self,
        programs: Sequence[Program],
        planter: Callable[[], Planter],
        remove: Callable[[str], object],
        accounts: Mapping[str, str],
    ) -> None:
        self.programs = programs
        self.planted: dict[str, str] = {}
        self.unplanted: dict[str, str] = {}
        self.accounts = accounts
        self._planter = planter
        self._remove = remove
        self._made: dict[str, list[str]] = {}

    @property
    def options(self) -> list[str]:
        """The options of commands that select the policies."""
        return [word for program in self.programs for word in ("--policy", program.policy_id)]

    def plant(self) -> None:
        """Plant a fault for each policy."""
        self._turn(FAULT, 0)

    def mend(self) -> None:
        """Put a thing without the fault in the place of each faulty one."""
        self._turn(MENDED, 1)

    def clear(self, policy: str) -> None:
        """Remove the objects that were planted for a policy."""
        for key in self._made.pop(policy, ()):
            self._remove(key)

    def _turn(self, status: str, number: int) -> None:
        for program in self.programs:
            policy = program.policy_id
            self.clear(policy)
            try:
                self.planted[policy] = self._plant(program, status, number)
            except Unplantable as error:
                self.unplanted[policy] = f"{status}: {error}"

    def _plant(self, program: Program, status: str, number: int) -> str:
        """Plant the first test object with a status that an API can answer. Raises Unplantable with the last reason."""
        policy, why = program.policy_id, Unplantable(f"no test object is {status}")
        wanted = self.chosen[policy][number] if policy in self.chosen else ""
        for key, expected, fields in fixtures(open_repository(), policy):
            if expected != status or (wanted and key != wanted):
                continue
            planter = self._planter()
            self._made[policy] = planter.made
            try:
                name = policy.removeprefix(self.library).replace("/", "-")
                return planter.plant(program.input_type, fields, self.accounts[policy], name)
            except Unplantable as error:
                why = error
                for made in planter.made:
                    self._remove(made)
        raise why

    def statuses(self, verdicts: Verdicts) -> dict[str, str]:
        """Return by policy the status of its thing."""
        return {
            policy: (verdicts.get((policy, thing)) or {"status": "not there"})["status"]
            for policy, thing in self.planted.items()
        }
