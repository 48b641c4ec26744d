"""A part and a whole in, a percentage in words out. Refuses to flatter: only all is 100 %, only none is 0 %."""

from __future__ import annotations


def percent_text(part: int, whole: int) -> str:
    """Return a percentage with one decimal at most, or as many as keep it from reading like all or none.

    >>> percent_text(2, 3), percent_text(9_997, 10_000), percent_text(1, 5_000), percent_text(3, 3)
    ('66.7 %', '99.97 %', '0.02 %', '100 %')
    """
    scale = 10
    while part and part < whole and _rounded(part, whole, scale) in (0, 100 * scale):
        scale *= 10
    units, rest = divmod(_rounded(part, whole, scale), scale)
    return f"{units}.{str(scale + rest)[1:]}".rstrip("0").rstrip(".") + " %"


def _rounded(part: int, whole: int, scale: int) -> int:
    return (200 * part * scale + whole) // (2 * whole)
