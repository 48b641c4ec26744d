"""Several sources: equal readings collapse, contradictions stay visible, the order of the sources changes nothing."""

import itertools

import pytest

from perpend.core.objects.inventory import Origin
from perpend.inventory.readers import collect_files
from tests.unit.inventory.readers.reports import ACCOUNT, ARN, TWO_USERS, USER, answer, collect, row_of, rows_of, write

FALSE = f"user,arn,key\nann,{ARN}ann,false\n"
TRUE = f"user,arn,key\nann,{ARN}ann,true\n"


def test_a_number_of_an_account_in_two_partitions_is_known_in_full_by_no_report(tmp_path):
    root = "user,arn\n<root_account>,arn:aws:iam::111122223333:root\n"
    abroad = f"{root}ann,{ARN}ann\n".replace("arn:aws:", "arn:aws-cn:")
    other = abroad.replace("111122223333", "000000000001")
    why = "account 111122223333 is one in each of the partitions aws and aws-cn"
    for contents, lacking in (((root, abroad), [why]), ((abroad, root), [why]), ((root, other), []), ((abroad,), [])):
        claims = [claim for source in collect(tmp_path, *contents).sources for claim in source.coverage]
        assert lacking == [claim.lacking for claim in claims if claim.lacking]


def test_order_is_account_then_root_then_user_then_arn(tmp_path):
    rows = [
        "zoe,arn:aws:iam::111122223333:user/zoe",
        "ann,arn:aws:iam::111122223333:user/x/ann",
        "ann,arn:aws:iam::111122223333:user/ann",
        "<root_account>,arn:aws:iam::111122223333:root",
        "!first,arn:aws:iam::111122223333:user/!first",
    ]
    inventory = collect(tmp_path, "user,arn\n" + "\n".join(rows), "user,arn\nzed,arn:aws:iam::000000000001:user/zed\n")
    assert ["zed", "<root_account>", "!first", "ann", "ann", "zoe"] == [user.name for user in inventory.objects[USER]]
    assert f"{ARN}ann" == inventory.objects[USER][3].id
    assert ["000000000001", "111122223333"] == [account.id for account in inventory.objects[ACCOUNT]]


def test_the_order_of_files_changes_nothing(tmp_path):
    paths = write(tmp_path, FALSE, TRUE, TWO_USERS, answer(TRUE), f"arn,user,key\n{ARN}ann,ann,true\n")
    first = collect_files(paths).inventory
    for order in itertools.permutations(paths):
        assert first == collect_files(order).inventory


def test_identical_rows_collapse(tmp_path):
    inventory = collect(tmp_path, FALSE + FALSE.splitlines()[1], FALSE, f"key,arn,user\nfalse,{ARN}ann,ann\n")
    (ann,) = inventory.objects[USER]
    assert (Origin(str(tmp_path / "1.in"), 2), ()) == (ann.origin, ann.variants)
    assert [2, 1, 1] == [source.objects for source in inventory.sources]


def test_of_equal_readings_the_one_observed_last_stands_for_all(tmp_path):
    old, new = answer(FALSE, GeneratedTime="2026-11-01T00:00:00Z"), answer(FALSE, GeneratedTime="2026-11-09T00:00:00Z")
    (ann,) = collect(tmp_path, FALSE, old, new, old).objects[USER]
    assert (str(tmp_path / "3.in"), ()) == (ann.origin.source, ann.variants)


def test_contradicting_rows_are_one_object_with_variants(tmp_path):
    (ann,) = collect(tmp_path, TRUE, FALSE, TRUE).objects[USER]
    assert ["false", "true"] == [row_of(reading)["key"] for reading in (ann, *ann.variants)]
    assert ["2.in", "1.in"] == [reading.origin.source.rpartition("/")[2] for reading in (ann, *ann.variants)]
    assert [()] == [variant.variants for variant in ann.variants]


def test_contradicting_rows_of_one_file(tmp_path):
    (ann,) = collect(tmp_path, TRUE + FALSE.splitlines()[1]).objects[USER]
    assert 1 == len(ann.variants)


def test_a_later_observation_does_not_overrule_an_earlier_one(tmp_path):
    old, new = answer(TRUE, GeneratedTime="2026-11-01T00:00:00Z"), answer(FALSE, GeneratedTime="2026-11-09T00:00:00Z")
    (ann,) = collect(tmp_path, old, new).objects[USER]
    assert 1 == len(ann.variants)


