"""The certificate that a DTLS side shows, and the fingerprint by which the description tells of it (RFC 8122)."""

import datetime
import hmac
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}
_LIFE = datetime.timedelta(days=30)
_SLACK = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Self-signed; trust comes from the fingerprint in the description alone."""

    public: x509.Certificate
    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The value of a=fingerprint."""
        return f"sha-256 {_told(self.public, hashes.SHA256())}"


def make(now: datetime.datetime) -> Certificate:
    """A new one, for 30 days from `now` (aware); one serves every leg of a process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ahize")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - _SLACK).not_valid_after(now + _LIFE)
    return Certificate(builder.sign(key, hashes.SHA256()), key)


def fits(shown: x509.Certificate, fingerprint: str) -> bool:
    """Whether a shown certificate is the one that an a=fingerprint told of; never for a hash weaker than SHA-256."""
    name, _, value = fingerprint.partition(" ")
    algorithm = _HASHES.get(name.lower())
    return algorithm is not None and hmac.compare_digest(
        _told(shown, algorithm()).encode(), value.strip().upper().encode()
    )


def _told(shown: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return shown.fingerprint(algorithm).hex(":").upper()
