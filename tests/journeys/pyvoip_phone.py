"""A phone on pyVoIP, a process of its own: python pyvoip_phone.py HOST PORT EXTENSION SECRET

It answers every call and speaks a tone without a pause. One line of JSON for whatever happens: registered, offered,
answered, sound (so many more frames that are not silence), ended. Lines on standard input: call NUMBER, hangup, stop.
"""

import json
import math
import socket
import sys
import threading
import time

from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone
from pyVoIP.VoIP.status import PhoneStatus

FRAME = 160
FRAMES_TOLD = 25
TONE = bytes(128 + round(100 * math.sin(2 * math.pi * n / 40)) for n in range(40)) * 4
SPEAKS_S = 60
LISTENS_AFTER_S = 1.2  # pyVoIP begins to receive a second after it has registered
RTP_PORTS = (29700, 29798)
SAYING = threading.Lock()


def say(event: str, **values: object) -> None:
    with SAYING:
        sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
        sys.stdout.flush()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def talk(call: VoIPCall) -> None:
    """Speak and listen until the call is over."""
    while call.state is CallState.DIALING:
        time.sleep(0.02)
    if call.state is CallState.ANSWERED:
        say("answered")
        call.write_audio(TONE * (SPEAKS_S * 50))
    loud = 0
    while call.state is CallState.ANSWERED:
        if len(set(call.read_audio(FRAME, blocking=False))) > 1:
            loud += 1
            if loud % FRAMES_TOLD == 0:
                say("sound", frames=loud)
        time.sleep(0.02)
    say("ended")


class Handset:
    """The phone and the call that it has."""

    def __init__(self, host: str, port: int, extension: str, secret: str) -> None:
        self.call: VoIPCall | None = None
        low, high = RTP_PORTS
        self.phone = VoIPPhone(
            host, port, extension, secret, "127.0.0.1", self.offered, free_port(), rtpPortLow=low, rtpPortHigh=high
        )

    def start(self) -> None:
        self.phone.start()
        while self.phone.get_status() is not PhoneStatus.REGISTERED:
            time.sleep(0.02)
        time.sleep(LISTENS_AFTER_S)
        say("registered")

    def offered(self, call: VoIPCall) -> None:
        say("offered", number=call.request.headers["From"]["number"])
        self.call = call
        call.answer()
        talk(call)

    def obey(self, line: str) -> bool:
        """Carry out one command; False: it was the last."""
        word, _, number = line.strip().partition(" ")
        if word == "call":
            self.call = self.phone.call(number)
            threading.Thread(target=talk, args=(self.call,), daemon=True).start()
        elif word == "hangup" and self.call is not None:
            self.call.hangup()
        return word != "stop"


def main() -> None:
    host, port, extension, secret = sys.argv[1:]
    handset = Handset(host, int(port), extension, secret)
    handset.start()
    for line in sys.stdin:
        if not handset.obey(line):
            break
    handset.phone.stop()


if __name__ == "__main__":
    main()