def test_contradicting_names_of_one_arn(tmp_path):
    (user,) = collect(tmp_path, f"user,arn\nb,{ARN}x\na,{ARN}x\n").objects[USER]
    assert ("a", ["b"]) == (user.name, [variant.name for variant in user.variants])


def test_columns_of_several_files_are_united_where_they_agree(tmp_path):
    left, right = f"user,arn,a,b\nann,{ARN}ann,1,2\n", f"c,arn,user\n3,{ARN}ann,ann\n"
    (ann,) = collect(tmp_path, right, left).objects[USER]
    assert {"user": "ann", "arn": f"{ARN}ann", "a": "1", "b": "2", "c": "3"} == row_of(ann)
    assert ["user", "arn", "a", "b", "c"] == list(row_of(ann))
    assert () == ann.variants


OLD, NEW = {"GeneratedTime": "2026-01-01T00:00:00Z"}, {"GeneratedTime": "2026-11-20T00:00:00Z"}
NARROW, WIDE = f"user,arn,a\nann,{ARN}ann,1\n", f"user,arn,a,b\nann,{ARN}ann,1,2\n"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((answer(WIDE, **OLD), answer(NARROW, **NEW)), "1.in"),
        ((answer(NARROW, **NEW), answer(WIDE, **OLD)), "2.in"),
        ((answer(WIDE, **NEW), answer(NARROW, **OLD)), "1.in"),
        ((answer(WIDE, **NEW), answer(WIDE, **OLD)), "1.in"),
        ((WIDE, answer(NARROW, **NEW)), "1.in"),
        ((WIDE, answer(WIDE, **OLD)), "2.in"),
        ((answer(NARROW, **NEW), answer(f"user,arn,c\nann,{ARN}ann,3\n", **OLD)), "2.in"),
    ],
)
def test_an_object_claims_no_later_day_than_its_oldest_fact(tmp_path, answers, expected):
    (ann,) = collect(tmp_path, *answers).objects[USER]
    assert (str(tmp_path / expected), ()) == (ann.origin.source, ann.variants)


def test_a_part_of_another_reading_is_no_variant(tmp_path):
    inventory = collect(tmp_path, TRUE, FALSE, f"user,arn\nann,{ARN}ann\n")
    assert 1 == len(inventory.objects[USER][0].variants)
    assert [["user", "arn", "key"]] == [list(row) for row in rows_of(inventory)]


def test_a_root_user_without_a_row_is_there_and_nothing_is_known_of_it(tmp_path):
    paths = write(tmp_path, TWO_USERS, "user,arn\nzed,arn:aws-cn:iam::000000000001:user/zed\n")
    for order in (paths, paths[::-1]):
        users = collect_files(order).inventory.objects[USER]
        assert ["<root_account>", "zed", "<root_account>", "ann", "bob"] == [user.name for user in users]
        assert ["arn:aws-cn:iam::000000000001:root", "arn:aws:iam::111122223333:root"] == [users[0].id, users[2].id]
        assert {"user": "<root_account>", "arn": "arn:aws:iam::111122223333:root"} == row_of(users[2])
        assert (Origin(paths[0]), users[3].master) == (users[2].origin, users[2].master)


def test_a_root_user_with_a_row_anywhere_is_that_row(tmp_path):
    root = "user,arn,mfa_active\n<root_account>,arn:aws:iam::111122223333:root,true\n"
    users = collect_files(write(tmp_path, TWO_USERS, root)).inventory.objects[USER]
    assert ["true", "true", "N/A"] == [row_of(user)["mfa_active"] for user in users]
    described = f'[{{"Id": "{"arn:aws:iam::111122223333:root"}", "CA10__userName__c": "x"}}]'
    users = collect_files(write(tmp_path, TWO_USERS, described), type_name=USER).inventory.objects[USER]
    assert [(), (), ()] == [user.variants for user in users]
    assert ["x"] == [user.fields["CA10__userName__c"] for user in users if user.id.endswith(":root")]


def test_the_field_of_the_root_user_says_root_and_people_see_what_reports_call_it(tmp_path):
    roots = ("<root_account>", "root")
    for number, root in enumerate(roots):
        report = f"user,arn\n{root},arn:aws:iam::111122223333:root\nroot,arn:aws:iam::111122223333:user/root\n"
        path = tmp_path / f"{number}.csv"
        path.write_text(report)
        first, second = collect_files([str(path)]).inventory.objects[USER]
        assert ("<root_account>", "root") == (first.name, first.fields["CA10__userName__c"])
        assert ("root", "root") == (second.name, second.fields["CA10__userName__c"])
        assert root == row_of(first)["user"]
