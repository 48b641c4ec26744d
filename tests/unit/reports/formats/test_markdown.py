"""A comment for a pull request: what it counts and names, that nothing in it is markup, and that it has room for itself."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import message, prose, span, summary
from perpend.core.objects.claims import NOT_ASKED, Claim, Scope
from perpend.core.objects.inventory import Source
from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.requirements import FrameworkSelection, Requirement, RequirementPolicy
from perpend.reports.formats.markdown import MOST, write_markdown
from tests.unit.reports.terminal.evaluations import HOSTILE, MOOD, THING, WANT, evaluate, thing

SPITEFUL = "``` <script>x</script> [a](https://example.com) @all | **b** ![i](j)"


def comment(evaluation: Evaluation) -> str:
    stream = io.StringIO()
    write_markdown(evaluation, stream)
    return stream.getvalue()


def test_a_comment_counts_all_and_names_what_is_to_be_acted_on(tmp_path: Path) -> None:
    things = [thing(f"t{number:02}", "bad") for number in range(12)]
    assert (
        comment(evaluate(tmp_path, *things, thing("eve", "odd"), thing("fay", "good")))
        == """<!-- perpend:check -->
### Perpend: 12 incompliant and 1 undetermined

| status | verdicts |
| --- | ---: |
| compliant | 1 |
| incompliant | 12 |
| undetermined | 1 |

14 verdicts on 14 objects at 2026-01-10.

<details><summary><b>12 incompliant, 1 undetermined</b> · Policy mood</summary>

`/ce/mood`

- INCOMPLIANT 12: It is bad\\. Next: Make it good\\: slowly\\.
  first 10: `t00`, `t01`, `t02`, `t03`, `t04`, `t05`, `t06`, `t07`, `t08`, `t09`

- UNDETERMINED 1: It is odd\\. Look at the thing itself\\.
  `eve`

