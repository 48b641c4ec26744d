"""Send a digest as text, by the package apprise, to any service that it supports.

Apprise calls most services by the package requests, which follows redirects and may send a secret to another host. So requests
refuses redirects while apprise sends.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import apprise
import requests

from perpend.core.dataclass import dataclass
from perpend.core.http_client import before, is_this_machine
from perpend.findings.notifications.channels import UnusableChannels
from perpend.findings.notifications.send import NO_ANSWER

if TYPE_CHECKING:
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.digests import Digest

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # what it logs may hold URLs, which are secret


@dataclass(slots=True, eq=False)
class _Sending:
    """A call of apprise, and whether a service has redirected it."""

    is_redirected: bool = False


_running: Final[list[_Sending]] = []
"""The calls that have not ended; a thread may run on after its time."""

_redirect_target: Final = requests.Session.get_redirect_target


def _refuse_redirect(session: Any, answer: Any) -> Any:
    """Raise an error that apprise takes for a failure if an answer redirects a call of apprise."""
    if _running and 300 <= answer.status_code < 400:
        for sending in _running:
            sending.is_redirected = True
        raise requests.TooManyRedirects
    return _redirect_target(session, answer)


requests.Session.get_redirect_target = _refuse_redirect


def sender_of(channel: Channel) -> Any:
    """Return the services of a channel. Raises UnusableChannels for a URL that apprise does not know, or that lacks TLS."""
    sender = apprise.Apprise()
    if not sender.add(channel.url):
        raise UnusableChannels(f"channel {channel.name}: apprise does not know its URL")
    for service in sender:
        secure = _schemas(service.secure_protocol)
        is_plain = service.schema in _schemas(service.protocol) and service.schema not in secure and not service.secure
        if is_plain and service.host and not is_this_machine(service.host):
            remedy = f"use {secure[0]}://" if secure else "use another service"
            raise UnusableChannels(f"channel {channel.name}: its URL sends without TLS to another machine: {remedy}")
    return sender


def notify(channel: Channel, digest: Digest, end: float) -> tuple[str | None, float | None]:
    """Return why a channel rejected a digest, None if it accepted it; and the seconds to wait, None if a retry is useless."""
    sending = _Sending()
    try:
        is_sent = before(end, partial(_send, sender_of(channel), digest, sending))
    except TimeoutError:
        return NO_ANSWER, 0.0
    if sending.is_redirected:
        return "the receiver redirects to another address, which is not followed", None
    return (None, None) if is_sent else ("apprise could not send it", 0.0)


def _send(sender: Any, digest: Digest, sending: _Sending) -> bool:
    """Send a digest to each service; return whether all accepted it."""
    _running.append(sending)
    try:
        # Apprise sends to several services in threads for which the end of the process waits.
        accepted = [apprise.Apprise(service).notify(title=digest.title, body=digest.text) for service in sender]
        return all(accepted)
    finally:
        _running.remove(sending)


def _schemas(protocol: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else tuple(protocol or ())
