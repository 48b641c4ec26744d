"""What another reader of Parquet says of a file."""

from __future__ import annotations

from io import BytesIO

import pyarrow.parquet as pq


def is_refused_by_another(content: bytes) -> bool:
    """Whether it finds that a page is not what its checksum says: heads and the footer have none."""
    try:
        pq.read_table(BytesIO(content), page_checksum_verification=True)
    except (OSError, ValueError) as error:
        return "CRC" in str(error)
    return False
