"""The bytes of table files: gzip is compared with its checksums to the end, and text holds no NUL wherever it stands."""

import gzip

import pytest

from perpend.inventory.importers.tables.table_bytes import UnreadableTable
from tests.unit.inventory.snapshots.stored import THING, table_file, write_store

pytestmark = pytest.mark.medium

LINES = {
    "csv": b"Id,b\n" + b"".join(b"row-%d,a text of some length\n" % number for number in range(40_000)),
    "ndjson": b"".join(b'{"Id":"row-%d","b":"a text of some length"}\n' % number for number in range(30_000)),
}
"""Tables beyond the first MiB, which tells what they are."""


def changed(content: bytes, place: int, by: int = 1) -> bytes:
    place %= len(content)
    return content[:place] + bytes([content[place] ^ by]) + content[place + 1 :]


def test_gzip_of_several_members_is_read_to_its_end(tmp_path):
    first, second = LINES["csv"][:600_005], LINES["csv"][600_005:]
    packed = gzip.compress(first, 1) + gzip.compress(b"") + gzip.compress(second, 1)
    snapshot = write_store(tmp_path / "store", tables=[table_file(tmp_path, "t.gz", packed)])
    assert 40_000 == snapshot.tables.by_name[THING].rows


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: changed(gzip.compress(text, 0), 1_100_000), "damaged gzip: crc check failed"),
        (lambda text: changed(gzip.compress(text), -8), "damaged gzip: crc check failed"),
        (lambda text: changed(gzip.compress(text), -4), "damaged gzip: incorrect length of data produced"),
        (lambda text: gzip.compress(text)[:-1], "truncated gzip"),
        (lambda text: gzip.compress(text)[:-8], "truncated gzip"),
        (lambda text: gzip.compress(text) + changed(gzip.compress(text), -8), "damaged gzip: crc check failed"),
        (lambda text: gzip.compress(text) + b"garbage", "damaged gzip: not a gzipped file"),
        (lambda text: text[:-3] + b"\0" + text[-3:], "holds a NUL byte"),
        (lambda text: gzip.compress(text[:-3] + b"\0" + text[-3:]), "holds a NUL byte"),
    ],
    ids=["data", "checksum", "length", "cut off", "no trailer", "second member", "garbage behind", "NUL", "packed NUL"],
)
def test_damage_behind_the_first_megabyte_of_a_table_is_noticed(tmp_path, kind, damage, reason):
    with pytest.raises(UnreadableTable, match=reason):
        write_store(tmp_path / "store", tables=[table_file(tmp_path, "t.bin", damage(LINES[kind]))])
