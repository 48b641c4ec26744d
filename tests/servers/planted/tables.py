"""All faults as one table, by policy."""

from __future__ import annotations

from tests.servers.planted import (
    collected,
    databases,
    documents,
    fields,
    identities,
    machines,
    networks,
    services,
    storage,
    watching,
)
from tests.servers.planted.faults import Fault

FAULTS: dict[str, Fault] = {
    fault.policy_id: fault
    for module in (collected, databases, documents, fields, identities, machines, networks, services, storage, watching)
    for fault in module.FAULTS
}
"""The faults by policy. A policy has one at most."""
