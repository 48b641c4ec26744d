"""Cloud Custodian's filter engine on the users' CSV; ``c7n_loop.py CSV ROWS OUT``; c7n comes with the extra ``bench``.

The seed policy's question as two value filters, beside one that leaves out the disappeared. It finds what is INCOMPLIANT and
tells no other verdicts apart, so it does less than the other candidates.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from itertools import islice
from typing import Any

from c7n.filters import FilterRegistry, ValueFilter

_AT_ONCE = 10_000
_FILTERS = [
    {"type": "value", "key": "gone", "value": "empty"},
    *(
        {"type": "value", "key": f"report.access_key_{number}_active", "value": "true", "value_type": "normalize"}
        for number in (1, 2)
    ),
]


def _report(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return None


def main(path: str, rows: int, out: str) -> None:
    csv.field_size_limit(sys.maxsize)
    started = time.perf_counter()
    registry = FilterRegistry("users")
    registry.register("value", ValueFilter)
    filters = [one.validate() for one in registry.parse(_FILTERS, None)]
    with open(path, newline="", encoding="utf-8") as source, open(out, "w", encoding="utf-8") as target:
        left = islice(csv.reader(source), rows)
        while chunk := list(islice(left, _AT_ONCE)):
            users = [{"row": row, "gone": gone, "report": _report(document)} for row, gone, document in chunk]
            for one in filters:
                users = one.process(users)
            target.writelines(f"{user['row']}\n" for user in users)
    print(json.dumps({"seconds": time.perf_counter() - started}))


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
