"""A built site in a directory in, its pages over HTTP to this machine only out, each of which loads anew after a build."""

from __future__ import annotations

import os
import re
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

ADDRESS: Final = "127.0.0.1"
"""Where the server listens: no other machine can reach it."""

_OWN: Final = "/.perpend/"
_SCRIPT: Final = Path(__file__).with_name("reload.js")
_TAG: Final = b'<script src="/.perpend/reload.js"></script></body>'
_HEARTBEAT: Final = 2.0
_MAX_PATH: Final = 1_000
_MAX_NAME: Final = 255
_PLAIN: Final = re.compile(r"[^\\\0]*")
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".xml": "application/xml",
}
_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class SiteServer(ThreadingHTTPServer):
    """Serves the files of a directory. Port 0 takes any that is free; a port in use raises ``OSError``."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"

    def __init__(self, directory: Path, port: int = 0) -> None:
        super().__init__((ADDRESS, port), _Request)
        self.directory = directory
        self.version = 0
        self.ended = False
        self.changed = threading.Condition()
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}
        if self.server_port == 80:
            self.hosts |= {ADDRESS, "localhost"}

    @property
    def url(self) -> str:
        """The address of the first page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def renew(self) -> None:
        """Have all open pages loaded anew."""
        with self.changed:
            self.version += 1
            self.changed.notify_all()

    def shutdown(self) -> None:
        """Stop serving, and let those go that wait for changes."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        super().shutdown()

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a reader that has left; anything else is a fault of ours and told."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came


class _Request(BaseHTTPRequestHandler):
    """Answers one request."""

    server: SiteServer
    timeout = 30
    server_version = "perpend"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a page or file."""
        if self.headers.get_all("Host") is None or set(self.headers.get_all("Host", [])) - self.server.hosts:
            self._say(HTTPStatus.MISDIRECTED_REQUEST, "this server answers to its own name only")
        elif self.path == f"{_OWN}changes":
            self._changes()
        elif self.path == f"{_OWN}reload.js":
            self._send(HTTPStatus.OK, _MEDIA_TYPES[".js"], _SCRIPT.read_bytes())
        else:
            self._file()

    def do_HEAD(self) -> None:
        """Answer as to GET, without the content."""
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet: the terminal belongs to the builds."""

    def _file(self) -> None:
        path = unquote(urlsplit(self.path).path)
        place = place_of(self.server.directory, path)
        if place is not None and place.is_dir() and not path.endswith("/"):
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", quote("/" + path.strip("/") + "/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        place = place / "index.html" if place is not None and place.is_dir() else place
        try:
            content = place.read_bytes() if place is not None and place.is_file() else None
        except OSError:
            content = None
        if place is None or content is None:
            self._say(HTTPStatus.NOT_FOUND, "there is no such page")
            return
        media_type = _MEDIA_TYPES.get(place.suffix.lower(), "application/octet-stream")
        head, end, rest = content.rpartition(b"</body>") if place.suffix == ".html" else (content, b"", b"")
        self._send(HTTPStatus.OK, media_type, head + _TAG + rest if end else content)

    def _changes(self) -> None:
        """Tell the page, for as long as it is open, when the site has been built anew."""
        seen = self.server.version  # before the page knows that it is listened to, or a change in between would be lost
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        for name, value in _HEADERS:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        while self.command == "GET" and not self.server.ended:
            with self.server.changed:
                if self.server.version == seen:
                    self.server.changed.wait(_HEARTBEAT)
            is_new, seen = self.server.version != seen, self.server.version
            self.wfile.write(b"event: change\ndata: built\n\n" if is_new else b": still here\n\n")
            self.wfile.flush()

    def _say(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, _MEDIA_TYPES[".txt"], f"{sentence}\n".encode())

    def _send(self, status: HTTPStatus, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in _HEADERS:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def place_of(directory: Path, path: str) -> Path | None:
    """Return the place below a directory that a decoded path names, None where it hides, leads out or is no path."""
    parts = [part for part in path.split("/") if part]
    if len(path) > _MAX_PATH or not _PLAIN.fullmatch(path) or not all(map(_is_name, parts)):
        return None
    place = Path(os.path.realpath(directory.joinpath(*parts)))
    root = os.path.realpath(directory)
    return place if str(place) == root or str(place).startswith(root + os.sep) else None


def _is_name(part: str) -> bool:
    return not part.startswith(".") and ":" not in part and len(part.encode("utf-8", "replace")) <= _MAX_NAME
