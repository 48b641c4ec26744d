"""A small store of three accounts that a server serves. Every object names its account, so that a leak is a text."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from perpend import Input, Store, import_inputs
from perpend.core.objects.claims import Claim
from perpend.findings.history.write.commit import commit_run
from perpend.language.syntax.repository import Repository, open_repository
from perpend.server.app import create_app
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.served_store import ServedStore
from perpend.server.settings import BearerToken, Limits, ServerSettings
from tests.histories import BEGIN, Inventory, Thing, program

ROOT = Path(__file__).parents[4]
ACCOUNTS = {"111111111111": 3, "222222222222": 7, "333333333333": 19, None: 2}
"""The number of objects by account: no two readers see the same totals."""

NAMES = {"111111111111": "First", "222222222222": "Second"}
POLICIES = ("/ce/ca/aws/iam/root-user-mfa", "/ce/ca/aws/s3/bucket-versioning", "/ce/own/policy")
TOKEN = "token-of-the-tests"  # noqa: S105
SETTINGS = ServerSettings(
    hosts=frozenset({"testserver", "127.0.0.1", "localhost"}),
    tokens=(BearerToken(TOKEN, ALL_ACCOUNTS),),
    trust_header="X-User",
    trust_from=(ip_network("127.0.0.1/32"),),
    scope_header="X-Accounts",
    limits=Limits(rate=1e6, burst=1_000_000),
)

_DAYS = ((199, 300, 101), (101, 199, 199), (199, 299, 300))
"""The codes of the policies by day."""


def things() -> list[Thing]:
    """Return the objects: one name, id and region for each account."""
    return [
        Thing(f"id-{account}-{number}", account, f"region-{account}", f"<b>{account}</b>-{number}")
        for account, many in ACCOUNTS.items()
        for number in range(many)
    ]


def codes_of(day: int) -> dict[Thing, list[int]]:
    """Return the verdicts of a day: of every fourth object, all policies are met."""
    codes = _DAYS[day % len(_DAYS)]
    return {thing: [300 if (number + day) % 4 == 0 else code for code in codes] for number, thing in enumerate(things())}


def commit_day(inventory: Inventory, day: int) -> None:
    """Commit the run of a day."""
    programs, time = [program(policy) for policy in POLICIES], BEGIN + timedelta(days=day)
    commit_run(inventory.place, inventory.judged(codes_of(day), programs, time=time, claims=[Claim("Thing")]))


def small_store(directory: Path, days: int = 3) -> Inventory:
    """Make a store with a run a day. Its snapshot is another one, as each store needs some snapshot."""
    reported = Input(str(ROOT / "examples" / "credential-report.csv"), observed_at=BEGIN)
    import_inputs(Store(directory), [reported], declared=open_repository().declared_type)
    inventory = Inventory(directory)
    for day in range(days):
        commit_day(inventory, day)
    return inventory


@contextmanager
def serving(directory: Path, repository: Repository | None = None) -> Iterator[ServedStore]:
    """Yield the store as a server holds it."""
    store = ServedStore(str(directory), repository or open_repository(), account_names=NAMES)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def asking(directory: Path, settings: ServerSettings = SETTINGS) -> Iterator[TestClient]:
    """Yield a client of the whole application over a store; it sees all accounts."""
    with serving(directory) as store, client_of(store, settings) as client:
        yield client


def client_of(store: ServedStore, settings: ServerSettings = SETTINGS) -> TestClient:
    """Return a client of the whole application; an error of the server is an answer with status 500."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(create_app(store, settings), headers=headers, raise_server_exceptions=False, client=("127.0.0.1", 50000))


def reader_of(scope: frozenset[str]) -> Mapping[str, str]:
    """Return the headers of a reader who sees some accounts."""
    return {"Authorization": "", "X-User": "reader", "X-Accounts": ",".join(sorted(scope))}


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """Serve an application on a port of this machine, and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
