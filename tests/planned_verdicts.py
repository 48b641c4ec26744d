"""The verdicts on the test plans: ``python -m tests.planned_verdicts [NAME]`` prints them with their reasons.

``tests/fixtures/terraform/verdicts`` has the expected ones, each of which was compared with the configuration by hand. No program
writes them: a line that changes has to be understood.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from perpend.inventory.readers.read import collect_files
from tests.terraform_plans import DIRECTORY, PLANS

EXPECTED = DIRECTORY / "verdicts"
_LIBRARY = "/ce/ca/aws/"


def arguments(name: str) -> list[str]:
    """Return the arguments of ``perpend`` that evaluate a plan."""
    return ["check", str(DIRECTORY / f"{name}.json"), "--snapshot-time", "2026-12-01", "--format", "json"]


def lines_of(name: str, document: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of verdicts with their reasons: the address, the status and the policy."""
    sources = collect_files([str(DIRECTORY / f"{name}.json")]).inventory.sources
    addresses = {one.id: one.address for source in sources for one in source.planned}
    verdicts: list[dict[str, Any]] = json.loads(document)["verdicts"]
    for one in sorted(verdicts, key=lambda one: (addresses[one["object"]["id"]], one["policyId"])):
        policy = one["policyId"].removeprefix(_LIBRARY)
        yield f"{addresses[one['object']['id']]}  {one['status']}  {policy}", one["currentStateMessage"]


def main() -> None:
    for name in sys.argv[1:] or PLANS:
        command = [sys.executable, "-m", "perpend", *arguments(name), "--no-config"]
        out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        for line, reason in lines_of(name, out):
            print(f"{line}  # {reason}")


if __name__ == "__main__":
    main()
