"""YAML that wants to exhaust, mislead or run something: refused where it stands, within seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.language.syntax.written import LOGIC, NAMES, POLICY, checked, errors, logic, write

SOUND = f"{NAMES}description: d\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + step)}: &{chr(98 + step)} [{', '.join([f'*{chr(97 + step)}'] * 9)}]\n" for step in range(9)
)

REFUSED = {
    "anchors that unfold to a billion values": (BOMB, "L113", 5, 12),
    "100 levels of flow sequences": ("[" * 100 + "]" * 100, "L112", 1, 65),
    "100,000 levels of flow sequences": ("[" * 100_000, "L112", 1, None),
    "100,000 levels of flow mappings": ("{a: " * 100_000, "L112", 1, 254),
    "100,000 levels of block sequences": ("- " * 100_000, "L112", 1, 129),
    "100,000 levels of explicit keys": ("? " * 100_000, "L112", 1, 129),
    "1,500 levels of block mappings": ("".join(f"{' ' * level}a:\n" for level in range(1500)), "L112", 64, 64),
    "many values": ("[" + "a," * 21_000 + "]", "L113", 1, 40_000),
    "an anchor that holds itself": ("names: &a [*a]\n", "L114", 1, 12),
    "an anchor deep in its own value": ("names: &a {full: {x: *a}}\n", "L114", 1, 22),
    "an alias of nothing": ("names: *a\n", "L110", 1, 8),
    "two documents": (f"{SOUND}---\n{SOUND}", "L111", 3, 1),
    "a document behind an end mark": (f"{SOUND}...\n{SOUND}", "L111", 4, 1),
    "a repeated key": (f"{SOUND}description: e\n", "L116", 3, 1),
    "a merge key": ("names: &n {full: a, contextual: b}\ndescription: d\n<<: *n\n", "L120", 3, 1),
    "a list as key": (f"{SOUND}? [a]\n: b\n", "L122", 3, 3),
    "a tag that builds an object": (f"{SOUND}type: !!python/object:os.system COMPLIANCE_POLICY\n", "L115", 3, 7),
    "a tag that calls a function": (f"{SOUND}type: !!python/object/apply:os.abort COMPLIANCE_POLICY\n", "L115", 3, 7),
    "a tag of its own": (f"{SOUND}type: !acme COMPLIANCE_POLICY\n", "L115", 3, 7),
    "a tag of an unknown handle": (f"{SOUND}type: !acme!x COMPLIANCE_POLICY\n", "L110", 3, 7),
    "a key of 300 KB": (f"{SOUND}? {'k' * 300_000}\n: 1\n", "L120", 3, 3),
    "an anchor's name of 100 KB": (f"{SOUND}type: *{'a' * 100_000}\n", "L110", 3, 7),
    "a tag of 100 KB": (f"{SOUND}type: !{'a' * 100_000} COMPLIANCE_POLICY\n", "L115", 3, 7),
    "nothing": ("", "L117", 1, 1),
    "comments only": ("# a policy\n# to come\n", "L117", 1, 1),
    "a null": ("null\n", "L117", 1, 1),
    "a text": ("hello\n", "L122", 1, 1),
    "a tab as indentation": ("names:\n\tfull: a\n", "L110", 2, 1),
    "an unterminated quote": (f"{SOUND}type: 'a\n", "L110", 4, 1),
    "a NUL": (b"names: {full: a\0b}\n", "L110", 1, 16),
    "a control character": (f"{SOUND}type: \x01\n", "L110", 3, 7),
    "an escaped surrogate": (f'{SOUND}type: "\\ud800"\n', "L110", 3, 10),
    "bytes that are not UTF-8": (b"names:\n  full: \xe9 \xff\n", "L103", 2, 9),
    "UTF-16": (SOUND.encode("utf-16"), "L103", 1, 1),
    "UTF-16 without a mark": (SOUND.encode("utf-16-le"), "L110", 1, 2),
    "an encoded surrogate": (b"names: \xed\xa0\x80\n", "L103", 1, 8),
    "carriage returns before the fault": (f"{NAMES}description: d\r\nx: 1\r\n".replace("\n", "\r\n", 1), "L120", 3, 1),
}


@pytest.mark.parametrize(("content", "code", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_is_named_where_it_stands(tmp_path, monkeypatch, content, code, line, column):
    monkeypatch.setattr("perpend.language.syntax.nodes.MAX_VALUES", 20_000)
    found = errors(checked(write(tmp_path, {POLICY: content})))
    if column is None:  # libyaml gives up by itself since 0.2.6, a thousand levels down
        found = [(*one[:3], None) for one in found]
    assert [(code, POLICY, line, column)] == found


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{SOUND}",
        SOUND.replace("\n", "\r\n"),
        f"---\n{SOUND}",
        f"%YAML 1.2\n---\n{SOUND}...\n",
        "names: &n {full: 2026-01-31, contextual: 2026-01-31T00:00:00Z}\ndescription: !!str d\n",
        f"{NAMES}description: {'d' * 1_000_000}\n",
    ],
    ids=["byte order mark", "CRLF", "document mark", "directive", "times are texts", "a long scalar"],
)
def test_what_is_unusual_but_sound_is_read(tmp_path, content):
    assert [] == errors(checked(write(tmp_path, {POLICY: content})))


def test_fifty_megabytes_are_not_read(tmp_path):
    os.truncate(write(tmp_path, {}) / POLICY, 50 * 1024 * 1024)
    (found,) = checked(tmp_path)
    assert ("L102", POLICY) == (found.code, found.span.path)
    assert f"`{POLICY}` has 52,428,800 bytes; at most 4,194,304 are read" == found.message


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 5_000, "1e999", "-1e999", "1e99999999999", ".inf", ".nan", "0x1F", "0o17", "1_000", "true", "one"],
    ids=lambda text: text[:12],
)
def test_a_number_that_is_none_is_refused(tmp_path, number):
    check = f"IS_EQUAL: {{left: {{FIELD: {{path: size__c}}}}, right: {{NUMBER: {number}}}}}"
    assert [("L122", LOGIC, 6, 66)] == errors(checked(write(tmp_path, {LOGIC: logic(check)})))


def test_a_number_of_eighteen_digits_is_one(tmp_path):
    check = f"IS_EQUAL: {{left: {{FIELD: {{path: size__c}}}}, right: {{NUMBER: {'9' * 18}}}}}"
    assert [] == errors(checked(write(tmp_path, {LOGIC: logic(check)})))


def test_a_file_of_nothing_but_faults_is_shown_in_part(tmp_path):
    content = SOUND + "".join(f"description{number}: x\n" for number in range(9_000))
    found = checked(write(tmp_path, {POLICY: content}))
    assert 21 == len(found)
    assert [("L120", POLICY, 3 + number, 1) for number in range(21)] == errors(found)
    assert "and 8,980 more in `ce/acme/policy.yaml`" == found[-1].message
    assert "did you mean `description`?" == found[0].help


def test_messages_name_the_value_in_short(tmp_path):
    (found,) = checked(write(tmp_path, {POLICY: f"{SOUND}? {'k' * 100_000}\n: 1\n"}))
    assert f"unknown key `{'k' * 59}…` in `policy`" == found.message


def test_no_object_is_built(tmp_path):
    proof = tmp_path / "built"
    content = f"{SOUND}tags: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{proof}']]\n"
    assert "L115" in {each.code for each in checked(write(tmp_path / "repository", {POLICY: content}))}
    assert not Path(proof).exists()
