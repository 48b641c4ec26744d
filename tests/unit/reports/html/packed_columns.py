"""Columns of a page that is handed over, unpacked, and a name that would run if anything could."""

from __future__ import annotations

import base64
import gzip
import re

EVIL = "</script><img src=x onerror=alert(1)>"


def column(page: str, name: str) -> bytes:
    (packed,) = re.findall(f'<script type="text/plain" id="column-{name}">([A-Za-z0-9+/=]*)</script>', page)
    return gzip.decompress(base64.b64decode(packed))
