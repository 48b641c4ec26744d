"""The OpenAPI document is derived: parameters from the declarations that the command has, schemas from the answers."""

from __future__ import annotations

import dataclasses
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from perpend.cli.commands.findings import command
from perpend.findings.filters import OF_FINDINGS, ORDERS
from perpend.server import answers
from perpend.server.answers import FindingRow
from perpend.server.api.endpoints import API, ENDPOINTS
from perpend.server.api.openapi import openapi
from perpend.server.api.routes import ROUTES
from perpend.server.api.schemas import json_bytes, schema_of
from perpend.server.parameters import LIMIT, ORDER, WAIVED_CONTROL, read_parameters
from perpend.server.scope import ALL_ACCOUNTS

FILTERS = [one.name for one in OF_FINDINGS]


def parameters(path: str) -> dict[str, dict[str, Any]]:
    operation = openapi()["paths"][f"{API}{path}"]["get"]
    return {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}


def test_options_of_the_command_and_parameters_of_the_api_have_one_source() -> None:
    options = {one.name.removeprefix("filter_"): one for one in command.params if isinstance(one, click.Option) and one.name}
    for path in ("/findings", "/facets", "/groups", "/findings.csv"):
        of_path = parameters(path)
        assert [*FILTERS, "waived"] == [
            name for name in of_path if name in (*options, "waived") and name not in ("order", "limit")
        ]
        for declared in OF_FINDINGS:
            option, parameter = options[declared.name], of_path[declared.name]
            assert declared.option in option.opts
            assert (option.help or "").startswith(parameter["description"])
            assert option.multiple == (parameter["schema"]["type"] == "array")
            if declared.is_flag:
                assert option.is_flag and [*declared.choices] == parameter["schema"]["enum"]
            elif declared.choices:
                assert isinstance(option.type, click.Choice)
                assert [*option.type.choices] == parameter["schema"]["items"]["enum"]
    assert options["waived"].type.choices == WAIVED_CONTROL.choices  # type: ignore[attr-defined]
    assert [*ORDERS] == parameters("/findings.ndjson")["order"]["schema"]["enum"]


def test_arguments_of_mcp_and_parameters_of_the_api_have_one_source() -> None:
    tools = pytest.importorskip("perpend.server.mcp.tools").TOOLS
    finding = next(tool for tool in tools if tool.name == "find_findings")
    given, of_path = finding.input_schema["properties"], parameters("/findings")
    assert set(of_path) == set(given)
    for name in set(given) - {LIMIT.name}:
        assert of_path[name]["description"] == given[name]["description"]
        own, theirs = of_path[name]["schema"], given[name]
        assert own.get("items", own) == {
            key: value for key, value in theirs.get("items", theirs).items() if key != "description"
        }


def test_each_route_is_described_and_each_description_has_a_route() -> None:
    described = {(path, method.upper()) for path, item in openapi()["paths"].items() for method in item}
    served = {(route.path, method) for route in ROUTES for method in route.methods or () if method != "HEAD"}
    assert served == {one for one in described if "/jobs" not in one[0] and one[1] == "GET"}


def test_schemas_have_the_members_of_the_answers() -> None:
    schemas = openapi()["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    for name, schema in schemas.items():
        if name != "Problem":
            members = [one.name for one in dataclasses.fields(getattr(answers, name))]
            assert (members, members) == ([*schema["properties"]], schema["required"])
    row = schemas["FindingRow"]["properties"]
    assert row["open_since"] == {"type": ["string", "null"], "format": "date-time"}
    assert row["episodes"] == {"type": "integer"}
    assert schemas["FindingPage"]["properties"]["findings"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/FindingRow"},
    }
    assert {endpoint.answer.__name__ for endpoint in ENDPOINTS if endpoint.answer} <= set(schemas)


def test_an_annotation_without_a_schema_is_an_error() -> None:
    with pytest.raises(TypeError, match="no schema for"):
        schema_of(bytes, {})


def test_the_default_order_of_pages_is_that_of_a_request_without_one() -> None:
    assert ORDER.default == read_parameters([], ALL_ACCOUNTS, (ORDER,)).order


def test_answers_are_sent_with_times_in_utc_and_texts_that_can_be_stored() -> None:
    values = {one.name: None for one in dataclasses.fields(FindingRow)}
    assert b'"message":"caf\\u00e9 ?"' in json_bytes(FindingRow(**{**values, "message": "caf\u00e9 \ud800"}))  # type: ignore[arg-type]
