"""Report packages of extras that are not installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def extra_packages(extra: str, what: str) -> Iterator[None]:
    """Turn an import error into a message with the command to install the package. ``what`` is the feature that needs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("perpend"):
            raise
        from perpend.core.diagnostics.extras import MissingPackages, command_to_add

        package = (error.name or "").partition(".")[0]
        raise MissingPackages(f"{what} needs the package {package}: {command_to_add(extra)}") from None
