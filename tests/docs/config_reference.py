"""``python -m tests.docs.config_reference PATH``: writes the page of the configuration file's keys, of their declarations."""

from __future__ import annotations

import sys
from pathlib import Path

from perpend.cli.config.files import MOST_BYTES, MOST_DOTS
from perpend.cli.config.settings import (
    ACCOUNT_SETTINGS,
    ACCOUNTS,
    PARAMETERS,
    RUN_SETTINGS,
    RUNS,
    SERVE,
    SETTINGS,
    TOKEN_SETTINGS,
    TOKENS,
    Setting,
)

HEAD = """# The configuration file

<!-- Written by `make reference`; edit `src/perpend/cli/config/settings.py` instead. -->

The configuration is `perpend.toml`, or the table `[tool.perpend]` of `pyproject.toml`, in TOML. Perpend looks in the working directory and
its parents and uses only the nearest file. `--config FILE` or `PERPEND_CONFIG=FILE` names another file; `--no-config` ignores all files.
A key is the default of its option in every command with this option. Options of commands override the file. `perpend config` shows each value with its source. See [configure a
project](../how-to/configure-a-project.md).
"""

FOOT = f"""
## Rules

- Paths are relative to the file; `~/` at the beginning is your home directory. A path may lead out of the file's directory, directly or by
  links. Each command that uses such a path reports it on standard error.
- Perpend rejects a file that it found by itself if the file, a link to it, or its directory belongs to a user other than you or root.
- A `store` in a bucket (`s3://…`) needs `--config` or `PERPEND_CONFIG`. For a file that Perpend found by itself, name the bucket with
  `--store`.
- Settings of such a file that choose policies are reported on standard error: `policies`, `frameworks`, `exclude`.
- Settings of such a file that change the exit code are reported: `fail-on`, `unrated-passes`, `require-coverage`, `waivers`, `ratings`,
  and values of `parameters`.
- An unknown key, a value of another kind, and two files in one directory are errors (exit code 2). The command then writes nothing.
- A file has at most {MOST_BYTES:,} bytes, and a line at most {MOST_DOTS} dots.
"""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, "## Keys", "", "| key | value | default of | meaning |", "| --- | --- | --- | --- |"]
    lines += (_row(setting.name, setting) for setting in SETTINGS)
    lines += [
        "",
        "## Accounts",
        "",
        f"`[{ACCOUNTS}.111122223333]`, by the account: twelve digits of AWS, a UUID of Azure in lower case, or a project id of Google:",
        "",
    ]
    lines += ["| key | value | meaning |", "| --- | --- | --- |"]
    lines += (f"| `{setting.name}` | {setting.wanted} | {setting.meaning} |" for setting in ACCOUNT_SETTINGS)
    lines += [
        "",
        "## Parameters of policies",
        "",
        f"`[{PARAMETERS}.secret-unused-for-90-days]`, by the id of the policy, or by the",
    ]
    lines += ["end of its id if only one policy has it. Keys are the names of its parameters:", ""]
    lines += ["| key | value | meaning |", "| --- | --- | --- |"]
    lines += ["| a name | an integer, a text, or a list of them, as the policy declares | The value instead of the default. |"]
    lines += ["", "See [set a policy's parameters](../how-to/set-parameters.md)."]
    lines += ["", "## Runs of a server", "", f"`[{SERVE}.{RUNS}.nightly]`, by a name of small letters, digits and hyphens:", ""]
    lines += ["| key | value | meaning |", "| --- | --- | --- |"]
    lines += (f"| `{setting.name}` | {setting.wanted} | {setting.meaning} |" for setting in RUN_SETTINGS)
    lines += ["", "## Tokens of a server", ""]
    lines += [
        f"`[{SERVE}.{TOKENS}.team]`, by a name of the same form. A token of such a file sees these accounts only, and needs both:"
    ]
    lines += ["", "| key | value | meaning |", "| --- | --- | --- |"]
    lines += (f"| `{setting.name}` | {setting.wanted} | {setting.meaning} |" for setting in TOKEN_SETTINGS)
    return "\n".join(lines) + "\n" + FOOT


def _row(name: str, setting: Setting) -> str:
    return f"| `{name}` | {setting.wanted}{_builtin(setting)} | {_uses(setting)} | {setting.meaning} |"


def _builtin(setting: Setting) -> str:
    return "" if setting.builtin is None else f"; without it `{str(setting.builtin).lower()}`"


def _uses(setting: Setting) -> str:
    within = f" of `{setting.within}`" if setting.within else ""
    but = f", except of {' and '.join(f'`{name}`' for name in setting.not_of)}" if setting.not_of else ""
    return f"`{setting.option}`{within}{but}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
