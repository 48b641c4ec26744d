"""A REST API of tests on loopback: one server for all hosts, whose objects and faults the test plants."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """A request: host, path, query, and the token it came with."""

    host: str
    path: str
    query: dict[str, str]
    token: str


class Fault(NamedTuple):
    """An answer other than the planted one. ``cut`` sends half of the body."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012
    cut: bool = False


class RestServer:
    """The server. ``planted`` are answers by host and path; a list is paged. ``fault`` returns a fault for the n-th request."""

    def __init__(self) -> None:
        self.planted: dict[str, Any] = {}
        self.fault: Callable[[Asked, int], Fault | None] = lambda asked, number: None
        self.asked: list[Asked] = []
        self.page = 2
        self.numbers: Counter[str] = Counter()
        self.url = ""

    def answer(self, asked: Asked) -> Fault:
        """Return status and body of a request."""
        place = f"{asked.host}{asked.path}"
        self.asked.append(asked)
        self.numbers[place] += 1
        if (fault := self.fault(asked, self.numbers[place])) is not None:
            return fault
        if place not in self.planted:
            return Fault(404, {"error": {"code": "NotFound", "message": "a secret text"}})
        whole = self.planted[place]
        if not isinstance(whole, list):
            return Fault(200, whole)
        begin = int(asked.query.get("skip", "0"))
        body: dict[str, Any] = {"value": whole[begin : begin + self.page]}
        if begin + self.page < len(whole):
            body["next"] = f"https://{asked.host}{asked.path}?skip={begin + self.page}"
        return Fault(200, body)


@contextmanager
def serving() -> Iterator[RestServer]:
    """Yield a server that runs until the end of the block."""
    server = RestServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, host, *steps = parts.path.split("/")
            asked = Asked(host, "/" + "/".join(steps), dict(parse_qsl(parts.query)), self.headers.get("Authorization", ""))
            fault = server.answer(asked)
            body = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body).encode()
            self.send_response(fault.status)
            for name, value in {"Content-Length": str(len(body)), **fault.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault.cut else body)
            self.close_connection = fault.cut

        def log_message(self, *words: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
