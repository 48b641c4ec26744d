"""A seeded credential report of any size, with the odd values that real ones have."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
    "additional_credentials_info",
)
_OWNERS = ('Ann "Annie" Lee', "CORP\\ann", "Lee, Ann\nplatform", "a\r\nb", "x\ty")


def write_report(path: Path, users: int, *, seed: int = 7) -> None:
    """Write a report of so many rows."""
    _write(path, users, random.Random(seed), untidy=0.0)


def write_untidy_report(path: Path, users: int, *, seed: int = 7) -> None:
    """Write a report of which a fifth of the rows have odd, blank or contradicting values, further keys, or long paths."""
    _write(path, users, random.Random(seed), untidy=0.2)


def write_edited_report(path: Path, users: int, *, seed: int = 7) -> None:
    """Write an untidy report as a spreadsheet saves it whose owner has added a column: a fifth of its cells are awkward."""
    _write(path, users, random.Random(seed), untidy=0.2, owners=_OWNERS)


def _write(path: Path, users: int, chance: random.Random, *, untidy: float, owners: tuple[str, ...] = ()) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\r\n" if owners else "\n")
        writer.writerow([*_COLUMNS, "Owner (team)"] if owners else _COLUMNS)
        for number in range(users):
            row = _row(number, chance)
            further = [chance.choice(owners) if chance.random() < 0.2 else "team a"] if owners else []
            for one in _untidied(row, chance) if chance.random() < untidy else [row]:
                writer.writerow([*one, *further])


def _untidied(row: list[str], chance: random.Random) -> list[list[str]]:
    """Return a row made untidy; a contradicted user has two."""
    place = chance.choice((3, 7, 8, 13, 18, 20))
    match chance.randrange(6):
        case 0:
            row[place] = chance.choice(("TRUE", "yes", "-", "unknown", " true"))
        case 1:
            row[place] = ""
        case 2:
            row[place + 1] = chance.choice(("", "no_information", "yesterday", "2026-02-30T00:00:00+00:00"))
        case 3:
            row[22] = "2 additional access keys"
        case 4:
            row[1] = row[1].replace(":user/", f":user/{'division/' * chance.randint(3, 40)}")
        case _:
            return [row, [*row[:place], "false" if row[place] == "true" else "true", *row[place + 1 :]]]
    return [row]


def _row(number: int, chance: random.Random) -> list[str]:
    account = f"{100000000000 + number // 5000}"
    name = f"user-{number:07d}"
    password = chance.random() < 0.4
    keys = [value for _ in range(2) for value in _key(chance)]
    return [
        name,
        f"arn:aws:iam::{account}:user/{name}",
        _date(chance),
        str(password).lower(),
        _date(chance) if password else "N/A",
        _date(chance) if password else "N/A",
        "N/A",
        str(chance.random() < 0.5).lower(),
        *keys,
        "false",
        "N/A",
        "false",
        "N/A",
        "N/A" if chance.random() < 0.999 else "1 additional access key",
    ]


def _key(chance: random.Random) -> list[str]:
    draw = chance.random()
    if draw < 0.5:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    active = "true" if draw < 0.9 else chance.choice(["TRUE", "false", "", "unknown"])
    return [active, _date(chance), _date(chance), "eu-west-1", "s3"]


def _date(chance: random.Random) -> str:
    return f"20{chance.randint(22, 26):02d}-{chance.randint(1, 11):02d}-{chance.randint(1, 28):02d}T08:30:00+00:00"
