"""A preview of a site on a port of this machine."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path

from perpend.language.syntax.repository import Repository
from perpend.reports.site.site import Site
from perpend.server.preview import Preview, preview_app
from perpend.server.run import http_server, listening_socket
from perpend.server.settings import Limits


class ServedPreview:
    """A preview on a port, and what it shows."""

    def __init__(self, root: Path, docs: Path | None = None) -> None:
        self.root, self.docs = root, docs
        self.preview = Preview(self.read())
        self.bound = listening_socket("127.0.0.1", 0)
        self.port = self.bound.getsockname()[1]
        self.server = http_server(preview_app(self.preview, self.port), Limits())
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.bound]}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """End the server."""
        self.server.should_exit = True
        self.thread.join(60)
        self.bound.close()

    def read(self) -> Site:
        """Return a new reading of the repository."""
        return Site(Repository(self.root), title="S", documents=self.docs, search=False)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return the status, headers and content of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers={"Host": f"127.0.0.1:{self.port}", **headers})
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found
