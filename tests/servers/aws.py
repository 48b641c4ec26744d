"""Moto as a server of its own, and a proxy before it that answers some operations itself: denied, hanging, as HTML.

The proxy knows three regions, of which one is not enabled, and Access Analyzer, which moto does not know.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.cli.conftest import Run

REGIONS = {"eu-west-1": "opt-in-not-required", "us-east-1": "opt-in-not-required", "af-south-1": "not-opted-in"}
Verdicts = dict[tuple[str, str], dict[str, Any]]

_HTML = b"<html><body>Bad gateway</body></html>"
_SPEC = Path(__file__).parents[2] / "spec/aws"
_PATHS = {
    "/analyzer": "ListAnalyzers",
    "/accounts": "DescribeHub",
    "/clusters": "ListClusters",
    "/clusters/[^/]+": "DescribeCluster",
    "/2015-02-01/file-systems": "DescribeFileSystems",
    "/2015-02-01/file-systems/[^/]+/policy": "DescribeFileSystemPolicy",
    "/2015-02-01/file-systems/[^/]+/backup-policy": "DescribeBackupPolicy",
}
_PASSED = ("content-type", "x-amz-target", "authorization", "x-amz-date", "x-amz-security-token")


@contextmanager
def moto() -> Iterator[str]:
    """Yield the address of a moto server on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, "MOTO_PORT": str(port)}) as server:
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


def judged(run: Run, store: Path, *options: Any) -> Verdicts:
    """Return the verdicts on a store by policy and object."""
    found = json.loads(run("check", "--store", store, "--format", "json", *options).out)
    return {(one["policyId"], one["object"]["id"]): one for one in found["verdicts"]}


class Proxy:
    """A server before another one. ``answers`` are the operations that it answers itself, each with how, and whether only ``twice``.

    After an operation may stand the region, or the version of the API, that alone is meant.

    ``recorded`` are those that it answers with recorded bytes, each with its file below ``spec/aws``; ``mended`` what it puts in
    the place of something in the other server's answers.
    """

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []
        self.recorded: dict[str, str] = {}
        self.mended: dict[str, tuple[bytes, bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operation = operation_of(self.path, dict(self.headers), body)
            proxy.asked.append(operation)
            asked = (operation, *(f"{operation} {where}" for where in versions_and_regions(body, self.headers)))
            how = next((proxy.answers[one] for one in asked if one in proxy.answers), None)
            if how is not None and how.startswith("twice ") and proxy.asked.count(operation) > 2:
                how = None
            if how is not None:
                self.reply(*_own(how, operation, self.headers))
            elif operation in proxy.recorded:
                self.reply(*_recorded(proxy.recorded[operation]))
            elif operation == "DescribeRegions":
                self.reply(200, "text/xml", _regions(REGIONS))
            elif operation == "ListAnalyzers":
                self.reply(200, "application/json", b'{"analyzers": []}')
            else:
                status, kind, content = self.passed_on(body)
                self.reply(status, kind, content.replace(*proxy.mended.get(operation, (b"\0", b"\0"))))

        def passed_on(self, body: bytes) -> tuple[int, str, bytes]:
            headers = {name: value for name, value in self.headers.items() if name.lower() in _PASSED}
            request = urllib.request.Request(f"{proxy.behind}{self.path}", body or None, headers, method=self.command)  # noqa: S310 - loopback
            try:
                with urllib.request.urlopen(request) as found:  # noqa: S310 - loopback
                    return found.status, found.headers.get("Content-Type", ""), found.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers.get("Content-Type", ""), error.read()

        def reply(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def operation_of(path: str, headers: dict[str, str], body: bytes) -> str:
    """Return the operation that a request asks for."""
    target = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), "")
    if target:
        return target.rpartition(".")[2]
    action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    if action:
        return f"{action} public" if b"RestorableBy" in body else action
    path = path.partition("?")[0]
    return next((name for pattern, name in _PATHS.items() if re.fullmatch(pattern, path)), path)


def versions_and_regions(body: bytes, headers: Any) -> list[str]:
    """Return the version of the API that a request is for, where it has one, and the region."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].split("/")
    return [*parse_qs(body.decode("utf-8", "replace")).get("Version", []), *scope[2:3]]


def _recorded(name: str) -> tuple[int, str, bytes]:
    """Return what recorded bytes answer."""
    head, _, body = (_SPEC / f"{name}.http").read_bytes().partition(b"\n\n")
    status, kind, *_ = head.decode().split("\n")
    return int(status.split()[1]), kind.removeprefix("Content-Type: "), body


def _own(how: str, operation: str, headers: Any) -> tuple[int, str, bytes]:
    """Return an answer of the proxy's own, in the protocol of the request."""
    how = how.removeprefix("twice ")
    if how == "no regions":
        return 200, "text/xml", _regions({})
    if how.startswith("html"):
        return int(how.removeprefix("html ") or 200), "text/html", _HTML
    if headers.get("X-Amz-Target") or operation in _PATHS.values():
        document = json.dumps({"__type": how, "message": f"not authorized to perform {operation}"})
        return 400 if how == "ThrottlingException" else 403, "application/x-amz-json-1.1", document.encode()
    if "/ec2/" in headers.get("Authorization", ""):
        error = f"<Response><Errors><Error><Code>{how}</Code><Message>no</Message></Error></Errors></Response>"
    else:
        error = (
            f"<ErrorResponse><Error><Code>{how}</Code><Message>not authorized: {operation}</Message></Error></ErrorResponse>"
        )
    return 403, "text/xml", error.encode()


def _regions(regions: dict[str, str]) -> bytes:
    listed = "".join(
        f"<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{status}</optInStatus></item>"
        for name, status in regions.items()
    )
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return f'<DescribeRegionsResponse xmlns="{space}"><regionInfo>{listed}</regionInfo></DescribeRegionsResponse>'.encode()
