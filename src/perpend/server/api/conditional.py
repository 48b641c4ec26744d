"""Make answers conditional: an ETag for each state of the store, request and reader, and headers that keep answers private."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.server.scope import ReaderScope
    from perpend.server.settings import ServerSettings

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


def entity_tag(state: str, path: str, pairs: Sequence[tuple[str, str]], scope: ReaderScope) -> str:
    """Return the ETag of an answer. ``state`` is the state of the store, ``pairs`` are the parameters in one order."""
    accounts = None if scope.is_all else sorted(scope.accounts)
    parts = json.dumps([__version__, state, path, pairs, accounts])
    return f'"{hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:32]}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Tell whether a client has the answer with this ETag. ``*`` is ignored: it does not name an answer."""
    return if_none_match is not None and tag in _TAG.findall(if_none_match)


def headers_of(tag: str, settings: ServerSettings) -> Mapping[str, str]:
    """Return the headers of an answer with this ETag: only its reader may keep it, and has to ask whether it is still valid."""
    varying = ("Authorization", "Cookie", settings.trust_header, settings.scope_header)
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": ", ".join(filter(None, varying))}
