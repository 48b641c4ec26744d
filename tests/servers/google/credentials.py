"""Credentials of tests, made at run time: a service account's key, and a person's refresh token, both good at the double alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers.google.double import TOKENS, Google

_OWN = ("GOOGLE_", "CLOUDSDK_", "GCLOUD_", "GCE_", "NO_GCE")


@cache
def _key() -> str:
    """Return a new private key, the same one for the whole process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(google: Google, folder: Path, project: str = "tooling-1") -> Path:
    """Write the file of a service account, and return its path."""
    content = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
        "private_key": _key(),
        "client_email": f"auditor@{project}.iam.gserviceaccount.com",
        "client_id": "100000000000000000001",
    }
    return _written(google, folder / "service-account.json", content)


def person(google: Google, folder: Path, **members: str) -> Path:
    """Write the file of a person's sign-in, as gcloud does, and return its path."""
    known = {"client_id": "a-client.apps.googleusercontent.com", "client_secret": "not-a-secret", "refresh_token": "1//refresh"}
    return _written(google, folder / "person.json", {"type": "authorized_user", **known, **members})


def _written(google: Google, path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**content, "token_uri": f"{google.url}/{TOKENS}/token"}), "utf-8")
    return path


@contextmanager
def signed_in(path: Path | None) -> Iterator[None]:
    """Be where these are the only credentials; without a file there are none, and no metadata server is looked for."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    empty = (path.parent if path else Path(os.devnull)) / "no-gcloud"
    own = {"CLOUDSDK_CONFIG": str(empty), "NO_GCE_CHECK": "true"}
    named = {"GOOGLE_APPLICATION_CREDENTIALS": str(path)} if path else {}
    there = json.loads(path.read_text("utf-8")) if path else {}
    tokens = mock.patch(
        "google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", there.get("token_uri")
    )  # not read of the file
    with mock.patch.dict(os.environ, {**known, **own, **named}, clear=True), tokens:
        yield
