"""The guard: who may ask, from where, how much, and what every answer says to browsers."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from perpend.server.app import ServerSettings
from perpend.server.observe import CONTENT_POLICY, HEADERS
from perpend.server.run import listening_socket
from perpend.server.scope import ReaderScope
from perpend.server.settings import BearerToken, Limits
from tests.unit.server.served import ONE_TIME, PROXY, TOKEN, EmptyStore, application, client, server

BEARER = {"Authorization": f"Bearer {TOKEN}"}
SEEN = "/api/v1/seen"


def test_without_credentials_programs_get_a_problem_and_people_a_page() -> None:
    asking = client()
    answer = asking.get(SEEN)
    assert (401, "Bearer", "application/problem+json") == (
        answer.status_code,
        answer.headers["www-authenticate"],
        answer.headers["content-type"],
    )
    page = asking.get("/findings?severity=high")
    assert (401, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert 'name="next" value="/findings?severity=high"' in page.text and "perpend serve" in page.text


def test_a_link_with_the_one_time_token_changes_nothing_and_its_button_logs_in_once() -> None:
    asking = client()
    for _ in range(2):
        page = asking.get(f"/login?token={ONE_TIME}")
        assert 200 == page.status_code and f'value="{ONE_TIME}"' in page.text and not page.cookies
    answer = asking.post("/login", data={"token": ONE_TIME, "next": "/findings?severity=high"})
    cookie = answer.headers["set-cookie"]
    assert (303, "/findings?severity=high") == (answer.status_code, answer.headers["location"])
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Max-Age=" in cookie and ONE_TIME not in cookie
    assert {"reader": "session", "scope": "all"} == asking.get(SEEN).json()
    other = client()
    again = asking.post("/login", data={"token": ONE_TIME})
    assert (401, None) == (again.status_code, again.headers.get("set-cookie")) and "works once" in again.text
    assert 401 == other.get(SEEN, headers={"Cookie": cookie.partition(";")[0]}).status_code, "a session of another server"


def client_status(asking: TestClient, cookies: str) -> int:
    """Return the status of a request with cookies."""
    status: int = asking.get(SEEN, headers={"Cookie": cookies}).status_code
    return status


def test_a_session_ends_at_log_out_and_after_its_time() -> None:
    asking = client()
    asking.post("/login", data={"token": TOKEN})
    session = "; ".join(f"{name}={value}" for name, value in asking.cookies.items())
    assert 200 == client_status(asking, session)
    assert 303 == asking.post("/logout").status_code
    assert 401 == client_status(asking, session)
    short = client(ServerSettings(tokens=PROXY.tokens, limits=Limits(session_seconds=0)))
    answer = short.post("/login", data={"token": TOKEN})
    assert 401 == short.get(SEEN, headers={"Cookie": answer.headers["set-cookie"].partition(";")[0]}).status_code


def test_a_cookie_is_secure_if_the_browser_speaks_https() -> None:
    asking = client(replace(PROXY, trust_header=None))
    headers = {"Host": "perpend.example", "Origin": "https://perpend.example"}
    assert "Secure" in asking.post("/login", data={"token": TOKEN}, headers=headers).headers["set-cookie"]


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\n"])
def test_a_log_in_leads_to_this_server_only(address: str) -> None:
    assert "/" == client().post("/login", data={"token": TOKEN, "next": address}).headers["location"]


def test_a_token_is_compared_as_a_whole_and_sees_all() -> None:
    asking = client()
    assert {"reader": "token", "scope": "all"} == asking.get(SEEN, headers=BEARER).json()
    for wrong in (TOKEN[:-1], f"{TOKEN}x", "", "é"):
        assert 401 == asking.get(SEEN, headers={"Authorization": f"Bearer {wrong}".encode()}).status_code
    assert 401 == asking.get(f"{SEEN}?token={TOKEN}").status_code, "no credentials in addresses"
    assert 401 == asking.get(SEEN, headers={"Authorization": f"Basic {TOKEN}"}).status_code


LIMITED = BearerToken("a-token-of-a-team-0123456789", ReaderScope(frozenset({"1", "2"})), "team")


def test_a_token_of_some_accounts_sees_these_also_after_a_log_in() -> None:
    asking = client(replace(PROXY, tokens=(*PROXY.tokens, LIMITED)))
    bearer = {"Authorization": f"Bearer {LIMITED.text}"}
    assert {"reader": "token team", "scope": ["1", "2"]} == asking.get(SEEN, headers=bearer).json()
    assert {"reader": "token", "scope": "all"} == asking.get(SEEN, headers=BEARER).json()
    assert 303 == asking.post("/login", data={"token": LIMITED.text}).status_code
    assert {"reader": "session team", "scope": ["1", "2"]} == asking.get(SEEN).json()
    assert 403 == asking.get("/metrics").status_code == asking.get("/metrics", headers=bearer).status_code
    started = asking.post("/api/v1/runs", json={"run": "nightly"}, headers=bearer)
    assert 403 == started.status_code == asking.get("/runs/start").status_code
    assert "all accounts" in started.json()["detail"]
    assert LIMITED.text not in repr(LIMITED) + repr(PROXY)


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("10.0.0.4", [("X-Forwarded-User", "alma"), ("X-Accounts", "2, 1,")], {"reader": "alma", "scope": ["1", "2"]}),
        ("::ffff:10.0.0.4", [("X-Forwarded-User", "alma"), ("X-Accounts", "1")], {"reader": "alma", "scope": ["1"]}),
        ("fd00::7", [("X-Forwarded-User", "alma"), ("X-Accounts", "1")], {"reader": "alma", "scope": ["1"]}),
        ("10.0.0.4", [("X-Forwarded-User", "alma")], {"reader": "alma", "scope": []}),
        ("10.0.0.4", [("X-Forwarded-User", "alma"), ("X-Accounts", " ,")], {"reader": "alma", "scope": []}),
        ("10.0.0.4", [("X-Forwarded-User", "")], 401),
        ("10.0.0.4", [("X-Accounts", "1")], 401),
        ("10.0.0.4", [("X-Forwarded-User", "a" * 201)], 401),
        ("10.0.0.5", [("X-Forwarded-User", "alma"), ("X-Accounts", "1")], 401),
        ("127.0.0.1", [("X-Forwarded-User", "alma"), ("X-Forwarded-For", "10.0.0.4")], 401),
        ("not an address", [("X-Forwarded-User", "alma")], 401),
        ("10.0.0.4", [("X-Forwarded-User", "alma"), ("X-Forwarded-User", "root")], 400),
        ("10.0.0.4", [("X-Forwarded-User", "alma"), ("X-Accounts", "1"), ("X-Accounts", "2")], 400),
        ("10.0.0.5", [("X-Accounts", "1"), *BEARER.items()], {"reader": "token", "scope": "all"}),
    ],
)
def test_headers_of_a_proxy_are_believed_from_its_addresses_only(
    peer: str, headers: list[tuple[str, str]], expected: int | dict[str, Any]
) -> None:
    answer = client(PROXY, peer=peer).get(SEEN, headers=headers)  # type: ignore[arg-type]
    assert expected == (answer.json() if answer.status_code == 200 else answer.status_code)


def test_without_a_scope_header_a_named_reader_sees_all_and_its_accounts_are_ignored() -> None:
    headers = {"X-Forwarded-User": "alma", "X-Accounts": "1"}
    asking = client(replace(PROXY, scope_header=None), peer="10.0.0.4")
    assert {"reader": "alma", "scope": "all"} == asking.get(SEEN, headers=headers).json()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("perpend.example", 200),
        ("PERPEND.example:443", 200),
        ("127.0.0.1:1", 200),
        ("evil.example", 421),
        ("perpend.example.evil", 421),
        ("perpend.example:x", 421),
        ("evil.example/healthz?", 421),
        ("perpend.example@evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_a_host_that_nobody_named_is_refused(host: str, status: int) -> None:
    asking = client(PROXY)
    assert status == asking.get(SEEN, headers=BEARER | {"Host": host}).status_code
    assert status == asking.get("/login", headers={"Host": host}).status_code
    assert 421 == asking.get(SEEN, headers=[*BEARER.items(), ("Host", host), ("Host", "evil.example")]).status_code  # type: ignore[arg-type]
    assert 200 == asking.get("/healthz", headers={"Host": host}).status_code, "probes ask by any address"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8080.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[x"}, 403),
        ({"Origin": "file://127.0.0.1:8080"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_another_site_can_change_nothing(headers: dict[str, str], status: int) -> None:
    asking = client()
    assert status == asking.post(SEEN, headers=BEARER | headers).status_code
    assert 200 == asking.get(SEEN, headers=BEARER | headers).status_code
    logged_in = asking.post("/login", data={"token": TOKEN}, headers=headers)
    assert (303 if status == 200 else 403) == logged_in.status_code
    assert "access-control-allow-origin" not in asking.options(SEEN, headers=BEARER | headers).headers


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("GET", "/healthz", {}),
        ("GET", "/login", {}),
        ("GET", SEEN, BEARER),
        ("GET", "/nothing", BEARER),
        ("POST", "/healthz", BEARER),
        ("GET", "/broken", BEARER),
        ("GET", "/api/v1/broken", BEARER),
        ("GET", SEEN, {}),
        ("GET", SEEN, {"Host": "evil.example"}),
        ("POST", SEEN, {"Origin": "http://evil.example"}),
        ("GET", f"/{'a' * 9_000}", {}),
        ("POST", SEEN, BEARER | {"Content-Length": "999999999"}),
    ],
)
def test_every_answer_has_the_security_headers(method: str, address: str, headers: dict[str, str]) -> None:
    answer = client().request(method, address, headers=headers)
    assert HEADERS == {name: answer.headers.get(name) for name in HEADERS}
    assert "cache-control" in answer.headers and "unsafe" not in CONTENT_POLICY
    assert "secret of the code" not in answer.text and "Traceback" not in answer.text
    assert not re.search(r"<script>|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        ({"url": f"{SEEN}?{'a' * 9_000}"}, 414),
        ({"url": SEEN, "headers": BEARER | {"X": "a" * 20_000}}, 431),
        ({"url": SEEN, "method": "POST", "content": b"a" * 300_000}, 413),
        ({"url": SEEN, "method": "POST", "content": iter([b"a" * 100_000] * 3)}, 413),
        ({"url": SEEN, "method": "POST", "headers": BEARER | {"Content-Length": "300000"}}, 413),
        ({"url": SEEN, "method": "POST", "headers": BEARER | {"Content-Length": "9" * 30}}, 413),
        ({"url": SEEN, "method": "POST", "headers": BEARER | {"Content-Length": "-1"}}, 400),
        ({"url": SEEN, "method": "POST", "content": b"a" * 1_000}, 200),
    ],
)
def test_requests_are_bounded(request_of: dict[str, Any], status: int) -> None:
    answer = client().request(**({"method": "GET", "headers": BEARER} | request_of))
    assert status == answer.status_code
    assert status == 200 or answer.json()["detail"].endswith(".")


def test_a_reader_that_asks_too_often_waits_and_others_do_not() -> None:
    asking = client(replace(PROXY, limits=Limits(rate=0.5, burst=2)), peer="10.0.0.4")
    statuses = [asking.get(SEEN, headers={"X-Forwarded-User": "alma"}).status_code for _ in range(3)]
    refused = asking.get(SEEN, headers={"X-Forwarded-User": "alma"})
    assert [200, 200, 429] == statuses and int(refused.headers["retry-after"]) in (1, 2)
    assert "Too many requests" in refused.json()["detail"]
    assert 200 == asking.get(SEEN, headers={"X-Forwarded-User": "bob"}).status_code
    assert [401, 401, 429] == [asking.get(SEEN).status_code for _ in range(3)], "guessing is bounded by address"
    assert 200 == asking.get("/healthz").status_code


def test_one_answer_more_than_the_bound_is_busy() -> None:
    answer = client(ServerSettings(tokens=PROXY.tokens, limits=Limits(at_once=0))).get(SEEN, headers=BEARER)
    assert (503, "5") == (answer.status_code, answer.headers["retry-after"]) and "Ask again" in answer.json()["detail"]


def test_an_unexpected_error_is_a_line_in_the_log_and_no_trace_for_readers(capsys: pytest.CaptureFixture[str]) -> None:
    answer = client().get("/api/v1/broken", headers=BEARER)
    assert 500 == answer.status_code and "log has the details" in answer.json()["detail"]
    assert "perpend: internal error: ZeroDivisionError: a secret of the code" in capsys.readouterr().err


def test_a_store_that_cannot_be_read_is_a_sentence() -> None:
    store = EmptyStore("inventory: has no history yet")
    asking = client(store=store)
    answer = asking.get("/readyz")
    assert 503 == answer.status_code and "inventory" not in answer.text, "probes need no credentials: nothing is told"
    assert "perpend_ready 0" in asking.get("/metrics", headers=BEARER).text
    store.error = None
    assert 200 == asking.get("/readyz").status_code


def test_logs_name_reader_route_status_and_filter_of_exports_but_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    asking = client(replace(PROXY, log_format="json"), peer="10.0.0.4")
    asking.get("/api/v1/export.csv?account=1", headers={"X-Forwarded-User": "alma\\\n"[:-1]})
    asking.get(f"/login?token={TOKEN}")
    asking.post("/login", data={"token": TOKEN})
    asking.get("/healthz")
    out = capsys.readouterr().err
    export, *others = map(json.loads, out.splitlines())
    assert {"reader": "alma\\", "method": "GET", "route": "/api/v1/export.csv", "status": 200, "export": "account=1"} == {
        name: export[name] for name in ("reader", "method", "route", "status", "export")
    }
    assert export["ms"] >= 0 and TOKEN not in out and ["/login", "/login"] == [line["route"] for line in others]
    client().get("/a%0a::error::b%1b[31m", headers=BEARER)
    line = capsys.readouterr().err
    assert 1 == line.count("\n") and "\\n" in line and "\x1b" not in line


def test_metrics_count_requests_by_route_and_are_for_readers() -> None:
    asking = client(PROXY, peer="10.0.0.4")
    assert 401 == asking.get("/metrics").status_code
    asking.get("/nothing/1", headers=BEARER)
    asking.get("/nothing/2", headers=BEARER)
    text = asking.get("/metrics", headers=BEARER).text
    assert 'perpend_requests_total{route="none",method="GET",status="404"} 2' in text
    assert 'perpend_requests_total{route="none",method="GET",status="401"} 1' in text
    assert 'perpend_request_seconds_bucket{route="none",le="+Inf"} 3' in text
    assert "perpend_run 7" in text and 'perpend_open_findings{severity="high",status="failing"} 4' in text
    assert re.search(r"^perpend_snapshot_age_seconds \d+$", text, re.MULTILINE)
    assert all(re.fullmatch(r'#.*|\w+(\{(\w+="[^"]*",?)+\})? [\d.e+-]+', line) for line in text.splitlines())


def test_metrics_are_for_readers_who_see_all_accounts() -> None:
    store = EmptyStore()
    answer = client(PROXY, peer="10.0.0.4", store=store).get("/metrics", headers={"X-Forwarded-User": "a", "X-Accounts": "1"})
    assert (403, []) == (answer.status_code, store.scopes) and "perpend_" not in answer.text


def test_over_http_the_head_is_bounded_and_forwarded_addresses_are_not_believed() -> None:
    settings = replace(PROXY, limits=Limits(body_seconds=0.2))
    with server(application(settings), settings) as port:
        forged = {"X-Forwarded-For": "10.0.0.4", "Forwarded": "for=10.0.0.4", "X-Forwarded-User": "alma", "X-Accounts": "1"}
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        asking.request("GET", SEEN, headers=forged)
        answer = asking.getresponse()
        answer.read()
        assert (401, None) == (answer.status, answer.headers["Server"])
        assert CONTENT_POLICY == answer.headers["Content-Security-Policy"]
        asking.request("GET", f"{SEEN}?{'a' * 7_900}", headers=BEARER | {"X": "a" * 15_000})
        assert 200 == asking.getresponse().status, "the guard's bounds hold, not smaller ones"
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 40_000)
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
            slow.sendall(
                f"POST {SEEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\na".encode()
            )
            assert slow.recv(100).startswith(b"HTTP/1.1 408")


@contextmanager
def slow_posts(port: int, number: int, address: str, more: str = "") -> Iterator[list[socket.socket]]:
    """Send the head and one byte of some requests, and yield their connections."""
    head = f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}Content-Length: 100\r\n\r\na"
    with ExitStack() as opened:
        connections = [opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(number)]
        for connection in connections:
            connection.sendall(head.encode())
        yield connections


def status_of(port: int, method: str, address: str, body: str | None = None, **headers: str) -> int:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    asking.request(method, address, body, headers)
    answer = asking.getresponse()
    answer.read()
    return answer.status


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def wait_for_log_ins(port: int) -> None:
    """Wait until the server has read the heads of so many log-ins that it takes no other."""
    assert any(503 == status_of(port, "POST", "/login", "token=x", **FORM) for _ in range(1_000))


def test_log_ins_that_hang_keep_no_reader_from_an_answer() -> None:
    limits = Limits(login_seconds=60, logins_at_once=70, logins_of_address=70, burst=10_000)
    settings = replace(PROXY, limits=limits)
    with server(application(settings), settings) as port, slow_posts(port, 70, "/login"):
        assert 70 > limits.at_once
        wait_for_log_ins(port)
        assert [200, 200, 200, 200] == [
            status_of(port, "GET", SEEN, **BEARER),
            status_of(port, "POST", SEEN, "a", **BEARER),
            status_of(port, "GET", "/login"),
            status_of(port, "GET", "/readyz"),
        ]


@pytest.mark.parametrize("limits", [Limits(logins_at_once=3), Limits(logins_of_address=3)], ids=["all", "of an address"])
def test_few_log_ins_arrive_at_once(limits: Limits) -> None:
    settings = replace(PROXY, limits=replace(limits, login_seconds=60, burst=10_000))
    with server(application(settings), settings) as port:
        with slow_posts(port, 3, "/login"):
            wait_for_log_ins(port)
            assert 200 == status_of(port, "GET", "/login") == status_of(port, "GET", SEEN, **BEARER)
        assert any(303 == status_of(port, "POST", "/login", f"token={TOKEN}", **FORM) for _ in range(1_000))


def test_a_log_in_has_to_arrive_in_time() -> None:
    settings = replace(PROXY, limits=Limits(login_seconds=0.1))
    with server(application(settings), settings) as port, slow_posts(port, 1, "/login") as [slow]:
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_a_reader_whose_body_hangs_keeps_no_other_from_an_answer() -> None:
    settings = replace(PROXY, limits=Limits(at_once=1))
    bearer = f"Authorization: Bearer {TOKEN}\r\n"
    with server(application(settings), settings) as port, slow_posts(port, 3, SEEN, bearer):
        assert 200 == status_of(port, "GET", SEEN, **BEARER)


def test_the_body_of_a_log_in_is_short_and_leads_to_a_short_address() -> None:
    asking = client()
    assert 413 == asking.post("/login", data={"token": TOKEN, "next": "a" * 1_024}).status_code
    assert 413 == asking.post("/login", content=iter([b"a" * 600] * 2), headers=FORM).status_code
    short, long = "/findings?search=" + "a" * 400, "/findings?search=" + "a" * 2_000
    pages = [asking.get(address).text for address in (short, long)]
    assert [f'name="next" value="{target}"' in page for page, target in zip(pages, (short, "/"), strict=True)] == [True, True]
    assert 303 == asking.post("/login", data={"token": TOKEN, "next": short}).status_code


def test_answers_are_sent_at_once() -> None:
    """Asyncio turns off Nagle's algorithm, which holds back each answer by 40 ms, only for sockets that say they are TCP."""
    with listening_socket("127.0.0.1", 0) as bound:
        assert socket.IPPROTO_TCP == bound.proto
