"""Every way in which an input is unusable is refused, with a reason that names it."""

import gzip
import io
import pickle
import sys

import pytest

from perpend.core.errors import PerpendError
from perpend.inventory.readers import UnusableInput, collect_files, files
from perpend.inventory.readers.errors import UnusableContent
from tests.unit.inventory.readers.reports import ARN, TWO_USERS, USER, answer, collect, reason_of, shown, write

REPORTS = {
    "zero bytes": (b"", "the file is empty (zero bytes)"),
    "byte order mark only": (b"\xef\xbb\xbf", "the file contains only white space"),
    "white space only": (" \n\n", "the file contains only white space"),
    "a header alone": ("user,arn\n", "a credential report without rows; each has at least the row of the root user"),
    "HTML page": ("<!DOCTYPE html><html><body>403</body></html>", "not a credential report: it looks like an HTML page"),
    "HTML page, blank first": ("\n  <HTML>", "not a credential report: it looks like an HTML page"),
    "XML": ("<?xml version='1.0'?><ErrorResponse/>", "not a credential report: it looks like an HTML page"),
    "plain text": (
        "An error occurred (ReportExpired)",
        "not a format that Perpend knows, such as a credential report: its first line names no column `user`",
    ),
    "Markdown": (
        '# Title, with a comma\n\nA table: ["a"](b), and more.\n',
        "not a format that Perpend knows, such as a credential report: its first line names no column `user` and no column `arn`",
    ),
    "zip": (b"PK\x03\x04\0\0", "not text: it looks like a zip archive"),
    "NUL byte": (TWO_USERS.encode().replace(b"bob,", b"b\0b,"), "not text: a NUL byte on line 3"),
    "binary": (bytes(range(256)), "not text: a NUL byte on line 1"),
    "UTF-16": (TWO_USERS.encode("utf-16"), "UTF-16 text; save it as UTF-8"),
    "UTF-16 without mark": (TWO_USERS.encode("utf-16-le"), "UTF-16 text; save it as UTF-8"),
    "UTF-16 big-endian without mark": (TWO_USERS.encode("utf-16-be"), "UTF-16 text; save it as UTF-8"),
    "UTF-32": (TWO_USERS.encode("utf-32"), "UTF-32 text; save it as UTF-8"),
    "UTF-32 without mark": (TWO_USERS.encode("utf-32-be"), "UTF-32 text; save it as UTF-8"),
    "Latin-1": (TWO_USERS.replace("bob", "bö").encode("latin-1"), "not UTF-8 text: byte 0xf6 on line 3"),
    "UTF-8 cut in a character": (TWO_USERS.encode() + b"\xc3", "not UTF-8 text: byte 0xc3 on line 4"),
    "cut off": (TWO_USERS[:-5], "line 3 has 2 fields where the header has 3 (is the file cut off?)"),
    "one field too many": (f"user,arn\na,{ARN}a\nb,{ARN}b,x\n", "line 3 has 3 fields where the header has 2"),
    "blank field only": (f"user,arn\na,{ARN}a\n  \n", "line 3 has 1 field where the header has 2"),
    "blank line between rows": (f"user,arn\n\na,{ARN}a\n", "line 2 is blank, but more rows follow on line 3"),
    "blank first line": (f"\nuser,arn\na,{ARN}a\n", "line 1 is blank where the header is expected"),
    "unterminated quote": (f'user,arn\na,{ARN}a\n"b,{ARN}b\nc,{ARN}c\n', "line 3: the quote that opens here is never closed"),
    "unterminated doubled quote": (f'user,arn\n"b"",{ARN}b\n', "line 2: the quote that opens here is never closed"),
    "unterminated quote before others": (
        f'user,arn\n"a,{ARN}a\n"b",{ARN}b\n',
        "line 3: text after a closing quote (the quote opened on line 2)",
    ),
    "quote inside a field": (f'user,arn\na"b,{ARN}a\n', "line 2: a quote inside an unquoted field"),
    "quote behind a blank": (f'user,arn\na, "{ARN}a"\n', "line 2: a quote inside an unquoted field"),
    "text after a quote": (f'user,arn\n"a"b,{ARN}a\n', "line 2: text after a closing quote"),
    "bare carriage returns": (f"user,arn\ra,{ARN}a\r", "line 1: a carriage return without a line feed"),
    "bare carriage return at the end": (f"user,arn\na,{ARN}a\r", "line 2: a carriage return without a line feed"),
    "carriage return after a quote": (f'user,arn\n"a"\r,{ARN}a\n', "line 2: text after a closing quote"),
    "semicolons": (TWO_USERS.replace(",", ";"), "fields are separated by `;`"),
    "quoted semicolons": (f'"user";"arn"\n"a";"{ARN}a"\n', "fields are separated by `;`"),
    "tabs": (TWO_USERS.replace(",", "\t"), "fields are separated by a tab"),
    "no user": (f"name,arn\na,{ARN}a\n", "its first line names no column `user`"),
    "no arn": ("user,ARN\na,x\n", "its first line names no column `arn`"),
    "no header": (f"ann,{ARN}ann\n", "its first line names no column `user` and no column `arn`"),
    "blank before a name": (f"user, arn\na,{ARN}a\n", "its first line names no column `arn`"),
    "column twice": (f"user,arn,x,x\na,{ARN}a,1,2\n", "line 1 names the column `x` twice"),
    "column in another case": (
        f"user,arn,mfa_active,MFA_Active\na,{ARN}a,true,false\n",
        "line 1 names the column `mfa_active` in two spellings",
    ),
    "column behind a blank": (f"user,arn,x, x\na,{ARN}a,1,2\n", "line 1 names the column `x` in two spellings"),
    "column with a sign that nobody sees": (
        f"user,arn,x,\u200bx\na,{ARN}a,1,2\n",
        "line 1 names the column `x` in two spellings",
    ),
    "empty arn": (f"user,arn\na,{ARN}a\nb,\n", "line 3: the column `arn` is empty"),
    "no ARN": ("user,arn\na,AIDAEXAMPLE\n", "line 2: `AIDAEXAMPLE` in column `arn` is not the ARN of an IAM user"),
    "ARN without account": (
        "user,arn\na,arn:aws:s3:::x\n",
        "line 2: `arn:aws:s3:::x` in column `arn` is not the ARN of an IAM user",
    ),
    "ARN with other digits": (
        "user,arn\na,arn:aws:iam::\u066111111111111:user/a\n",
        "in column `arn` is not the ARN of an IAM user",
    ),
    "rows over several lines are counted": (f'user,arn\n"a\n\n",{ARN}a\nb,\n', "line 5: the column `arn` is empty"),
}
ANSWERS = {
    "no Content": (answer(None), "a JSON object without `Content`"),
    "other JSON": ("{}", "a JSON object without `Content`"),
    "generate answer": ('{"State": "COMPLETE"}', "which holds no report; run `aws iam get-credential-report`"),
    "Content null": ('{"Content": null}', "`Content`: null where base64 text is expected"),
    "bad base64 letter": ('{"Content": "dXNl*g=="}', "`Content`: not valid base64: only base64 data is allowed"),
    "base64 of two lines": ('{"Content": "dXNl\\ncg=="}', "`Content`: not valid base64"),
    "cut base64": ('{"Content": "dXNlc"}', "`Content`: not valid base64"),
    "loose base64": ('{"Content": "dXNlch=="}', "`Content`: not valid base64: it does not end as base64 does"),
    "base64 beyond ASCII": ('{"Content": "dXNlö"}', "`Content`: not valid base64"),
    "other format": (answer(ReportFormat="application/json"), "`ReportFormat` is `application/json`"),
    "format no text": (answer(ReportFormat=7), "`ReportFormat` is a number"),
    "empty Content": (answer(""), "`Content`: the file is empty"),
    "UTF-16 Content": (answer(TWO_USERS.encode("utf-16")), "`Content`: UTF-16 text"),
    "bad CSV": (
        answer("user\n"),
        "not a format that Perpend knows, such as a credential report: its first line names no column `arn`",
    ),
    "cut CSV": (answer(TWO_USERS[:-5]), "line 3 has 2 fields where the header has 3"),
    "time without offset": (answer(GeneratedTime="2026-11-20T08:15:00"), "`GeneratedTime` is `2026-11-20T08:15:00`"),
    "time that is none": (answer(GeneratedTime="2026-13-20T08:15:00Z"), "`GeneratedTime` is `2026-13-20T08:15:00Z`"),
    "time as date": (answer(GeneratedTime="2026-11-20"), "`GeneratedTime` is `2026-11-20`"),
    "time as Boolean": (answer(GeneratedTime=True), "`GeneratedTime` is `True`"),
    "time in milliseconds": (answer(GeneratedTime=1795162500000), "`GeneratedTime` is `1795162500000`"),
    "time as array": (answer(GeneratedTime=[]), "`GeneratedTime` is an array"),
    "cut JSON": (answer()[:-9], "not valid JSON: line 1, column"),
    "two documents": (answer() + answer(), "a second document begins; give each, such as each page of an answer, as a file"),
    "two pages": ('{"UserDetailList": []}\n' * 2, "line 2, column 1: a second document begins; give each, such as each page"),
    "two answers on lines": ('{"Content": ""}\n' * 2, "line 2, column 1: a second document begins"),
    "more text": ('{"Content": ""} x', "not valid JSON: line 1, column 17: more text after the end of the document"),
    "JSON lines": ('{"Id":"a"}\n{"Id":"b"}\n', "JSON lines do not state their object type; set it with --type"),
    "key twice": ('{"Content": "", "Content": ""}', "an object has the key `Content` twice"),
    "deep JSON": ('{"a":' * 65 + "1" + "}" * 65, "nested deeper than 64 levels"),
    "very deep JSON": ('{"a":' * 100_000, "nested deeper than 64 levels"),
}
PACKED = gzip.compress(TWO_USERS.encode() * 50)
GZIPS = {
    "cut gzip": (PACKED[:-12], "truncated gzip"),
    "gzip without checksum": (PACKED[:-2], "truncated gzip"),
    "damaged gzip": (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "damaged gzip"),
    "gzip and more": (PACKED + b"more", "damaged gzip"),
    "header of gzip": (b"\x1f\x8b", "truncated gzip"),
    "gzip inside gzip": (gzip.compress(PACKED), "gzip inside gzip"),
    "gzip of nothing": (gzip.compress(b""), "gzip of an empty file"),
    "gzip of UTF-16": (gzip.compress(TWO_USERS.encode("utf-16-le")), "UTF-16 text"),
    "gzip of a bad report": (gzip.compress(b"user\n"), "names no column `arn`"),
    "gzip of zeros": (gzip.compress(bytes(3 << 20), 1), "not text: a NUL byte on line 1"),
}
ALL = REPORTS | ANSWERS | GZIPS


