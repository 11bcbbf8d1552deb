"""The errors of the sound room.

MediaError
├── NoPortsLeft      every port pair of the range is taken
├── NoSocketsLeft    the process may open no more files
├── NoSoundProcess   the processes for the sound do not start
├── NoCommonCodec    the other side offers nothing that can be relayed
├── NoCommonCipher   one side insists on encryption that the other does not offer
├── HandshakeFailed  DTLS did not come to common keys
├── NotJoined        a leg that is in no bridge cannot be monitored
├── AlreadyMonitored another supervisor is on the bridge
├── NoSuchKey        something that no telephone has was to be pressed
├── KeysNotTaken     the far end knows no events for keys
├── LegClosed        a closed leg was asked to do something
├── MalformedPacket  bytes that are no RTP or RTCP packet
├── ForgedPacket     an SRTP packet that was not sealed with the agreed key
├── ReplayedPacket   an SRTP packet that was there before
└── BadSound         a sound file that cannot be played
"""


class MediaError(Exception):
    """Base of everything that the sound room raises."""


class NoPortsLeft(MediaError):
    def __init__(self, host: str, low: int, high: int) -> None:
        super().__init__(
            f"No free RTP port pair on {host} between {low} and {high}: widen the range or end calls before new ones."
        )


class NoSocketsLeft(MediaError):
    def __init__(self, why: str) -> None:
        super().__init__(f"No socket for another call ({why}): let the process open more files (ulimit -n).")


class NoSoundProcess(MediaError):
    def __init__(self, why: str) -> None:
        super().__init__(f"The processes for the sound do not start ({why}): set media.workers to 0, or make room.")


class NoCommonCodec(MediaError):
    def __init__(self, offered: tuple[str, ...]) -> None:
        names = ", ".join(offered) or "nothing"
        super().__init__(f"The other side offers {names}: allow PCMA or PCMU (G.711), or G722, there.")


class NoCommonCipher(MediaError):
    def __init__(self, offered: tuple[str, ...], *, wanted: str) -> None:
        names = ", ".join(offered) or "no key"
        super().__init__(
            f"The other side offers {names} while encryption is {wanted} here: "
            "set the trunk's srtp to what the exchange does, with AES_CM_128_HMAC_SHA1_80 there."
        )


class HandshakeFailed(MediaError):
    def __init__(self, why: str) -> None:
        super().__init__(f"No keys for the sound could be agreed on, {why}: begin the call again.")


class NotJoined(MediaError):
    def __init__(self) -> None:
        super().__init__("This leg is in no bridge: wait until the operator talks.")


class AlreadyMonitored(MediaError):
    def __init__(self) -> None:
        super().__init__("Another supervisor is on this call: let him leave first.")


class NoSuchKey(MediaError):
    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} is no key of a telephone: press 0 to 9, *, # or A to D.")


class KeysNotTaken(MediaError):
    def __init__(self) -> None:
        super().__init__("The far end takes no keys: allow telephone-event (RFC 4733) there.")


class LegClosed(MediaError):
    def __init__(self) -> None:
        super().__init__("This leg is closed: open a new one.")


class MalformedPacket(MediaError):
    def __init__(self, why: str) -> None:
        super().__init__(f"Not a valid packet: {why}.")


class ForgedPacket(MediaError):
    def __init__(self) -> None:
        super().__init__("Not sealed with the agreed key: the packet is dropped.")


class ReplayedPacket(MediaError):
    def __init__(self) -> None:
        super().__init__("This packet was there before: it is dropped.")


class BadSound(MediaError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The sound {name} cannot be played, {why}: give an uncompressed WAV (PCM).")
