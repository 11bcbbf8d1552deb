"""Hold and resume as edits of a session description that leave everything else as it is (RFC 3264 §8.4). Pure."""

from __future__ import annotations

import re

_DIRECTION = re.compile(rb"^a=(sendrecv|sendonly|recvonly|inactive)\r?\n?", re.MULTILINE)
_ADDRESS = re.compile(rb"^(c=IN IP4 )\S+", re.MULTILINE)
_ORIGIN = re.compile(rb"^(o=\S+ \S+ )(\d{1,19})( )", re.MULTILINE)
_STREAM = re.compile(rb"^(?=m=)", re.MULTILINE)
_ZERO = b"0.0.0.0"

RECEIVES = ("sendrecv", "recvonly")
_MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


def direction(sdp: bytes) -> str:
    """What the first direction line says; "sendonly" for the address 0.0.0.0 of RFC 2543's hold, "sendrecv" when
    nothing is said."""
    found = _DIRECTION.search(sdp)
    said = found[1].decode() if found else "sendrecv"
    zero = re.search(rb"^c=IN IP4 0\.0\.0\.0", sdp, re.MULTILINE) is not None
    return "sendonly" if zero and said == "sendrecv" else said


def is_hold(sdp: bytes) -> bool:
    """Whether its sender does not want to hear: sendonly, inactive or 0.0.0.0."""
    return direction(sdp) not in RECEIVES


def held(sdp: bytes, *, theirs: bytes = b"", by_address: bool = False) -> bytes:
    """Our description as an offer that holds: sendonly, or inactive where their last one holds too. `by_address`: in
    the form of RFC 2543, c=0.0.0.0, for who knows no other."""
    offer = directed(sdp, "inactive" if is_hold(theirs) else "sendonly")
    return _ADDRESS.sub(rb"\g<1>" + _ZERO, offer) if by_address else offer


def resumed(sdp: bytes) -> bytes:
    """Our description as an offer to hear and speak again; an address that was taken back stands in the o= line."""
    own = re.search(rb"^o=.* (\S+?)\r?$", sdp, re.MULTILINE)
    address = own[1] if own else _ZERO
    return directed(re.sub(rb"^(c=IN IP4 )0\.0\.0\.0", rb"\g<1>" + address, sdp, flags=re.MULTILINE), "sendrecv")


def answering(ours: bytes, offer: bytes, *, holding: bool) -> bytes:
    """Our last description as the answer to a new offer: its direction mirrored (RFC 3264 §6.1), our own hold kept."""
    wanted = _MIRRORED[direction(offer)]
    if holding:
        wanted = {"sendrecv": "sendonly", "recvonly": "inactive"}.get(wanted, wanted)
    return ours if direction(ours) == wanted else directed(ours, wanted)


def directed(sdp: bytes, said: str) -> bytes:
    """The same description with this direction for every stream, and the next version (RFC 3264 §8)."""
    bare = _ORIGIN.sub(lambda m: m[1] + str(int(m[2]) + 1).encode() + m[3], _DIRECTION.sub(b"", sdp), count=1)
    session, *streams = _STREAM.split(bare)
    line = f"a={said}\r\n".encode()
    return session + b"".join(stream.rstrip(b"\r\n") + b"\r\n" + line for stream in streams)