@pytest.mark.parametrize("case", ALL)
def test_unusable_content_is_refused_with_its_reason(tmp_path, case):
    content, expected = ALL[case]
    assert expected in reason_of(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "end"),
    [
        ('{"Content": "dXNl\ncg=="}', "line 1, column 18: invalid control character"),
        ('{"Content": "dXNl', "line 1, column 13: unterminated string"),
        ('{"Content": "dX\\xNl"}', "line 1, column 16: invalid \\escape"),
    ],
)
def test_the_fault_of_an_answer_is_named_to_the_end(tmp_path, content, end):
    assert reason_of(tmp_path, content).endswith(end)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BOMB_BYTES", 2 << 20)
    bomb = gzip.compress(b"a" * (3 << 20), 9)
    assert "too much for its size" in reason_of(tmp_path, bomb)


def test_reading_stops_at_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 2 << 20)
    assert "holds more than 2 MiB" in reason_of(tmp_path, b"a" * (3 << 20))


def test_unpacking_stops_at_a_zero(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 2 << 20)
    assert "not text: a NUL byte on line 1" == reason_of(tmp_path, gzip.compress(bytes(8 << 20), 1))


def test_an_endless_device_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 8 << 20)
    with pytest.raises(UnusableInput, match=r"^/dev/zero: holds more than 8 MiB$"):
        collect_files(["/dev/zero"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("", "is a directory, not a file"), ("absent", "cannot be read: no such file or directory"), ("a\0b", "cannot be read")],
)
def test_paths_that_are_no_readable_files(tmp_path, name, expected):
    with pytest.raises(UnusableInput) as raised:
        collect_files([f"{tmp_path}/{name}"])
    assert expected in raised.value.reason


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TWO_USERS.encode())))
    with pytest.raises(UnusableInput, match="only once"):
        collect_files(["-", "-"])


