"""Serve a built site to this machine, and reload its open pages after each build."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

ADDRESS: Final = "127.0.0.1"
"""The address that the server listens at: no other machine can reach it."""

_SCRIPT: Final = Path(__file__).with_name("reload.js")
_SCRIPT_ADDRESS: Final = "/.perpend/reload.js"
_VERSION_ADDRESS: Final = "/.perpend/version"
_MAX_PATH: Final = 1_000
_MAX_NAME: Final = 255
_PLAIN: Final = re.compile(r"[^\\\0]*")
_TEXT: Final = "text/plain; charset=utf-8"


class SiteServer(ThreadingHTTPServer):
    """Serves the files of a directory. Port 0 takes any free port; a port in use raises ``OSError``."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"

    def __init__(self, directory: Path, port: int = 0) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.directory = directory
        self.version = time.time_ns()  # a page of an earlier server reloads, too
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}
        if self.server_port == 80:
            self.hosts |= {ADDRESS, "localhost"}

    @property
    def url(self) -> str:
        """The address of the first page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def reload(self) -> None:
        """Have all open pages reload."""
        self.version += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Print an error of the server, but not that a browser closed its connection."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came


class _Handler(SimpleHTTPRequestHandler):
    """Answers GET and HEAD. The base class answers any other method with 501."""

    server: SiteServer
    timeout = 30
    server_version = "perpend"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 the base class declares it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".md": _TEXT,
        ".ndjson": "application/x-ndjson; charset=utf-8",
        ".txt": _TEXT,
        ".wasm": "application/wasm",
        ".webp": "image/webp",
    }

    def parse_request(self) -> bool:
        """Reject a request with another ``Host``: a page of another site may have its name lead to this machine."""
        if not super().parse_request():
            return False
        hosts = self.headers.get_all("Host", [])
        if hosts and self.server.hosts.issuperset(hosts):
            return True
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST, explain="this server answers to its own name only")
        return False

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send the headers of an answer, and return its content. Pages get the script that reloads them."""
        if self.path == _VERSION_ADDRESS:
            return self._content(_TEXT, f"{self.server.version}\n".encode())
        if self.path == _SCRIPT_ADDRESS:
            return self._content(self.extensions_map[".js"], _SCRIPT.read_bytes())
        version, page = self.server.version, Path(self.translate_path(self.path))
        if page.suffix != ".html" or not page.is_file():
            return super().send_head()
        head, end, rest = page.read_bytes().rpartition(b"</body>")
        tag = f'<script src="{_SCRIPT_ADDRESS}" data-version="{version}"></script>'.encode() if end else b""
        return self._content(self.extensions_map[".html"], head + tag + end + rest)

    def translate_path(self, path: str) -> str:
        """Return the file or directory that an address names; the first page, of a directory's address with a slash."""
        path = unquote(urlsplit(path).path)
        place = place_of(self.server.directory, path)
        if place is not None and path.endswith("/") and place.is_dir():
            place = place_of(self.server.directory, f"{path}index.html")
        return str(place or self.server.directory / ".none")

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Reject: a directory without a first page is no page."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error as one line of text."""
        status = HTTPStatus(code)
        text = "there is no such page" if status is HTTPStatus.NOT_FOUND else explain or message or status.phrase
        self.close_connection = True
        content = self._content(_TEXT, f"{text}\n".encode(), status)
        if self.command != "HEAD":
            self.wfile.write(content.getvalue())

    def end_headers(self) -> None:
        """Send headers that keep answers from caches, from other sites and from guesses."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing: the terminal belongs to the builds."""

    def _content(self, media_type: str, content: bytes, status: HTTPStatus = HTTPStatus.OK) -> io.BytesIO:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        return io.BytesIO(content)


def place_of(directory: Path, path: str) -> Path | None:
    """Return the place below a directory that a decoded path names, None if it is hidden, outside, or not a path."""
    parts = [part for part in path.split("/") if part]
    if len(path) > _MAX_PATH or not _PLAIN.fullmatch(path) or not all(map(_is_name, parts)):
        return None
    place = Path(os.path.realpath(directory.joinpath(*parts)))
    root = os.path.realpath(directory)
    return place if str(place) == root or str(place).startswith(root + os.sep) else None


def _is_name(part: str) -> bool:
    return not part.startswith(".") and ":" not in part and len(part.encode("utf-8", "replace")) <= _MAX_NAME
