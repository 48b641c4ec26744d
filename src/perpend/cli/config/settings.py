"""Declare the settings of the configuration file: kind, meaning and option of each."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import click

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

FAIL_ON: Final = ("undetermined", "incompliant", "never")
"""The values of ``fail-on`` that are not severities, the strictest first. Worse verdicts fail the run as well."""

MOST: Final = 1_000_000_000
"""The largest number of a setting."""


class SettingKind(StrEnum):
    """The kind of a setting's value, in words for messages and the reference."""

    PATH = "a path"
    TEXT = "a text"
    TEXTS = "a list of texts"
    SWITCH = "true or false"
    NUMBER = "a whole number from 1 to 1,000,000,000"
    CHOICE = "one of"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file, and the option that it is the default of, in each command that has this option.

    ``name`` has dots between tables and keys. ``within`` limits the commands to one, or to those of one group; ``not_of`` are
    commands where the option chooses something else. ``builtin`` is the value without option and file. ``decides``: the exit
    code may depend on it. ``selects``: it chooses the policies to evaluate.
    """

    name: str
    kind: SettingKind
    meaning: str
    option: str = ""
    within: str = ""
    not_of: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    builtin: str | int | bool | None = None
    decides: bool = False
    selects: bool = False

    def parameter(self, name: str, command: click.Command) -> click.Option | None:
        """Return the option of a command, by the command's name, that the setting is the default of; None if there is none.

        An option of the same name that takes one text instead of a list is another one.
        """
        if name in self.not_of or not f"{name} ".startswith(f"{self.within} ".lstrip()):
            return None
        for param in command.params:
            if isinstance(param, click.Option) and self.option in param.opts and not param.hidden:
                return param if param.multiple is (self.kind is SettingKind.TEXTS) else None
        return None

    @property
    def wanted(self) -> str:
        """The kind of the value and its choices, in words."""
        listed = ", ".join(f"`{choice}`" for choice in self.choices)
        return f"{self.kind.value} {listed}" if self.choices else self.kind.value


SETTINGS: Final = (
    Setting(
        "repository",
        SettingKind.PATH,
        "The policy repository. Without it, the repository around the working directory, else the library.",
        "--repo",
    ),
    Setting(
        "store",
        SettingKind.PATH,
        "The store of snapshots. Without it, commands that read a store take `.perpend/store` in the working directory, if it "
        "exists. `check` and `explain` use a store if no input is given.",
        "--store",
        not_of=("plan", "severity list"),
    ),
    Setting(
        "policies",
        SettingKind.TEXTS,
        "Ids, globs or folders of the policies to evaluate. `--policy` and `--framework` replace it.",
        "--policy",
        not_of=("findings", "trend"),
        selects=True,
    ),
    Setting(
        "frameworks",
        SettingKind.TEXTS,
        "Frameworks or sections whose policies are evaluated. `--policy` and `--framework` replace it.",
        "--framework",
        not_of=("list", "findings"),
        selects=True,
    ),
    Setting(
        "inherited",
        SettingKind.SWITCH,
        "With frameworks: also evaluate policies that reach one through rules or similar sections.",
        "--inherited",
        builtin=False,
    ),
    Setting(
        "exclude",
        SettingKind.TEXTS,
        "Ids, globs or folders of policies that are not evaluated, unless `--policy` names one by its id. Reports name them.",
        "--exclude",
        selects=True,
    ),
    Setting(
        "waivers",
        SettingKind.PATH,
        "A directory of waivers and attestations. Without it, `waivers` in the repository. `--no-waivers` ignores it.",
        "--waivers",
        decides=True,
    ),
    Setting(
        "ratings",
        SettingKind.PATH,
        "A directory of severity ratings. Without it, `ratings` in the repository.",
        "--ratings",
        decides=True,
    ),
    Setting(
        "default-ratings",
        SettingKind.SWITCH,
        "Use Perpend's default for policies of the library that you do not rate. `--no-default-ratings` leaves them unrated.",
        "--default-ratings",
        builtin=True,
        decides=True,
    ),
    Setting(
        "fail-on",
        SettingKind.CHOICE,
        "Which verdicts make the exit code 1 or 3, worse ones included. A severity needs ratings.",
        "--fail-on",
        not_of=("findings",),
        choices=(*FAIL_ON, "critical", "high", "medium", "low", "info"),
        builtin="undetermined",
        decides=True,
    ),
    Setting(
        "unrated-passes",
        SettingKind.SWITCH,
        "With a severity in `fail-on`: findings without a rating do not fail the run.",
        "--unrated-passes",
        not_of=("findings",),
        builtin=False,
        decides=True,
    ),
    Setting(
        "require-coverage",
        SettingKind.SWITCH,
        "Exit code 3 unless all policies of every requirement were evaluated. `--policy` turns it off.",
        "--require-coverage",
        builtin=False,
        decides=True,
    ),
    Setting(
        "max-age",
        SettingKind.TEXT,
        "The age, such as `24h` or `7d`, from which facts count as unknown.",
        "--max-age",
    ),
    Setting(
        "output.format",
        SettingKind.CHOICE,
        "The format of the output. A command that does not write this format keeps its own default.",
        "--format",
        choices=(
            *("table", "json", "ndjson", "csv", "parquet", "junit", "html", "ocsf", "ocsf-parquet", "asff", "sarif"),
            *("markdown", "github", "oscal-ar", "oscal-poam"),
        ),
        builtin="table",
    ),
    Setting(
        "output.names",
        SettingKind.CHOICE,
        "How text for people names types and fields: by labels, or by labels and API names.",
        "--names",
        choices=("labels", "api"),
        builtin="labels",
    ),
    Setting(
        "output.limit",
        SettingKind.NUMBER,
        "The number of lines that text for people shows: objects per message, findings, or rows.",
        "--limit",
        not_of=("search",),
        builtin=20,
    ),
    Setting("snapshots.keep", SettingKind.NUMBER, "The number of the newest snapshots to keep.", "--keep", "inventory prune"),
    Setting(
        "site.out",
        SettingKind.PATH,
        "The directory of the site.",
        "--out",
        within="site",
    ),
    Setting(
        "site.docs",
        SettingKind.PATH,
        "A directory of Markdown documents that becomes part of the site.",
        "--docs",
    ),
    Setting(
        "serve.repository",
        SettingKind.TEXT,
        "The address of the repository of waivers at GitHub or GitLab, such as `https://github.com/acme/policies`. The page of "
        "a finding links to its form for a new file, with a waiver filled in.",
        "--repository-url",
    ),
    Setting("report.title", SettingKind.TEXT, "The title of the HTML report.", "--title", "report html"),
    Setting("site.title", SettingKind.TEXT, "The site's name.", "--title", "site"),
    Setting(
        "site.base-url",
        SettingKind.TEXT,
        "The address of the published site. SARIF links to its pages.",
        "--base-url",
    ),
)

ACCOUNTS: Final = "accounts"
"""The table of accounts. Each account is a table with its number as the name."""

ACCOUNT_SETTINGS: Final = (
    Setting("name", SettingKind.TEXT, "The name of the account."),
    Setting("owner", SettingKind.TEXT, "The owner of the account: a person, a team, an address."),
)

SERVE: Final = "serve"
"""The table of ``perpend serve``."""

RUNS: Final = "runs"
"""The table in it with the runs that readers may start. Each run is a table with the run's name."""

