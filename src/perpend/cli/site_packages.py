"""The packages of the extra ``site``, which a plain installation lacks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.diagnostics.extras import command_to_add
from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator


class MissingPackages(PerpendError):
    """The packages of the extra ``site`` are not installed."""


@contextmanager
def site_packages() -> Iterator[None]:
    """Turn a package that cannot be imported into one line that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("perpend"):
            raise
        raise MissingPackages(f"the site needs the package {error.name}: {command_to_add('site')}") from None
