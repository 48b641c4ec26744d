"""``python -m tests.unit.server.api.odd_requests NUMBER [SEED] [STORE]``: ask all addresses odd things, and count the answers.

A request goes to the application as a server would pass it on, so that no client tidies it up first.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from starlette.applications import Starlette

from perpend.findings.filters import OF_FINDINGS
from perpend.server.app import create_app
from tests.unit.server.api.served import POLICIES, SETTINGS, TOKEN, serving, small_store

Header = tuple[bytes, bytes]

ODD = (
    *(
        "",
        " ",
        "\0",
        "\x1b[31m",
        "\r\nSet-Cookie: a=b",
        "'",
        '"',
        "';--",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "%",
        "%s",
        "*",
    ),
    *(
        "../../../../etc/passwd",
        "/",
        "//",
        "\\",
        "null",
        "None",
        "true",
        "-1",
        "0",
        "1e999",
        "9" * 40,
        "NaN",
        "٣",
        "é",
        "\u202e",
    ),
    *("\ud800", "\U000e0041", "a" * 499, "a" * 501, "a" * 5_000, "=", "a=b", "==", "1.2", "1.2.3", "last", "all", "yes", "[]"),
    *(
        "2026-01-01",
        "2026-13-45",
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "2026-01-01T00:00:00+99:99",
        "critical,high",
        ",",
        "\x7f",
    ),
    *(
        "id-111111111111-0",
        "region-111111111111",
        "111111111111",
        "First",
        *POLICIES,
        "0" * 32,
        "f" * 32,
        "cis-aws-v6.0.0",
        "2",
        "3",
    ),
)
USUAL = (
    *("account=111111111111", "region=region-222222222222", "severity=critical", "life=all", "policy=root-user-mfa", "limit=2"),
    *("waived=no", "search=thing", "since=2026-01-02", "object=id-333333333333-1", "tag=a=b", "order=age", "by=object"),
)
METHODS = (
    *("GET",) * 12,
    *("HEAD",) * 2,
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "get",
    "FOO",
    "\u00fc",
)
PARAMETERS = (
    *(one.name for one in OF_FINDINGS),
    *(
        "waived",
        "order",
        "limit",
        "next",
        "by",
        "before",
        "after",
        "framework",
        "inherited",
        "token",
        "to",
        "x",
        "",
        "group",
        "view",
    ),
    *("cause", "event", "last", "page", "q", "status", "SEVERITY", "since[]", "\ud800", "a\0b"),
)
HEADERS = (
    *("host", "authorization", "cookie", "if-none-match", "if-modified-since", "range", "accept", "accept-encoding", "origin"),
    *("content-length", "content-type", "transfer-encoding", "sec-fetch-site", "x-user", "x-accounts", "x-forwarded-for"),
    *("x-forwarded-host", "x-http-method-override", "hx-request", "hx-target", "last-event-id", "mcp-session-id", "expect"),
    *("upgrade", "connection", "forwarded", "accept-language", "mcp-protocol-version"),
)
HEADER_VALUES = (
    *("", "*", '"', '""', 'W/"x", "y"', "bytes=0-1", "bytes=9-1", "bytes=0-0,2-3", "bytes=-1", "testserver", "localhost:99999"),
    *(
        "evil.example",
        "[::1",
        "[::1]:80",
        "testserver:x",
        "testserver@evil",
        "a" * 3_000,
        "\xff\xfe",
        "\x00",
        "true",
        "cross-site",
    ),
    *(
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}",
        "Basic QQ==",
        "perpend=1; perpend=2",
        "null",
        "http://testserver",
        "chunked",
        "-1",
    ),
    *(
        "1e9",
        "99999999999999999999",
        "application/json",
        "text/event-stream",
        "111111111111",
        "111111111111,,222222222222",
        ",",
    ),
)
BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"run": "x"}',
    b'{"run": 1}',
    b"[" * 5_000,
    b"\xff\xfe",
    b"token=x&to=//evil",
    b"x" * 300_000,
)
TELLTALE = (
    b"Traceback (most recent",
    b'File "/',
    b"site-packages",
    b"perpend/server/",
    b"duckdb",
    b"Binder Error",
    b"<script>alert",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def requests(app: Starlette, seed: int) -> Iterator[dict[str, Any]]:
    """Yield odd requests to the addresses of an application, without an end."""
    choose = random.Random(seed)
    templates = [route.path for route in app.routes if hasattr(route, "path")]
    while True:
        headers = {"host": b"testserver", "authorization": f"Bearer {TOKEN}".encode()}
        pairs: list[Header] = [(name.encode(), value) for name, value in headers.items()]
        for _ in range(choose.choice((0, 0, 0, 1, 1, 3))):
            name, value = choose.choice(HEADERS), choose.choice(HEADER_VALUES).encode("latin-1")
            if choose.random() < 0.7:
                pairs = [pair for pair in pairs if pair[0] != name.encode()]
            pairs.append((name.encode(), value))
        path = _path(choose, choose.choice(templates))
        query = "&".join(_pair(choose) for _ in range(choose.choice((0, 0, 1, 1, 2, 3, 8, 40))))
        yield {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": choose.choice(METHODS),
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": pairs,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
            "state": {},
            "body": choose.choice(BODIES),
        }


def _path(choose: random.Random, template: str) -> str:
    filled = []
    for part in template.split("/"):
        value = choose.choice((choose.choice(ODD), "0" * 32, "3", "2...3")) if "{" in part else part
        filled.append(quote(value.encode("utf-8", "surrogatepass"), safe="" if "{" in part and choose.random() < 0.8 else "/"))
    path = "/".join(filled)
    match choose.randrange(12):
        case 0:
            return f"{path}/"
        case 1:
            return path.replace("/", "//", 1)
        case 2:
            return f"{path}/{quote(choose.choice(ODD).encode('utf-8', 'surrogatepass'))}"
        case 3:
            return f"{path}%00"
        case 4:
            return f"{path}/..%2f..%2f..%2fetc%2fpasswd"
        case _:
            return path or "/"


def _pair(choose: random.Random) -> str:
    name, value = choose.choice(PARAMETERS), choose.choice(ODD)
    if choose.random() < 0.5:
        return choose.choice(USUAL)
    if choose.random() < 0.1:
        return choose.choice(("&&&", "=", "%", "%zz=%zz", "a;b=c", "\xff=\xfe", "life=%ff%fe", "account"))
    return "=".join(quote(one.encode("utf-8", "surrogatepass"), safe="") for one in (name, value))


async def ask(app: Starlette, request: dict[str, Any]) -> Answer:
    """Return the answer of an application, as a server would pass the request on."""
    scope = {name: value for name, value in request.items() if name != "body"}
    sent: list[dict[str, Any]] = []
    parts = [{"type": "http.request", "body": request["body"], "more_body": False}]
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop()
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            done.set()

    await asyncio.wait_for(app(scope, receive, send), 60)  # type: ignore[arg-type]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))


def wrong(request: dict[str, Any], answer: Answer) -> str | None:
    """Return what no answer may be, None if it is as it should be."""
    if answer.status >= 500:
        return f"status {answer.status}"
    is_data = request["path"].startswith("/static/") or "parquet" in answer.headers.get("content-type", "")
    if not is_data and any(sign in answer.body for sign in TELLTALE):
        return "something that only the inside knows"
    if any("\r" in value or "\n" in value for value in answer.headers.values()):
        return "a line end in a header"
    if answer.status >= 400 and request["path"].startswith("/api/"):
        if answer.headers.get("content-type") != "application/problem+json":
            return f"no problem document but {answer.headers.get('content-type')}"
        if not json.loads(answer.body)["detail"].isprintable():
            return "a sentence that is not printable"
    return None


async def ask_all(app: Starlette, number: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Return the numbers of answers by status, and what was wrong."""
    counts, faults = Counter[int](), list[str]()
    for _, request in zip(range(number), requests(app, seed), strict=False):
        shown = f"{request['method']} {request['raw_path']!r:.300}?{request['query_string']!r:.300} {request['headers']!r:.600}"
        try:
            answer = await ask(app, request)
        except Exception as error:  # noqa: BLE001  # any error is a fault
            faults.append(f"{error!r}: {shown}")
            continue
        counts[answer.status] += 1
        if fault := wrong(request, answer):
            faults.append(f"{fault}: {shown} {answer.body[:300]!r}")
    return counts, faults


def main(arguments: Sequence[str]) -> None:
    """Ask, and print."""
    number, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
    with tempfile.TemporaryDirectory() as made:
        place = Path(arguments[2] if len(arguments) > 2 else made)
        if len(arguments) < 3:
            small_store(place)
        with serving(place) as store:
            counts, faults = asyncio.run(ask_all(create_app(store, SETTINGS), number, seed))
    sys.stdout.write(
        "\n".join([*faults[:40], f"{sum(counts.values())} answers: {dict(sorted(counts.items()))}", f"{len(faults)} faults\n"])
    )


if __name__ == "__main__":
    main(sys.argv[1:])
