"""A REST API of tests on loopback: one server for all hosts, whose objects and faults the test plants.

``FAULTS`` are ways in which any cloud's answer can be wrong. The double of a cloud adds those that have its own codes.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """A request: host, path, query, the token it came with, and all headers by lower-case name.

    ``pairs`` are all names and values of the query; a name that is repeated is in ``query`` with its last value.
    """

    host: str
    path: str
    query: dict[str, str]
    token: str
    headers: Mapping[str, str] = {}
    pairs: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    body: bytes = b""

    @property
    def place(self) -> str:
        """Host and path."""
        return f"{self.host}{self.path}"


class Fault(NamedTuple):
    """An answer other than the planted one. ``cut`` sends half of the body; ``delay`` are the seconds that it takes."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012
    cut: bool = False
    delay: float = 0.0


Change = Callable[[Asked, Fault], Fault]
"""Makes another answer of the planted one."""


class Rule(NamedTuple):
    """A fault of a call, by its name: for places that begin with ``under``, from the ``first`` to the ``last`` request for each."""

    call: str
    fault: Fault | Change
    under: str = ""
    first: int = 1
    last: int = 1 << 30


HTML = b"<html><head><title>Sign in</title></head><body>proxy.example asks who you are</body></html>"


def _another_host(key: str) -> Change:
    def change(asked: Asked, answer: Fault) -> Fault:
        return answer._replace(body={**_body(answer), key: f"https://evil.example{asked.path}?page=2"})

    return change


def _same_again(key: str) -> Change:
    """Return a change after which each page names the same next one, which is itself."""

    def change(asked: Asked, answer: Fault) -> Fault:
        query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "page")
        return answer._replace(body={**_body(answer), key: f"https://{asked.host}{asked.path}?{query}&page=1"})

    return change


def _body(answer: Fault) -> dict[str, Any]:
    return answer.body if isinstance(answer.body, dict) else {}


def faults(next_link: str = "next", items: str = "value") -> dict[str, Fault | Change]:
    """Return the faults that any cloud may have, by name; ``next_link`` and ``items`` are its keys of a page."""
    return {
        "html": Fault(200, HTML, {"Content-Type": "text/html"}),
        "html 502": Fault(502, HTML, {"Content-Type": "text/html"}),
        "empty body": Fault(200, b""),
        "empty object": Fault(200, {}),
        "null items": Fault(200, {items: None}),
        "list of texts": Fault(200, {items: ["text"]}),
        "half": lambda asked, answer: answer._replace(cut=True),
        "server error": Fault(500, {"error": {"code": "InternalServerError", "message": "a secret text"}}),
        "unavailable": Fault(503, {"error": {"code": "ServiceUnavailable", "message": "a secret text"}}, {"Retry-After": "1"}),
        "redirect": Fault(302, None, {"Location": "https://evil.example/"}),
        "another host": _another_host(next_link),
        "same page": _same_again(next_link),
    }


class RestServer:
    """The server. ``planted`` are answers by host and path; a list is paged.

    ``fault`` returns a fault for the n-th request for a place; ``rules`` do so by the call's name. A page has ``page`` objects,
    under ``items``, and the address of the next one under ``next_link``.
    """

    items = "value"
    next_link = "next"

    def __init__(self) -> None:
        self.planted: dict[str, Any] = {}
        self.fault: Callable[[Asked, int], Fault | Change | None] = lambda asked, number: None
        self.rules: list[Rule] = []
        self.asked: list[Asked] = []
        self.page = 2
        self.numbers: Counter[str] = Counter()
        self.url = ""

    def call_of(self, asked: Asked) -> str:
        """Return the name of the call that a request is."""
        return asked.path

    def usual(self, asked: Asked) -> Fault:
        """Return the planted answer."""
        if asked.place not in self.planted:
            return Fault(404, {"error": {"code": "NotFound", "message": "a secret text"}})
        whole = self.planted[asked.place]
        return self.paged(asked, whole) if isinstance(whole, list) else Fault(200, whole)

    def paged(self, asked: Asked, whole: list[Any]) -> Fault:
        """Return a page of a list."""
        begin = int(asked.query.get("skip", "0"))
        body: dict[str, Any] = {self.items: whole[begin : begin + self.page]}
        if begin + self.page < len(whole):
            body[self.next_link] = self.link(asked, begin + self.page)
        return Fault(200, body)

    def link(self, asked: Asked, begin: int) -> str:
        """Return the address of the page that begins with an object."""
        return f"https://{asked.host}{asked.path}?skip={begin}"

    def answer(self, asked: Asked) -> Fault:
        """Return the answer to a request."""
        self.asked.append(asked)
        self.numbers[asked.place] += 1
        number = self.numbers[asked.place]
        fault = self.fault(asked, number) or self._ruled(asked, number)
        if fault is None:
            return self.usual(asked)
        return fault if isinstance(fault, Fault) else fault(asked, self.usual(asked))

    def _ruled(self, asked: Asked, number: int) -> Fault | Change | None:
        if not self.rules:
            return None
        name = self.call_of(asked)
        for rule in self.rules:
            if rule.call == name and asked.path.casefold().startswith(rule.under) and rule.first <= number <= rule.last:
                return rule.fault
        return None


def body_of(answer: Fault) -> bytes:
    """Return the bytes of an answer's body."""
    return answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(server: RestServer | None = None) -> Iterator[Any]:
    """Yield a server that runs until the end of the block: the given one, or one without objects."""
    server = server or RestServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, host, *steps = parts.path.split("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            pairs = tuple(parse_qsl(parts.query))
            sent = self.rfile.read(int(headers.get("content-length", "0")))
            path, token = "/" + "/".join(steps), headers.get("authorization", "")
            fault = server.answer(Asked(host, path, dict(pairs), token, headers, pairs, self.command, sent))
            if fault.delay:
                time.sleep(fault.delay)
            body = body_of(fault)
            self.send_response(fault.status)
            for name, value in {"Content-Length": str(len(body)), **fault.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault.cut else body)
            self.close_connection = self.close_connection or fault.cut

        do_POST = do_GET  # noqa: N815 - the server looks for this name

        def log_message(self, *words: Any) -> None: ...

    http = _Server(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
