"""A pack's file: the same bytes for the same members; of a foreign one nothing leads elsewhere, swells or hides."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from perpend.reports.evidence import archive
from perpend.reports.evidence.archive import (
    MOST_BYTES,
    DamagedMember,
    EvidenceFault,
    NotAnEvidencePack,
    open_evidence,
    write_archive,
)

MEMBERS: dict[str, Path | bytes] = {"a.txt": b"first " * 400, "b/c.parquet": bytes(range(256)) * 8, "b/d.txt": b"last"}


def packed(members: dict[str, Path | bytes] = MEMBERS) -> bytes:
    stream = io.BytesIO()
    write_archive(stream, members)
    return stream.getvalue()


def foreign(*names: str, content: bytes = b"x", change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    """Return an archive as others write it, a member changed before it is written."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            made.writestr(info, content)
    return stream.getvalue()


def faults_of(directory: Path, content: bytes) -> list[EvidenceFault]:
    path = directory / "pack.zip"
    path.write_bytes(content)
    with open_evidence(path) as found:
        faults = list(found.faults)
        for name in found.names:
            try:
                found.digest(name)
            except DamagedMember as error:
                faults.append(EvidenceFault(name, str(error)))
        return faults


def test_the_same_members_are_the_same_bytes_and_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first " * 400)
    (tmp_path / "a").chmod(0o777)
    assert packed() == packed({**MEMBERS, "a.txt": tmp_path / "a"})
    infos = zipfile.ZipFile(io.BytesIO(packed())).infolist()
    assert {((1980, 1, 1, 0, 0, 0), (stat.S_IFREG | 0o600) << 16, 3)} == {
        (one.date_time, one.external_attr, one.create_system) for one in infos
    }
    assert list(MEMBERS) == [one.filename for one in infos]


def test_a_sound_pack_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(packed())
    with open_evidence(path) as found:
        assert MEMBERS == {name: found.content(name, most=10_000) for name in found.names}
        found.digest("b/d.txt", tmp_path / "out" / "d.txt")
        with pytest.raises(DamagedMember, match="has 2,400 bytes; at most 10 are read"):
            found.content("a.txt", most=10)
    assert b"last" == (tmp_path / "out" / "d.txt").read_bytes()


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _squeezed(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_LZMA


ELSEWHERE = "its name leads out of the evidence pack, or has control characters or backslashes"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        *(
            (foreign(name), EvidenceFault(name, ELSEWHERE))
            for name in ("/etc/x", "../x", "a/../../x", "a//b", "a\\..\\x", "./a")
        ),
        (foreign("a/"), EvidenceFault("a/", "is a directory, and an evidence pack contains only files")),
        (foreign("a\nb"), EvidenceFault("a\nb", ELSEWHERE)),
        (foreign("n" * 300), EvidenceFault("n" * 300, "its name is too long")),
        (foreign("a", "a/b"), EvidenceFault("a/b", "is below a file")),
        (foreign("a", "b").replace(b"b", b"a"), EvidenceFault("a", "occurs twice")),
        (foreign("a", change=_link), EvidenceFault("a", "is not a file")),
        (foreign("a", change=_squeezed), EvidenceFault("a", "has a compression that evidence packs do not use")),
        (packed()[:-30], EvidenceFault("", "is cut off or damaged: file is not a zip file")),
        (packed()[:500], EvidenceFault("b/c.parquet", "the file is cut off within this member")),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value.reason[:30] + value.member[:12],
)
def test_what_is_hostile_or_cut_is_named_by_member(tmp_path: Path, content: bytes, expected: EvidenceFault) -> None:
    assert {expected} == set(faults_of(tmp_path, content))


def _commented(info: zipfile.ZipInfo) -> None:
    info.comment = b"more"


def with_comment(content: bytes) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as made:
        made.comment = b"more"
    return stream.getvalue()


