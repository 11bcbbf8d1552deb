"""`callers.py NAME PORT COUNT`: place COUNT calls to a SIPp UAS, each hung up when answered, 20 at a time.

Prints the CPU µs of one. Without sound: pyVoIP's is taken out, because it would start two threads a call.
"""

import asyncio
import sys
import time
from collections.abc import Callable

AT_ONCE = 20
HOST = "127.0.0.1"
PATIENCE_S = 30.0
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 0 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)


class Turnstile:
    """Lets `place` make the next call when one is over, and says when all are."""

    def __init__(self, count: int, place: Callable[[], object]) -> None:
        self._left = self._open = count
        self._place = place
        self.done = asyncio.Event()

    def begin(self) -> None:
        for _ in range(min(AT_ONCE, self._left)):
            self._next()

    def _next(self) -> None:
        if self._left:
            self._left -= 1
            self._place()

    def over(self) -> None:
        self._open -= 1
        if not self._open:
            self.done.set()
        self._next()


async def ahize(port: int, count: int) -> float:
    from sip.agent import UserAgent
    from sip.call import Call
    from sip.client_call import ClientCall
    from sip.listener import Listener, Peer
    from sip.message import Response

    class Ear(Listener):
        def on_answered(self, call: ClientCall, response: Response) -> None:
            call.hang_up()

        def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
            turnstile.over()

    far = Peer("uas")
    agent = UserAgent((HOST, 0), peers=lambda source: far, listener=Ear())
    await agent.start()
    uri, sdp = f"sip:1005001@{HOST}:{port}", SDP.encode()

    def place() -> None:
        call_id, tag, cseq = agent.seed()
        names = {"from_uri": f"sip:dialer@{HOST}", "to_uri": uri, "call_id": call_id, "from_tag": tag, "cseq": cseq}
        agent.invite(uri, **names, sdp=sdp, destination=(HOST, port))

    turnstile = Turnstile(count, place)
    took = await _timed(turnstile)
    await agent.stop()
    return took


async def aiosipua(port: int, count: int) -> float:
    from aiosipua import SipUAC, SipUAS, UdpSipTransport, parse_sdp

    transport = UdpSipTransport((HOST, _free_port()))
    uac = SipUAC(transport)
    uas = SipUAS(transport, uac=uac)
    await uas.start()
    offer = parse_sdp(SDP)

    def place() -> None:
        call = uac.send_invite(f"sip:dialer@{HOST}", f"sip:1005001@{HOST}:{port}", (HOST, port), offer)
        call.on_answer = answered

    def answered(call: object) -> None:
        asyncio.get_running_loop().call_soon(hang_up, call)

    def hang_up(call: object) -> None:
        call.hangup(uac)
        turnstile.over()

    turnstile = Turnstile(count, place)
    took = await _timed(turnstile)
    await uas.stop()
    return took


async def _timed(turnstile: Turnstile) -> float:
    began = time.process_time()
    turnstile.begin()
    async with asyncio.timeout(PATIENCE_S):
        await turnstile.done.wait()
    return time.process_time() - began


def pyvoip(port: int, count: int) -> float:
    from pyVoIP import RTP, VoIP
    from pyVoIP.SIP import SIPClient

    SIPClient.register = SIPClient.deregister = lambda self: True
    RTP.RTPClient.start = RTP.RTPClient.stop = lambda self: None
    ports = {"sipPort": _free_port(), "rtpPortLow": 30000, "rtpPortHigh": 39999}
    phone = VoIP.VoIPPhone(HOST, port, "dialer", "", myIP=HOST, **ports)
    phone.start()
    time.sleep(1.5)  # its receiver begins after a second
    began = time.process_time()
    for _ in range(count):
        call = phone.call("1005001")
        while call.state is VoIP.CallState.DIALING:
            time.sleep(0.001)
        call.hangup()
    took = time.process_time() - began
    phone.stop()
    return took


def _free_port() -> int:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


def main(name: str, port: int, count: int) -> None:
    if name == "pyvoip":
        took = pyvoip(port, count)
    elif name == "aiosipua":
        took = asyncio.run(aiosipua(port, count))  # uvloop's transports are none to it
    else:
        import uvloop

        from kit import garbage

        garbage.look_less_often()  # as the service does
        took = uvloop.run(ahize(port, count))
    print(took / count * 1e6, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    if sys.argv[1] == "pyvoip":
        import os

        os._exit(0)  # its threads would keep the process
