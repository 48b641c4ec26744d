"""Which policies of the library a costly test asks: some, spread over all; each of them with ``PERPEND_LIBRARY_STEP=1``.

What builds a site asks those of IAM, or the few of ``FEW`` where any would do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from perpend.load.repository import LIBRARY, Repository

STEP = int(os.environ.get("PERPEND_LIBRARY_STEP", "16"))

_WATCHES_LOGS = re.compile("/cloudtrail/.*-monitoring")


def sampled(policies: Sequence[str]) -> list[str]:
    """Return every so many policies, in the order of their ids; of the costliest, which watch logs, none unless all are meant."""
    return sorted(one for one in policies if STEP == 1 or not _WATCHES_LOGS.search(one))[::STEP]


FEW = ("user-has-more-than-one-active-access-key", "root-user-mfa", "delete-root-user-access-keys")


def part_of_library(directory: Path, frameworks: str = "frameworks/cis-aws-v7.0.0", policies: Sequence[str] = ()) -> Repository:
    """Write the library with its policies of IAM, or some, and one framework: pages of all would cost a test half a minute."""
    for top in ("types", *(f"ce/ca/aws/iam/{name}" for name in policies or ("",)), frameworks):
        shutil.copytree(LIBRARY / top, directory / top)
    for folder in ("ce", "ce/ca", "ce/ca/aws", "ce/ca/aws/iam"):
        shutil.copy(LIBRARY / folder / "folder.yaml", directory / folder)
    return Repository(directory)