def with_gap(content: bytes, name: bytes) -> bytes:
    """Return an archive with bytes before a member, or before the list of members, of which the list takes account."""
    place = content.index(b"PK\x03\x04", content.index(name) - 30) if name else content.index(b"PK\x01\x02")
    stream = io.BytesIO()
    stream.write(content[:place] + b"PK  " + content[place:])
    end = content.rindex(b"PK\x05\x06") + 4
    start = int.from_bytes(content[end + 12 : end + 16], "little")
    stream.seek(end + 16), stream.write((start + 4).to_bytes(4, "little"))
    at = start
    while content[at : at + 4] == b"PK\x01\x02":
        offset = int.from_bytes(content[at + 42 : at + 46], "little")
        stream.seek(at + 46), stream.write((offset + 4 * (offset >= place)).to_bytes(4, "little"))
        at += 46 + sum(int.from_bytes(content[at + one : at + one + 2], "little") for one in (28, 30, 32))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"PK  " + packed(), "before its first member"),
        (with_gap(packed(), b"a.txt"), "before its first member"),
        (with_gap(packed(), b"b/d.txt"), "between its members"),
        (with_gap(packed(), b""), "between its members"),
        (packed() + b"more", "after its end"),
        (packed() + b"more" * 20_000, None),
        (with_comment(packed()), "in a comment"),
        (foreign("a", change=_commented), "in a comment"),
    ],
    ids=["front", "front, in the list", "middle", "before the list", "end", "long end", "comment", "comment of a member"],
)
def test_bytes_that_belong_to_no_member_are_refused(tmp_path: Path, content: bytes, where: str | None) -> None:
    reason = f"has bytes that belong to no member: {where}" if where else "is cut off or damaged: file is not a zip file"
    assert [EvidenceFault("", reason)] == faults_of(tmp_path, content)


@pytest.mark.parametrize("seekable", [True, False])
def test_an_archive_by_others_without_such_bytes_is_read(tmp_path: Path, seekable: bool) -> None:
    stream = io.BytesIO()
    if not seekable:
        stream.seekable = lambda: False  # type: ignore[method-assign]  # then sizes stand behind the members
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("a", "b"):
            made.writestr(name, b"x" * 100)
    assert [] == faults_of(tmp_path, stream.getvalue())


def test_what_swells_is_named_by_member(tmp_path: Path) -> None:
    content = foreign("a", content=bytes(80 * 1024 * 1024))
    assert [EvidenceFault("a", "unpacks to more than 250 times its size")] == faults_of(tmp_path, content)


def test_damage_is_named_by_member_and_the_others_can_be_read(tmp_path: Path) -> None:
    content = bytearray(packed())
    content[content.index(bytes(range(200, 256)))] ^= 1
    [found] = faults_of(tmp_path, bytes(content))
    assert ("b/c.parquet", True) == (found.member, found.reason.startswith("is cut off or damaged: bad CRC-32"))
    whole = packed()
    middle = whole.index(b"b/c.parquet")
    assert faults_of(tmp_path, whole[: middle + 100] + whole[middle + 150 :])


def test_what_says_another_size_than_it_has_is_cut_off(tmp_path: Path) -> None:
    content = packed({"a": b"12345"})
    assert faults_of(tmp_path, content.replace((5).to_bytes(4, "little"), (900).to_bytes(4, "little")))


def test_numbers_and_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed()
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    assert [EvidenceFault("", "has 4,452 bytes unpacked; at most 100 are read")] == faults_of(tmp_path, content)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    assert [EvidenceFault("", "has 3 members; at most 2 are read")] == faults_of(tmp_path, content)
    with pytest.raises(NotAnEvidencePack, match="3 files are more than the limit of"):
        packed()
    monkeypatch.setattr(archive, "_MOST_AT_ONCE", 100)
    assert [EvidenceFault("", "is cut off or damaged: the list of its members is too long")] == faults_of(tmp_path, content)


def test_members_that_lie_in_each_other_are_refused(tmp_path: Path) -> None:
    twice = bytearray(foreign("a", "b", content=b"x" * 500))
    second = twice.rindex(b"PK\x01\x02")
    twice[second + 42 : second + 46] = (0).to_bytes(4, "little")
    assert [EvidenceFault("b", "overlaps another member")] == faults_of(tmp_path, bytes(twice))


@pytest.mark.parametrize("name", ["../a", "a\\b", "a\udc80", "x" * 1_200])
def test_nothing_is_packed_under_a_name_that_could_not_be_read_again(name: str) -> None:
    with pytest.raises(NotAnEvidencePack, match="cannot be packed"):
        packed({name: b""})


def test_what_is_no_archive_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    for path in (tmp_path / "text", tmp_path / "none", tmp_path):
        with pytest.raises(NotAnEvidencePack), open_evidence(path):
            pass


def test_what_is_larger_than_a_pack_may_be_is_refused_before_a_byte_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.parquet"
    with large.open("wb") as stream:
        stream.truncate(MOST_BYTES)
    target = io.BytesIO()
    with pytest.raises(NotAnEvidencePack, match="68,719,476,737 bytes are more than the limit of"):
        write_archive(target, {"a.parquet": large, "b": b"1"})
    monkeypatch.setattr("perpend.reports.evidence.archive.MOST_MEMBERS", 1)
    with pytest.raises(NotAnEvidencePack, match="2 files are more than the limit of"):
        write_archive(target, {"a": b"1", "b": b"1"})
    assert b"" == target.getvalue()
