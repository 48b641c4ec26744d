"""A session of the SDK for tests: models of services are read once, by what the collector reads them with."""

from __future__ import annotations

import botocore.session

from perpend.collectors.aws.session.sdk_clients import MODELS


def session_of(*credentials: str) -> botocore.session.Session:
    """Return a session with a key and its secret, else with what the environment has."""
    made = botocore.session.Session()
    made.register_component("data_loader", MODELS)
    if credentials:
        made.set_credentials(*credentials)
    return made
