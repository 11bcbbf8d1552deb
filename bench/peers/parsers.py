"""`parsers.py NAME FILE COUNT`: read an INVITE and build its 200 with SDP, COUNT times; prints CPU µs for one.

The INVITEs are 1,000 in turn, which differ as those of a trunk do: Call-ID, tag, branch, numbers and ports of sound.

Each peer is used by the calls that its own user agent makes for an incoming call. Imports stand where they are needed:
a peer knows nothing of the others.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
Work = Callable[[bytes], bytes]


def ahize() -> Work:
    from sip.letterhead import Letterhead
    from sip.message import Request, parse
    from sip.uas import SDP as KIND

    letterhead, body = Letterhead("Ahize", "192.0.2.1", {"udp": 5060}), SDP.encode()

    def work(data: bytes) -> bytes:
        request = parse(data)
        assert isinstance(request, Request)
        response = request.reply(200, to_tag="0a1b2c3d4e5f", body=body)
        letterhead.dress(response)
        response.headers["content-type"] = [KIND]
        return response.encode()

    return work


def pyvoip() -> Work:
    from pyVoIP import RTP, VoIP  # noqa: F401  its rooms import each other: this one must come first
    from pyVoIP.SIP import SIPClient, SIPMessage

    client = SIPClient("192.0.2.10", 5060, "ahize", "", None, myIP="192.0.2.1")
    media = {30000: {8: RTP.PayloadType.PCMA, 101: RTP.PayloadType.EVENT}}

    def work(data: bytes) -> bytes:
        request = SIPMessage(data)
        client.tagLibrary[request.headers["Call-ID"]] = "0a1b2c3d4e5f"
        return client.gen_answer(request, "1", media, RTP.TransmitType.SENDRECV).encode("utf8")

    return work


def aiosipua() -> Work:
    from aiosipua import IncomingCall, SipMessage, create_dialog_from_request

    sent: list[bytes] = []

    class Wire:
        local_addr = ("192.0.2.1", 5060)

        def send_reply(self, response: object) -> None:
            sent.append(bytes(response))

    def work(data: bytes) -> bytes:
        request = SipMessage.parse(data)
        call = IncomingCall(invite=request, dialog=create_dialog_from_request(request), transport=Wire())
        call._send_response(200, "OK", body=SDP, content_type="application/sdp")
        return sent.pop()

    return work


def sippy() -> Work:
    from sippy.MsgBody import MsgBody
    from sippy.SipContact import SipContact
    from sippy.SipHeader import SipHeader
    from sippy.SipRequest import SipRequest

    def work(data: bytes) -> bytes:
        request = SipRequest(data.decode())
        response = request.genResponse(200, "OK", body=MsgBody(SDP))
        response.getHFBody("to").setTag("0a1b2c3d4e5f")
        response.appendHeader(SipHeader(body=SipContact()))
        return response.localStr((("192.0.2.1", 5060), "udp")).encode()

    return work


def sipmessage() -> Work:
    from sipmessage import Address, MediaType, Message, Response

    body = SDP.encode()

    def work(data: bytes) -> bytes:
        request = Message.parse(data)
        response = Response(code=200, phrase="OK", body=body)
        response.via = request.via
        response.from_address = request.from_address
        to = request.to_address
        response.to_address = Address(uri=to.uri, name=to.name, parameters=to.parameters.replace(tag="0a1b2c3d4e5f"))
        response.call_id = request.call_id
        response.cseq = request.cseq
        response.contact = [Address.parse("<sip:ahize@192.0.2.1:5060>")]
        response.content_type = MediaType.parse("application/sdp")
        response.content_length = len(body)
        return bytes(response)

    return work


PEERS = {"ahize": ahize, "pyvoip": pyvoip, "aiosipua": aiosipua, "sippy": sippy, "sipmessage": sipmessage}


VARIETY = 1_000
"""How many INVITEs that differ a library reads in turn."""


def stream(data: bytes) -> list[bytes]:
    """INVITEs of as many calls, of the same length."""
    return [_of_call(data, number) for number in range(VARIETY)]


def _of_call(data: bytes, number: int) -> bytes:
    digits = f"{number:04}".encode()
    for own, length in ((b"4c3b2a19", 4), (b"7f3a9c21", 4), (b"0c1d2e3f", 4), (b"5321005001", 4), (b"4951234567", 4)):
        data = data.replace(own, own[:-length] + digits)
    return data.replace(b"audio 20000", b"audio 2" + digits)


def main(name: str, path: str, count: int) -> None:
    work, data = PEERS[name](), Path(path).read_bytes()
    answer = work(data)
    assert answer.startswith(b"SIP/2.0 200 OK\r\n"), answer
    assert answer.count(b"tag=") == 2, answer
    assert b"m=audio 30000" in answer, answer
    calls = stream(data)
    assert len(set(calls)) == VARIETY
    assert {len(call) for call in calls} == {len(data)}
    for call in calls:
        work(call)
    in_turn = calls * (count // VARIETY)
    began = time.process_time()
    for call in in_turn:
        work(call)
    print((time.process_time() - began) / count * 1e6)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
