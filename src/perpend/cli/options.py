"""What options hold, read from what people write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from perpend.ir.coverage import Scope, scopes_from
from perpend.meaning.values import date_time_from_text

REPOSITORY: Final = "the one that the configuration names, else the one in the working directory, else the library"

repository_option = click.option(
    "--repo", metavar="DIR", type=click.Path(), help=f"The policy repository; without it, {REPOSITORY}."
)


object_types_option = click.option(
    "--repo",
    metavar="DIR",
    type=click.Path(),
    help=f"Take object types from this repository beside the library; without it, from {REPOSITORY}.",
)


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """Return the moment that an option names in ISO 8601."""
    if value is None:
        return None
    instant = date_time_from_text(value)
    if instant is None:
        raise click.BadParameter("not an ISO 8601 date, or date and time, such as 2026-11-24T09:30:00Z", context, parameter)
    return datetime.fromtimestamp(instant / 1000, tz=UTC)


def age(context: click.Context, parameter: click.Parameter, value: str) -> timedelta:
    """Return the length of time that an option names."""
    found = re.fullmatch("([0-9]{1,5})([smhd])", value.strip())
    if found is None:
        raise click.BadParameter("not a number and s, m, h or d, such as 90m, 4h or 2d", context, parameter)
    return (
        int(found[1])
        * {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(1)}[found[2]]
    )


def scopes(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[Scope, ...]:
    """Return the scopes that an option names."""
    try:
        return scopes_from(value) if value is not None else ()
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter, "--complete") from None


def settings(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return settings written as ``key=value``."""
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise click.BadParameter(f"'{pair}' is not written as KEY=VALUE", param_hint="--spark-conf")
    return dict(pair.split("=", 1) for pair in pairs)
