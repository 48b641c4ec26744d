"""A pack's file: members in, bytes that depend on nothing else out; a foreign file in, its members within bounds out.

Nothing is written under a name before all names are known to be harmless. Refuses to know what members mean.
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
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, Final

from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.files import naming, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_MEMBERS: Final = 50_000
"""How many files a pack holds at most."""

MOST_BYTES: Final = 64 * 1024**3
"""How large a pack is at most, unpacked."""

RATIO: Final = 250
"""How many times its size in the pack a member may have, unpacked, where that is more than ``UNCHECKED`` bytes."""

UNCHECKED: Final = 64 * 1024 * 1024
_MOST_AT_ONCE: Final = 16 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_LONGEST_NAME, _LONGEST_PART = 1_000, 255
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\\]+")
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_LOCAL_SIGN, _END_SIGN, _ZIP64_SIZES, _LARGE = b"PK\x03\x04", b"PK\x05\x06", 1, 0xFFFFFFFF
_END_SIZE: Final = 22
_SIZES_BEHIND: Final = 0x08
_SIZES_BEHIND_TAKE: Final = range(12, 25)
"""How many bytes the sizes of a member take where they stand behind it, and not in front."""

_BROKEN: Final = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError, EOFError, OSError),
    *(zlib.error, struct.error),
)
"""What reading a file that is no sound archive may raise."""


class NotAPack(PerpendError):
    """A file that is no pack at all, or cannot be packed as one."""


@dataclass(frozen=True, slots=True)
class PackFault:
    """What is otherwise than a pack says: the member, empty for the file as a whole, and the reason."""

    member: str
    reason: str


class DamagedMember(Exception):
    """A member that cannot be read whole."""


def name_fault(name: str) -> str | None:
    """Return why a file cannot be called so in a pack, None where it can."""
    parts = name.split("/")
    try:
        long = len(name.encode()) > _LONGEST_NAME or any(len(part.encode()) > _LONGEST_PART for part in parts)
    except UnicodeEncodeError:
        return "its name is no text"
    if long:
        return "its name is too long"
    if name.endswith("/"):
        return "is a directory, and a pack holds files only"
    if not _NAME.fullmatch(name) or {"", ".", ".."} & set(parts):
        return "its name leads elsewhere, or holds signs that no name has"
    return None


def write_archive(stream: BinaryIO, members: Mapping[str, Path | bytes]) -> None:
    """Write members, in their order. Equal members give equal bytes: no time, no owner, nothing of the machine is kept.

    Raises NotAPack for what could not be read again: a name, a number or a size beyond bounds.
    """
    refuse_names(members)
    refuse_sizes(members)
    with zipfile.ZipFile(stream, "w", strict_timestamps=True) as archive:
        for name, content in members.items():
            _write_member(archive, name, content)
        faults = _faults(archive.infolist())
    if faults:
        raise NotAPack(f"cannot be packed: {shown(faults[0].member)}: {faults[0].reason}")


def _write_member(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
    info.compress_type = zipfile.ZIP_STORED if name.endswith(".parquet") else zipfile.ZIP_DEFLATED
    info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size
    source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with source, archive.open(info, "w") as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)


def refuse_names(members: Mapping[str, Path | bytes]) -> None:
    """Raise NotAPack for the first member that cannot be called so."""
    for name in members:
        if (reason := name_fault(name)) is not None:
            raise NotAPack(f"cannot be packed: {shown(name)}: {reason}")


def refuse_sizes(members: Mapping[str, Path | bytes]) -> None:
    """Raise NotAPack where members are more, or larger together, than a pack may be: nobody could read it again."""
    if len(members) > MOST_MEMBERS:
        raise NotAPack(f"cannot be packed: {len(members):,} files are more than a pack holds ({MOST_MEMBERS:,})")
    total = sum(len(content) if isinstance(content, bytes) else content.stat().st_size for content in members.values())
    if total > MOST_BYTES:
        raise NotAPack(
            f"cannot be packed: {total:,} bytes are more than a pack holds ({MOST_BYTES:,}); --no-inputs packs hashes"
        )


@dataclass(slots=True)
class PackArchive:
    """A pack as it is read: its members by name, and what keeps it from being read at all. Then there are no members."""

    faults: tuple[PackFault, ...] = ()
    _archive: zipfile.ZipFile | None = None
    _infos: dict[str, zipfile.ZipInfo] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members, in the order in which they stand there."""
        return tuple(self._infos)

    def content(self, name: str, *, most: int) -> bytes:
        """Return a member's bytes. Raises DamagedMember."""
        if self._infos[name].file_size > most:
            raise DamagedMember(f"has {self._infos[name].file_size:,} bytes; at most {most:,} are read")
        return b"".join(self._chunks(name))

    def digest(self, name: str, target: Path | None = None) -> str:
        """Return the SHA-256 of a member, in hexadecimal, having written it to a file where one is named.

        Raises DamagedMember, and StoreError where the file cannot be written.
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
            raise DamagedMember(f"is cut off or damaged: {_words(error)}") from None
        if size != info.file_size:
            raise DamagedMember(f"is cut off: {size:,} bytes where {info.file_size:,} were packed")


@contextmanager
def opened_pack(path: Path) -> Iterator[PackArchive]:
    """Yield a pack. Raises NotAPack for a file that cannot be opened, or begins like no archive."""
    try:
        with path.open("rb") as file:
            is_one = stat.S_ISREG(path.stat().st_mode) and file.read(2) == _LOCAL_SIGN[:2]
    except OSError as error:
        raise NotAPack(f"{shown(path)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not is_one:
        raise NotAPack(f"{shown(path)}: is no pack: not a ZIP file")
    with _BoundedReader(io.FileIO(path)) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _BROKEN as error:
            within = _cut_within(stream)
            fault = PackFault(within, "the file is cut off within this member") if within else None
            yield PackArchive((fault or PackFault("", f"is cut off or damaged: {_words(error)}"),))
            return
        infos = archive.infolist()
        faults = _faults(infos) or _faults_beside(archive, stream)
        yield PackArchive(tuple(faults)) if faults else PackArchive((), archive, {info.filename: info for info in infos})


class _BoundedReader(io.BufferedReader):
    """A file of which no more is read at once than a pack needs, whatever the file says of itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = size if size is not None and size >= 0 else _MOST_AT_ONCE + 1
        read = super().read(min(wanted, _MOST_AT_ONCE + 1))
        if len(read) > _MOST_AT_ONCE:
            raise zipfile.BadZipFile("the list of its members is too long")
        return read


