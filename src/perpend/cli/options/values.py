"""Parse the values of options: ages, times, scopes, settings. Refuse options and values that are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.settings import GONE
from perpend.core.errors import PerpendError
from perpend.core.objects.claims import Scope, scopes_from
from perpend.core.values.age import age_from_text
from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY: Final = "the one of the configuration, else of the working directory, else the library"

repository_option = click.option(
    "--repo", metavar="DIR", type=click.Path(), help=f"The policy repository. Default: {REPOSITORY}."
)


def age(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    """Return the value of an option as a length of time."""
    length = age_from_text(value) if value is not None else None
    if value is not None and length is None:
        raise click.BadParameter(
            f"'{printable(value)}' is not a length of time, such as 90m, 24h, 7d or 4w", context, parameter
        )
    return length


max_age_option = click.option(
    "--max-age",
    metavar="AGE",
    callback=age,
    help="Treat facts older than this, such as 24h or 7d before now (or --snapshot-time), as unknown.",
)

counted_accounts_option = click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="ID|NAME",
    help="Count this account only, by its number or by its name in the configuration; may be repeated.",
)

object_types_option = click.option(
    "--repo",
    metavar="DIR",
    type=click.Path(),
    help=f"Use the object types of this repository in addition to the library's. Default: {REPOSITORY}.",
)


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """Return the value of an option as a time in UTC. Raises BadParameter unless it is ISO 8601."""
    if value is None:
        return None
    instant = date_time_from_text(value)
    if instant is None:
        no_date = f"'{printable(value)}' is not an ISO 8601 date or time, such as 2026-11-24T09:30:00Z"
        raise click.BadParameter(no_date, context, parameter)
    return datetime.fromtimestamp(instant / 1000, tz=UTC)


def scopes(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[Scope, ...]:
    """Return the value of an option as scopes."""
    try:
        return scopes_from(value) if value is not None else ()
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter, "--complete") from None


def settings(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return the settings in a list of ``key=value``."""
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise click.BadParameter(f"'{pair}' is not written as KEY=VALUE", param_hint="--spark-conf")
    return dict(pair.split("=", 1) for pair in pairs)


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
