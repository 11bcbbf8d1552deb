"""Encryption of personal columns, and keyed hashes to find them by.

A sealed value is `1 | key id (4) | nonce (12) | AES-256-GCM ciphertext and tag`; the context
("person.name:<id>") is authenticated with it, so that a value cannot be moved to another row or column.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kit.errors import AhizeError

ENV = "AHIZE_MASTER_KEY"
_FORM = b"\x01"
_ID = 4
_NONCE = 12
_KEY = 32


class SealError(AhizeError):
    """A sealed value cannot be opened; look whether the master key is the one that sealed it."""

    code = "seal"


class MasterKeyError(SealError):
    """The master key cannot be used."""

    code = "master_key"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The key from which all others are derived: 32 random bytes. `id` names it in every sealed value."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != _KEY:
            raise MasterKeyError(f"A master key has {_KEY} bytes, written as {2 * _KEY} hex digits; this one has not.")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(b"ahize key id\0" + self.secret).digest()[:_ID]

    @classmethod
    def load(cls, path: Path | None, environ: dict[str, str] | None = None) -> "MasterKey":
        """The key from AHIZE_MASTER_KEY (hex), else from the file at `path`, which is made on first start (mode 0600).

        Raises MasterKeyError when neither can be used.
        """
        text = (os.environ if environ is None else environ).get(ENV)
        if text is not None:
            return cls._of_hex(text, ENV)
        if path is None:
            raise MasterKeyError(f"There is no master key: set {ENV} or name a file for it.")
        with contextlib.suppress(FileExistsError):
            return cls._create(path)
        return cls._read(path)

    @classmethod
    def _create(cls, path: Path) -> "MasterKey":
        key = cls(secrets.token_bytes(_KEY))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(key.secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return key

    @classmethod
    def _read(cls, path: Path) -> "MasterKey":
        try:
            mode, text = path.stat().st_mode, path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise MasterKeyError(
                f"The master key file {path} cannot be read; give the service the right to."
            ) from error
        if mode & 0o077:
            raise MasterKeyError(f"The master key file {path} is open to others; run: chmod 600 {path}")
        return cls._of_hex(text, str(path))

    @classmethod
    def _of_hex(cls, text: str, origin: str) -> "MasterKey":
        try:
            return cls(bytes.fromhex(text.strip()))
        except (ValueError, MasterKeyError):
            raise MasterKeyError(
                f"The master key in {origin} is not {2 * _KEY} hex digits; put back the right one."
            ) from None


class Seal:
    """Seals and opens values under a master key. Keys for sealing and for digests are derived apart (RFC 5869)."""

    def __init__(self, master: MasterKey) -> None:
        self._prefix = _FORM + master.id
        self._cipher = AESGCM(_derived(master, b"seal"))
        self._digest_key = _derived(master, b"digest")

    def seal(self, plain: str | bytes, context: str) -> bytes:
        """Encrypt `plain` for `context`; two sealings of one value differ."""
        nonce = secrets.token_bytes(_NONCE)
        data = plain.encode() if isinstance(plain, str) else plain
        return self._prefix + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """What `seal` was given. Raises SealError for another context, another key or a changed value."""
        start = len(self._prefix)
        if sealed[:start] != self._prefix:
            raise SealError("This value was sealed with another master key; put that key back.")
        nonce, body = sealed[start : start + _NONCE], sealed[start + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError):
            raise SealError from None

    def open(self, sealed: bytes, context: str) -> str:
        """`open_bytes` as text."""
        return self.open_bytes(sealed, context).decode()

    def digest(self, kind: str, value: str) -> bytes:
        """A keyed hash of 32 bytes (HMAC-SHA256) to find equal values by; `kind` keeps their worlds apart."""
        name = kind.encode()
        return hmac.digest(self._digest_key, len(name).to_bytes(2, "big") + name + value.encode(), "sha256")


def _derived(master: MasterKey, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=b"ahize " + purpose).derive(master.secret)
