"""Which policies of the library a costly test asks: some, spread over all; each of them with ``PERPEND_LIBRARY_STEP=1``.

What builds a site asks those of IAM, or the few of ``FEW`` where any would do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from perpend.language.syntax.repository import LIBRARY, Repository

STEP = int(os.environ.get("PERPEND_LIBRARY_STEP", "16"))

_WATCHES_LOGS = re.compile("/cloudtrail/.*-monitoring")


def sampled(policies: Sequence[str]) -> list[str]:
    """Return every so many policies, in the order of their ids; of the costliest, which watch logs, none unless all are meant."""
    return sorted(one for one in policies if STEP == 1 or not _WATCHES_LOGS.search(one))[::STEP]


def sampled_iam() -> list[str]:
    """Return the names of those policies of IAM that are sampled."""
    return sampled([path.parent.name for path in LIBRARY.glob("ce/ca/aws/iam/*/policy.yaml")])


FEW = ("user-has-more-than-one-active-access-key", "root-user-mfa", "delete-root-user-access-keys")
TYPES_OF_FEW = ("CA10__CaAwsAccount__c", "CA10__CaAwsUser__c")


def sampled_library(directory: Path) -> Repository:
    """Write the library with the policies that are sampled and those of ``FEW``, and one framework."""
    part = part_of_library(directory, policies=FEW)
    shutil.copytree(LIBRARY / "types", directory / "types", dirs_exist_ok=True)
    for policy in sampled([path.relative_to(LIBRARY).as_posix() for path in LIBRARY.glob("ce/ca/aws/*/*") if path.is_dir()]):
        shutil.copytree(LIBRARY / policy, directory / policy, dirs_exist_ok=True)
        shutil.copy(LIBRARY / policy / "../folder.yaml", directory / policy / "..")
    return part


def part_of_library(directory: Path, frameworks: str = "cis-aws-v7.0.0", policies: Sequence[str] = ()) -> Repository:
    """Write the library with its policies of IAM, or some, and the frameworks of a pattern: all would cost a test half a minute."""
    types = [Path("types", name) for name in (TYPES_OF_FEW if policies == FEW else ("",))]
    chosen = [path.relative_to(LIBRARY) for path in (LIBRARY / "frameworks").glob(frameworks)]
    for top in (*types, *(Path("ce/ca/aws/iam", name) for name in policies or ("",)), *chosen):
        shutil.copytree(LIBRARY / top, directory / top)
    shutil.copytree(LIBRARY / "ratings", directory / "ratings")
    for folder in ("ce", "ce/ca", "ce/ca/aws", "ce/ca/aws/iam"):
        shutil.copy(LIBRARY / folder / "folder.yaml", directory / folder)
    return Repository(directory)
