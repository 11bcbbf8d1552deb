"""Opening the ways in and out of an endpoint: UDP and TCP on one port (RFC 3261 §18), TLS on its own."""

from __future__ import annotations

from collections.abc import Sequence

from sip.stream import StreamTransport
from sip.tls import Tls, client_context, server_context
from sip.transport import Above, Transport, UdpTransport

_TRIES = 16


async def open_wires(bind: tuple[str, int], above: Above, tls: Tls | None = None) -> Sequence[Transport]:
    """UDP, TCP and, where `tls` is given, TLS. Raises OSError when an address cannot be had, `BadTlsFiles`."""
    contexts = None if tls is None else (client_context(tls), server_context(tls))
    opened = await _udp_and_tcp(bind, above)
    if tls is None or contexts is None:
        return opened
    secure = StreamTransport(above, bind[0], contexts)
    try:
        if contexts[1] is not None:
            secure.listen(tls.port)
    except OSError:
        for transport in opened:
            transport.close()
        raise
    return [*opened, secure]


async def _udp_and_tcp(bind: tuple[str, int], above: Above) -> list[Transport]:
    """On the same port; when any port will do, one that is free for both."""
    host, port = bind
    for tries_left in reversed(range(_TRIES)):
        udp = await UdpTransport.open(bind, above.receive)
        tcp = StreamTransport(above, host)
        try:
            tcp.listen(udp.local.port)
        except OSError:
            udp.close()
            if port or not tries_left:
                raise
            continue
        return [udp, tcp]
    raise AssertionError("the last try returns or raises")
