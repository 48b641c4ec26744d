"""Read the settings and accounts of a configuration file, or report all its mistakes."""

from __future__ import annotations

import os
import re
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perpend.cli.config.files import SHARED_TABLE, ConfigurationFile, UnusableConfiguration, file_above, file_named, line_of
from perpend.cli.config.settings import (
    ACCOUNT_SETTINGS,
    ACCOUNTS,
    GONE,
    MOST,
    PARAMETERS,
    RUN_SETTINGS,
    RUNS,
    SERVE,
    SETTINGS,
    TOKEN_SETTINGS,
    TOKENS,
    SettingKind,
    nearest_name,
    setting_named,
)
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import suggestion
from perpend.core.objects.account import Account
from perpend.core.objects.claims import account_refusal
from perpend.inventory.snapshots.open_store import is_address
from perpend.language.syntax.parameter_settings import ParameterSetting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.cli.config.settings import Setting

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_MISTAKES: Final = 20
_MOST_CHARACTERS: Final = 1_000
_LONGEST_SHOWN: Final = 60
_TABLES: Final = frozenset(setting.name.rpartition(".")[0] for setting in SETTINGS if "." in setting.name)


@dataclass(frozen=True, slots=True)
class ServeToken:
    """A token of the server that shows some accounts. ``token_file`` is the path as the file has written it."""

    accounts: tuple[str, ...]
    token_file: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The content of a file: ``values`` by the name of the setting, paths unresolved; ``accounts`` by account number.

    ``parameters`` are values of policies' parameters, not yet compared with a repository. ``runs`` are the commands of the runs
    that readers of a server may start, by name; ``tokens`` those of its tokens that show some accounts only.
    """

    file: ConfigurationFile | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    parameters: tuple[ParameterSetting, ...] = ()
    runs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tokens: Mapping[str, ServeToken] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """Return the place of a setting as ``file:line``."""
        assert self.file is not None
        return _place(self.file, tuple(name.split(".")))

    def path(self, name: str) -> str:
        """Return a path of the file for use in the working directory; unchanged if the file is in the working directory."""
        return self.resolved(self.values[name])

    def resolved(self, written: str) -> str:
        """Return a path for use in the working directory that the file has written."""
        assert self.file is not None
        if is_address(written):
            return written
        path = os.path.normpath(os.path.join(self.file.directory, os.path.expanduser(written)))
        here = _working_directory()
        below = here is not None and here.is_relative_to(self.file.directory)
        inside = Path(path).is_relative_to(self.file.directory)
        return os.path.relpath(path, here) if below and inside else path

    def leads_out(self, written: str) -> bool:
        """Whether a path that the file has written is outside of the directory of the file, also through links."""
        assert self.file is not None
        directory = Path(os.path.realpath(self.file.directory))
        return is_address(written) or not Path(os.path.realpath(self.resolved(written))).is_relative_to(directory)


def configuration_here(named: str | None = None) -> Configuration:
    """Return the configuration of a named file, else of the file for the working directory, else an empty one.

    Raises UnusableConfiguration for a file that cannot be used.
    """
    here = _working_directory()
    if named is not None:
        return configuration_from(file_named(named))
    file = file_above(here) if here is not None else None
    return configuration_from(file) if file is not None else Configuration()


def configuration_from(file: ConfigurationFile) -> Configuration:
    """Return the configuration of a file. Raises UnusableConfiguration with a line for each of the first twenty mistakes."""
    reading = _SettingsReader(file)
    reading.table(file.settings, ())
    if reading.mistakes:
        more = [f"{file.shown}: and {reading.uncounted:,} more mistakes"] if reading.uncounted else []
        raise UnusableConfiguration("\nperpend: ".join([*reading.mistakes, *more]))
    return Configuration(file, reading.values, reading.accounts, tuple(reading.parameters), reading.runs, reading.tokens)


class _SettingsReader:
    """Reads the tables of one file, and collects values and mistakes."""

    def __init__(self, file: ConfigurationFile) -> None:
        self._file = file
        self.values: dict[str, Any] = {}
        self.accounts: dict[str, Account] = {}
        self.parameters: list[ParameterSetting] = []
        self.runs: dict[str, tuple[str, ...]] = {}
        self.tokens: dict[str, ServeToken] = {}
        self.mistakes: list[str] = []
        self.uncounted = 0

    def table(self, values: Any, above: tuple[str, ...]) -> None:
        """Read the settings of a table."""
        if not self._is_table(values, above):
            return
        for key, value in values.items():
            name = ".".join((*above, key))
            setting = setting_named(name)
            if setting is not None:
                self._add(self.values, name, setting, value, (*above, key))
            elif name == ACCOUNTS:
                self._read_accounts(value)
            elif name == PARAMETERS:
                self._read_parameters(value)
            elif name == SERVE:
                self._read_serve(value)
            elif name in _TABLES:
                self.table(value, (*above, key))
            else:
                self._unknown((*above, key))

    def _read_accounts(self, accounts: Any) -> None:
        for number, table in accounts.items() if self._is_table(accounts, (ACCOUNTS,)) else ():
            if refusal := account_refusal(number):
                self._mistake((ACCOUNTS, number), refusal)
            elif self._is_table(table, (ACCOUNTS, number)):
                self.accounts[number] = Account(**self._read_members(table, (ACCOUNTS, number), ACCOUNT_SETTINGS))

    def _read_parameters(self, policies: Any) -> None:
        for policy, table in policies.items() if self._is_table(policies, (PARAMETERS,)) else ():
            for name, value in table.items() if self._is_table(table, (PARAMETERS, policy)) else ():
                place = _place(self._file, (PARAMETERS, policy, name))
                self.parameters.append(ParameterSetting(policy, name, value, place))

    def _read_serve(self, values: Any) -> None:
        for key, value in values.items() if self._is_table(values, (SERVE,)) else ():
            if setting := setting_named(f"{SERVE}.{key}"):
                self._add(self.values, setting.name, setting, value, (SERVE, key))
            elif key == RUNS:
                for name, members in self._named_tables(value, RUNS, "run", RUN_SETTINGS):
                    self.runs[name] = tuple(members["command"])
            elif key == TOKENS:
                for name, members in self._named_tables(value, TOKENS, "token", TOKEN_SETTINGS):
                    self.tokens[name] = ServeToken(tuple(members["accounts"]), members["token-file"])
            else:
                self._unknown((SERVE, key), (RUNS, TOKENS))

    def _named_tables(
        self, tables: Any, key: str, noun: str, settings: Sequence[Setting]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the names and members of the tables below a key of the server that have a right value for every setting."""
        for name, table in tables.items() if self._is_table(tables, (SERVE, key)) else ():
            above = (SERVE, key, name)
            if not _NAME.fullmatch(name):
                wanted = "a name has up to 40 small letters, digits and hyphens"
                self._mistake(above, f"{_quoted(name)} is not the name of a {noun}: {wanted}")
            elif self._is_table(table, above):
                members = self._read_members(table, above, settings)
                for setting in settings:
                    if table.get(setting.name, []) == []:
                        self._mistake(above, f"the {noun} {_quoted(name)} has no `{setting.name}`")
                if all(members.get(setting.name) for setting in settings):
                    yield name, members

    def _read_members(self, table: dict[str, Any], above: tuple[str, ...], settings: Iterable[Setting]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        by_name = {setting.name: setting for setting in settings}
        for key, value in table.items():
            if key in by_name:
                self._add(values, key, by_name[key], value, (*above, key))
            else:
                self._unknown((*above, key), by_name)
        return values

    def _add(self, values: dict[str, Any], name: str, setting: Setting, value: Any, key: tuple[str, ...]) -> None:
        mistake = _mistaken(setting, value)
        if mistake:
            self._mistake(key, f"`{'.'.join(key)}`: {mistake}")
        else:
            values[name] = value

    def _is_table(self, value: Any, name: tuple[str, ...]) -> bool:
        if not isinstance(value, dict):
            self._mistake(name, f"`{'.'.join((*self._file.table, *name))}`: expected a table, found {_described(value)}")
        return isinstance(value, dict)

    def _unknown(self, key: tuple[str, ...], known: Collection[str] | None = None) -> None:
        """Report an unknown key with the nearest known one. After ``_MOST_MISTAKES`` only count: the search is slow."""
        if len(self.mistakes) >= _MOST_MISTAKES:
            self.uncounted += 1
            return
        *above, last = key
        near_name = nearest_name(last, ".".join(above)) if known is None else None
        near = f"did you mean `{near_name}`?" if near_name else suggestion(last, known or ())
        near = GONE.get(f"--{last}", near)
        if key == SHARED_TABLE[:1] and not self._file.table:
            near = f"settings stand here without `[{'.'.join(SHARED_TABLE)}]`"
        self._mistake(key, f"unknown key {_quoted('.'.join(key))}{f' ({near})' if near else ''}")

    def _mistake(self, key: tuple[str, ...], sentence: str) -> None:
        if len(self.mistakes) < _MOST_MISTAKES:
            self.mistakes.append(f"{_place(self._file, key)}: {sentence}")
        else:
            self.uncounted += 1


def _mistaken(setting: Setting, value: Any) -> str | None:
    """Return the reason why the value of a setting is wrong, None if it is not."""
    match setting.kind:
        case SettingKind.SWITCH:
            fits = isinstance(value, bool)
        case SettingKind.NUMBER:
            fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST
        case SettingKind.TEXTS:
            fits = isinstance(value, list) and all(isinstance(member, str) for member in value)
        case SettingKind.CHOICE:
            fits = value in setting.choices
        case _:
            fits = isinstance(value, str)
    if not fits:
        near = suggestion(value, setting.choices) if isinstance(value, str) and setting.choices else None
        shown = _quoted(value) if isinstance(value, str) and setting.choices else _described(value)
        return f"expected {setting.wanted}, found {shown}{f' ({near})' if near else ''}"
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    unusable = next((text for text in texts if not text.strip() or text != visible(text) or len(text) > _MOST_CHARACTERS), None)
    return None if unusable is None else _unusable(unusable)


def _unusable(text: str) -> str:
    if not text.strip():
        return "expected a text, found an empty one"
    why = "not a text of one line" if text != visible(text) else f"longer than {_MOST_CHARACTERS:,} characters"
    return f"{_quoted(text)} is {why}"


def _described(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {_quoted(value)}"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        wrong = next((member for member in value if not isinstance(member, str)), None)
        return "a list" if wrong is None or isinstance(wrong, list) else f"a list with {_described(wrong)}"
    if isinstance(value, int) and abs(value) > MOST:
        return "a number that is too large"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _quoted(text: str) -> str:
    shown = visible(text)
    return f"`{shown if len(shown) <= _LONGEST_SHOWN else f'{shown[: _LONGEST_SHOWN - 1]}…'}`"


def _place(file: ConfigurationFile, key: tuple[str, ...]) -> str:
    line = line_of(file.text, (*file.table, *key))
    return f"{file.shown}:{line}" if line else file.shown


def _working_directory() -> Path | None:
    """Return the working directory, None if it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None
