"""Moto as a server of its own, and a proxy before it that answers some operations itself: denied, hanging, as HTML.

The proxy knows three regions, of which one is not enabled, and Access Analyzer, which moto does not know.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cli.conftest import RunWriter
from tests.servers.answers import BODIES, HTML, REGIONS, QueryResult, never_last, recorded, refusal, regions
from tests.servers.operations import CheckOptions, asked_of

Verdicts = dict[tuple[str, str], dict[str, Any]]

_PASSED = (
    *("content-type", "accept", "authorization", "smithy-protocol"),
    *("x-amz-target", "x-amz-date", "x-amz-security-token", "x-amz-account-id"),
)

_TIMES = {"once": 1, "twice": 2}


@contextmanager
def moto() -> Iterator[str]:
    """Yield the address of a moto server on a free port of loopback, without the hundreds of images that it may have."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.servers.moto_server", "-H", "127.0.0.1", "-p", str(port)]
    quiet, root = subprocess.DEVNULL, Path(__file__).parents[2]
    known = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_PORT": str(port)}
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=known, cwd=root) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "moto ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("moto does not answer")


def judged(run: RunWriter, store: Path, *options: Any, history: bool = False) -> Verdicts:
    """Return the verdicts on a store by policy and object."""
    kept = () if history else ("--no-history",)
    found = json.loads(run("check", "--store", store, *kept, "--format", "json", *options).out)
    return {(one["policyId"], one["object"]["id"]): one for one in found["verdicts"]}


Mend = tuple[bytes, bytes] | Callable[[bytes], bytes]
"""What is put in the place of something in an answer, or what makes another answer of one."""


class Proxy:
    """A server before another one. ``answers`` are the operations that it answers itself, each with how, and whether only ``once``
    or ``twice``.

    How is an error's code, ``no regions``, or what is no answer: one of ``BODIES``, ``html 500``, ``reset``, ``half``, ``hang``,
    ``repeat`` (each page has the token of the one before). After an operation may stand the region, the service or the version of the
    API that alone is meant.

    ``recorded`` are those that it answers with recorded bytes, each with its file below ``spec/aws`` or as it is; ``mended`` what
    becomes of the other server's answers. ``asked_as`` is what is put in the place of something
    in what it is asked, and ``throttled`` the share of all calls that is throttled. Each call waits for ``delay`` seconds before it
    is passed on, none for another one; ``waiting`` are how many do, ``waits`` how many did,
    those not counted that began to while another one did.
    """

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []
        self.recorded: Mapping[str, str | QueryResult] = {}
        self.mended: Mapping[str, Mend] = {}
        self.asked_as: dict[str, tuple[bytes, bytes]] = {}
        self.throttled = 0.0
        self.delay = 0.0
        self.waits = 0
        self.waiting = 0
        self._counting = threading.Lock()
        self.drawn = random.Random(7)
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait(self) -> None:
        """Let a call wait."""
        with self._counting:
            self.waits += not self.waiting
            self.waiting += 1
        self.ended.wait(self.delay)
        with self._counting:
            self.waiting -= 1

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where whoever asked has gone."""


class _AnsweringHandler(BaseHTTPRequestHandler):
    """Answers one request for a proxy."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = asked_of(self.command, self.path, self.headers, body)
        self.proxy.asked.append(asked.operation)
        self.proxy.wait()
        how = next((self.proxy.answers[one] for one in asked.names if one in self.proxy.answers), "")
        times, _, what = how.partition(" ")
        if times in _TIMES:
            how = what if self.proxy.asked.count(asked.operation) <= _TIMES[times] else ""
        if self.proxy.throttled and self.proxy.drawn.random() < self.proxy.throttled:
            how = "ThrottlingException"
        if how == "hang":
            self.proxy.ended.wait()
        if how in ("hang", "reset"):
            self.close_connection = True
        elif how in BODIES:
            self.reply(BODIES[how])
        elif how.startswith("html"):
            self.reply(QueryResult(int(how.removeprefix("html ")), "text/html", HTML))
        elif how and how not in ("half", "repeat"):
            self.reply(regions({}) if how == "no regions" else refusal(how, asked))
        else:
            answer = self.answered(asked, body)
            self.reply(never_last(asked, answer) if how == "repeat" else answer, half=how == "half")

    def answered(self, asked: CheckOptions, body: bytes) -> QueryResult:
        """Return what is answered where nothing keeps it from being."""
        operation = asked.operation
        if operation in self.proxy.recorded:
            known = self.proxy.recorded[operation]
            return recorded(known) if isinstance(known, str) else known
        if operation == "DescribeRegions":
            return regions(REGIONS)
        mend = next((self.proxy.mended[one] for one in asked.names if one in self.proxy.mended), None)
        if operation == "ListAnalyzers":
            return QueryResult(200, "application/json", mend(b"") if callable(mend) else b'{"analyzers": []}')
        answer = self.passed_on(body.replace(*self.proxy.asked_as.get(operation, (b"\0", b"\0"))))
        if mend is None:
            return answer
        return answer._replace(content=answer.content.replace(*mend) if isinstance(mend, tuple) else mend(answer.content))

    def passed_on(self, body: bytes) -> QueryResult:
        headers = {name: value for name, value in self.headers.items() if name.lower() in _PASSED}
        request = urllib.request.Request(f"{self.proxy.behind}{self.path}", body or None, headers, method=self.command)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request) as found:  # noqa: S310 - loopback
                return QueryResult(found.status, found.headers.get("Content-Type", ""), found.read())
        except urllib.error.HTTPError as error:
            return QueryResult(error.code, error.headers.get("Content-Type", ""), error.read())

    def reply(self, answer: QueryResult, *, half: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        if answer.kind.endswith("cbor"):
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content[: len(answer.content) // 2] if half else answer.content)
        self.close_connection = half


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    """Return what answers for a proxy."""
    return type("_HandlerOfOne", (_AnsweringHandler,), {"proxy": proxy})
