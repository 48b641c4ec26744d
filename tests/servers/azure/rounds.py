"""The planted estate of Azure: for each policy a fault and its remedy, both from its test data; collected and judged.

A policy over a subscription has a subscription of its own. All others share the first one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from perpend.collectors.azure.api import DESCENDANTS, SUBSCRIPTIONS
from perpend.collectors.azure.cloud import CLOUD, TABLES
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import Run
from tests.servers.azure.double import IDENTITY, IDENTITY_HEADER, Azure, routes_of, subscription_id
from tests.servers.azure.planting import Planter, plant_roles
from tests.servers.planted.rounds import command
from tests.servers.planted_rest import RestRounds, programs_of, quick
from tests.servers.rest import serving

LIBRARY = "/ce/ca/azure/"
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
def calls_of(policy_id: str) -> tuple[str, ...]:
    """Return the names of the calls that a policy reads, without that which shows the subscription itself."""
    plan = CLOUD.plan(fields_by_type([one for one in programs_of(LIBRARY) if one.policy_id == policy_id]))
    proofs = {proof for call in plan.calls for proof in call.proofs}
    needed = {*plan.listings, *(detail for request in plan.requests for detail in request.details)} - {"arm.subscription"}
    return tuple(call.name for call in plan.calls if call.name in needed or call.name not in {*proofs, "arm.subscription"})


@contextmanager
def identity(azure: Azure) -> Iterator[None]:
    """Be on a machine whose managed identity the double gives tokens to, and where time passes only if somebody waits."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    own = {"IDENTITY_ENDPOINT": f"{azure.url}/{IDENTITY}/token", "IDENTITY_HEADER": IDENTITY_HEADER}
    with mock.patch.dict(os.environ, {**known, **own}, clear=True), quick():
        yield


@contextmanager
def estate() -> Iterator[Azure]:
    """Yield a double that knows the calls of the tables, on a machine with an identity."""
    with serving(Azure(routes_of([*TABLES.all_calls, SUBSCRIPTIONS, DESCENDANTS]))) as azure, identity(azure):
        yield azure


def collect(azure: Azure, store: Path, *options: Any) -> Run:
    """Collect by command."""
    return command("collect", "azure", "--no-config", "--store", store, "--endpoint-url", azure.url, *options)


class Rounds(RestRounds):
    """The estate. A policy over a subscription has one of its own, all others share the first."""

    library = LIBRARY
    chosen = CHOSEN

    def __init__(self, azure: Azure, chosen: Iterable[str] = ()) -> None:
        self.azure = azure
        programs = programs_of(LIBRARY, tuple(chosen))
        of_accounts = [one.policy_id for one in programs if one.input_type in TABLES.cloud.account_types]
        own = {policy: subscription_id(number) for number, policy in enumerate(of_accounts, 2)}
        first = subscription_id(1)
        accounts = {program.policy_id: own.get(program.policy_id, first) for program in programs}
        super().__init__(programs, lambda: Planter(azure, TABLES, open_repository()), azure.remove, accounts)
        for account in (first, *own.values()):
            azure.subscribe(account)
        for account in azure.subscriptions:
            plant_roles(azure, account)
