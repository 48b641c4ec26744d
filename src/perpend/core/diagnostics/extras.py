"""Build the command that installs an extra of this package, for the place that the package was installed from."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from perpend.core.errors import PerpendError

_OF_IMAGE: Final = "PERPEND_IMAGE_EXTRAS"
"""The environment variable in which the Containerfile stores the extras of an image."""


class MissingPackages(PerpendError):
    """The packages of an extra are not installed."""


def command_to_add(extra: str) -> str:
    """Return the command that installs an extra from the directory, file, repository or index that Perpend came from.

    In a container, return the command that builds an image with the extra: a container cannot install it.
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
    """Return the source that the installer recorded (PEP 610), empty for an index or if the package is not installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        noted = distribution("perpend").read_text("direct_url.json")
    except PackageNotFoundError:
        noted = None
    origin = json.loads(noted) if noted else {}
    return origin if isinstance(origin, dict) else {}
