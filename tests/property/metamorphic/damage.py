"""Bytes that change on their way: inside files with checksums, in a store, at the end of a file that is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from perpend.inventory.snapshots.store import KEPT
from tests.parquet import is_refused_by_another
from tests.property.metamorphic.roads import Input
from tests.property.metamorphic.worlds import Pool

Inputs = tuple[Input, ...]
_GZIP, _HEADER = b"\x1f\x8b", 10
"""How gzip begins, and the length of its header, which no checksum covers."""
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of inputs: how many changes were made, and where.

    In the worlds that are ``still_open`` what was UNDETERMINED must not be known now, though it may be in others, where
    what spoke against something has gone. ``store_damage`` is done to the store once it is there, if ``judged_before`` after
    it was judged for the first time.
    """

    inputs: Inputs
    number: int
    where: str
    still_open: frozenset[int] = frozenset()
    keep_going: bool = False
    judged_before: bool = False
    store_damage: Callable[[Path], None] | None = None


def flipped(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Change a byte of a file whose form has checksums."""
    places = [place for place, one in enumerate(inputs) if one.packed or one.form == "parquet"]
    if not places:
        inputs = tuple(replace(one, packed=True) for one in inputs)
        places = list(range(len(inputs)))
    place, share, bit = random.choice(places), random.random(), 1 << random.randrange(8)

    def damage(content: bytes) -> bytes:
        if content[:2] == _GZIP:
            return _with_bit(content, _HEADER + int(share * (len(content) - _HEADER)), bit)
        own = Random(share)
        places = (own.randrange(len(content)) for _ in range(_TRIES))
        return next((made for at in places if is_refused_by_another(made := _with_bit(content, at, bit))), b"")

    return Changed(
        (*inputs[:place], replace(inputs[place], damage=damage), *inputs[place + 1 :]),
        1,
        f"{share:.4f} of {inputs[place].name}",
    )


def _with_bit(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes((content[at] ^ bit,)) + content[at + 1 :]


def cut(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Cut a file off inside."""
    place, share = random.randrange(len(inputs)), random.random()
    if inputs[place].form in ("csv", "report") and not inputs[place].packed:
        inputs = (*inputs[:place], replace(inputs[place], packed=True), *inputs[place + 1 :])

    def damage(content: bytes) -> bytes:
        at = max(1, int(share * (len(content) - 2)))
        while inputs[place].form == "ndjson" and not inputs[place].packed and content[at - 1 : at] in (b"\n", b"}"):
            at -= 1
        return content[: max(at, 1)]

    return Changed(
        (*inputs[:place], replace(inputs[place], damage=damage), *inputs[place + 1 :]),
        1,
        f"{share:.4f} of {inputs[place].name}",
    )


def store_flipped(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Change a byte of a file in the store."""
    return Changed(inputs, 1, "a file of the store", store_damage=_damage_below("", random))


def kept_flipped(inputs: Inputs, pool: Pool, random: Random) -> Changed | None:
    """Change a byte of what was kept in the store of a first judgement, cut it off, or put one kept file in another's place."""
    return Changed(inputs, 1, "a kept file", judged_before=True, store_damage=_damage_below(KEPT, random))


def _damage_below(part: str, random: Random) -> Callable[[Path], None]:
    seed = random.random()

    def damage(store: Path) -> None:
        own = Random(seed)
        files = sorted(
            path for path in (store / part).rglob("*") if path.stat().st_size and path.suffix in (".parquet", ".json")
        )
        # What was just imported has nothing kept of it where nothing was judged.
        for path in own.sample(files, min(len(files), 1)):
            content = bytearray(path.read_bytes())
            what = own.random()
            if what < 0.6 or not part:
                content[int(own.random() * len(content))] ^= 1 << own.randrange(8)
            elif what < 0.8:
                del content[own.randrange(len(content)) :]
            else:
                content = bytearray(own.choice(files).read_bytes())
            path.chmod(0o600)
            path.write_bytes(content)

    return damage
