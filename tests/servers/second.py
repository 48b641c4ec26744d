"""Ministack, a second server that speaks AWS, as a process of its own: ``PERPEND_MINISTACK`` is the path of its command.

It has a virtual environment of its own, since it pins the SDK: ``pip install ministack==1.5.33``. What it cannot make is passed
over, so that both servers hold the same as far as they can.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.client
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

COMMAND = "PERPEND_MINISTACK"


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """Yield the address of a server on a free port of loopback, which keeps what it writes below a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    surroundings = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen([os.environ[COMMAND]], cwd=folder, env=surroundings, stdout=quiet, stderr=quiet) as server:
        try:
            for _ in range(300):
                assert server.poll() is None, "ministack ended"
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


class Nothing(dict[str, Any]):
    """What a server answers that cannot do it: whatever is asked of it is nothing, too."""

    def __missing__(self, key: Any) -> Nothing:
        return Nothing()


def make_what_can_be(makers: Sequence[Callable[[str], object]], url: str) -> list[str]:
    """Make what a server can make; return the operations that it refused."""
    refused: list[str] = []
    call = botocore.client.BaseClient._make_api_call

    def tolerant(self: Any, operation: str, parameters: Any) -> Any:
        try:
            return call(self, operation, parameters)
        except (ClientError, BotoCoreError, ResponseParserError):
            refused.append(operation)
            return Nothing()

    botocore.client.BaseClient._make_api_call = tolerant
    try:
        for make in makers:
            try:
                make(url)
            except (KeyError, IndexError, TypeError):
                refused.append(getattr(make, "__name__", str(make)))
    finally:
        botocore.client.BaseClient._make_api_call = call
    return refused
