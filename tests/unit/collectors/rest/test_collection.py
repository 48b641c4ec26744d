"""What a collection over REST claims when calls fail, pages are damaged, or members are missing: never more than it has read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perpend.collectors import rate_limit
from perpend.collectors.cloud import TableCloud
from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import CollectOptions
from perpend.collectors.rest import transport
from perpend.collectors.rest.api import RestAccount, RestApi
from perpend.collectors.rest.errors import CallRefused, code_of
from perpend.collectors.rest.rows import Fact, FieldSource, Proof, RestCall, RestTables, TypeRow
from perpend.collectors.runs.collection import CollectionResult, collect_accounts
from perpend.collectors.runs.request import CollectionRequest
from perpend.collectors.runs.silent_progress import SilentProgress
from perpend.core.clouds import registry
from perpend.inventory.snapshots.store import Store
from tests.servers.clock import Clock
from tests.servers.rest import Asked, Fault, RestServer, serving
from tests.unit.core.clouds.moon import MOON
from tests.unit.inventory.snapshots.stored import rows_of

HOST, BASE, ROVER = "api.moon.example", "MOON__Base__c", "MOON__Rover__c"
PATH = "/bases/base-7/rovers"
SECRET = "-".join(("token", "or", "text", "of", "an", "error"))

CALLS = (
    RestCall("base", "bases", "GetBase", f"https://{HOST}/bases/{{account}}", "bases.get"),
    RestCall("states", "bases", "ListStates", f"https://{HOST}/bases/{{account}}/states", "states.list", items="value"),
    RestCall(
        "rovers",
        "rovers",
        "ListRovers",
        f"https://{HOST}/bases/{{account}}/rovers",
        "rovers.list",
        parameters={"version": "1"},
        items="value",
        next_link="next",
        facts={"NotRegistered": Fact({"value": []}, Proof("states", ("name", "Rovers"), ("state", "off")))},
    ),
    RestCall(
        "battery",
        "rovers",
        "GetBattery",
        f"https://{HOST}{{id}}/battery",
        "rovers.battery",
        facts={"NoBattery": Fact({"charge": 0})},
        gone=("NotFound",),
    ),
)
TYPES = (
    TypeRow(BASE, "base", "{account}", {"name": FieldSource("name")}),
    TypeRow(
        ROVER,
        "rovers",
        "{id}",
        {
            "base": FieldSource("base"),
            "locked": FieldSource("properties.locked"),
            "mode": FieldSource("properties.mode", otherwise="slow"),
            "crew": FieldSource("properties.crew", optional=True),
            "charge": FieldSource("charge", call="battery"),
        },
        ("battery",),
    ),
)
TABLES = RestTables(
    MOON,
    CALLS,
    TYPES,
    {FailureKind.THROTTLED: frozenset(("Busy", "Locked"))},
    waits=frozenset(("Locked",)),
    remaining="x-moon-left",
    shortened_by=("x-moon-shortened",),
    normalized=str.lower,
)


class Tokens:
    """A token that no output may show."""

    def token(self, host: str) -> str:
        assert HOST == host
        return SECRET


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of all pauses."""
    clock = Clock()
    for module in (rate_limit, transport):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def moon(clock: Clock) -> Iterator[RestServer]:
    """Yield the API of a base with five rovers on three pages."""
    registry.register(MOON)
    with serving() as server:
        server.planted[f"{HOST}/bases/base-7"] = {"name": "Tranquility"}
        server.planted[f"{HOST}/bases/base-7/states"] = [{"name": "Rovers", "state": "on"}]
        server.planted[f"{HOST}{PATH}"] = [
            {"id": f"{PATH}/R{number}", "base": "base-7", "properties": {"locked": True, "mode": "fast", "crew": "a"}}
            for number in range(1, 6)
        ]
        for number in range(1, 6):
            server.planted[f"{HOST}{PATH}/R{number}/battery"] = {"charge": number}
        yield server
    registry.unregister(MOON.name)


