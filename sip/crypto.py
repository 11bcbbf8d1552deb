"""Crypto attributes of a session description (RFC 4568 §9.1): text to values and back; pure."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

_HARMLESS = ("WSH=", "-")
"""Session parameters that ask nothing of the packets: a window size, and what may be ignored (RFC 4568 §6.3)."""
_LINE = re.compile(
    r"([0-9]{1,9})[ ]+([A-Za-z0-9_]{1,64})[ ]+inline:([A-Za-z0-9+/=]{1,128})([|]\S{1,64})?((?:[ ]+\S+)*)"
)


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line: `tag`, the suite's name, and the sender's master key and salt in one."""

    tag: int
    suite: str
    key: bytes = field(repr=False)

    @classmethod
    def parse(cls, value: str) -> Crypto | None:
        """The line after "crypto:"; None: one that asks for what we have not (several keys, MKI, parameters), or is
        malformed. Such a line is as good as not offered (RFC 4568 §5.1.2)."""
        found = _LINE.fullmatch(value.strip())
        if found is None or not _is_plain(found[4] or "", found[5].split()):
            return None
        try:
            return cls(int(found[1]), found[2], b64decode(found[3], validate=True))
        except binascii.Error:
            return None

    def build(self) -> str:
        """The line after "crypto:"."""
        return f"{self.tag} {self.suite} inline:{b64encode(self.key).decode()}"


def _is_plain(after_key: str, parameters: list[str]) -> bool:
    """A lifetime may stand after the key, an MKI (index:length) may not."""
    return ":" not in after_key and all(one.startswith(_HARMLESS) for one in parameters)
