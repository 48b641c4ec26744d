"""Moto's server, as `python -m moto.server` starts it, but that its sessions of the SDK read each model of a service once."""

from __future__ import annotations

import sys
from functools import cache

import botocore.loaders

botocore.loaders.create_loader = cache(botocore.loaders.create_loader)

from moto.server import main  # noqa: E402 - what it imports already opens sessions

if __name__ == "__main__":
    main(sys.argv[1:])