def collect(server: RestServer, store: Path, account: RestAccount | None = None, **given: Any) -> CollectionResult:
    """Collect all rovers of a base into a store."""
    cloud = TableCloud(TABLES)
    accounts = [account or RestAccount("base-7", tokens=Tokens())]
    api = RestApi(lambda plan, options: (accounts, 0))
    analyzer: Any = SimpleNamespace(repository=SimpleNamespace(declared_type=lambda name: None))
    wanted = {ROVER: frozenset(cloud.fields_of(ROVER)), BASE: frozenset(["name"])}
    request = CollectionRequest(cloud, lambda: api, cloud.plan(wanted), lambda: (), analyzer, wanted)
    options = CollectOptions(endpoint_url=server.url, **given)
    return collect_accounts(Store(store), request, options, SilentProgress(None))


def claims(result: CollectionResult) -> Mapping[str, str | None]:
    """Return why each type is incomplete, None if it was read in full."""
    return {claim.type_name: claim.lacking for source in result.snapshot.sources for claim in source.coverage}


def on(path: str, fault: Fault, *, first: int = 1, last: int = 99) -> Callable[[Asked, int], Fault | None]:
    """Return a fault for some of the requests for a path."""
    return lambda asked, number: fault if asked.path == path and first <= number <= last else None


def test_all_pages_and_details_are_read_and_ids_are_normalized(moon: RestServer, tmp_path: Path) -> None:
    result = collect(moon, tmp_path / "s")
    assert ({BASE: None, ROVER: None}, True) == (claims(result), result.is_complete)
    rows = rows_of(result.snapshot, ROVER)
    assert [(f"{PATH}/r{number}", number, "fast") for number in range(1, 6)] == sorted(
        (row["Id"], row["charge"], row["mode"]) for row in rows
    )
    assert result.counts.calls == 1 + 3 + 5
    assert {"version": "1"} == next(asked.query for asked in moon.asked if asked.path == PATH)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(403, {"error": {"code": "AuthorizationFailed", "message": SECRET}}), "denied rovers.list (AuthorizationFailed)"),
        (Fault(401, {"error": {"code": "Expired"}}), "credentials not accepted for rovers.list (Expired)"),
        (Fault(404, {"Code": "Gone", "Message": SECRET}), "failed: rovers.list (Gone)"),
        (Fault(409, {"error": {"code": "NotRegistered"}}), "failed: rovers.list (NotRegistered)"),
        (Fault(400, {"error": {"code": f"{SECRET}\n<b>"}}), "failed: rovers.list (HTTP 400)"),
        (Fault(500, SECRET.encode()), "failed: rovers.list (HTTP 500)"),
        (Fault(429, {"error": {"code": "Busy"}}), "throttled out of rovers.list (Busy)"),
        (Fault(503, {"error": {"code": "Other"}}, {"Retry-After": "9999"}), "failed: rovers.list (Other)"),
        (Fault(200, b"<html>proxy</html>"), "failed: rovers.list (NotJson)"),
        (Fault(200, b"[" * 100_000), "failed: rovers.list (NotJson)"),
        (Fault(200, {"value": None}), "failed: rovers.list (NoItems)"),
        (Fault(200, {"value": ["text"]}), "failed: rovers.list (NoItems)"),
        (Fault(200, []), "failed: rovers.list (NoItems)"),
        (Fault(200, {"value": [{"base": "no id"}]}), "failed: rovers.list (NoId)"),
        (Fault(200, {"value": []}, cut=True), "failed: rovers.list (ConnectionFailed)"),
        (Fault(302, None, {"Location": "/elsewhere"}), "failed: rovers.list (HTTP 302)"),
        (Fault(200, {"value": [], "next": f"https://evil.example{PATH}?skip=2"}), "failed: rovers.list (AnotherPlace)"),
        (Fault(200, {"value": [], "next": f"http://{HOST}{PATH}?skip=2"}), "failed: rovers.list (AnotherPlace)"),
        (Fault(200, {"value": [], "next": f"https://{HOST}/bases/base-8/rovers?skip=2"}), "failed: rovers.list (AnotherPlace)"),
        (Fault(200, {"value": [], "next": f"https://{HOST}{PATH}?skip=2"}), "failed: rovers.list (RepeatedPage)"),
        (Fault(200, {"value": [], "next": 5}), "failed: rovers.list (RepeatedPage)"),
        (Fault(200, {"value": [], "next": f"https://{HOST}:8443{PATH}?skip=2"}), "failed: rovers.list (AnotherPlace)"),
        (Fault(200, {"value": [], "next": f"https://{HOST}:port{PATH}?skip=2"}), "failed: rovers.list (AnotherPlace)"),
        (Fault(200, {"value": []}, {"X-Moon-Shortened": "true"}), "failed: rovers.list (ShortenedAnswer)"),
    ],
)
def test_half_a_list_claims_nothing_and_no_object_disappears(
    moon: RestServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault, reason: str
) -> None:
    caplog.set_level(logging.DEBUG)
    collect(moon, tmp_path / "s")
    moon.numbers.clear()
    moon.fault = on(PATH, fault, first=2)  # the second page
    result = collect(moon, tmp_path / "s")
    assert f"{reason} in base-7" == claims(result)[ROVER]
    assert claims(result)[BASE] is None
    assert ({}, {ROVER: 3}) == (result.carried_over.gone, result.carried_over.as_before)
    assert SECRET not in f"{caplog.text}{result.completeness}"


