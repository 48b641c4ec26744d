"""The server of a built site serves its files, nothing else, and only to this machine."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from perpend.reports.site.server import SiteServer, place_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SiteServer]:
    root = tmp_path / "site"
    (root / "a b").mkdir(parents=True)
    (root / "index.html").write_text("<html><body><p>first</body></html>")
    (root / "a b" / "index.html").write_text("<p>no body")
    (root / "data.json").write_text("{}</body>")
    (root / ".perpend-site.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "linked").mkdir()
    (root / "linked" / "index.html").symlink_to(tmp_path / "secret.txt")
    (root / "empty").mkdir()
    server = SiteServer(root)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def get(server: SiteServer, path: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request(method, path, headers={"Host": f"127.0.0.1:{server.server_port}", **headers})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_pages_get_the_script_that_loads_them_anew(server: SiteServer) -> None:
    status, headers, content = get(server, "/")
    tag = b'<script src="/.perpend/reload.js" data-version="%d"></script>' % server.version
    assert (200, b"<html><body><p>first" + tag + b"</body></html>") == (status, content)
    assert ("text/html; charset=utf-8", "no-store", "nosniff") == (
        headers["Content-Type"],
        headers["Cache-Control"],
        headers["X-Content-Type-Options"],
    )
    assert b"location.reload()" in get(server, "/.perpend/reload.js")[2]
    assert b"{}</body>" == get(server, "/data.json")[2]
    assert b"<p>no body" == get(server, "/a%20b/index.html?q=1")[2]


def test_a_directory_is_its_first_page(server: SiteServer) -> None:
    status, headers, _ = get(server, "/a%20b")
    assert (301, "/a%20b/") == (status, headers["Location"])
    assert b"<p>no body" == get(server, "/a%20b/")[2]


def test_only_the_head_is_sent_where_only_the_head_is_asked_for(server: SiteServer) -> None:
    status, headers, content = get(server, "/", "HEAD")
    assert (200, b"", str(len(get(server, "/")[2]))) == (status, content, headers["Content-Length"])


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/none",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/a%20b/../../secret.txt",
            "/link.txt",
            "/linked/",
            "/linked/index.html",
            "/empty/",
            "//etc/passwd",
        ),
        *(
            "/.perpend-site.json",
            "/%2eperpend-site.json",
            "/a%00",
            "/..\\secret.txt",
            "/%5c..%5csecret.txt",
            "/C:/x",
            "/index.html/x",
        ),
        *("/.perpend/none", "http://127.0.0.1/../secret.txt", "/" + "a" * 5_000, "/" + "a/" * 3_000),
    ],
)
def test_nothing_else_is_served(server: SiteServer, path: str) -> None:
    status, _, content = get(server, path)
    assert (404, b"there is no such page\n") == (status, content)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "0.0.0.0:{port}"],
)
def test_other_names_are_refused(server: SiteServer, host: str) -> None:
    for path in ("/", "/.perpend/version", "/.perpend/reload.js", "/data.json"):
        assert 421 == get(server, path, Host=host.format(port=server.server_port))[0]


def test_the_name_of_this_machine_is_good(server: SiteServer) -> None:
    assert 200 == get(server, "/", Host=f"localhost:{server.server_port}")[0]


@pytest.mark.parametrize(
    "request_text", ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: {good}\r\nHost: evil.example\r\n\r\n"]
)
def test_requests_without_one_good_host_are_refused(server: SiteServer, request_text: str) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        connection.sendall(request_text.format(good=f"127.0.0.1:{server.server_port}").encode())
        assert b"HTTP/1.1 421 " == connection.recv(13)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(server: SiteServer, method: str) -> None:
    assert 501 == get(server, "/", method)[0]


def test_it_listens_to_this_machine_only(server: SiteServer) -> None:
    assert ("127.0.0.1", f"http://127.0.0.1:{server.server_port}/") == (server.server_address[0], server.url)


def test_an_open_page_sees_the_version_change(server: SiteServer) -> None:
    before = get(server, "/.perpend/version")[2]
    assert before == get(server, "/.perpend/version")[2]
    server.reload()
    assert before != get(server, "/.perpend/version")[2]


def test_paths_are_found_below_the_root_only(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert tmp_path.resolve() / "a" == place_of(tmp_path, "/a/")
    assert tmp_path.resolve() == place_of(tmp_path, "/")
    assert (None, None) == (place_of(tmp_path, "/../x"), place_of(tmp_path / "a", "/./x"))
