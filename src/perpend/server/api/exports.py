"""Send all chosen findings as a file: written to a private directory first, so that an error is still a problem document."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from perpend.inventory.snapshots.temporary_store import scratch
from perpend.server.api.endpoints import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

_CHUNK: Final = 262_144


class FileExport(StreamingResponse):
    """A file that is removed when it was sent, when its reader went away, and when sending failed."""

    def __init__(self, write: Callable[[Path], None], name: str, format: str, headers: Mapping[str, str]) -> None:
        with ExitStack() as stack:
            path = stack.enter_context(scratch()) / f"{name}.{format}"
            write(path)
            disposition = f'attachment; filename="{path.name}"'
            sizes = {"Content-Length": str(path.stat().st_size), "Content-Disposition": disposition}
            super().__init__(_chunks(path), headers={**headers, **sizes}, media_type=EXPORTS[format])
            # A response that nobody sends, as its request was cancelled, removes its file as well.
            self._remove = weakref.finalize(self, stack.pop_all().close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._remove()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