def test_an_error_is_a_fact_only_if_its_proof_holds(moon: RestServer, tmp_path: Path) -> None:
    moon.fault = on(PATH, Fault(409, {"error": {"code": "NotRegistered"}}))
    assert claims(collect(moon, tmp_path / "a"))[ROVER] == "failed: rovers.list (NotRegistered) in base-7"
    moon.planted[f"{HOST}/bases/base-7/states"] = []
    assert claims(collect(moon, tmp_path / "b"))[ROVER] == "failed: rovers.list (NotRegistered) in base-7"
    moon.planted[f"{HOST}/bases/base-7/states"] = [{"name": "rovers", "state": "OFF"}]
    assert claims(collect(moon, tmp_path / "c"))[ROVER] is None
    moon.numbers.clear()
    moon.fault = on(PATH, Fault(409, {"error": {"code": "NotRegistered"}}), first=2)
    assert claims(collect(moon, tmp_path / "d"))[ROVER] == "failed: rovers.list (NotRegistered) in base-7"


def test_throttling_is_waited_for_and_halves_the_rate_unless_something_else_is_locked(
    moon: RestServer, tmp_path: Path, clock: Clock
) -> None:
    for code in ("Busy", "Locked"):
        moon.numbers.clear()
        moon.fault = on(PATH, Fault(429, {"error": {"code": code}}, {"Retry-After": "50"}), last=1)
        began = clock.now
        assert collect(moon, tmp_path / code).is_complete
        assert clock.now - began >= 50


def test_the_address_of_a_next_page_may_name_the_usual_port(moon: RestServer, tmp_path: Path) -> None:
    whole = moon.planted[f"{HOST}{PATH}"]
    moon.fault = on(PATH, Fault(200, {"value": whole[:2], "next": f"HTTPS://{HOST.upper()}:443{PATH}?skip=2"}), last=1)
    assert collect(moon, tmp_path / "s").is_complete
    assert [{"version": "1"}, {"skip": "2"}, {"skip": "4"}] == [asked.query for asked in moon.asked if asked.path == PATH]