def test_the_first_unusable_input_raises(tmp_path):
    paths = write(tmp_path, TWO_USERS, "", "<html>")
    with pytest.raises(UnusableInput) as raised:
        collect_files(paths)
    assert (paths[1], "the file is empty (zero bytes)") == (raised.value.source, raised.value.reason)


def test_keep_going_reads_the_others_and_lists_the_failures_in_order(tmp_path):
    paths = write(tmp_path, "", TWO_USERS, "<html>")
    collected = collect_files(paths, keep_going=True)
    assert [paths[0], paths[2]] == [failure.source for failure in collected.failures]
    assert [paths[1]] == [source.name for source in collected.inventory.sources]
    assert ["ann", "bob"] == [user.name for user in shown(collected.inventory).objects[USER]]


def test_a_file_that_fails_late_leaves_nothing_behind(tmp_path):
    paths = write(tmp_path, f"user,arn\nann,{ARN}ann\nbob,\n")
    inventory = collect_files(paths, keep_going=True).inventory
    assert ((), {}) == (inventory.sources, inventory.objects)


def test_the_message_is_one_printable_line_of_at_most_600_characters():
    message = str(UnusableInput("a\nb\u202e\x1b[31m" + "x" * 5000, "r\r\n" + "y" * 5000 + "\udc80"))
    assert message.startswith("a\\nb\\u202e\\x1b[31mxx")
    assert (True, 600) == (message.isprintable(), len(message))


