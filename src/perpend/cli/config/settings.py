"""What a configuration file may say, declared once: reading, messages, options' defaults and the reference follow from it.

Refuses to know the command line: commands, options and inputs are names here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

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
)


FAIL_ON: Final = ("undetermined", "incompliant", "never")
"""What makes a run fail, the strictest first: what is worse than the word fails as well."""

MOST: Final = 1_000_000_000
"""The largest number that a setting takes."""


class SettingKind(StrEnum):
    """What a setting holds, in the words of messages and of the reference."""

    PATH = "a path"
    TEXT = "a text"
    TEXTS = "a list of texts"
    SWITCH = "true or false"
    NUMBER = "a whole number from 1 to 1,000,000,000"
    CHOICE = "one of"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file: what it holds, what it means, and which option of which commands has it as its default.

    ``name`` has dots between tables and keys. ``builtin`` is what holds where neither option nor file says anything.
    ``decides`` are commands whose exit code is another one by it, with the same verdicts.
    """

    name: str
    kind: SettingKind
    meaning: str
    option: str = ""
    commands: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    builtin: str | int | bool | None = None
    decides: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What the key holds, in words."""
        listed = ", ".join(f"`{choice}`" for choice in self.choices)
        return f"{self.kind.value} {listed}" if self.choices else self.kind.value


SETTINGS: Final = (
    Setting(
        "repository",
        SettingKind.PATH,
        "The policy repository. Without it, the one that the working directory holds, else the library.",
        "--repo",
        REPOSITORY_COMMANDS,
    ),
    Setting(
        "store",
        SettingKind.PATH,
        "The store of snapshots. `check` and `explain` look at it where no input is named.",
        "--store",
        _STORE_COMMANDS,
    ),
    Setting(
        "policies",
        SettingKind.TEXTS,
        "Ids, globs or folders of the policies that judge. Holds where neither `--policy` nor `--framework` is given.",
        "--policy",
        ("check", "collect aws", "scan aws", "permissions", "evidence write", "report html", "export security-hub"),
    ),
    Setting(
        "frameworks",
        SettingKind.TEXTS,
        "Frameworks or sections; the policies mapped to one of them judge. Holds where `policies` does.",
        "--framework",
        ("check", "collect aws", "scan aws", "permissions", "evidence write", "report html", "export security-hub"),
    ),
    Setting(
        "inherited",
        SettingKind.SWITCH,
        "With frameworks: policies that reach one through rules or similar sections judge, too.",
        "--inherited",
        ("check", "evidence write", "report html", "export security-hub"),
        builtin=False,
    ),
    Setting(
        "exclude",
        SettingKind.TEXTS,
        "Ids, globs or folders of policies that are not asked, unless `--policy` names one by itself. Reports tell them.",
        "--exclude",
        ("check", "scan aws", "evidence write", "report html", "export security-hub"),
    ),
    Setting(
        "waivers",
        SettingKind.PATH,
        "A directory of waivers and attestations. Without it, `waivers` in the repository. Gives way to `--no-waivers`.",
        "--waivers",
        (
            *("check", "scan aws", "report html", "export security-hub", "evidence write"),
            *("diff", "compliance", "findings", "notify", "remediate", "waivers lint", "waivers list"),
        ),
        decides=("check", "scan aws", "diff", "findings"),
    ),
    Setting(
        "ratings",
        SettingKind.PATH,
        "A directory of ratings. Without it, `ratings` in the repository.",
        "--ratings",
        (
            *("check", "scan aws", "report html", "export security-hub", "evidence write"),
            *("findings", "trend", "severity lint", "severity list"),
        ),
        decides=("check", "scan aws", "findings"),
    ),
    Setting(
        "fail-on",
        SettingKind.CHOICE,
        "Which verdicts make the exit code 1 or 3, those that are worse included; by severity only where some is rated.",
        "--fail-on",
        ("check", "scan aws"),
        (*FAIL_ON, "critical", "high", "medium", "low", "info"),
        "undetermined",
        decides=("check", "scan aws"),
    ),
    Setting(
        "unrated-passes",
        SettingKind.SWITCH,
        "With a severity in `fail-on`: findings that nobody has rated pass.",
        "--unrated-passes",
        ("check", "scan aws"),
        builtin=False,
        decides=("check", "scan aws"),
    ),
    Setting(
        "require-coverage",
        SettingKind.SWITCH,
        "Exit code 3 unless every requirement of the frameworks was asked. Holds where `--policy` is not given.",
        "--require-coverage",
        ("check", "scan aws"),
        builtin=False,
        decides=("check", "scan aws"),
    ),
    Setting(
        "max-age",
        SettingKind.TEXT,
        "How old facts may be, such as `24h` or `7d`. Older ones are not known.",
        "--max-age",
        ("check", "explain", "evidence write", "remediate", "report html", "export security-hub"),
    ),
    Setting(
        "output.format",
        SettingKind.CHOICE,
        "The form of the output.",
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
        "output.limit",
        SettingKind.NUMBER,
        "How many objects the table shows per message.",
        "--limit",
        ("check", "scan aws"),
        builtin=20,
    ),
    Setting("snapshots.keep", SettingKind.NUMBER, "How many of the newest snapshots stay.", "--keep", ("inventory prune",)),
    Setting(
        "site.out",
        SettingKind.PATH,
        "Where the site is written. Markdown still goes into the repository.",
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
    Setting("site.title", SettingKind.TEXT, "The site's name.", "--title", ("site build",)),
    Setting("site.base-url", SettingKind.TEXT, "Where the site will be.", "--base-url", ("site build",)),
)

ACCOUNTS: Final = "accounts"
"""The table of accounts: a table for each, by its twelve digits."""

ACCOUNT_SETTINGS: Final = (
    Setting("name", SettingKind.TEXT, "What people call the account."),
    Setting("owner", SettingKind.TEXT, "Who answers for it: a person, a team, an address."),
)


def settings_of(command: str) -> list[Setting]:
    """Return the settings that give options of a command their defaults."""
    return [setting for setting in SETTINGS if command in setting.commands]


def setting_named(name: str) -> Setting | None:
    """Return the setting of a name, with the names of its tables in front."""
    return next((setting for setting in SETTINGS if setting.name == name), None)


def known_names() -> list[str]:
    """Return the names of all settings; of accounts, their table."""
    return [*(setting.name for setting in SETTINGS), ACCOUNTS]


def nearest_name(key: str, table: str = "") -> str | None:
    """Return the name that a wrong key of a table most likely means; its option's name and other tables' keys count as well."""
    meant = {ACCOUNTS: ACCOUNTS}
    # Names of the same table come last: where a key is called alike in two tables, its own is meant.
    for setting in sorted(SETTINGS, key=lambda setting: setting.name.rpartition(".")[0] == table):
        above, _, last = setting.name.rpartition(".")
        meant |= {above: above} if above else {}
        meant |= dict.fromkeys((setting.option.strip("-"), last, setting.name), setting.name)
    near = difflib.get_close_matches(key.casefold(), meant, n=1)
    return meant[near[0]] if near else None
