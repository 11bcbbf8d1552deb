"""TLS for the line (RFC 3261 §26.3): whom we trust, and what we show of ourselves."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from sip.errors import BadTlsFiles


@dataclass(frozen=True, slots=True)
class Tls:
    """`ca`: PEM file of the authorities that are trusted, None: the system's. `certificate`, `key`: PEM files of our
    own, shown to trunks that ask for them; with them we also listen, on `port`."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    port: int = 0


def client_context(tls: Tls) -> ssl.SSLContext:
    """For connections that we make: the peer's certificate and name are checked. Raises `BadTlsFiles`."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ssl.SSLError) as error:
        raise BadTlsFiles(f"{tls.ca} is no PEM file of authorities ({_why(error)})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show_ourselves(context, tls)
    return context


def server_context(tls: Tls) -> ssl.SSLContext | None:
    """For connections that come in, whose peers are known by their addresses; None: we have no certificate to show.
    Raises `BadTlsFiles`."""
    if tls.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show_ourselves(context, tls)
    return context


def _show_ourselves(context: ssl.SSLContext, tls: Tls) -> None:
    if tls.certificate is None:
        return
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise BadTlsFiles(f"{tls.certificate} and {tls.key} are no certificate and its key ({_why(error)})") from error


def _why(error: OSError) -> str:
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or type(error).__name__
