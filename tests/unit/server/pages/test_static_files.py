"""Files of pages: what htmx is, and how long a browser keeps a file."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from perpend.server.pages.errors import error_page
from perpend.server.pages.static_files import ROUTES, asset

HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""The digest of dist/htmx.min.js of htmx.org 4.0.1."""


def test_htmx_is_the_published_file_with_its_license() -> None:
    assets = files("perpend.server.pages") / "assets"
    assert HTMX == sha256((assets / "htmx.min.js").read_bytes()).hexdigest()
    assert (assets / "htmx.LICENSE").read_text("utf-8").startswith("Zero-Clause BSD")


def test_a_browser_keeps_a_file_as_long_as_its_address_holds() -> None:
    client = TestClient(Starlette(routes=ROUTES))
    first = client.get(asset("server.css"))
    assert (200, "public, max-age=31536000, immutable") == (first.status_code, first.headers["cache-control"])
    again = client.get(asset("server.css"), headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    stale = client.get("/static/0123456789abcdef/server.css")
    assert (200, "no-cache", first.content) == (stale.status_code, stale.headers["cache-control"], stale.content)
    for address in ("/static/x/nothing.css", "/static/x/..%2ferrors.py", "/static/x/htmx.LICENSE"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "Correct the address"),
        (401, "perpend serve"),
        (403, "Ask from this site itself"),
        (404, "Search for it"),
        (429, "Wait a minute"),
        (503, "repair it"),
    ],
)
def test_an_error_tells_what_to_do(status: int, advice: str) -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []})
    answer = error_page(request, status, "what <b>is</b> wrong")
    assert status == answer.status_code
    text = re.sub(r"\s+", " ", bytes(answer.body).decode())
    assert advice in text
    assert "what &lt;b&gt;is&lt;/b&gt; wrong" in text
