"""The addresses of served pages that are looked at beside those of findings and objects, by the kind of page."""

from __future__ import annotations

from tests.unit.server.pages.buckets import POLICY

MORE_KINDS = {
    "policies": "/policies",
    "failing policies": "/policies?show=failing",
    "policy": f"/policies{POLICY}",
    "compliance": "/compliance",
    "framework": "/compliance/cis-aws-v7.0.0?inherited=yes",
    "runs": "/runs",
    "changes": "/runs/1...last",
    "waivers": "/waivers",
    "trends": "/trends",
    "estate": "/estate",
    "saved views": "/saved",
}
