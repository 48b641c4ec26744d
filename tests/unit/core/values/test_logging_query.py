"""Log filters: what says the same, what does not, and what is no filter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.values.logging_query import (
    MAX_DEPTH,
    MAX_LENGTH,
    Combination,
    Comparison,
    FilterCall,
    FilterNot,
    FilterValue,
    LoggingQueryError,
    logging_query_matches,
    parse_logging_query,
)

OWNERSHIP = (
    '(protoPayload.serviceName="cloudresourcemanager.googleapis.com") AND (ProjectOwnership OR projectOwnerInvitee) OR '
    '(protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE" '
    'AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner")'
)


def term(text: str) -> Comparison:
    return Comparison(None, ":", FilterValue("text", text))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param('"a" OR NOT "b" AND NOT "c" OR "d"', '("a" OR (NOT "b")) AND ((NOT "c") OR "d")', id="or-before-and"),
        pytest.param('a="b" AND c="d" AND NOT e="f"', 'a="b" c="d" -e="f"', id="implied-and-and-minus"),
        pytest.param("a AND b", "b\n\tAND\r\na", id="order-and-white-space"),
        pytest.param("a AND a AND b", "a b", id="repeated"),
        pytest.param("NOT (NOT a)", "a", id="double-negation"),
        pytest.param("NOT(a)", "-a", id="not-glued-to-parenthesis"),
        pytest.param('resource.type=("x" OR "y")', 'resource.type="y" OR resource.type="x"', id="value-list"),
        pytest.param("a:(b OR NOT c)", "a:b OR NOT a:c", id="value-list-negation"),
        pytest.param('a="\uff3cd"', 'a="\\\\d"', id="backslash-by-normalisation-is-escaped"),
        pytest.param("severity>=(ERROR)", "severity >= ERROR", id="value-list-of-one"),
        pytest.param('severity="ERROR"', "severity = error", id="quotes-and-case-of-a-value"),
        pytest.param('a="\uff21"', 'a="a"', id="compatibility-forms"),
        pytest.param("Severity=x", "severity=x", id="case-of-a-root-field"),
        pytest.param("resource.TYPE=x", "resource.type=x", id="case-of-a-defined-field"),
        pytest.param('"resource"."type"=x', "resource.type=x", id="quoted-field"),
        pytest.param('a="x"--why', 'a="x"', id="comment-behind-a-string"),
        pytest.param("sample(insertId, 0.25)", "SAMPLE( insertId,0.25 )", id="call"),
        pytest.param('a="x\\"y"', 'A="X\\"Y"', id="escaped-quotation-mark"),
        pytest.param("severity!=ERROR", "NOT severity=ERROR", id="unequal-of-a-field-no-entry-lacks"),
        pytest.param("resource.type != x", "NOT resource.type = x", id="unequal-of-the-type-no-entry-lacks"),
        pytest.param("NOT httpRequest.status != 200", "httpRequest.status=200", id="not-unequal"),
        pytest.param("a=google.iam.admin.v1.CreateRole", 'a="google.iam.admin.v1.CreateRole"', id="bare-dotted-value"),
        pytest.param("a=-5", 'a="-5"', id="signed-number"),
        pytest.param("", " \n-- nothing\n", id="empty"),
    ],
)
def test_says_the_same(left: str, right: str) -> None:
    assert parse_logging_query(left) == parse_logging_query(right)
    assert hash(parse_logging_query(left)) == hash(parse_logging_query(right))
    assert logging_query_matches(left, parse_logging_query(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("a OR b AND c", "a OR (b AND c)", id="precedence"),
        pytest.param("a OR b", "a or b", id="lower-case-or"),
        pytest.param('a AND "OR" AND b', "a OR b", id="quoted-operator"),
        pytest.param("jsonPayload.a=x", "jsonPayload.A=x", id="case-of-a-payload-key"),
        pytest.param("labels.a=x", "labels.A=x", id="case-of-a-label"),
        pytest.param('a=~"x"', 'a=~"X"', id="case-of-a-regular-expression"),
        pytest.param("a=(x OR y)", "a=(x AND y)", id="value-list"),
        pytest.param("jsonPayload.a!=x", "NOT jsonPayload.a=x", id="unequal-of-a-field-an-entry-may-lack"),
        pytest.param("resource.labels.a!=x", "NOT resource.labels.a=x", id="unequal-of-a-label"),
        pytest.param('protoPayload.a!~"x"', 'NOT protoPayload.a=~"x"', id="unmatched-of-a-field-an-entry-may-lack"),
        pytest.param("a:*", 'a:"*"', id="presence-or-a-star"),
        pytest.param('labels.*="x"', 'labels."*"="x"', id="star-key"),
        pytest.param("a=NULL_VALUE", 'a="NULL_VALUE"', id="null-or-its-name"),
        pytest.param('a="x\\.y"', 'a="x\\\\.y"', id="escapes"),
        pytest.param('a="\\T"', 'a="\\t"', id="case-of-an-escape"),
        pytest.param('labels."a.b"=x', "labels.a.b=x", id="dot-inside-a-key"),
        pytest.param("a.b", '"a.b"', id="bare-member"),
        pytest.param('a="x"."y"', 'a="\\"x\\".\\"y\\""', id="dotted-strings-or-their-text"),
        pytest.param("f (a)", "f(a)", id="term-and-group-or-call"),
        pytest.param("a", "", id="empty"),
        pytest.param("a\u00a0b", "a b", id="no-break-space"),
        pytest.param("\u00a0a", "a", id="leading-no-break-space"),
    ],
)
def test_does_not_say_the_same(left: str, right: str) -> None:
    assert parse_logging_query(left) != parse_logging_query(right)
    assert not logging_query_matches(left, parse_logging_query(right))


def test_normal_form_of_a_filter_with_everything() -> None:
    expected = Combination(
        "AND",
        frozenset(
            {
                Comparison(("resource", "type"), "=", FilterValue("text", "gce_instance")),
                FilterNot(Comparison(("textpayload",), ":", FilterValue("text", "robot"))),
                Combination(
                    "OR", frozenset({term("cat"), Comparison(("labels", "compute/id"), ":", FilterValue("pattern", "*"))})
                ),
                FilterCall("ip_in_net", ("jsonPayload.ip", ",", '"10.0.0.0/8"')),
                Comparison(FilterCall("cast", ("timestamp", ",", "TIMEZONE(", '"x"', ")")), "=~", FilterValue("text", "^2023")),
            }
        ),
    )
    text = (
        'resource.type = gce_instance -textPayload:robot (cat OR labels."compute/id":*) ip_in_net(jsonPayload.ip, "10.0.0.0/8")'
        ' cast(timestamp, TIMEZONE("x")) =~ "^2023"'
    )
    assert expected == parse_logging_query(text)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x", "text", "x"),
        ('"x\\"y"', "text", 'x"y'),
        ("x*", "pattern", "x*"),
        ('"x*"', "text", "x*"),
        ('"x"."y"', "member", '"x"."y"'),
        ("NULL_VALUE", "null", "null_value"),
    ],
)
def test_normal_form_of_a_value(text: str, kind: str, said: str) -> None:
    assert Comparison(("a",), "=", FilterValue(kind, said)) == parse_logging_query(f"a={text}")


def test_a_published_benchmark_filter_matches_itself_reordered() -> None:
    reordered = (
        "((projectOwnerInvitee OR ProjectOwnership) OR "
        '(protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner" '
        'protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE"))\n'
        'protoPayload.serviceName = "cloudresourcemanager.googleapis.com"'
    )
    assert logging_query_matches(reordered, parse_logging_query(OWNERSHIP))
    assert not logging_query_matches(reordered + " AND x", parse_logging_query(OWNERSHIP))


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("()", "unexpected `)`", 1),
        ("(a", "the filter ends too early", 2),
        ("a AND", "the filter ends too early", 5),
        ("NOT", "the filter ends too early", 3),
        ("a=", "the filter ends too early", 2),
        ("a==b", "unexpected `=`", 2),
        ("f(a", "the filter ends too early", 3),
        ('a"b"', '`"b"` needs white space before it', 1),
        ("a--b", "`--b` needs white space before it", 1),
        ("a='b'", "`'` is taken here only inside double quotation marks", 2),
        ("a - b", "`-` is taken here only inside double quotation marks", 2),
        ("a -5", "this `-` may negate or be a sign: write `NOT`, or quotation marks", 2),
        (f'a"{"b" * 30}"', f'`"{"b" * 19}` needs white space before it', 1),
        ("a=(-5)", "this `-` may negate or be a sign: write `NOT`, or quotation marks", 3),
        ("(" * (MAX_DEPTH + 1), f"parentheses nest deeper than {MAX_DEPTH}", MAX_DEPTH),
        ("f(" * (MAX_DEPTH + 1), f"parentheses nest deeper than {MAX_DEPTH}", 2 * MAX_DEPTH),
        ("a" * (MAX_LENGTH + 1), f"the filter is longer than {MAX_LENGTH} characters", MAX_LENGTH),
    ],
)
def test_no_filter_says_what_is_wrong_and_where(text: str, message: str, offset: int) -> None:
    with pytest.raises(LoggingQueryError) as caught:
        parse_logging_query(text)
    assert (message, offset) == (caught.value.message, caught.value.offset)
    assert str(caught.value) == f"{message} (at character {offset + 1})"


def test_null_is_the_empty_filter() -> None:
    empty = parse_logging_query("")
    assert logging_query_matches(None, empty)
    assert logging_query_matches("  ", empty)
    assert not logging_query_matches(None, parse_logging_query("a"))
    assert not logging_query_matches("a", empty)


def test_the_longest_filter_is_read_and_parentheses_that_are_closed_count_no_more() -> None:
    assert Comparison(None, ":", FilterValue("text", "a" * MAX_LENGTH)) == parse_logging_query("a" * MAX_LENGTH)
    assert parse_logging_query("a b") == parse_logging_query("(a) " * (MAX_DEPTH + 1) + "b")
    assert parse_logging_query("f(a)") == parse_logging_query("f(a) " * (MAX_DEPTH + 1))


def test_a_candidate_that_is_no_filter_matches_nothing() -> None:
    assert not logging_query_matches("(a", parse_logging_query("a"))
    assert not logging_query_matches("(", parse_logging_query(""))


def test_the_deepest_nesting_is_read() -> None:
    nested = "NOT (a OR " * MAX_DEPTH + "b" + ")" * MAX_DEPTH
    assert logging_query_matches(nested, parse_logging_query(nested))


@pytest.mark.medium
@pytest.mark.parametrize(
    "unit", ["a ", "a.", '"', '\\"', "-", "!", "NOT ", "--", "(", "f(", "a:", '"\\', "a.b(", "a" * 100 + ".", "'", " "]
)
def test_the_longest_filters_are_read_in_a_moment(unit: str) -> None:
    text = (unit * MAX_LENGTH)[:MAX_LENGTH]
    begun = time.process_time()
    for candidate in (text, f'"{text}'[:MAX_LENGTH], f"a=({text}"[:MAX_LENGTH]):
        logging_query_matches(candidate, parse_logging_query(""))
    assert time.process_time() - begun < 10


@given(
    st.one_of(st.text(), st.text(alphabet="aN\"\\ ()-=:~!<>.,*'\n"), st.lists(st.sampled_from(OWNERSHIP.split())).map(" ".join))
)
def test_every_text_is_a_filter_or_a_named_mistake(text: str) -> None:
    try:
        query = parse_logging_query(text)
    except LoggingQueryError as error:
        assert 0 <= error.offset <= len(text)
    else:
        assert logging_query_matches(text, query)


# A drawn filter: an atom, ("NOT", part) or (operator, parts).
Drawn = str | tuple[str, list["Drawn"]]
ATOMS = ["a", "b", "c", "severity>=ERROR", 'labels."x.y"="z"', "f(a, b)", 'a=~"x|y"', "d:*"]


def drawn_filters(atoms: list[str]) -> st.SearchStrategy[Drawn]:
    return st.recursive(
        st.sampled_from(atoms),
        lambda part: st.one_of(
            st.tuples(st.sampled_from(["AND", "OR"]), st.lists(part, min_size=2, max_size=4)),
            st.tuples(st.just("NOT"), st.lists(part, min_size=1, max_size=1)),
        ),
        max_leaves=12,
    )


def plain_text(drawn: Drawn) -> str:
    if isinstance(drawn, str):
        return drawn
    operator, parts = drawn
    texts = [f"({plain_text(part)})" for part in parts]
    return f"NOT {texts[0]}" if operator == "NOT" else f" {operator} ".join(texts)


def respelt(drawn: Drawn, draw: st.DataObject) -> str:
    """Another spelling: parts shuffled, regrouped and repeated, parentheses, white space, NOTs and ANDs put otherwise."""
    if isinstance(drawn, str):
        text = drawn
    elif drawn[0] == "NOT":
        text = draw.draw(st.sampled_from(["NOT ({})", "-({})", "NOT NOT NOT ({})", "-(NOT (-({})))"])).format(
            respelt(drawn[1][0], draw)
        )
    else:
        parts = [f"({respelt(part, draw)})" for part in draw.draw(st.permutations(drawn[1]))]
        parts += draw.draw(st.lists(st.sampled_from(parts), max_size=2))
        signs = ["OR"] if drawn[0] == "OR" else ["AND", "", "-- and\n"]
        text = parts[0]
        for part in parts[1:]:
            text = f"{text} {draw.draw(st.sampled_from(signs))}\n{part}"
            if draw.draw(st.booleans()):
                text = f"( {text} )"
    return f"({text})" if draw.draw(st.booleans()) else text


@given(drawn_filters(ATOMS), st.data())
def test_the_normal_form_does_not_depend_on_the_spelling(drawn: Drawn, data: st.DataObject) -> None:
    assert parse_logging_query(respelt(drawn, data)) == parse_logging_query(plain_text(drawn))


@given(drawn_filters(["a", "b"]), drawn_filters(["a", "b"]))
def test_equal_filters_select_the_same(left: Drawn, right: Drawn) -> None:
    if parse_logging_query(plain_text(left)) == parse_logging_query(plain_text(right)):
        for true_atoms in (set(), {"a"}, {"b"}, {"a", "b"}):
            assert selects(left, true_atoms) == selects(right, true_atoms)


def selects(drawn: Drawn, true_atoms: set[str]) -> bool:
    if isinstance(drawn, str):
        return drawn in true_atoms
    operator, parts = drawn
    found = [selects(part, true_atoms) for part in parts]
    return not found[0] if operator == "NOT" else (all(found) if operator == "AND" else any(found))
