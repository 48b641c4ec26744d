"""What is not a plan or a state in JSON, in words, with the command to run instead."""

from __future__ import annotations

from typing import Final

_PLAN: Final = (
    "run `terraform plan -out plan.bin` and `terraform show -json plan.bin > plan.json` (or `tofu`), and name plan.json"
)
BINARY: Final = (
    "a binary plan of Terraform or OpenTofu: run `terraform show -json FILE > plan.json` (or `tofu`), and name plan.json"
)
STATE_FILE: Final = (
    "a raw state file of Terraform or OpenTofu, whose form is internal: run `terraform show -json FILE > state.json` (or "
    "`tofu`), and name state.json"
)
REDACTED: Final = f"the redacted form of a remote plan, which leaves values out: {_PLAN}"
LINES: Final = f"the log lines of `terraform plan -json`, not a plan: {_PLAN}"
ERRORED: Final = f"a plan that broke off with an error, and does not hold all of its resources: fix the error, then {_PLAN}"
NO_VERSION: Final = f"JSON of Terraform without a `format_version`, which is no plan that `show -json` wrote: {_PLAN}"
SOURCES: Final = f"is a directory of Terraform configuration, which is not evaluated: {_PLAN}"
STORED: Final = "a plan is what is meant to be, and enters no store: `perpend check` reads it"