</details>
"""
    )


def test_a_comment_does_not_look_clean_where_not_all_was_judged(tmp_path: Path) -> None:
    judged = evaluate(tmp_path, thing("fay", "good"))
    refused = {f"/ce/p{number:02}": () for number in range(12)}
    selection, inventory = replace(judged.selection, refused=refused), replace(judged.inventory, unread=("`gone`.csv",))
    lines = comment(replace(judged, selection=selection, inventory=inventory)).splitlines()
    assert "### Perpend: 0 incompliant and 0 undetermined, and not everything was evaluated" == lines[1]
    assert [
        f"**Not evaluated**: policies with errors: the first 10 of 12: {', '.join(f'`{name}`' for name in [*refused][:10])}",
        "**Not evaluated**: inputs that cannot be read: `` `gone`.csv ``",
    ] == [line for line in lines if "Not evaluated" in line]
    text = comment(judged)
    assert "not everything was evaluated" not in text and "Not evaluated" not in text


def test_a_comment_names_the_types_of_which_not_all_could_be_read(tmp_path: Path) -> None:
    def made(lacking: str | None) -> str:
        source = Source("aws", "aws", None, 1, coverage=(Claim(THING, Scope("1"), lacking),))
        return comment(evaluate(tmp_path, thing("fay", "good"), sources=[source]))

    assert "\n**Not evaluated**: types with objects that cannot be read: `Thing`\n" in made("denied s3:ListAllMyBuckets")
    for whole in (None, f"{NOT_ASKED} s3"):
        text = made(whole)
        assert "not everything was evaluated" not in text and "Not evaluated" not in text


def test_nothing_that_names_or_messages_hold_is_markup() -> None:
    draw = MarkdownIt("commonmark")
    for text in (SPITEFUL, HOSTILE, "`", "a`b``c", "", " ", "<!-- x -->", "https://example.com @me #1 ~~a~~"):
        tokens = draw.parseInline(span(text))[0].children or []
        assert ["code_inline"] == [token.type for token in tokens], text
        said = draw.parseInline(prose(text))[0].children or []
        assert {token.type for token in said} <= {"text", "text_special"}, text
        assert "@me" not in prose(text)


@settings(max_examples=300, deadline=None)
@given(st.text("`a \\<>&*_[]()!#~@$:.-|1\u202e\n", max_size=40))
def test_parts_in_backticks_are_code_and_nothing_else_is_markup(text: str) -> None:
    paragraph, inline, *_ = [*MarkdownIt("commonmark").parse(f"{message(text) or '–'}\n"), None]
    assert paragraph is not None and "paragraph_open" == paragraph.type and inline is not None
    children = inline.children or []
    assert {token.type for token in children} <= {"text", "text_special", "code_inline"}
    shown = "".join(f"`{token.content}`" if token.type == "code_inline" else token.content for token in children)
    one_line = visible(" ".join(text.split())) or "–"
    assert one_line.replace("@", "@\u200b") == shown.replace("@\u200b", "@").replace("@", "@\u200b")


def test_commands_stay_commands_in_a_comment() -> None:
    assert "Run `aws iam x --name <role>`\\." == message("Run `aws iam x --name <role>`.")
    assert r"\`\`a\`\` \` \`" == message("``a`` ` `")
    assert "`a` @\u200ball `@b`" == message("`a` @all `@b`")


def test_a_summary_is_a_line_of_html_and_no_markdown() -> None:
    assert "Open to &lt;b&gt;0.0.0.0/0&lt;/b&gt; (all) &amp; &#x27;" == summary("Open to <b>0.0.0.0/0</b>\n(all) & '")
    assert "@\u200bme #\u200b1" == summary("@me #1")


def test_a_comment_says_why_an_object_is_undetermined(tmp_path: Path) -> None:
    denied = "was denied: x:List in 111122223333/eu-west-1"
    unread = [
        thing("same")._replace(id=name, fields=PartialObject({"Id": name}, {WANT: denied, "CA10__owner__r": denied}))
        for name in ("ann", "bob")
    ]
    lines = comment(evaluate(tmp_path, *unread, thing("eve", "bad"))).splitlines()
    assert f'- UNDETERMINED 2: "wanted" {prose(denied)}' in lines
    assert "  `ann`, `bob`" in lines, "two of one name go by their ids"


def test_a_comment_has_room_for_itself(tmp_path: Path) -> None:
    logics = {f"mood{number:03}": MOOD for number in range(120)}
    things = [thing(f"{number}{'x' * 300}", "bad") for number in range(10)]
    text = comment(evaluate(tmp_path, *things, logics=logics))
    assert len(text) <= MOST
    assert text.endswith("more policies have findings that do not fit into this comment.\n")


def framework(number: int, requirements: int) -> FrameworkSelection:
    """A framework of as many requirements, of which the last one was not asked."""
    asked = [
        Requirement(f"/f/{n}", f"{n}", f"Be {'good ' * 20}| *{n}*", (RequirementPolicy("/ce/mood", True),))
        for n in range(requirements)
    ]
    left = Requirement("/f/x", "x", "Be here", (RequirementPolicy("/ce/other", True, "no Thing among the inputs"),))
    return FrameworkSelection("/f", f"Nine_{number}", (), (*asked, left))


def asked_for(judged: Evaluation, *frameworks: FrameworkSelection) -> Evaluation:
    """The judgement as if its policies had been chosen by these frameworks."""
    return replace(judged, selection=replace(judged.selection, frameworks=frameworks))


def test_a_comment_tells_how_much_of_a_framework_was_asked(tmp_path: Path) -> None:
    clean = comment(asked_for(evaluate(tmp_path, thing("fay", "good")), framework(9, 1)))
    assert "### Perpend: 0 incompliant and 0 undetermined\n" in clean
    assert "\n**Nine\\_9**: 1 of 2 requirements asked, 1 not asked, 0 manual, 0 without a policy.\n" in clean
    rows = [line for line in clean.splitlines() if line.startswith("| ")]
    assert ["| requirement | | compliant |", "| --- | --- | ---: |"] == rows[-3:-1]
    assert rows[-1].startswith("| 0 Be good") and rows[-1].endswith(r"\| \*0\* | met | 1 |")


def test_frameworks_leave_room_for_what_is_incompliant(tmp_path: Path) -> None:
    judged = evaluate(tmp_path, thing("eve", "bad"))
    long = comment(asked_for(judged, *(framework(number, 400) for number in range(3))))
    assert 3 == long.count("400 of 401 requirements asked") and "| 0 Be good" not in long
    many = comment(asked_for(judged, *(framework(number, 1) for number in range(1_000))))
    assert "more frameworks do not fit into this comment" in many
    for text in (long, many):
        assert MOST > len(text) and "It is bad" in text
