"""Under which names personal values are sealed and hashed, the same in every table that holds a copy."""

from kit.seal import Seal

NUMBER = "number"
NAME = "name"
FIELDS = "fields"
URI = "uri"


def number_digest(seal: Seal, number: str) -> bytes:
    """The keyed hash by which an E.164 number is found in every table: 32 bytes."""
    return seal.digest(NUMBER, number)


def name_digest(seal: Seal, name: str) -> bytes:
    """The keyed hash of a name without regard to case and spacing: 32 bytes."""
    return seal.digest(NAME, " ".join(name.casefold().split()))
