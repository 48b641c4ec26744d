"""``python -m tests.docs.config_reference PATH``: writes the page of the configuration file's keys, of their declarations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from perpend.cli.config.files import MOST_BYTES, MOST_DOTS
from perpend.cli.config.settings import ACCOUNT_SETTINGS, ACCOUNTS, SETTINGS, Setting

HEAD = """# The configuration file

<!-- Written by `make reference`; edit `src/perpend/cli/config/settings.py` instead. -->

`perpend.toml`, or the table `[tool.perpend]` of `pyproject.toml`: TOML, looked for in the working directory and upwards; the
nearest one holds, alone. `--config FILE` or `PERPEND_CONFIG=FILE` name another, `--no-config` passes all over. Options of
commands win over the file. `perpend config` shows what holds and where each value comes from. How it is used:
[configure a project](../how-to/configure-a-project.md).
"""

FOOT = f"""
## Rules

- Paths are relative to the file; `~/` in front means your home directory. One that leads out of the file's directory, by
  itself or by links, is used, and each command that uses it says so on standard error.
- A file that was found, not named, is refused where it, a link to it, or its directory belongs to another user than you or
  root.
- A `store` that is a bucket (`s3://…`) holds only in a file that was named; where the file was found, `--store` has to name the bucket.
- What a file that was found says of the exit code is told: `fail-on`, `unrated-passes`, `require-coverage`, `waivers`, `ratings`.
- An unknown key, a value of another kind, and two files in one directory are errors (exit code 2). Nothing is written then.
- A file has at most {MOST_BYTES:,} bytes, and a line at most {MOST_DOTS} dots.
"""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, "## Keys", "", "| key | holds | default of | meaning |", "| --- | --- | --- | --- |"]
    lines += (_row(setting.name, setting) for setting in SETTINGS)
    lines += ["", "## Accounts", "", f"`[{ACCOUNTS}.111122223333]`, by the account's twelve digits:", ""]
    lines += ["| key | holds | meaning |", "| --- | --- | --- |"]
    lines += (f"| `{setting.name}` | {setting.wanted} | {setting.meaning} |" for setting in ACCOUNT_SETTINGS)
    return "\n".join(lines) + "\n" + FOOT


def _row(name: str, setting: Setting) -> str:
    return f"| `{name}` | {setting.wanted}{_builtin(setting)} | {', '.join(_uses(setting))} | {setting.meaning} |"


def _builtin(setting: Setting) -> str:
    return "" if setting.builtin is None else f"; without it `{str(setting.builtin).lower()}`"


def _uses(setting: Setting) -> Iterator[str]:
    yield f"`{setting.option}` of " + ", ".join(f"`{command}`" for command in setting.commands)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
