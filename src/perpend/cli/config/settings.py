"""Declare the settings of the configuration file: kind, meaning, option and commands of each."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import Final

from perpend.core.dataclass import dataclass

REPOSITORY_COMMANDS: Final = (
    "check",
    "collect aws",
    "scan aws",
    "permissions",
    "import",
    "inventory show",
    "inventory sql",
    "explain",
    "diff",
    "trend",
    "compliance",
    "export security-hub",
    "findings",
    "report html",
    "evidence write",
    "notify",
    "remediate",
    "waivers lint",
    "waivers list",
    "waivers try",
    "severity lint",
    "severity list",
    "test",
    "plan",
    "lint",
    "new policy",
    "new type",
    "new extracts",
    "new section",
    "new waiver",
    "list",
    "search",
    "show",
    "site build",
    "site serve",
    "serve",
    "mcp",
)
_STORE_COMMANDS: Final = (
    "check",
    "collect aws",
    "scan aws",
    "import",
    "inventory ls",
    "inventory show",
    "inventory sql",
    "inventory prune",
    "permissions",
    "explain",
    "findings",
    "history show",
    "history verify",
    "history rebuild",
    "history prune",
    "diff",
    "compliance",
    "trend",
    "report html",
    "evidence write",
    "notify",
    "export security-hub",
    "remediate",
    "waivers lint",
    "waivers list",
    "waivers try",
    "serve",
    "mcp",
)


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
    """One key of the file, and the option and commands that use it as their default.

    ``name`` has dots between tables and keys. ``builtin`` is the value without option and file. ``decides`` are the commands
    whose exit code depends on the setting. ``selects``: it chooses the policies to evaluate.
    """

    name: str
    kind: SettingKind
    meaning: str
    option: str = ""
    commands: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    builtin: str | int | bool | None = None
    decides: tuple[str, ...] = ()
    selects: bool = False

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
        REPOSITORY_COMMANDS,
    ),
    Setting(
        "store",
        SettingKind.PATH,
        "The store of snapshots. Without it, commands that read a store take `.perpend/store` in the working directory, if it "
        "exists. `check` and `explain` use a store if no input is given.",
        "--store",
        _STORE_COMMANDS,
    ),
    Setting(
        "policies",
        SettingKind.TEXTS,
        "Ids, globs or folders of the policies to evaluate. `--policy` and `--framework` replace it.",
        "--policy",
        ("check", "collect aws", "scan aws", "permissions", "evidence write", "report html", "export security-hub"),
        selects=True,
    ),
    Setting(
        "frameworks",
        SettingKind.TEXTS,
        "Frameworks or sections whose policies are evaluated. `--policy` and `--framework` replace it.",
        "--framework",
        (
            *("check", "collect aws", "scan aws", "permissions", "evidence write", "report html", "export security-hub"),
            "compliance",
        ),
        selects=True,
    ),
    Setting(
        "inherited",
        SettingKind.SWITCH,
        "With frameworks: also evaluate policies that reach one through rules or similar sections.",
        "--inherited",
        ("check", "compliance", "evidence write", "report html", "export security-hub"),
        builtin=False,
    ),
    Setting(
        "exclude",
        SettingKind.TEXTS,
        "Ids, globs or folders of policies that are not evaluated, unless `--policy` names one by its id. Reports name them.",
        "--exclude",
        ("check", "scan aws", "evidence write", "report html", "export security-hub"),
        selects=True,
    ),
    Setting(
        "waivers",
        SettingKind.PATH,
        "A directory of waivers and attestations. Without it, `waivers` in the repository. `--no-waivers` ignores it.",
        "--waivers",
        (
            *("check", "scan aws", "report html", "export security-hub", "evidence write"),
            *("diff", "compliance", "findings", "notify", "remediate", "waivers lint", "waivers list", "serve", "mcp"),
        ),
        decides=("check", "scan aws", "diff", "findings"),
    ),
    Setting(
        "ratings",
        SettingKind.PATH,
        "A directory of severity ratings. Without it, `ratings` in the repository.",
        "--ratings",
        (
            *("check", "scan aws", "report html", "export security-hub", "evidence write"),
            *("findings", "trend", "notify", "severity lint", "severity list"),
            *("serve", "mcp"),
        ),
        decides=("check", "scan aws", "findings"),
    ),
    Setting(
        "default-ratings",
        SettingKind.SWITCH,
        "Use Perpend's default for policies of the library that you do not rate. `--no-default-ratings` leaves them unrated.",
        "--default-ratings",
        (
            *("check", "scan aws", "report html", "export security-hub", "evidence write"),
            *("findings", "diff", "trend", "notify", "severity lint", "severity list"),
            *("serve", "mcp"),
        ),
        builtin=True,
        decides=("check", "scan aws", "findings"),
    ),
    Setting(
        "fail-on",
        SettingKind.CHOICE,
        "Which verdicts make the exit code 1 or 3, worse ones included. A severity needs ratings.",
        "--fail-on",
        ("check", "scan aws"),
        (*FAIL_ON, "critical", "high", "medium", "low", "info"),
        "undetermined",
        decides=("check", "scan aws"),
    ),
    Setting(
        "unrated-passes",
        SettingKind.SWITCH,
        "With a severity in `fail-on`: findings without a rating do not fail the run.",
        "--unrated-passes",
        ("check", "scan aws"),
        builtin=False,
        decides=("check", "scan aws"),
    ),
    Setting(
        "require-coverage",
        SettingKind.SWITCH,
        "Exit code 3 unless all policies of every requirement were evaluated. `--policy` turns it off.",
        "--require-coverage",
        ("check", "scan aws"),
        builtin=False,
        decides=("check", "scan aws"),
    ),
    Setting(
        "max-age",
        SettingKind.TEXT,
        "The age, such as `24h` or `7d`, from which facts count as unknown.",
        "--max-age",
        ("check", "scan aws", "explain", "evidence write", "remediate", "report html", "export security-hub"),
    ),
    Setting(
        "output.format",
        SettingKind.CHOICE,
        "The format of the output.",
        "--format",
        ("check", "scan aws"),
        (
            *(
                "table",
                "json",
                "ndjson",
                "csv",
                "parquet",
                "junit",
                "html",
                "ocsf",
                "ocsf-parquet",
                "asff",
                "sarif",
                "markdown",
            ),
            *("oscal-ar", "oscal-poam"),
        ),
        "table",
    ),
    Setting(
        "output.names",
        SettingKind.CHOICE,
        "How text for people names types and fields: by labels, or by labels and API names.",
        "--names",
        ("check", "scan aws", "explain"),
        ("labels", "api"),
        "labels",
    ),
    Setting(
        "output.limit",
        SettingKind.NUMBER,
        "The number of objects that the table shows per message.",
        "--limit",
        ("check", "scan aws"),
        builtin=20,
    ),
    Setting(
        "snapshots.keep", SettingKind.NUMBER, "The number of the newest snapshots to keep.", "--keep", ("inventory prune",)
    ),
    Setting(
        "site.out",
        SettingKind.PATH,
        "The directory of the site.",
        "--out",
        ("site build",),
    ),
    Setting(
        "site.docs",
        SettingKind.PATH,
        "A directory of Markdown documents that becomes part of the site.",
        "--docs",
        ("site build", "site serve"),
    ),
    Setting(
        "serve.repository",
        SettingKind.TEXT,
        "The address of the repository of waivers at GitHub or GitLab, such as `https://github.com/acme/policies`. The page of "
        "a finding links to its form for a new file, with a waiver filled in.",
        "--repository-url",
        ("serve",),
    ),
    Setting("report.title", SettingKind.TEXT, "The title of the HTML report.", "--title", ("report html",)),
    Setting("site.title", SettingKind.TEXT, "The site's name.", "--title", ("site build",)),
    Setting(
        "site.base-url",
        SettingKind.TEXT,
        "The address of the published site. SARIF links to its pages.",
        "--base-url",
        ("site build",),
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
        'The command without `perpend` and without a store, such as `["scan", "aws"]`: `scan aws`, `collect aws`, `import` '
        "or `check`. `perpend serve --jobs` lets readers start it.",
    ),
)

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


def settings_of(command: str) -> list[Setting]:
    """Return the settings that a command uses."""
    return [setting for setting in SETTINGS if command in setting.commands]


def setting_named(name: str) -> Setting | None:
    """Return the setting by its name with dots, None if there is none."""
    return next((setting for setting in SETTINGS if setting.name == name), None)


def known_names() -> list[str]:
    """Return the names of all settings, and of the tables of accounts and of the server."""
    return [*(setting.name for setting in SETTINGS), ACCOUNTS, SERVE]


def nearest_name(key: str, table: str = "") -> str | None:
    """Return the setting that a wrong key most likely means, by its key, its option or its full name."""
    names = {ACCOUNTS: ACCOUNTS}
    # Later entries win: a key that exists in two tables means the setting of its own table.
    for setting in sorted(SETTINGS, key=lambda setting: setting.name.rpartition(".")[0] == table):
        above, _, last = setting.name.rpartition(".")
        names |= {above: above} if above else {}
        names |= dict.fromkeys((setting.option.strip("-"), last, setting.name), setting.name)
    near = difflib.get_close_matches(key.casefold(), names, n=1)
    return names[near[0]] if near else None
