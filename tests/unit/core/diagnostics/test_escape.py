"""What foreign text may look like on a screen."""

from __future__ import annotations

import unicodedata

import pytest

from perpend.core.diagnostics.escape import display_width, encodable, inert, visible

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}
UNICODE = "".join(
    map(chr, [*range(0x40000), *range(0x40000, 0xE0000, 251), *range(0xE0000, 0xE1000), *range(0xE1000, 0x110000, 251)])
)
"""Every character, and of planes without any one in 251 code points."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "naïve 日本 العربية עברית हिन्दी ไทย 😀 \u00a0\u3000 C:\\new",
            "naïve 日本 العربية עברית हिन्दी ไทย 😀 \u00a0\u3000 C:\\new",
        ),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\x00 \x07 \x1b[31m \x7f", r"\x00 \x07 \x1b[31m \x7f"),
        ("\x85 \x9b31m", r"\x85 \x9b31m"),
        ("\u202e \u2066 \u2069 \u200f \u061c", r"\u202e \u2066 \u2069 \u200f \u061c"),
        ("\u200b \u200d \u2060 \ufeff \u00ad", r"\u200b \u200d \u2060 \ufeff \xad"),
        ("\u2028 \u2029", r"\u2028 \u2029"),
        ("\ud800 \udc80", r"\ud800 \udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("a ##[b] ##vso[c ###[ ## [ ::d", r"a ##\[b] ##\vso[c ###\[ ## [ ::d"),
    ],
)
def test_visible_writes_out_what_cannot_be_seen(text: str, expected: str) -> None:
    assert expected == visible(text)


def test_visible_lets_no_hidden_character_of_unicode_through() -> None:
    assert set() == {character for character in visible(UNICODE) if unicodedata.category(character) in HIDDEN}


def test_visible_keeps_every_other_character_of_unicode() -> None:
    kept = {character for character in UNICODE if unicodedata.category(character) not in HIDDEN}
    assert set() == kept - set(visible("".join(kept)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("abc", 3),
        ("naïve", 5),
        ("日本", 4),
        ("\uff46\uff55", 4),
        ("ｶﾅ", 2),
        ("e\u0301", 1),
        ("😀", 2),
        ("\u1112\u1161\u11ab", 2),
    ],
)
def test_display_width_counts_terminal_columns(text: str, expected: int) -> None:
    assert expected == display_width(text)


def test_encodable_writes_out_lone_surrogates_only() -> None:
    expected = "\x1b\u202e日 \\udc80\\ud83d\\ude00 😀"
    assert expected == encodable("\x1b\u202e日 \udc80\ud83d\ude00 😀")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::a::b", r"\::a::b"),
        ("  ::a\n\u3000::b\n\n::c", " \\::a\n\u3000\\::b\n\n\\::c"),
        ("a::b :: c ::/0", "a::b :: c ::/0"),
        ("a ##[b]", r"a ##\[b]"),
    ],
)
def test_inert_lines_command_nothing(text: str, expected: str) -> None:
    assert (expected, expected) == (inert(text), inert(expected))


def test_what_goes_on_begins_no_line() -> None:
    assert "::a\n\\::b" == inert("::a\n::b", goes_on=True)
