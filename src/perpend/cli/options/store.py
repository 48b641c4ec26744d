"""The option --store of commands that read a store, and the words that name the same store for another command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.cli.config.command import Configured, configuration_of, is_off
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.default_store import DEFAULT_STORE, existing_default_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME_A_STORE: Final = f"name a store with --store DIR, or run this where {DEFAULT_STORE} is, which `perpend scan aws` makes"
"""The next step if there is no store."""

NO_DEFAULT: Final = f"; there is no {DEFAULT_STORE} here"
"""The end of the error for a command that takes files or a store, if it gets neither."""


class StoreOption(click.Option):
    """Names the store to read. Its default is the store that a scan keeps in the working directory.

    ``is_needed``: the command cannot run without a store. If the option yields to another parameter of the command, the default
    is not read.
    """

    def __init__(self, names: Sequence[str], *, help: str, is_needed: bool = False, **named: Any) -> None:
        text = f"{help}  [default: {DEFAULT_STORE}, if it exists]"
        super().__init__(names, help=text, **{"metavar": "DIR", "type": click.Path(), **named})
        self.is_needed = is_needed

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value. Say in one line if the last run of the store had another configuration than the command has."""
        store = super().process_value(ctx, value)
        if isinstance(store, str) and not ctx.resilient_parsing and (missing := configuration_missing(ctx, store)):
            from perpend.findings.history.configuration import not_in_use

            warn(not_in_use(missing, f"add --config {visible(shlex.quote(missing))}"))
        return store

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Return the value and its source. Raises StoreError for a default store that others may have made."""
        value, source = super().consume_value(ctx, opts)
        is_replaced = isinstance(ctx.command, Configured) and ctx.command.yields(ctx, self.name)
        if source is not ParameterSource.DEFAULT or is_replaced:
            return value, source
        try:
            store = existing_default_store()
        except PerpendError:
            if not ctx.resilient_parsing:
                raise
            store = None
        if store is None and self.is_needed and not ctx.resilient_parsing:
            raise click.UsageError(f"no store: {NAME_A_STORE}", ctx)
        return value if store is None else store, source


def configuration_missing(context: click.Context, store: str) -> str | None:
    """Return the configuration file of a store's last run if the command has another one or none; None with --no-config."""
    from perpend.findings.history.configuration import other_configuration

    file = configuration_of(context).file
    return None if is_off(context) else other_configuration(store, file.path if file else None)


def store_words(context: click.Context, store: str) -> list[str]:
    """Return the words that name a store for another command here; none if it is the default one."""
    is_default = store == DEFAULT_STORE and "store" not in configuration_of(context).values
    return [] if is_default else ["--store", store]
