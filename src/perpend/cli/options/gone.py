"""Options and values that are gone: each ends with one line that names its replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.settings import GONE
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable


def gone_option(name: str, *others: str, is_flag: bool = False) -> Callable[[Any], Any]:
    """Return an option that nobody can give any more. ``others`` went with it; flags are named by ``others`` alone."""

    def refuse(context: click.Context, parameter: click.Parameter, value: object) -> None:
        if value not in (None, False):
            raise PerpendError(GONE[name])

    names = others if is_flag else (name, *others)
    return click.option(*names, is_flag=is_flag, hidden=True, expose_value=False, callback=refuse)


def refuse_by_object(context: click.Context, parameter: click.Parameter, value: str) -> None:
    """Refuse ``--by object``. ``--by verdict`` is accepted: every output lists verdicts."""
    if value == "object":
        raise PerpendError(GONE["--by"])
