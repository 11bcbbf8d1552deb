"""Keys for SRTP by a DTLS handshake (RFC 5764): datagrams in, datagrams out; no sockets.

Whoever carries the datagrams sorts them from RTP by the first byte (20 to 63, RFC 7983) and asks `timeout` when to
call `retransmit`.
"""

from enum import StrEnum

from OpenSSL import SSL
from OpenSSL.crypto import X509

from media.certificate import Certificate, fits
from media.errors import HandshakeFailed
from media.srtp import AES_CM_80, AES_GCM, Srtp, Suite

_SUITES = {b"SRTP_AES128_CM_SHA1_80": AES_CM_80, b"SRTP_AEAD_AES_256_GCM": AES_GCM}
_LABEL = b"EXTRACTOR-dtls_srtp"
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_DTLS_1_2 = 0xFEFD
_RECORD = 13
MTU = 1200
_MOST_OUT = 1 << 16


class Role(StrEnum):
    """Who begins, as the description's a=setup has it (RFC 4145)."""

    ACTIVE = "active"
    PASSIVE = "passive"


class Handshake:
    """One handshake; `srtp` is there when it has succeeded."""

    def __init__(self, certificate: Certificate, role: Role, fingerprint: str) -> None:
        """`fingerprint`: what the far end's description says of its certificate ("sha-256 AB:CD…")."""
        self.srtp: Srtp | None = None
        self._role, self._fingerprint = role, fingerprint
        self._tls = SSL.Connection(_context(certificate), None)
        self._tls.set_ciphertext_mtu(MTU)
        if role is Role.ACTIVE:
            self._tls.set_connect_state()
        else:
            self._tls.set_accept_state()

    def start(self) -> list[bytes]:
        """The datagrams to begin with; none for the passive side. Raises HandshakeFailed."""
        return self._go_on()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take one in; what to answer. Junk is ignored, as a stranger may send it. Raises HandshakeFailed."""
        if datagram:
            self._tls.bio_write(datagram)
        return self._go_on()

    def timeout(self) -> float | None:
        """Seconds until `retransmit` is due; None: nothing is waited for."""
        return None if self.srtp is not None else self._tls.DTLSv1_get_timeout()

    def retransmit(self) -> list[bytes]:
        """What is sent again because no answer came. Raises HandshakeFailed after a dozen times."""
        try:
            self._tls.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise HandshakeFailed("nobody answers") from error
        return self._leaving()

    def _go_on(self) -> list[bytes]:
        try:
            if self.srtp is None:
                self._tls.do_handshake()
                self.srtp = self._keyed()
            else:
                self._tls.recv(1)  # lets a lost last flight be sent again
        except (SSL.WantReadError, SSL.ZeroReturnError):
            pass
        except SSL.Error as error:
            raise HandshakeFailed("the two sides have no version, cipher or SRTP profile in common") from error
        return self._leaving()

    def _keyed(self) -> Srtp:
        shown = self._tls.get_peer_certificate(as_cryptography=True)
        if shown is None or not fits(shown, self._fingerprint):
            raise HandshakeFailed("its certificate is not the one that its description told of")
        suite = _SUITES.get(self._tls.get_selected_srtp_profile())
        if suite is None:
            raise HandshakeFailed("it uses no SRTP profile of ours")
        ours, theirs = self._exported(suite)
        srtp = Srtp()
        srtp.key(suite, ours, theirs)
        return srtp

    def _exported(self, suite: Suite) -> tuple[bytes, bytes]:
        """Our master key with its salt, and theirs (RFC 5764 §4.2: client's key, server's key, then the salts)."""
        key, salt = suite.key_length - suite.salt_length, suite.salt_length
        raw = self._tls.export_keying_material(_LABEL, 2 * suite.key_length)
        client = raw[:key] + raw[2 * key : 2 * key + salt]
        server = raw[key : 2 * key] + raw[2 * key + salt :]
        return (client, server) if self._role is Role.ACTIVE else (server, client)

    def _leaving(self) -> list[bytes]:
        try:
            return datagrams(self._tls.bio_read(_MOST_OUT))
        except SSL.WantReadError:
            return []


def _context(certificate: Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(_DTLS_1_2)
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_QUERY_MTU)
    context.use_certificate(certificate.public)
    context.use_privatekey(certificate.private)
    # Any certificate may be shown: the fingerprint judges it.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _any)
    context.set_tlsext_use_srtp(b":".join(_SUITES))
    return context


def _any(_connection: SSL.Connection, _shown: X509, _error: int, _depth: int, _ok: int) -> bool:
    return True


def datagrams(records: bytes) -> list[bytes]:
    """DTLS records in a row, as datagrams of whole records (RFC 6347 §4.1.1)."""
    cut: list[bytes] = []
    at = 0
    while at < len(records):
        size = _RECORD + int.from_bytes(records[at + 11 : at + 13])
        record = records[at : at + size]
        if cut and len(cut[-1]) + size <= MTU:
            cut[-1] += record
        else:
            cut.append(record)
        at += size
    return cut
