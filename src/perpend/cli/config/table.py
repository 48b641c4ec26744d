"""A configuration in: a row for each setting out, with the value that holds and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perpend.cli.config.settings import ACCOUNT_SETTINGS, ACCOUNTS, SETTINGS, SettingKind

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.cli.config.configuration import Configuration
    from perpend.cli.config.settings import Setting


@dataclass(frozen=True, slots=True)
class Row:
    """A setting and what holds: ``value`` as commands take it, None where nothing does.

    ``source`` is ``file``, ``working directory`` or ``default``; ``place`` says where in the file.
    """

    key: str
    value: Any
    source: str
    place: str | None = None

    def json(self) -> dict[str, Any]:
        """Return the row as a JSON object, with the line of the file by itself."""
        line = self.place.rpartition(":")[2] if self.place else ""
        return {"key": self.key, "value": self.value, "source": self.source, "line": int(line) if line.isdecimal() else None}


def rows_of(configuration: Configuration, *, repository_here: Path | None) -> list[Row]:
    """Return the rows of all settings, and of the accounts that the file names.

    ``repository_here`` is the root that the working directory is in.
    """
    rows = [_row(configuration, setting, repository_here) for setting in SETTINGS]
    for number, account in configuration.accounts.items():
        for setting in ACCOUNT_SETTINGS:
            value, key = getattr(account, setting.name), f"{ACCOUNTS}.{number}.{setting.name}"
            if value is not None:
                rows.append(Row(key, value, "file", configuration.place(key)))
    return rows


def _row(configuration: Configuration, setting: Setting, repository_here: Path | None) -> Row:
    name = setting.name
    if name in configuration.values:
        is_path = setting.kind is SettingKind.PATH
        value = configuration.path(name) if is_path else configuration.values[name]
        return Row(name, value, "file", configuration.place(name))
    if name == "repository" and repository_here is not None:
        return Row(name, str(repository_here), "working directory")
    return Row(name, setting.builtin, "default")
