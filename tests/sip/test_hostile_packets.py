"""Broken and hostile packets at a running agent: nothing unhandled, nothing stuck, nothing left."""

import asyncio
import random

import pytest
from imagined_net import A, B, Net
from listening import ANSWER, OFFER, Ear, dial

from kit import virtual
from sip.listener import Account
from sip.message import Response, parse
from sip.transport import Address

CONVERSATION = [
    "INVITE sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n"
    'From: "A" <sip:79160000001@h>;tag=raw\r\nTo: <sip:1@h>\r\nCall-ID: c{n}\r\nCSeq: 1 INVITE\r\n'
    "Contact: <sip:raw@10.0.0.2:5060>\r\nRecord-Route: <sip:10.0.0.2;lr>\r\nContent-Type: application/sdp\r\n"
    "Content-Length: {length}\r\n\r\n" + OFFER.decode(),
    "CANCEL sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK{n}\r\n"
    "From: <sip:79160000001@h>;tag=raw\r\nTo: <sip:1@h>\r\nCall-ID: c{n}\r\nCSeq: 1 CANCEL\r\n\r\n",
    "BYE sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKb{n}\r\n"
    "From: <sip:79160000001@h>;tag=raw\r\nTo: <sip:1@h>;tag={tag}\r\nCall-ID: c{n}\r\nCSeq: 2 BYE\r\n\r\n",
    "OPTIONS sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKo{n}\r\nFrom: <sip:a@h>;tag=raw\r\n"
    "To: <sip:1@h>\r\nCall-ID: o{n}\r\nCSeq: 2 OPTIONS\r\nAccept: application/sdp\r\n\r\n",
]
MARKS = [
    b"",
    b"\0",
    b"\r\n",
    b"\n",
    b" ",
    b";",
    b",",
    b"<",
    b">",
    b'"',
    b"\\",
    b"=",
    b":",
    b"@",
    b"%",
    b"\xff",
    b"9" * 30,
]


def damaged(data: bytes, dice: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(broken) + 1)
        broken[at : at + dice.randrange(4)] = dice.choice(MARKS)
    return bytes(broken)


def test_damaged_requests_leave_nothing_behind() -> None:
    net, ear, dice = Net(), Ear(), random.Random(4475)

    async def work() -> None:
        agent = await net.agent(A, ear)
        ear.on_offer = lambda call: (call.name, call.number, call.called, call.ring(), call.answer(ANSWER))
        net.carry = lambda data, sender, to: None
        for n in range(1500):
            for text in CONVERSATION:
                whole = text.format(n=n, tag="x", length=len(OFFER)).encode()
                agent._receive(damaged(whole, dice), Address(B, 5060))
            await asyncio.sleep(0.01)
        await asyncio.sleep(200)
        assert agent.counts.errors == 0
        assert (len(agent.transactions), len(agent.core), len(agent.timers)) == (0, 0, 0)

    virtual.run(work())
    assert len(ear.of("offered")) == len(ear.of("ended")) > 100


def test_damaged_responses_leave_no_call_without_an_end() -> None:
    net, ear, dice = Net(), Ear(), random.Random(3261)

    async def work() -> None:
        agent = await net.agent(A, ear)
        loop = asyncio.get_running_loop()

        def far(data: bytes, sender: Address, to: Address) -> None:
            message = parse(data)
            if isinstance(message, Response) or message.method == "ACK":
                return
            for status in (100, 180, 200) if message.method == "INVITE" else (200,):
                reply = message.reply(status, to_tag="far", body=ANSWER)
                reply.headers["contact"] = ["<sip:far@10.0.0.2>"]
                reply.headers["record-route"] = ["<sip:10.0.0.2;lr>"]
                loop.call_later(0.001, agent._receive, damaged(reply.encode(), dice), Address(B, 5060))

        net.carry = far
        calls = [dial(agent, (B, 5060)) for _ in range(600)]
        await asyncio.sleep(20)
        for call in calls:
            call.hang_up()
        await asyncio.sleep(200)
        assert agent.counts.errors == 0
        assert (len(agent.transactions), len(agent.core), len(agent.timers)) == (0, 0, 0)
        assert agent.core.placed == set()
        assert agent.core.strays == {}

    virtual.run(work())
    ends = [entry[1] for entry in ear.of("failed", "ended")]
    assert len(ends) == len(set(ends)) == 600


@pytest.mark.parametrize("field", ["contact", "record-route"])
@pytest.mark.parametrize("value", ["rubbish", "<sip:a@h", "<sip:a b@h>", "<sip:\0@h>", '"', "<>"])
def test_an_answer_without_a_readable_target_is_still_ended(field: str, value: str) -> None:
    net, ear = Net(), Ear()

    async def work() -> None:
        agent = await net.agent(A, ear)
        call = dial(agent, (B, 5060))
        invite = net.log[0][2]
        reply = invite.reply(200, to_tag="far", body=ANSWER)
        data = reply.encode().replace(b"Content-Length", f"{field}: {value}\r\nContent-Length".encode(), 1)
        agent._receive(data, Address(B, 5060))
        call.hang_up()
        await asyncio.sleep(100)
        assert agent.counts.errors == 0

    virtual.run(work())
    assert ear.words() == ["answered", "ended"]
    assert net.flow()[:3] == ["INVITE", "ACK", "BYE"]


def test_a_challenge_that_would_break_a_line_fails_the_call() -> None:
    net, ear = Net(), Ear()

    async def work() -> None:
        agent = await net.agent(A, ear)
        dial(agent, (B, 5060), account=Account("t", B, 5060, "u", "p"))
        reply = net.log[0][2].reply(401, to_tag="far")
        challenge = b'WWW-Authenticate: Digest realm="a\0b", nonce="n"\r\nContent-Length'
        agent._receive(reply.encode().replace(b"Content-Length", challenge, 1), Address(B, 5060))
        await asyncio.sleep(1)

    virtual.run(work())
    assert [entry[0::2][:2] for entry in ear.heard] == [("failed", 401)]


def test_cancel_is_sent_even_when_the_first_answer_is_broken() -> None:
    net, ear = Net(), Ear()

    async def work() -> None:
        agent = await net.agent(A, ear)
        call = dial(agent, (B, 5060))
        call.cancel()
        reply = net.log[0][2].reply(180)
        reply.headers["to"] = ["<sip:broken;tag=x"]
        agent._receive(reply.encode(), Address(B, 5060))
        await asyncio.sleep(100)

    virtual.run(work())
    assert "CANCEL" in net.flow()
    assert ear.words() == ["failed"]


def test_a_name_with_nul_is_not_sent_back_in_our_bye() -> None:
    net, ear = Net(), Ear()

    async def work() -> None:
        agent = await net.agent(A, ear)
        text = CONVERSATION[0].format(n=1, length=len(OFFER)).replace('"A"', '"a\\\0b"')
        ear.on_offer = lambda call: call.answer(ANSWER)
        agent._receive(text.encode(), Address(B, 5060))
        reply = net.log[-1][2]
        ack = text.replace("INVITE", "ACK").replace("To: <sip:1@h>", "To: " + reply.headers["to"][0])
        agent._receive(ack.replace("z9hG4bK1", "z9hG4bKack").encode(), Address(B, 5060))
        ear.of("offered")[0][1].hang_up()
        await asyncio.sleep(1)
        assert agent.counts.errors == 0

    virtual.run(work())
    byes = [message for _, _, message in net.log if getattr(message, "method", "") == "BYE"]
    assert byes[0].headers["to"] == ["<sip:79160000001@h>;tag=raw"]
