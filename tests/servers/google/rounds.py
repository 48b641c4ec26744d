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

_NESTED = "rows inside an asset that a function finds cannot be planted from their fields yet"
_JOIN = "a field of a join that holds the bindings of all members cannot be planted yet"
_META = "metadata of instances and projects cannot be planted together yet"
_PATH = "the answer of a direct call as a whole cannot be planted yet"
_DIR = "people of the directory cannot be planted yet"
_ORG = "the organization itself cannot be planted with another setting yet"
_VALUE = "a list that a transform reorders cannot be planted yet"
_SRC = "no listing serves the field yet"

UNHELD: Mapping[str, str] = {
    "/ce/ca/google/api-keys/only-active-services": _VALUE,
    "/ce/ca/google/bigquery/table-customer-key": _PATH,
    "/ce/ca/google/compute/exposed-ports": _NESTED,
    "/ce/ca/google/compute/no-default-service-account": _NESTED,
    "/ce/ca/google/compute/no-full-access": _NESTED,
    "/ce/ca/google/compute/no-project-keys": _META,
    "/ce/ca/google/compute/no-public-address": _NESTED,
    "/ce/ca/google/compute/no-serial-port": _META,
    "/ce/ca/google/compute/os-login": _META,
    "/ce/ca/google/compute/os-login-2fa": _META,
    "/ce/ca/google/directory/super-admin-no-cloud-roles": _DIR,
    "/ce/ca/google/directory/two-step": _DIR,
    "/ce/ca/google/dns/query-logging": _SRC,
    "/ce/ca/google/gke/no-default-service-account": _NESTED,
    "/ce/ca/google/iam/no-public-bindings": _NESTED,
    "/ce/ca/google/iam/separate-service-account-duties": _JOIN,
    "/ce/ca/google/kms/separate-duties": _JOIN,
    "/ce/ca/google/logging/alert-audit-configuration": _NESTED,
    "/ce/ca/google/logging/alert-bucket-permissions": _NESTED,
    "/ce/ca/google/logging/alert-custom-roles": _NESTED,
    "/ce/ca/google/logging/alert-firewall-rules": _NESTED,
    "/ce/ca/google/logging/alert-networks": _NESTED,
    "/ce/ca/google/logging/alert-project-ownership": _NESTED,
    "/ce/ca/google/logging/alert-routes": _NESTED,
    "/ce/ca/google/logging/alert-sql-configuration": _NESTED,
    "/ce/ca/google/logging/bucket-lock": _VALUE,
    "/ce/ca/google/logging/sink-for-everything": _JOIN,
    "/ce/ca/google/organization/access-approval": _PATH,
    "/ce/ca/google/organization/asset-inventory": _VALUE,
    "/ce/ca/google/organization/contacts": _ORG,
    "/ce/ca/google/organization/policies": _ORG,
}
"""The policies whose fault is not planted, each with the reason."""

CHOSEN: Mapping[str, tuple[str, str]] = {}
"""The test objects that are planted and that mend, for policies whose first ones an API cannot answer or read too few calls."""

DECIDED: Mapping[tuple[str, str], str] = {
    ("/ce/ca/google/load-balancing/ssl-policy", "cai.compute.googleapis.com/SslPolicy"): (
        "a proxy without a policy is a fault; the policy is read if it names one"
    ),
}
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
        held = tuple(one for one in open_repository().policy_ids if one.startswith(LIBRARY) and one not in UNHELD)
        programs = programs_of(LIBRARY, tuple(chosen) or held)
        accounts = {one.policy_id: google.project(f"planted-{number:03}") for number, one in enumerate(programs, 1)}
        super().__init__(programs, lambda: Planter(google, TABLES, open_repository()), google.remove, accounts)

    def clear(self, policy: str) -> None:
        """Remove the objects of a policy, and the IAM policies of its project and of the organization."""
        super().clear(policy)
        for node in (self.accounts[policy], ORGANIZATION):
            self.google.assets[f"//{RESOURCES}/{self.google.owner(node)}"].asset.pop("iamPolicy", None)
