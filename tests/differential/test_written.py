"""Reports of drawn estates, from a store and from files, hold the bytes that the plainest writer gives, an object at a time."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, object_from_fields
from perpend.core.objects.status import Status
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import Selection, selection_of
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.verdict import Reference, Verdict, verdict_of
from perpend.evaluation.verdicts.verdicts import PlacedVerdict
from perpend.findings.filters import Filter
from perpend.findings.verdict_filter import filter_verdicts
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName
from perpend.language.interpreter.interpreter import EvaluationOutcome
from perpend.language.program.program import Program
from perpend.reports.formats.csv import HEADER, cell_text, write_csv
from perpend.reports.formats.json import write_json, write_ndjson
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.tally import tally_of
from perpend.reports.formats.values import json_value
from tests.differential.stores import NOW, stored_estate
from tests.estates import DELETION
from tests.repositories import program_of, temporary_analyzer
from tests.strategies import JSON, TEXT
from tests.unit.reports.terminal.evaluations import MOOD, NOTED, NOTES, OWNER_LOOKUP, THING, TYPES, WANT

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("PERPEND_DIFFERENTIAL_EXAMPLES", "28")) // 4

LONG = "bad" + " " * 1_000
WANTS = (
    st.sampled_from(
        ["bad", "worse", "bare", "odd", "good", "none", LONG, "é" * 1_001, '"=1+1"', "'@x", "\t-2", "é\u202e\U0001f600", ""]
    )
    | TEXT
)
DOCUMENTS = st.sampled_from(
    [
        f'{{"a":"{LONG}"}}',
        '{"a":[' + "1," * 600 + "1]}",
        '{"a":-0}',
        '{"a":1e2}',
        '{"a":"b"}',
        '{"a": 5}',
        '{"a":"\\u00e9\\"="}',
        "{x",
        "",
        "[1]",
        '{"a":null}',
    ]
) | JSON.map(json.dumps)
OWNERS = st.none() | st.sampled_from(["acme", "111122223333", "=acme", 'a"c,m\ne', "日本"]).map(
    lambda name: {"Id": name, "Name": f"{name}!", "CA10__city__c": name[1:]}
)
THINGS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "Name": WANTS,
            WANT: WANTS | st.none() | st.integers(0, 5) | st.booleans(),
            NOTES: DOCUMENTS | st.none() | st.integers(0, 5),
            OWNER_LOOKUP: OWNERS,
            DELETION: st.sampled_from([None, None, "", "2026-01-01T00:00:00Z"]),
            "RIVAL": WANTS,
        },
    ),
    min_size=1,
    max_size=6,
)


def thing(analyzer: Analyzer, row: int, fields: dict[str, Any]) -> CloudObject:
    """Return an object; one that holds a rival's value has sources that contradict each other."""
    known = {"Id": f"t{row}", **fields}
    rival = known.pop("RIVAL", None)
    found = object_from_fields(known, analyzer.object_type(THING), Origin("a.json", row))
    if rival is None or rival == known.get(WANT):
        return found
    return found._replace(variants=(found._replace(fields={**known, WANT: rival}, origin=Origin("b.json", row)),))


def ends(evaluation: Evaluation) -> Iterator[tuple[Any, CloudObject, int, str | None]]:
    """Yield a program, an object, and how it ended, by object and then by policy: each asked for by itself."""
    objects = evaluation.objects_of(THING)
    for row in range(len(objects)):
        for column in evaluation.verdicts:
            places = column.firsts([list(column.program.verdicts)], len(objects))[0]
            code = next(found.code for found in places if found.place == row)
            [(index, error)] = column.verdicts_at([PlacedVerdict(row, code)], {row: objects[row]})
            yield column.program, objects[row], index, error


def finding_of(evaluation: Evaluation, program: Program, judged: CloudObject, end: EvaluationOutcome) -> Verdict:
    return verdict_of(program, judged, end, evaluation.selection.types, evaluation.observed_at(judged))


def references(finding: Verdict, which: str) -> str:
    if which == "findings" and finding.status not in (Status.INCOMPLIANT, Status.UNDETERMINED):
        return "[]"
    return f"[{','.join(reference(one, which) for one in finding.references)}]"


def reference(one: Reference, which: str) -> str:
    value = json_value(one.value)
    whole = one.value if isinstance(one.value, str) else value
    if which == "findings" and len(whole) > 1_000:
        value = f'{json_value(whole[:1_000] + "…")},"sha256":"{hashlib.sha256(whole.encode()).hexdigest()}"'
    return f'{{"field":{json.dumps(one.field)},"label":{json.dumps(one.label)},"value":{value}}}'


def described(evaluation: Evaluation, judged: CloudObject, *, master: bool) -> dict[str, Any]:
    kind = {"typeApiName": judged.type_name, "typeName": evaluation.type_label(judged.type_name)}
    if not master:
        return {**kind, "id": judged.id, "externalId": judged.external_id, "name": judged.name}
    owner = described(evaluation, judged.master, master=False) if judged.master else None
    time = evaluation.observed_at(judged)
    origin = {"source": judged.origin.source, "observedAt": time and iso_from_milliseconds(milliseconds_from_datetime(time))}
    return {
        "id": judged.id,
        "name": judged.name,
        "externalId": judged.external_id,
        **kind,
        "master": owner,
        "account": judged.account and {"id": judged.account, "name": None, "owner": None},
        "region": judged.region,
        **origin,
    }


