"""Write and read the ZIP file of an evidence pack.

Equal members give equal bytes. A foreign file is read within bounds, and no member is unpacked before all names are checked.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import field
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.files import naming, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_MEMBERS: Final = 50_000
"""The largest number of files in an evidence pack."""

MOST_BYTES: Final = 64 * 1024**3
"""The largest size of an evidence pack, unpacked, in bytes."""

RATIO: Final = 250
"""The largest ratio of unpacked to packed size, for members of more than ``UNCHECKED`` unpacked bytes."""

UNCHECKED: Final = 64 * 1024 * 1024
_MOST_AT_ONCE: Final = 16 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_LONGEST_NAME, _LONGEST_PART = 1_000, 255
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\\]+")
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_LOCAL_SIGN, _END_SIGN, _ZIP64_SIZES, _LARGE = b"PK\x03\x04", b"PK\x05\x06", 1, 0xFFFFFFFF
_END_SIZE: Final = 22
_HAS_DESCRIPTOR: Final = 0x08
_DESCRIPTOR_SIZES: Final = range(12, 25)
"""The number of bytes of a data descriptor, which follows a member whose header has no sizes."""

_BROKEN: Final = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError, EOFError, OSError),
    *(zlib.error, struct.error),
)
"""The errors that reading a damaged archive may raise."""


class NotAnEvidencePack(PerpendError):
    """A file is not an evidence pack, or cannot be part of one."""


@dataclass(frozen=True, slots=True)
class EvidenceFault:
    """A difference from the statement of an evidence pack. ``member`` is empty for the file as a whole."""

    member: str
    reason: str


class DamagedMember(Exception):
    """A member cannot be read in full."""


def name_fault(name: str) -> str | None:
    """Return the reason why a member cannot have a name, None if it can."""
    parts = name.split("/")
    try:
        long = len(name.encode()) > _LONGEST_NAME or any(len(part.encode()) > _LONGEST_PART for part in parts)
    except UnicodeEncodeError:
        return "its name is not text"
    if long:
        return "its name is too long"
    if name.endswith("/"):
        return "is a directory, and an evidence pack contains only files"
    if not _NAME.fullmatch(name) or {"", ".", ".."} & set(parts):
        return "its name leads out of the evidence pack, or has control characters or backslashes"
    return None


def write_archive(stream: BinaryIO, members: Mapping[str, Path | bytes]) -> None:
    """Write members, in their order, without times, owners or other facts of the machine.

    Raises NotAnEvidencePack if a name, a number or a size is beyond the bounds of reading.
    """
    check_names(members)
    check_sizes(members)
    with zipfile.ZipFile(stream, "w", strict_timestamps=True) as archive:
        for name, content in members.items():
            _write_member(archive, name, content)
        faults = _faults(archive.infolist())
    if faults:
        raise NotAnEvidencePack(f"cannot be packed: {shown(faults[0].member)}: {faults[0].reason}")


def _write_member(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
    info.compress_type = zipfile.ZIP_STORED if name.endswith(".parquet") else zipfile.ZIP_DEFLATED
    info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size
    source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with source, archive.open(info, "w") as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)


def check_names(members: Mapping[str, Path | bytes]) -> None:
    """Raise NotAnEvidencePack for the first member whose name is not allowed."""
    for name in members:
        if (reason := name_fault(name)) is not None:
            raise NotAnEvidencePack(f"cannot be packed: {shown(name)}: {reason}")


def check_sizes(members: Mapping[str, Path | bytes]) -> None:
    """Raise NotAnEvidencePack if there are too many members, or if they are too large together."""
    if len(members) > MOST_MEMBERS:
        raise NotAnEvidencePack(f"cannot be packed: {len(members):,} files are more than the limit of {MOST_MEMBERS:,}")
    total = sum(len(content) if isinstance(content, bytes) else content.stat().st_size for content in members.values())
    if total > MOST_BYTES:
        raise NotAnEvidencePack(
            f"cannot be packed: {total:,} bytes are more than the limit of {MOST_BYTES:,}; use --no-inputs to pack hashes"
        )


@dataclass(slots=True)
class EvidenceArchive:
    """The members of an evidence pack by name. With ``faults``, which keep it from being read, there are no members."""

    faults: tuple[EvidenceFault, ...] = ()
    _archive: zipfile.ZipFile | None = None
    _infos: dict[str, zipfile.ZipInfo] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members, in their order."""
        return tuple(self._infos)

    def content(self, name: str, *, most: int) -> bytes:
        """Return a member's bytes. Raises DamagedMember."""
        if self._infos[name].file_size > most:
            raise DamagedMember(f"has {self._infos[name].file_size:,} bytes; at most {most:,} are read")
        return b"".join(self._chunks(name))

    def digest(self, name: str, target: Path | None = None) -> str:
        """Return the SHA-256 of a member, in hexadecimal, and write the member to ``target`` if it is given.

        Raises DamagedMember, and StoreError if the file cannot be written.
        """
        digest = hashlib.sha256()
        if target is None:
            for chunk in self._chunks(name):
                digest.update(chunk)
            return digest.hexdigest()
        with naming(target):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with target.open("xb") as stream:
                for chunk in self._chunks(name):
                    digest.update(chunk)
                    stream.write(chunk)
        return digest.hexdigest()

    def _chunks(self, name: str) -> Iterator[bytes]:
        assert self._archive is not None
        info, size = self._infos[name], 0
        try:
            with self._archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    yield chunk
        except _BROKEN as error:
            raise DamagedMember(f"is cut off or damaged: {_error_text(error)}") from None
        if size != info.file_size:
            raise DamagedMember(f"is cut off: {size:,} bytes of {info.file_size:,}")