def _faults(infos: list[zipfile.ZipInfo]) -> list[PackFault]:
    """Return what keeps an archive from being read: names that lead elsewhere, and what goes beyond bounds."""
    if len(infos) > MOST_MEMBERS:
        return [PackFault("", f"has {len(infos):,} members; at most {MOST_MEMBERS:,} are read")]
    if (total := sum(info.file_size for info in infos)) > MOST_BYTES:
        return [PackFault("", f"has {total:,} bytes unpacked; at most {MOST_BYTES:,} are read")]
    names = Counter(info.filename for info in infos)
    faults = [PackFault(info.filename, reason) for info in infos if (reason := _member_fault(info, names)) is not None]
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        if info.header_offset + _LOCAL.size + info.compress_size > following.header_offset:
            faults.append(PackFault(following.filename, "lies within another member, or is another one's double"))
    return faults


def _faults_beside(archive: zipfile.ZipFile, stream: BinaryIO) -> list[PackFault]:
    """Return where an archive has bytes that belong to no member: nobody would notice that they are there, or others."""
    where = "in a comment" if archive.comment or any(info.comment for info in archive.infolist()) else None
    try:
        where = where or _place_of_more(archive, stream)
    except _BROKEN as error:
        return [PackFault("", f"is cut off or damaged: {_words(error)}")]
    return [PackFault("", f"holds bytes that belong to no member: {where}")] if where else []


def _place_of_more(archive: zipfile.ZipFile, stream: BinaryIO) -> str | None:
    stream.seek(-_END_SIZE, io.SEEK_END)
    if stream.read(len(_END_SIGN)) != _END_SIGN:
        return "behind its end"
    expected = range(1)
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset not in expected:
            return "between its members" if expected.start else "before its first member"
        stream.seek(info.header_offset)
        *_, name_length, more_length = _LOCAL.unpack(stream.read(_LOCAL.size))
        end = info.header_offset + _LOCAL.size + name_length + more_length + info.compress_size
        expected = range(end, end + 1)
        if info.flag_bits & _SIZES_BEHIND:
            expected = range(end + _SIZES_BEHIND_TAKE.start, end + _SIZES_BEHIND_TAKE.stop)
    return None if archive.start_dir in expected else "between its members"


def _member_fault(info: zipfile.ZipInfo, names: Mapping[str, int]) -> str | None:
    if (reason := name_fault(info.orig_filename)) is not None:
        return reason
    if names[info.filename] > 1:
        return "stands there twice"
    parts = info.filename.split("/")
    if any("/".join(parts[:number]) in names for number in range(1, len(parts))):
        return "lies below a file"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no file"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that no pack is"
    if info.file_size > UNCHECKED and info.file_size > RATIO * info.compress_size:
        return f"unpacks to more than {RATIO} times its size"
    return None


def _cut_within(stream: BinaryIO) -> str | None:
    """Return the member in which a file ends that lacks its end, by going from one to the next; None where none is it."""
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


def _words(error: BaseException) -> str:
    text = str(error).split("\n")[0]
    return shown(text[:1].lower() + text[1:]) if text else type(error).__name__
