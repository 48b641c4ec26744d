"""A program that connects to a server gets the rows that it gets from the store, and no server can trick it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import perpend
from perpend.core.errors import InvalidOption, PerpendError
from perpend.runs import connected_store
from perpend.runs.store_reader import StoreReader
from perpend.server.app import create_app
from tests.unit.server.api.served import SETTINGS, TOKEN, listening, serving, small_store


@pytest.mark.slow
def test_a_server_and_its_store_have_equal_rows(tmp_path: Path) -> None:
    small_store(tmp_path)
    opened: StoreReader = perpend.open(tmp_path)
    with serving(tmp_path) as store, listening(create_app(store, SETTINGS)) as url:
        connected: StoreReader = perpend.connect(f"{url}/", token=TOKEN)
        for keywords in ({}, {"life": "all", "order": "priority"}, {"account": "1" * 12, "order": "age"}, {"search": "-3"}):
            assert opened.findings(**keywords) == connected.findings(**keywords) != []  # type: ignore[arg-type]
        assert opened.diff() == connected.diff() != []
        assert opened.diff(1, "last") == connected.diff(1, "last")
        cards = {"framework": ["cis-aws-v6.0.0"], "account": ["1" * 12], "inherited": True}
        assert opened.compliance(**cards) == connected.compliance(**cards) != []  # type: ignore[arg-type]
        with pytest.raises(PerpendError, match="the history has no policy 'nope'"):
            connected.findings(policy="nope")
        with pytest.raises(InvalidOption, match="no filter is called 'polcy'"):
            connected.findings(polcy="x")
        with pytest.raises(PerpendError, match="valid credentials"):
            perpend.connect(url, token="wrong").findings()  # noqa: S106


Answer = tuple[int, dict[str, str], bytes]
ROWS = {"Content-Type": "application/x-ndjson"}
PROBLEM = {"Content-Type": "application/problem+json"}


@contextmanager
def answering(answer: Answer, pause: float = 0.0) -> Iterator[tuple[str, list[Any]]]:
    """Serve one answer to everything, with a pause after each byte; yield the address and the requests' headers."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is http.server's
            asked.append((self.path, dict(self.headers)))
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                for place in range(len(body) if pause else 0):
                    self.wfile.write(body[place : place + 1])
                    time.sleep(pause)
                self.wfile.write(b"" if pause else body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        ((302, {"Location": "http://127.0.0.1:1/stolen"}, b""), PerpendError, "another address, which is not followed"),
        ((200, {"Content-Type": "text/html"}, b"<p>log in"), PerpendError, "the answer is not from the API of Perpend"),
        ((200, {**ROWS, "Content-Length": "99"}, b'{"a": 1}\n'), PerpendError, "the answer ended early"),
        ((200, ROWS, b'{"a": 1}\n{"b'), PerpendError, "a line that is not a row"),
        ((200, ROWS, b"[" * 100_000 + b"\n"), PerpendError, "a line that is not a row"),
        ((200, ROWS, b'{"a":"' + b"x" * 3_000 + b'"}\n'), PerpendError, "a line that is not a row"),
        ((200, ROWS, b'{"open_since": "yesterday"}\n'), PerpendError, "a line that is not a row"),
        ((400, PROBLEM, b'{"detail": "limit: wrong"}'), InvalidOption, "^limit: wrong$"),
        ((503, PROBLEM, b'{"detail": "damaged \\u001b[31m"}'), PerpendError, r"damaged \\x1b\[31m$"),
        ((503, PROBLEM, b"<html>"), PerpendError, "the server answers with status 503"),
        ((404, PROBLEM, b'{"detail": ["x"]}'), PerpendError, "the server answers with status 404"),
    ],
)
def test_no_answer_of_a_server_is_more_than_rows_or_a_sentence(
    answer: Answer, error: type[PerpendError], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connected_store, "MAX_LINE", 2_000)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(answer) as (url, asked), pytest.raises(error, match=sentence) as raised:
        perpend.connect(url, token="secret").findings()  # noqa: S106
    assert "secret" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert ["Bearer secret"] == [headers["Authorization"] for _, headers in asked]


@contextmanager
def sending(answer: bytes) -> Iterator[str]:
    """Serve bytes to one request; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is http.server's
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        thread.join()
        server.server_close()


ROW = b'{"a": 1}\n'


@pytest.mark.parametrize(
    ("length", "body"),
    [
        (b"Transfer-Encoding: chunked\r\n", b"9\r\n" + ROW + b"\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"9\r\n" + ROW + b"\r\n0\r\n\r\n"),
        (b"", ROW),
        (b"Content-Length: 18\r\n", ROW),
    ],
    ids=["cut in chunks", "whole in chunks", "without a length", "cut"],
)
def test_an_answer_that_may_be_cut_is_refused(length: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n" + length + b"\r\n"
    with sending(head + body) as url, pytest.raises(PerpendError, match=r"has no Content-Length|ended early"):
        perpend.connect(url).findings()


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_that_arrives_byte_by_byte_ends(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected_store, "_STEPS", 0.1)
    headers = ROWS if status == 200 else PROBLEM
    with answering((status, headers, b"{}\n" * 10), pause=0.1) as (url, _), pytest.raises(PerpendError) as raised:
        perpend.connect(url, timeout=5).findings()
    assert f"{url}: the answer takes too long" == str(raised.value)


def test_filters_become_parameters_and_times_become_times() -> None:
    with answering((200, ROWS, b'{"open_since": "2026-01-02T03:04:05Z", "object_name": "2026-01-02T03:04:05Z"}\n')) as (
        url,
        asked,
    ):
        [row] = perpend.connect(url).findings(account=["a b", "c"], since="2026-01-01", waived="no")
    path = "/api/v1/findings.ndjson?account=a+b&account=c&since=2026-01-01T00%3A00%3A00%2B00%3A00&waived=no&order=severity"
    assert [path] == [path for path, _ in asked]
    assert "Authorization" not in asked[0][1]
    assert ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z") == (row["open_since"].isoformat(), row["object_name"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "host:80",
        "http://user:password@host",
        "http://host:99999",
        "http://host/?x",
        "http://ho st",
        "http://[",
        "",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(InvalidOption, match="the address of a server is") as raised:
        perpend.connect(url)
    assert "password" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "a\r\nHost: x", "a b", "ä"])
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(InvalidOption, match=r"^the token is empty, or has characters that no token has$"):
        perpend.connect("http://127.0.0.1", token=token)
    assert "secret" not in repr(perpend.connect("http://127.0.0.1", token="secret"))  # noqa: S106


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with answering((200, ROWS, b"")) as (url, _):
        pass
    with pytest.raises(PerpendError, match=r"^http://127.0.0.1:\d+: .*refused"):
        perpend.connect(url, timeout=5).diff()
