"""What a usable report looks like from outside: every form it may have, and the objects it becomes."""

import csv
import gc
import gzip
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perpend.core.objects.inventory import Origin
from perpend.inventory.readers import collect_files
from perpend.inventory.readers.credential_report import read_report
from perpend.inventory.readers.files import text_bytes
from tests.unit.inventory.readers.reports import ACCOUNT, ARN, TWO_USERS, USER, answer, collect, row_of, rows_of, shown, write

ROWS = [
    {"user": "ann", "arn": f"{ARN}ann", "mfa_active": "true"},
    {"user": "bob", "arn": f"{ARN}bob", "mfa_active": "N/A"},
]
FINE = {
    "plain": TWO_USERS,
    "byte order mark": "\ufeff" + TWO_USERS,
    "CRLF": TWO_USERS.replace("\n", "\r\n"),
    "every field quoted": "\n".join(",".join(f'"{f}"' for f in line.split(",")) for line in TWO_USERS.splitlines()),
    "byte order mark and quotes": "\ufeff" + TWO_USERS.replace("user,", '"user",'),
    "quoted with CRLF": "\r\n".join(",".join(f'"{f}"' for f in line.split(",")) for line in TWO_USERS.splitlines()) + "\r\n",
    "blank lines at the end": TWO_USERS + "\n\r\n\n",
    "no final newline": TWO_USERS.rstrip("\n"),
    "gzip": gzip.compress(TWO_USERS.encode()),
    "gzip of two members": gzip.compress(TWO_USERS[:40].encode()) + gzip.compress(TWO_USERS[40:].encode()),
    "answer of the AWS CLI": answer(),
    "answer, indented": json.dumps(json.loads(answer()), indent=4),
    "answer with byte order mark": "\ufeff " + answer(),
    "answer, packed": gzip.compress(answer().encode()),
    "answer without format": answer(ReportFormat=None),
    "answer with more": answer(ResponseMetadata={"RetryAttempts": 0}),
    "answer around CRLF and mark": answer("\ufeff" + TWO_USERS.replace("\n", "\r\n")),
}


@pytest.mark.parametrize("form", FINE)
def test_every_fine_form_gives_the_same_rows(tmp_path, form):
    assert ROWS == rows_of(collect(tmp_path, FINE[form]))


def test_any_column_order_and_unknown_columns(tmp_path):
    inventory = collect(tmp_path, f"new %s column,arn,user\nx,{ARN}ann,ann\n")
    assert [{"new %s column": "x", "arn": f"{ARN}ann", "user": "ann"}] == rows_of(inventory)
    assert ["new %s column", "arn", "user"] == list(rows_of(inventory)[0])


def test_a_field_of_a_mebibyte(tmp_path):
    inventory = collect(tmp_path, f"user,arn,x\nann,{ARN}ann,{'y' * (1 << 20)}\n")
    assert 1 << 20 == len(rows_of(inventory)[0]["x"])


@pytest.mark.parametrize("content", [TWO_USERS, "user,arn\na,b\n"])
def test_settings_of_the_process_are_put_back(tmp_path, content):
    before = csv.field_size_limit(54321)
    try:
        collect_files(write(tmp_path, content), keep_going=True)
        assert (54321, True) == (csv.field_size_limit(), gc.isenabled())
    finally:
        csv.field_size_limit(before)
        gc.enable()


def test_a_row_becomes_a_user_object_with_its_account_as_master(tmp_path):
    inventory = collect(tmp_path, TWO_USERS)
    ann = inventory.objects[USER][0]
    assert (USER, f"{ARN}ann", "ann", f"{ARN}ann") == (ann.type_name, ann.id, ann.name, ann.external_id)
    assert {
        "Id": f"{ARN}ann",
        "CA10__userName__c": "ann",
        "CA10__arn__c": f"{ARN}ann",
        "CA10__account__c": "111122223333",
        "CA10__account__r": {"Id": "111122223333", "CA10__accountId__c": "111122223333"},
        "CA10__disappearanceTime__c": None,
        "CA10__credReportAttributesJson__c": f'{{"user":"ann","arn":"{ARN}ann","mfa_active":"true"}}',
    } == ann.fields
    assert (Origin(inventory.sources[0].name, 2), ()) == (ann.origin, ann.variants)
    assert ann.master is inventory.objects[ACCOUNT][0]


def test_each_account_is_an_object_once(tmp_path):
    other = "arn:aws-us-gov:iam::000000000001:root"
    inventory = collect(tmp_path, f"user,arn\n<root_account>,{other}\nbob,{ARN}bob\nann,{ARN}ann\n")
    found = [(account.id, account.name, account.external_id, account.origin.row) for account in inventory.objects[ACCOUNT]]
    assert [("000000000001",) * 3 + (2,), ("111122223333",) * 3 + (4,)] == found
    assert ("000000000001", "111122223333") == inventory.sources[0].accounts