@contextmanager
def open_evidence(path: Path) -> Iterator[EvidenceArchive]:
    """Yield an evidence pack. Raises NotAnEvidencePack for a file that cannot be opened, or does not begin like an archive."""
    try:
        with path.open("rb") as file:
            is_one = stat.S_ISREG(path.stat().st_mode) and file.read(2) == _LOCAL_SIGN[:2]
    except OSError as error:
        raise NotAnEvidencePack(f"{shown(path)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not is_one:
        raise NotAnEvidencePack(f"{shown(path)}: is not an evidence pack: not a ZIP file")
    with _BoundedReader(io.FileIO(path)) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _BROKEN as error:
            within = _cut_within(stream)
            fault = EvidenceFault(within, "the file is cut off within this member") if within else None
            yield EvidenceArchive((fault or EvidenceFault("", f"is cut off or damaged: {_error_text(error)}"),))
            return
        infos = archive.infolist()
        faults = _faults(infos) or _foreign_bytes(archive, stream)
        yield (
            EvidenceArchive(tuple(faults)) if faults else EvidenceArchive((), archive, {info.filename: info for info in infos})
        )


class _BoundedReader(io.BufferedReader):
    """A file that returns a limited number of bytes at once, so that false sizes in it cannot exhaust memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = size if size is not None and size >= 0 else _MOST_AT_ONCE + 1
        read = super().read(min(wanted, _MOST_AT_ONCE + 1))
        if len(read) > _MOST_AT_ONCE:
            raise zipfile.BadZipFile("the list of its members is too long")
        return read


def _faults(infos: list[zipfile.ZipInfo]) -> list[EvidenceFault]:
    """Return the faults that keep an archive from being read: unsafe names, and sizes beyond bounds."""
    if len(infos) > MOST_MEMBERS:
        return [EvidenceFault("", f"has {len(infos):,} members; at most {MOST_MEMBERS:,} are read")]
    if (total := sum(info.file_size for info in infos)) > MOST_BYTES:
        return [EvidenceFault("", f"has {total:,} bytes unpacked; at most {MOST_BYTES:,} are read")]
    names = Counter(info.filename for info in infos)
    faults = [EvidenceFault(info.filename, reason) for info in infos if (reason := _member_fault(info, names)) is not None]
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        if info.header_offset + _LOCAL.size + info.compress_size > following.header_offset:
            faults.append(EvidenceFault(following.filename, "overlaps another member"))
    return faults


def _foreign_bytes(archive: zipfile.ZipFile, stream: BinaryIO) -> list[EvidenceFault]:
    """Return a fault if an archive has bytes that belong to no member, because they could change unnoticed."""
    where = "in a comment" if archive.comment or any(info.comment for info in archive.infolist()) else None
    try:
        where = where or _foreign_place(archive, stream)
    except _BROKEN as error:
        return [EvidenceFault("", f"is cut off or damaged: {_error_text(error)}")]
    return [EvidenceFault("", f"has bytes that belong to no member: {where}")] if where else []


def _foreign_place(archive: zipfile.ZipFile, stream: BinaryIO) -> str | None:
    stream.seek(-_END_SIZE, io.SEEK_END)
    if stream.read(len(_END_SIGN)) != _END_SIGN:
        return "after its end"
    expected = range(1)
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset not in expected:
            return "between its members" if expected.start else "before its first member"
        stream.seek(info.header_offset)
        *_, name_length, more_length = _LOCAL.unpack(stream.read(_LOCAL.size))
        end = info.header_offset + _LOCAL.size + name_length + more_length + info.compress_size
        expected = range(end, end + 1)
        if info.flag_bits & _HAS_DESCRIPTOR:
            expected = range(end + _DESCRIPTOR_SIZES.start, end + _DESCRIPTOR_SIZES.stop)
    return None if archive.start_dir in expected else "between its members"


def _member_fault(info: zipfile.ZipInfo, names: Mapping[str, int]) -> str | None:
    if (reason := name_fault(info.orig_filename)) is not None:
        return reason
    if names[info.filename] > 1:
        return "occurs twice"
    parts = info.filename.split("/")
    if any("/".join(parts[:number]) in names for number in range(1, len(parts))):
        return "is below a file"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is not a file"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "has a compression that evidence packs do not use"
    if info.file_size > UNCHECKED and info.file_size > RATIO * info.compress_size:
        return f"unpacks to more than {RATIO} times its size"
    return None


def _cut_within(stream: BinaryIO) -> str | None:
    """Return the member in which a file is cut off, by following the headers; None if none can be named."""
    with suppress(*_BROKEN):
        end, place = stream.seek(0, io.SEEK_END), 0
        for _ in range(MOST_MEMBERS):
            stream.seek(place)
            header = stream.read(_LOCAL.size)
            if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGN):
                return None
            *_, packed, size, name_length, more_length = _LOCAL.unpack(header)
            name, more = stream.read(name_length), stream.read(more_length)
            if _LARGE in (packed, size) and len(more) >= 20 and struct.unpack_from("<H", more)[0] == _ZIP64_SIZES:
                packed = struct.unpack_from("<Q", more, 12)[0]
            place += _LOCAL.size + name_length + more_length + packed
            if place > end:
                return name.decode("utf-8", "replace")
    return None


def _error_text(error: BaseException) -> str:
    text = str(error).split("\n")[0]
    return shown(text[:1].lower() + text[1:]) if text else type(error).__name__
