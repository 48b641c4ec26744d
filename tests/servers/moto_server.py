"""Moto's server, as `python -m moto.server` starts it, but for two things.

Its sessions of the SDK read each model of a service once. Its lists of access keys and of instance profiles have the flag for the
last page, which AWS always sends and moto leaves out.
"""

from __future__ import annotations

import sys
from functools import cache, wraps
from typing import Any

import botocore.loaders

botocore.loaders.create_loader = cache(botocore.loaders.create_loader)

from moto.iam.responses import IamResponse  # noqa: E402 - what it imports already opens sessions
from moto.server import main  # noqa: E402 - as above


def _with_end(answer: Any) -> Any:
    """Return what answers a listing with the flag for its last page."""

    @wraps(answer)
    def ended(response: IamResponse) -> Any:
        listed = answer(response)
        listed.result["IsTruncated"] = False
        return listed

    return ended


for _name in ("list_access_keys", "list_instance_profiles"):
    setattr(IamResponse, _name, _with_end(getattr(IamResponse, _name)))

if __name__ == "__main__":
    main(sys.argv[1:])