RUN_SETTINGS: Final = (
    Setting(
        "command",
        SettingKind.TEXTS,
        "The command without `perpend` and without a store: `scan` or `collect` with a cloud, `import` or `check`, such as "
        '`["scan", "aws"]`. `perpend serve --jobs` lets readers start it.',
    ),
)

PARAMETERS: Final = "parameters"
"""The table of values of policies' parameters. Each policy is a table with its id, or the unique end of it, as the name."""

TOKENS: Final = "tokens"
"""The table in it with the tokens that show some accounts only. Each is a table with the token's name."""

TOKEN_SETTINGS: Final = (
    Setting("accounts", SettingKind.TEXTS, "The numbers of the accounts that the token shows."),
    Setting(
        "token-file",
        SettingKind.PATH,
        "The file of the token, never the token itself: one a line, and only its owner may read it.",
    ),
)


GONE: Final = {
    "--by": "--by object is gone: `--format parquet` stores the verdicts in fewer bytes, `--format ndjson` with one a line",
    "--verdicts": "--verdicts is gone: `perpend report html` writes a page of what was found, `perpend serve` shows it",
}
"""The replacements of options that are gone, by the option. A key of the same name never was a setting."""


def settings_of(name: str, command: click.Command) -> Iterator[tuple[Setting, click.Option]]:
    """Yield the settings that a command with a name uses, with their options."""
    for setting in SETTINGS:
        if (option := setting.parameter(name, command)) is not None:
            yield setting, option


def setting_named(name: str) -> Setting | None:
    """Return the setting by its name with dots, None if there is none."""
    return next((setting for setting in SETTINGS if setting.name == name), None)


def known_names() -> list[str]:
    """Return the names of all settings, and of the tables of accounts, of parameters and of the server."""
    return [*(setting.name for setting in SETTINGS), ACCOUNTS, PARAMETERS, SERVE]


def nearest_name(key: str, table: str = "") -> str | None:
    """Return the setting that a wrong key most likely means, by its key, its option or its full name."""
    names = {ACCOUNTS: ACCOUNTS, PARAMETERS: PARAMETERS}
    # Later entries win: a key that exists in two tables means the setting of its own table.
    for setting in sorted(SETTINGS, key=lambda setting: setting.name.rpartition(".")[0] == table):
        above, _, last = setting.name.rpartition(".")
        names |= {above: above} if above else {}
        names |= dict.fromkeys((setting.option.strip("-"), last, setting.name), setting.name)
    near = difflib.get_close_matches(key.casefold(), names, n=1)
    return names[near[0]] if near else None