def test_a_short_message_is_source_and_reason():
    assert "report.csv: zero bytes" == str(UnusableInput("report.csv", "zero bytes"))


def test_the_exception_survives_pickling_and_is_rooted_in_perpend_error():
    error = pickle.loads(pickle.dumps(UnusableInput("a", "b")))  # noqa: S301 - our own bytes
    assert ("a", "b") == (error.source, error.reason)
    assert issubclass(UnusableInput, PerpendError)
    assert issubclass(UnusableContent, PerpendError)


def test_a_report_is_refused_under_another_type(tmp_path):
    expected = f"a credential report, which holds `{USER}` objects, not `CA10__CaAwsInstance__c`"
    assert expected == reason_of(tmp_path, TWO_USERS, type_name="CA10__CaAwsInstance__c")


@pytest.mark.parametrize("type_name", [USER, "CA10__CaAwsAccount__c"])
def test_a_report_is_fine_under_the_types_it_holds(tmp_path, type_name):
    assert 2 == len(collect(tmp_path, TWO_USERS, type_name=type_name).objects[USER])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"Id":"a","x":[' + "{}," * 2_000_000 + "{}]}]", "holds more than 2,000,000 objects and arrays"),
        ('[{"Id":"a","x":[' + "[]," * 2_000_000 + "[]]}]", "holds more than 2,000,000 objects and arrays"),
        ('[{"Id":"a","x":[' + "1," * 10_000_000 + "1]}]", "holds more than 10,000,000 values"),
        ('{"Content":[' + "{}," * 2_000_000 + "{}]}", "holds more than 2,000,000 objects and arrays"),
    ],
    ids=["objects", "arrays", "values", "answer"],
)
def test_a_small_file_does_not_take_much_memory(tmp_path, content, reason):
    packed = gzip.compress(content.encode(), 1)
    assert reason in reason_of(tmp_path, packed, type_name="T__c")


def test_brackets_and_commas_in_texts_are_no_values(tmp_path):
    text = "[{}]," * 2_000_000
    found = collect(tmp_path, f'[{{"Id":"a","x":"{text}"}}]', type_name="T__c")
    assert text == found.objects["T__c"][0].fields["x"]
