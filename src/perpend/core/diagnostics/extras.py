"""An extra of this package in, the command that adds it out: from where the package itself was installed."""

from __future__ import annotations

import json
import os
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_OF_IMAGE: Final = "PERPEND_IMAGE_EXTRAS"
"""The variable that the Containerfile sets to the extras that an image was built with."""


def command_to_add(extra: str) -> str:
    """Return the command that installs an extra from the directory, file, repository or index that Perpend came from.

    In a container it is the one that builds an image with it: there nothing can be installed.
    """
    if _OF_IMAGE in os.environ:
        extras = ",".join(filter(None, (os.environ[_OF_IMAGE], extra)))
        return f"podman build -t perpend --build-arg {shlex.quote(f'EXTRAS={extras}')} ."
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
