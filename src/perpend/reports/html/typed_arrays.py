"""Columns in, texts that stand in a page out: each column one gzip stream in base64, the same bytes for the same values.

What comes is compressed as it comes: of a column only its compressed bytes are held.
"""

from __future__ import annotations

import base64
import gzip
import io
import sys
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable

if TYPE_CHECKING:
    from array import array

_LEVEL: Final = 9


class PackedColumn:
    """A column of texts or numbers, compressed."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._stream = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=self._bytes, mtime=0)

    def text(self) -> str:
        """End the column, and return it in base64."""
        self._stream.close()
        return base64.b64encode(self._bytes.getbuffer()).decode("ascii")

    def _write(self, taken: bytes) -> None:
        self._stream.write(taken)


class PackedTexts(PackedColumn):
    """A column of lines."""

    def add(self, text: str, /) -> None:
        """Take in some lines, each with its end."""
        self._write(encodable(text).encode("utf-8"))


class PackedNumbers(PackedColumn):
    """A column of unsigned numbers of 32 bits, the lowest byte first."""

    def add(self, numbers: array[int], /) -> None:
        """Take in unsigned numbers of 32 bits."""
        if sys.byteorder != "little":
            numbers = numbers[:]
            numbers.byteswap()
        self._write(numbers.tobytes())
