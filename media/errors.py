"""The errors of the sound room.

MediaError
├── NoPortsLeft      every port pair of the range is taken
├── NoSocketsLeft    the process may open no more files
├── NoCommonCodec    the other side offers nothing that can be relayed
├── LegClosed        a closed leg was asked to do something
├── MalformedPacket  bytes that are no RTP or RTCP packet
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


class NoCommonCodec(MediaError):
    def __init__(self, offered: tuple[str, ...]) -> None:
        names = ", ".join(offered) or "nothing"
        super().__init__(f"The other side offers {names}: allow PCMA or PCMU (G.711) there.")


class LegClosed(MediaError):
    def __init__(self) -> None:
        super().__init__("This leg is closed: open a new one.")


class MalformedPacket(MediaError):
    def __init__(self, why: str) -> None:
        super().__init__(f"Not a valid packet: {why}.")


class BadSound(MediaError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The sound {name} cannot be played, {why}: give a WAV of 8 kHz, mono, 16 bit.")
