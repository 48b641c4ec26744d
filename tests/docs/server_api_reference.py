"""``python -m tests.docs.server_api_reference PATH``: writes the page of the server's API, of its OpenAPI document."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perpend.server.api.endpoints import API, EXPORTS
from perpend.server.api.openapi import openapi

OF_FINDINGS = frozenset({"/findings", "/facets", "/groups", *(f"/findings.{one}" for one in EXPORTS)})
"""The addresses that have the filters of findings."""

HEAD = """# The API of a server

<!-- Written by `python -m tests.docs.server_api_reference docs/reference/server-api.md`; edit the declarations instead. -->

[`perpend serve`](../how-to/serve.md) answers programs below `/api/v1`. The whole description, with the members of every answer, is OpenAPI
3.1 at `/api/v1/openapi.json`. Send a token of the server as `Authorization: Bearer TOKEN`:

```sh
curl --header "Authorization: Bearer $(cat token)" "http://127.0.0.1:8080/api/v1/findings?severity=critical&severity=high&limit=10"
```

From Python, [`perpend.connect`](api.md#connect) asks these addresses.
"""

TEXT = """
## Answers

- An answer is of one run, which it names. A run that is committed meanwhile changes no answer that has begun.
- Unknown is never compliant: `unknown` is a number of its own everywhere. A value that is not known, or does not apply, is `null`. All times
  are in UTC.
- A reader with a scope gets the findings, numbers and exports of the accounts in it. Others are as if they did not exist: 404.
- `next` of a page names the page behind it. It is `null` on the last one.
- Exports (`.ndjson`, `.csv`, `.parquet`) have the rows and columns of the command, and no pages. An export has at most 5,000,000 findings, and one
  of a difference is made if at most 100,000 findings differ. The server logs who has exported, and with which filter.
- `ETag` names the state of the store, the request and the reader's accounts. A request with `If-None-Match` gets 304 and no body while nothing
  has changed: policies, waivers, ratings, the day and runs count. Only the reader may keep an answer (`Cache-Control: private`).
- `GET` and `HEAD` change nothing.

## Refusals

Each refusal is a problem document (`application/problem+json`, RFC 9457). Its `detail` is one sentence. 429 and 503 have `Retry-After`.

| status | meaning |
| --- | --- |
"""


def page() -> str:
    """Return the whole page."""
    document = openapi()
    operations = [
        (method.upper(), path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    lines = [HEAD, "## Addresses", "", "| method | address | answer |", "| --- | --- | --- |"]
    lines += [f"| {method} | `{path}` | {operation['summary']} |" for method, path, operation in operations]
    lines += ["", "## Parameters", "", *_parameters(operations)]
    responses = document["components"]["responses"]
    return (
        "\n".join(lines) + "\n" + TEXT + "".join(f"| {status} | {one['description']} |\n" for status, one in responses.items())
    )


def _parameters(operations: list[tuple[str, str, dict[str, Any]]]) -> Iterator[str]:
    """Yield a table of the parameters: those that are the same at several addresses have one row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for _, path, operation in operations:
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                key = parameter["name"], parameter["description"].replace("|", r"\|"), _values(parameter["schema"])
                rows.setdefault(key, []).append(path.removeprefix(API))
    yield "Unknown parameters are refused, and so are parameters that are given too often. A parameter of findings belongs to lists, groups, facets"
    yield "and exports of findings."
    yield from ("", "| parameter | meaning | values | of |", "| --- | --- | --- | --- |")
    for (name, meaning, values), paths in rows.items():
        others = [f"`{path}`" for path in paths if path not in OF_FINDINGS or not set(paths) >= OF_FINDINGS]
        of = ["findings", *others] if set(paths) >= OF_FINDINGS else others
        yield f"| `{name}` | {meaning} | {values} | {', '.join(of)} |"


def _values(schema: dict[str, Any]) -> str:
    one = schema.get("items", schema)
    default = f"; default `{one['default']}`" if "default" in one else ""
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"]) + default
    if one["type"] == "integer":
        return f"{one['minimum']} to {one['maximum']}{default}"
    return "a date, or a time in ISO 8601" if "anyOf" in one else "a text"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