def test_hostile_values_stay_as_they_are(tmp_path):
    names = [
        "<script>alert(1)</script>",
        "=cmd()|'!A1'",
        "abc\u202edef",
        "two\nlines",
        "cr\r\nlf",
        'q"uote',
        "tab\there",
        "\\n",
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["user", "arn"], *([name, f"{ARN}{name}"] for name in names)])
    inventory = collect(tmp_path, text.getvalue())
    assert sorted(names) == [user.name for user in inventory.objects[USER]]
    assert sorted(names) == [row["user"] for row in rows_of(inventory)]


def test_the_line_of_an_object_is_where_its_row_starts(tmp_path):
    inventory = collect(tmp_path, f'user,arn\n"a\nb",{ARN}a\nc,{ARN}c\n')
    assert [2, 4] == [user.origin.row for user in inventory.objects[USER]]


@pytest.mark.parametrize(
    "stated",
    [
        "2026-11-20T08:15:00Z",
        "2026-11-20T08:15:00+00:00",
        "2026-11-20T09:45:00.000+01:30",
        "2026-11-20T03:15:00-0500",
        "2026-11-20 08:15:00+00:00",
        1795162500,
        1795162500.0,
    ],
)
def test_the_generated_time_is_when_the_source_was_observed(tmp_path, stated):
    observed = collect(tmp_path, answer(GeneratedTime=stated)).sources[0].observed_at
    assert (datetime(2026, 11, 20, 8, 15, tzinfo=UTC), UTC) == (observed, observed.tzinfo)


@pytest.mark.parametrize(("content", "kind"), [(TWO_USERS, "credential-report"), (answer(), "credential-report-json")])
def test_the_source_says_what_it_was(tmp_path, content, kind):
    source = collect(tmp_path, content).sources[0]
    assert (str(tmp_path / "1.in"), kind, 2, ("111122223333",)) == (source.name, source.kind, source.objects, source.accounts)


@pytest.mark.parametrize("content", [TWO_USERS, answer(GeneratedTime=None)])
def test_no_time_is_guessed(tmp_path, content):
    assert collect(tmp_path, content).sources[0].observed_at is None


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TWO_USERS.encode()))))
    inventory = shown(collect_files(["-"]).inventory)
    assert ("-", ROWS) == (inventory.sources[0].name, rows_of(inventory))


def test_progress_counts_rows_over_all_files(tmp_path):
    rows = "".join(f"u{number},{ARN}u{number}\n" for number in range(5000))
    told: list[int] = []
    collect_files(write(tmp_path, "user,arn\n" + rows, TWO_USERS), progress=told.append)
    assert [4096, 5000, 5002] == told


def test_the_example_shows_one_account_of_25_users():
    path = Path(__file__).parents[4] / "examples" / "credential-report.csv"
    inventory = collect_files([str(path)]).inventory
    users = inventory.objects[USER]
    assert (25, "<root_account>", 23) == (len(users), users[0].name, len(row_of(users[0])))
    assert ["111122223333"] == [account.id for account in inventory.objects[ACCOUNT]]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
COLUMNS = st.lists(TEXT.filter(lambda name: name not in ("user", "arn")), unique=True, max_size=4)


@pytest.mark.medium
@given(columns=COLUMNS, seed=st.randoms(), rows=st.data(), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_a_csv_writer_writes_is_read_back(columns, seed, rows, quoting):
    header = ["user", "arn", *columns]
    seed.shuffle(header)
    written = [
        {column: f"{ARN}{number}" if column == "arn" else rows.draw(TEXT) for column in header}
        for number in range(rows.draw(st.integers(1, 4)))
    ]
    text = io.StringIO()
    # Python 3.11 leaves a carriage return unquoted unless it is part of the line end: not a valid file.
    line_ends = ["\r\n"] if quoting == csv.QUOTE_MINIMAL else ["\n", "\r\n"]
    writer = csv.writer(text, lineterminator=rows.draw(st.sampled_from(line_ends)), quoting=quoting)
    writer.writerows([header, *(row.values() for row in written)])
    content = text.getvalue().encode()
    assume("\ufeff" not in header[0] and not content.lstrip().startswith(b"<"))
    readings = read_report(text_bytes(content), "s")
    assert written == [json.loads(reading.row) for reading in readings]
    assert [list(row) for row in written] == [list(json.loads(reading.row)) for reading in readings]
    assert [row["user"] for row in written] == [reading.user for reading in readings]
