"""Send a digest as text, by the package apprise, to any service that it supports."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import apprise

if TYPE_CHECKING:
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.digests import Digest


def notify(channel: Channel, digest: Digest) -> tuple[str | None, float | None]:
    """Return why a channel rejected a digest, None if it accepted it; and the seconds to wait, None if a retry is useless."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # what it logs may hold URLs, which are secret
    sender = apprise.Apprise()
    if not sender.add(channel.url):
        return "apprise does not know such a URL", None
    return (None, None) if sender.notify(title=digest.title, body=digest.text) else ("apprise could not send it", 0.0)
