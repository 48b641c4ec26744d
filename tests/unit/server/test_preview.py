"""The preview of a site over HTTP: it shows pages and their files, nothing else, and only to this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.site.site import Site
from perpend.server.preview import Preview
from tests.previews import ServedPreview
from tests.repositories import write
from tests.sites import EVIL, POLICY, files, hostile_files, leave_out_operations


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPreview]:
    directory = tmp_path_factory.mktemp("preview")
    found = {**files(), "frameworks/acme/04/section.yaml": {"name": EVIL}}
    root = write(directory / "repository", found | {f"{POLICY[1:]}/remediation.md": "![p](p.png)\n"})
    (root / POLICY[1:] / "p.png").write_bytes(b"\x89PNG")
    write(directory / "docs", {"a.md": "# A document\n"})
    write(directory, {"secret.png": "secret"})
    with pytest.MonkeyPatch.context() as patch:
        leave_out_operations(patch)
        served = ServedPreview(root, directory / "docs")
        yield served
        served.close()


def test_every_page_is_shown_and_reloads(served: ServedPreview) -> None:
    tag = f'<script src="/.perpend/reload.js" data-version="{served.preview.version}"></script>'
    for path in served.preview.site.pages:
        status, headers, content = served.get(f"/{path.replace('~', '%7E')}")
        assert (200, 1, True) == (status, content.decode().count(tag), b" data-titles" in content), path
        assert ("text/html; charset=utf-8", "no-store") == (headers["Content-Type"], headers["Cache-Control"])
        assert b"<script>alert" not in content
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert b"location.reload()" in served.get("/.perpend/reload.js")[2]


def test_a_directory_is_its_first_page(served: ServedPreview) -> None:
    status, headers, _ = served.get("/ce/acme")
    assert (307, "/ce/acme/") == (status, headers["Location"])
    assert served.get("/")[2] == served.get("/index.html?q=1")[2]
    assert b"<title>Acme" in served.get("/ce/acme/")[2]
    status, headers, content = served.get("/", "HEAD")
    assert (200, b"", str(len(served.get("/")[2]))) == (status, content, headers["Content-Length"])


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("site.css", "text/css; charset=utf-8", b"{"),
        ("site.js", "text/javascript; charset=utf-8", b"titleEngine"),
        ("mark.svg", "image/svg+xml", b"<svg"),
        ("titles.js", "text/javascript; charset=utf-8", b"Thing is open"),
        (f"files{POLICY}/p.png", "image/png", b"\x89PNG"),
    ],
)
def test_files_of_pages_are_shown(served: ServedPreview, path: str, kind: str, words: bytes) -> None:
    status, headers, content = served.get(f"/perpend-site/{path}")
    assert (200, kind, True) == (status, headers["Content-Type"], words in content)


@pytest.mark.parametrize(
    "path",
    [
        *("/none", "/../secret.png", "/%2e%2e/secret.png", "/perpend-site/files/../secret.png", "//etc/passwd", "/a%00"),
        *("/perpend-site/files/ce%2f..%2f..%2fsecret.png", f"/perpend-site/files{POLICY}/policy.yaml", "/perpend-site/"),
        *("/perpend-site/../build.py", "/perpend-site/..%2fbuild.py", "/.perpend/none", "/" + "a/" * 3_000, "//evil.example/"),
    ],
)
def test_nothing_else_is_shown(served: ServedPreview, path: str) -> None:
    assert (404, b"there is no such page\n") == served.get(path)[::2]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "0.0.0.0:{port}"],
)
def test_other_names_are_refused(served: ServedPreview, host: str) -> None:
    for path in ("/", "/.perpend/version", "/.perpend/reload.js", "/perpend-site/titles.js"):
        assert 421 == served.get(path, Host=host.format(port=served.port))[0]


@pytest.mark.parametrize("hosts", [(), ("{good}", "evil.example"), ("evil.example", "{good}")])
def test_requests_without_one_good_host_are_refused(served: ServedPreview, hosts: tuple[str, ...]) -> None:
    lines = "".join(f"Host: {host.format(good=f'127.0.0.1:{served.port}')}\r\n" for host in hosts)
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\n{lines}\r\n".encode())
        assert connection.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 421")


def test_the_name_of_this_machine_is_good(served: ServedPreview) -> None:
    assert 200 == served.get("/", Host=f"localhost:{served.port}")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(served: ServedPreview, method: str) -> None:
    assert 405 == served.get("/", method)[0]


def test_a_change_is_shown_and_open_pages_notice(served: ServedPreview) -> None:
    page, before = f"/{POLICY[1:]}/", served.get("/.perpend/version")[2]
    assert before == served.get("/.perpend/version")[2]
    (served.root / POLICY[1:] / "description.md").write_text("Another text.\n")
    served.preview.show(served.read())
    after = served.get("/.perpend/version")[2]
    content = served.get(page)[2].decode()
    assert before != after and "Another text." in content and f'data-version="{after.decode().strip()}"' in content


def test_a_page_of_another_server_reloads(served: ServedPreview) -> None:
    assert Preview(served.read()).version > served.preview.version


def test_what_cannot_be_read_is_said(served: ServedPreview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "file", lambda *_: (served.root / "gone").read_bytes())
    status, _, content = served.get("/perpend-site/x.png")
    assert (503, True) == (status, b"No such file" in content)


def test_texts_that_mean_harm_do_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_operations(monkeypatch)
    site = Site(Repository(write(tmp_path / "repository", hostile_files())), title=EVIL, search=False)
    site.renderer.reload = "1"
    for path in site.pages:
        html = site.html(path).decode()
        assert "<script>alert" not in html and 3 == html.count("<script"), path
