"""The packages of the extra ``site``, which a plain installation lacks."""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING, Final

from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator


_EXTRA: Final = re.compile(r"extra *== *['\"]site['\"]")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


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
        raise MissingPackages(f"the site needs the package {error.name}: pip install {_packages()}") from None


def _packages() -> str:
    """Return what the extra consists of, by name, so that pip finds it wherever Perpend itself came from."""
    try:
        wanted = requires("perpend") or []
    except PackageNotFoundError:
        wanted = []
    names = [match[0] for one in wanted if _EXTRA.search(one) and (match := _NAME.match(one))]
    return " ".join(names) or "'perpend[site]'"
