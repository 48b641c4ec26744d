"""An extra of this package in, the command that adds it out: from where the package itself was installed."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any
from urllib.parse import unquote, urlsplit


def command_to_add(extra: str) -> str:
    """Return the command that installs an extra from the directory, file, repository or index that Perpend came from."""
    origin = _origin()
    url = origin.get("url")
    if not url:
        return f"pip install {shlex.quote(f'perpend[{extra}]')}"
    if origin.get("dir_info", {}).get("editable"):
        return f"pip install --editable {shlex.quote(f'{unquote(urlsplit(url).path)}[{extra}]')}"
    version = origin.get("vcs_info")
    source = f"{version['vcs']}+{url}@{version['commit_id']}" if version else url
    return f"pip install {shlex.quote(f'perpend[{extra}] @ {source}')}"


def _origin() -> dict[str, Any]:
    """Return what the installer noted of its source (PEP 610), empty for an index or where nothing is installed."""
    try:
        noted = distribution("perpend").read_text("direct_url.json")
    except PackageNotFoundError:
        noted = None
    origin = json.loads(noted) if noted else {}
    return origin if isinstance(origin, dict) else {}
