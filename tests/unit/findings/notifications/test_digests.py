"""What chats show of a digest: whatever names hold, nobody is mentioned, and nothing becomes a link."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.findings.notifications.digests import Digest, OwnerNews
from perpend.findings.notifications.expirations import WaiverEnding

OBEYED = re.compile(r"<[^\u200b]|@[^\u200b\s]|:/|\]\(|\]\[|\]:")
"""What some chat obeys: a command, mention or link of Slack, Teams, Discord, Mattermost or Google Chat; HTML; Markdown."""

PIECES = (
    *("<!channel>", "<!here|x>", "@channel", "<@U012AB3CD>", "<#C1>", "<users/all>", "<at>x</at>", "<a href='https://e'>x</a>"),
    *("<https://evil.example|all is well>", "[all is well](https://evil.example)", "![x](//e)", "[x][1]", "[1]: //e"),
    *("https://evil.example", "mailto:a@b", "`", "``", "\n", "\r\n- opened", "a", " ", "@", "<", "]", "(", ":", "//", "\u200b"),
)
FOREIGN = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=5).map("".join)


def digest(name: str) -> Digest:
    finding = {
        "event": "opened",
        "title": name,
        "severity": None,
        "objectId": name,
        "objectName": name,
        "region": name,
        "account": "1",
        "accountName": name,
        "waiver": name,
        "findings": 1,
    }
    ending = WaiverEnding("waiver", name, name, name, date(2026, 11, 30), has_ended=False)
    return Digest(2, "s", "2026-11-21T00:00:00Z", (OwnerNews(name, {"opened": 1}, [finding], [ending]),))


@given(FOREIGN)
def test_names_mention_nobody_and_are_no_links(name: str) -> None:
    sent = digest(name)
    assert sent.text == sent.document("chat")["text"]
    assert [] == [found for line in sent.text.split("\n") for found in OBEYED.findall(f"{line} ")]
    assert 4 == len(sent.text.split("\n"))
    assert name == sent.document("chat")["owners"][0]["findings"][0]["objectName"], "programs get names as they are"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("alma.brekke", "`alma.brekke`"),
        ("@channel", "`@\u200bchannel`"),
        ("<!channel>", "`<\u200b!channel>`"),
        ("[a](https://e)", "`[a]\u200b(https:\u200b//e)`"),
        ("a`b", "``a`b``"),
    ],
)
def test_names_stand_in_code(name: str, shown: str) -> None:
    assert f"- opened, high: A title: {shown} (eu-west-1, 1)\n" in f"{digest_of_object(name).text}\n"


def digest_of_object(name: str) -> Digest:
    finding = {
        "event": "opened",
        "title": "A title",
        "severity": "high",
        "objectId": "i",
        "objectName": name,
        "region": "eu-west-1",
        "account": "1",
        "accountName": None,
        "waiver": None,
        "findings": 1,
    }
    return Digest(2, "s", "2026-11-21T00:00:00Z", (OwnerNews("team", {"opened": 1}, [finding]),))