@pytest.mark.parametrize(
    ("fault", "halved"),
    [
        (Fault(503, {"error": {"code": "Other"}}, {"Retry-After": "1"}), True),
        (Fault(503, {"error": {"code": "Other"}}), False),
        (Fault(429, {"error": {"code": "Locked"}}, {"Retry-After": "1"}), False),
        (Fault(200, {"value": []}, {"X-Moon-Left": "19"}), True),
        (Fault(200, {"value": []}, {"X-Moon-Left": "20"}), False),
        (Fault(200, {"value": []}, {"X-Moon-Left": "many"}), False),
    ],
)
def test_the_rate_halves_if_the_cloud_asks_to_wait_or_few_calls_are_left(
    moon: RestServer, clock: Clock, fault: Fault, halved: bool
) -> None:
    sender = transport.Transport(TABLES, "base-7", Tokens(), moon.url)
    clock.sleep(5)
    moon.fault = on(PATH, fault, last=1)
    sender.get("rovers", f"https://{HOST}{PATH}", {})
    sender.close()
    assert halved is (sender._limit("rovers").rate < TABLES.usual_rate)


@pytest.mark.parametrize("code", ["Denied", "NotFound"])
def test_a_detail_that_fails_leaves_its_fields_open(moon: RestServer, tmp_path: Path, code: str) -> None:
    moon.fault = on(f"{PATH}/R3/battery", Fault(403, {"error": {"code": code}}))
    result = collect(moon, tmp_path / "s")
    kind = {"Denied": "denied", "NotFound": "listed and not found:"}[code]
    [cause] = result.completeness.unread
    assert (f"{kind} rovers.battery ({code}) in base-7", 1) == (str(cause), cause.objects)
    assert [None] == [row["charge"] for row in rows_of(result.snapshot, ROVER) if row["Id"].endswith("r3")]
    assert {ROVER: None, BASE: None} == claims(result)


def test_an_error_of_a_detail_may_state_a_fact(moon: RestServer, tmp_path: Path) -> None:
    moon.fault = on(f"{PATH}/R3/battery", Fault(400, {"error": {"code": "NoBattery"}}))
    result = collect(moon, tmp_path / "s")
    assert ([0], True) == (
        [row["charge"] for row in rows_of(result.snapshot, ROVER) if row["Id"].endswith("r3")],
        result.is_complete,
    )


@pytest.mark.parametrize(
    ("properties", "known"),
    [
        ({"locked": False}, (False, "slow", None)),
        ({}, (None, "slow", None)),
        (None, (None, None, None)),
        ([], (None, None, None)),
    ],
)
def test_a_default_counts_only_if_the_member_around_it_is_there(
    moon: RestServer, tmp_path: Path, properties: Any, known: tuple[Any, ...]
) -> None:
    moon.planted[f"{HOST}{PATH}"] = [{"id": f"{PATH}/R1", "base": "base-7", "properties": properties}]
    [row] = rows_of(collect(moon, tmp_path / "s").snapshot, ROVER)
    assert known == (row.get("locked"), row.get("mode"), row.get("crew"))


@pytest.mark.parametrize("identity", ["/../../secrets", "@evil.example/x", ".evil.example/x", ":80/x"])
def test_an_id_leads_to_no_other_place(moon: RestServer, tmp_path: Path, identity: str) -> None:
    moon.planted[f"{HOST}{PATH}"] = [{"id": identity, "base": "base-7", "properties": {}}]
    [cause] = collect(moon, tmp_path / "s").completeness.unread
    assert cause.code == "UnusableId"
    assert {HOST} == {asked.host for asked in moon.asked}


def test_an_account_that_cannot_be_opened_is_known_by_its_id_and_claims_nothing(moon: RestServer, tmp_path: Path) -> None:
    why = CallRefused(FailureKind.CREDENTIALS, "NoToken")

    class Refusing:
        def token(self, host: str) -> str:
            raise why

    result = collect(moon, tmp_path / "s", RestAccount("base-7", tokens=Refusing()))
    assert {"credentials not accepted for"} == {cause.kind for cause in result.completeness.unread}
    assert all(claims(result).values())


def test_codes_are_read_in_all_forms_and_other_texts_are_not() -> None:
    bodies = [{"error": {"code": "A"}}, {"code": "A"}, {"Error": {"Code": "A"}}, {"error": {"error": {"code": "A"}}}]
    assert ["A"] * 4 == [code_of(body) for body in bodies]
    assert [""] * 4 == [code_of(body) for body in ({"error": "A"}, {"code": 5}, {"code": "a\nb"}, [])]