def lines(evaluation: Evaluation, which: str) -> list[str]:
    found = []
    for program, judged, index, error in ends(evaluation):
        one = finding_of(evaluation, program, judged, (index, error))
        said = {
            "policyId": one.policy_id,
            "status": one.status.value,
            "conditionIndex": one.condition_index,
            "conditionText": one.condition_text,
            "currentStateMessage": one.current_state_message,
            "remediationMessage": one.remediation_message,
            "runtimeError": one.runtime_error,
            "references": "REFERENCES",
            "object": described(evaluation, judged, master=True),
        }
        found.append(json.dumps(said, separators=(",", ":")).replace('"REFERENCES"', references(one, which)))
    return found


def rows(evaluation: Evaluation, which: str) -> list[str]:
    found = [",".join(HEADER)]
    for program, judged, index, error in ends(evaluation):
        one, owner = finding_of(evaluation, program, judged, (index, error)), judged.master
        texts = (
            one.policy_id,
            one.status.value,
            str(index),
            one.condition_text,
            one.current_state_message,
            one.remediation_message or "",
            error or "",
            judged.id,
            judged.name,
            judged.external_id,
            judged.type_name,
            evaluation.type_label(judged.type_name),
            owner.id if owner else "",
            owner.name if owner else "",
        )
        quoted = references(one, which).replace('"', '""')
        time = one.observed_at and iso_from_milliseconds(milliseconds_from_datetime(one.observed_at))
        origin = map(cell_text, (judged.origin.source, time or ""))
        place = [cell_text(judged.account or ""), "", "", cell_text(judged.region or "")]
        found.append(",".join([*map(cell_text, texts), f'"{quoted}"', *place, *origin]))
    return found


def text_of(evaluation: Evaluation, write: Any, **more: Any) -> str:
    stream = io.StringIO(newline="")
    write(evaluation, stream, **more)
    return stream.getvalue()


def check_bytes(evaluation: Evaluation) -> None:
    for which in REFERENCES:
        expected = lines(evaluation, which)
        assert "\n".join(expected) + "\n" == text_of(evaluation, write_ndjson, references=which)
        document = text_of(evaluation, write_json, references=which)
        assert ",\n".join(expected) == document.partition('"verdicts":[\n')[2].removesuffix("\n]}\n")
        assert "\r\n".join(rows(evaluation, which)) + "\r\n" == text_of(evaluation, write_csv, references=which)


def check_narrowed(evaluation: Evaluation) -> None:
    """What a filter lets through is what the plainest writer says of those verdicts; nothing else changes."""
    every = list(zip(lines(evaluation, REFERENCES[0]), ends(evaluation), strict=True))
    for statuses, account in (
        ((Status.UNDETERMINED,), None),
        ((Status.INCOMPLIANT, Status.DISAPPEARED), "111122223333"),
        ((), "acme"),
        ((), "t1"),
    ):
        wanted = Filter({"status": tuple(one.value for one in statuses), "account": () if account is None else (account,)})
        expected = [
            line
            for line, (program, judged, index, _) in every
            if (not statuses or program.verdicts[index].status in statuses) and account in (None, judged.account)
        ]
        if account is not None and not any(account == judged.account for _, (_, judged, _, _) in every):
            with pytest.raises(UnknownName, match="no object belongs to the account"):
                filter_verdicts(evaluation, wanted, {})
            continue
        shown = filter_verdicts(evaluation, wanted, {})
        ending = f',"filter":{json.dumps(wanted.words)}}}\n'
        assert "".join(f"{line[:-1]}{ending}" for line in expected) == text_of(shown, write_ndjson)
        assert len(expected) == sum(sum(tally.counts.values()) for tally in tally_of(shown, limit=1))
        assert evaluation.ledger == shown.ledger


def over_both(analyzer: Analyzer) -> Selection:
    return selection_of(analyzer, [program_of(analyzer, f"/ce/{name}/prod.logic.yaml") for name in ("mood", "noted")])


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=THINGS)
def test_reports_hold_the_bytes_of_the_plainest_writer(drawn: list[dict[str, Any]]) -> None:
    owned = {**TYPES, f"types/{THING}/type.yaml": {**TYPES[f"types/{THING}/type.yaml"], "master": OWNER_LOOKUP}}
    files = {**owned, "ce/mood/prod.logic.yaml": MOOD, "ce/noted/prod.logic.yaml": NOTED}
    with temporary_analyzer(files) as analyzer, TemporaryDirectory() as directory:
        selection = over_both(analyzer)
        objects = [thing(analyzer, row, fields) for row, fields in enumerate(drawn)]
        inventory = Inventory((Source("a.json", "test-data", None, len(objects)),), {THING: objects})
        with evaluate_snapshot(stored_estate(Path(directory), analyzer, inventory), selection, snapshot_time=NOW) as evaluation:
            check_bytes(evaluation)
            check_narrowed(evaluation)
