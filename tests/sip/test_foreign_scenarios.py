"""SIPp scenarios that others have written for their user agent, unchanged, against ours.

All run at once, each with an agent and a `sipp` of its own: some wait for most of a minute.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from listening import OFFER, Ear, dial

from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import BadSdp, WrongState
from sip.holding import answering, directed
from sip.listener import Account, Peer
from sip.message import Response
from sip.sdp import Format, SessionDescription
from sip.server_call import ServerCall

pytestmark = pytest.mark.timeout(300)
PATIENCE = 120
AT_ONCE = 12
SPEAKS = ("PCMU", "PCMA", "TELEPHONE-EVENT")


def fitting(offer: bytes) -> bytes:
    """The answer of a phone that speaks G.711 in clear. Raises BadSdp."""
    theirs = SessionDescription.parse(offer)
    ours: tuple[Format, ...] = tuple(one for one in theirs.formats if one.name in SPEAKS)
    if theirs.protocol != "RTP/AVP" or not theirs.port or not any(one.name != SPEAKS[2] for one in ours):
        raise BadSdp("nothing to speak by")
    plain = replace(theirs, host="127.0.0.1", port=41000, formats=ours, direction="sendrecv", rtcp_port=None)
    return answering(plain.build(), offer, holding=False)


class Owner(Ear):
    """Answers what it can hear, at once; hangs up on a caller who says nothing of its sound."""

    def on_offered(self, call: ServerCall) -> None:
        self._hear("offered", call)
        try:
            sdp = fitting(call.remote_sdp) if call.remote_sdp else OFFER
        except BadSdp:
            call.refuse(488)
        else:
            self.take(call, sdp)

    def take(self, call: ServerCall, sdp: bytes) -> None:
        call.answer(sdp)

    def on_confirmed(self, call: ServerCall) -> None:
        self._hear("confirmed", call)
        if not call.remote_sdp:
            call.hang_up()

    def on_answered(self, call: ClientCall, response: Response) -> None:
        self._hear("answered", call)
        if not call.remote_sdp:
            call.hang_up()

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        self._hear("progress", call, status)
        if response.body:
            self.listen(call, response.body)

    def listen(self, call: ClientCall, sdp: bytes) -> None:
        """Early media that cannot be heard: take the call back."""
        try:
            fitting(sdp)
        except BadSdp:
            call.cancel()

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        self._hear("reoffer", call)
        return fitting(sdp) if sdp else None


class EarlyOwner(Owner):
    """Lets early media be heard, and answers when that was changed."""

    def take(self, call: ServerCall, sdp: bytes) -> None:
        call.ring(sdp)

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        asyncio.get_running_loop().call_later(0.2, self._answer, call)
        return super().on_reoffer(call, sdp)

    def _answer(self, call: Call) -> None:
        if isinstance(call, ServerCall) and call.is_answering:
            call.answer(call.local_sdp)


# ---------------------------------------------------------------- what our side does

Deed = Callable[[UserAgent, Owner, Call | None, int], Awaitable[None]]


async def nothing(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    """The scenario does it all."""


async def hang_up(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    (await up(owner)).hang_up()


async def reinvite(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await again(await up(owner))


async def reinvite_twice(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await again(await up(owner))
    await owner.until("reoffer refused", within=20)
    await again(await up(owner))


async def update(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await again(await up(owner), by_update=True)


async def hold_back(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await owner.until("reoffer", within=20)
    await again(await up(owner))


async def cancel_early_media(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await owner.until(183, within=20)
    assert isinstance(call, ClientCall)
    call.cancel()


async def cancel(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    await owner.until(180, within=20)
    assert isinstance(call, ClientCall)
    call.cancel()


async def register(agent: UserAgent, owner: Owner, call: Call | None, port: int) -> None:
    agent.register(account(port), lambda state: owner._hear("registered", None))


async def up(owner: Owner) -> Call:
    call = (await owner.until("answered", "confirmed", within=20))[1]
    assert isinstance(call, Call)
    return call


async def again(call: Call, *, by_update: bool = False) -> None:
    """Offer the same once more, as soon as nothing else is open."""
    async with asyncio.timeout(20):
        while True:
            try:
                call.renegotiate(directed(call.local_sdp, "sendrecv"), by_update=by_update)
                return
            except WrongState:
                await asyncio.sleep(0.05)


def account(port: int) -> Account:
    return Account("sipp", "127.0.0.1", port, "1000", "1234", realm=None)


THEY_CALL: dict[str, tuple[type[Owner], Deed]] = {
    "alt-pjsua-uas-static-pt-no-rtpmap": (Owner, nothing),
    "transfer-attended": (Owner, nothing),
    "transfer-unattended": (Owner, nothing),
    "uac-183-wrong-codec": (Owner, nothing),
    "uac-183-wrong-media": (Owner, nothing),
    "uac-bad-ack": (Owner, nothing),
    "uac-inv-and-ack-without-sdp": (Owner, nothing),
    "uac-inv-multiple-require": (Owner, nothing),
    "uac-inv-two-media-but-one-disabled-no-rtpmap": (Owner, reinvite),
    "uac-inv-without-sdp": (Owner, hang_up),
    "uac-norefersub": (Owner, nothing),
    "uac-options": (Owner, nothing),
    "uac-prack-sdp-decline": (EarlyOwner, nothing),
    "uac-prack-sdp-offer": (EarlyOwner, nothing),
    "uac-reinvite-port-0-bad-sdp": (Owner, nothing),
    "uac-ticket-1148": (Owner, reinvite),
}
WE_CALL: dict[str, Deed] = {
    "strict-route": hang_up,
    "uas-422-then-200-bad-se": nothing,
    "uas-answer-180-multiple-fmts": reinvite,
    "uas-answer-183-without-to-tag": nothing,
    "uas-answer-183-wrong-attr": cancel_early_media,
    "uas-answer-183-wrong-codec": nothing,
    "uas-answer-183-wrong-media": nothing,
    "uas-answer-200-inv-without-sdp": nothing,
    "uas-answer-200-multiple-fmts": reinvite,
    "uas-answer-200-multiple-fmts-support-update": update,
    "uas-answer-200-reinvite-without-sdp": reinvite,
    "uas-answer-200-update-without-sdp": update,
    "uas-answer-200-without-to-tag": update,
    "uas-cancel-no-final": cancel,
    "uas-early-bye": nothing,
    "uas-forked-200": nothing,
    "uas-inv_401_retry_after_100": nothing,
    "uas-keep-call-on-tsx-fail": reinvite,
    "uas-norefersub": nothing,
    "uas-prack_fork": nothing,
    "uas-reinv-after-failed-nego": reinvite_twice,
    "uas-reinv-and-ack-same-branch-without-sdp": nothing,
    "uas-reinv-and-ack-without-sdp": nothing,
    "uas-reinv-glare": update,
    "uas-reinv-no-media": nothing,
    "uas-reinv-with-less-media": hold_back,
    "uas-template": nothing,
    "uas-timer-reinvite": nothing,
    "uas-timer-update": nothing,
}
WE_REGISTER: dict[str, Deed] = {"uas-auth": register, "uas-auth-two-algo": register}

_SRTP = "encrypted sound is agreed on by the room of the sound"
_SUBSCRIBE = "SUBSCRIBE, waiting messages and MESSAGE are not spoken here"
_VIDEO = "wants video or AMR to be accepted"
_EARLY_UPDATE = "wants an UPDATE after a provisional answer that was not reliable (RFC 3311 §5.1)"
_OLD_CSEQ = "its BYE has a lower CSeq than its UPDATE, which is 500 (RFC 3261 §12.2.2)"
OTHERS: dict[str, str] = {
    "uac-upd-sdp-decline": _OLD_CSEQ,
    "uac-upd-sdp-offer": _OLD_CSEQ,
    "uas-forked-100rel": "its To has the tags of both forks at once",
    "uac-inv-retrans-after-ack": "wants an answer to what RFC 6026 §7.1 absorbs: an INVITE repeated after the ACK",
    "uac-reinvite-bad-via-branch": "wants 400 for what is a repeat by its branch (RFC 3261 §17.2.3)",
    "alt-pjsua-uac-custom-sdp": _VIDEO,
    "alt-pjsua-uas-amr-sdp": _VIDEO,
    "alt-pjsua-uas-custom-sdp": _VIDEO,
    "uac-early-recv-update-481": _EARLY_UPDATE,
    "uas-answer-180-multiple-fmts-support-update": _EARLY_UPDATE,
    "uac-norefersub-disabled": "wants norefersub to be left out",
    "uas-norefersub-disabled": "wants norefersub to be left out",
    "uac-ticket-1866-reinv-after-failed-nego": "wants 500 for an offer that is declined (RFC 3261 §14.2: 488)",
    "uas-register-ip-change": "the address of the agent is to change",
    "uas-register-ip-change-port-only": "the address of the agent is to change",
    "uac-message-no-body": _SUBSCRIBE,
    "uac-subscribe": _SUBSCRIBE,
    "uas-mwi": _SUBSCRIBE,
    "uas-mwi-0": _SUBSCRIBE,
    "uas-subscribe-late-notify": _SUBSCRIBE,
    "uas-subscribe-multipart-notify": _SUBSCRIBE,
    "uas-subscribe-notify-terminate": _SUBSCRIBE,
    "uas-subscribe-refresh-481": _SUBSCRIBE,
    "uas-subscribe-terminated-retry": _SUBSCRIBE,
    "uac-srtp-dtls": _SRTP,
    "uac-srtp-dtls-lower-prio": _SRTP,
    "uac-srtp-dtls-reinv-sdes": _SRTP,
    "uac-srtp-sdes": _SRTP,
    "uac-srtp-sdes-reinv-dtls": _SRTP,
    "uac-srtp-sdes-reinv-hold": _SRTP,
    "uac-ticket-1864-scenario1": _SRTP,
    "uac-ticket-1864-scenario2": _SRTP,
    "uas-inv-answered-with-srtp": _SRTP,
}
APPLY = [*THEY_CALL, *WE_CALL, *WE_REGISTER]


# ---------------------------------------------------------------- running them


async def play(name: str, folder: Path) -> str:
    """ "" when the scenario came to its end, else what sipp said."""
    owner, deed = THEY_CALL.get(name) or (Owner, WE_CALL.get(name) or WE_REGISTER[name])
    ear = owner()
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("sipp"), listener=ear)
    await agent.start()
    port = free_port()
    target = [agent.local_address] if name in THEY_CALL else []
    sipp = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(folder / f"{name}.xml"), "-m", "1", "-i", "127.0.0.1", "-p", str(port)),
        *("-s", "74951234567", "-nostdin", "-timeout", str(PATIENCE), "-timeout_error", *target),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TERM": "dumb"},
    )
    call = dial(agent, ("127.0.0.1", port), account=account(port)) if name in WE_CALL else None
    doing = asyncio.create_task(deed(agent, ear, call, port))
    said, _ = await sipp.communicate()
    doing.cancel()
    (done,) = await asyncio.gather(doing, return_exceptions=True)
    await agent.stop()
    return "" if sipp.returncode == 0 else f"{done!r}, {ear.words()}\n{said.decode('utf-8', 'replace')[-2000:]}"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def play_all(names: list[str], folder: Path) -> dict[str, str]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> tuple[str, str]:
        async with turns:
            return name, await play(name, folder)

    slow_first = sorted(names, key=lambda name: "timer" not in name)
    return dict(await asyncio.gather(*map(one, slow_first)))


@pytest.fixture(scope="module")
def folder(material: Path) -> Path:
    if shutil.which("sipp") is None:
        pytest.skip("no sipp: install SIPp (Debian: sip-tester)")
    return material / "pjsip-sipp"


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> dict[str, str]:
    """What became of each scenario that applies."""
    return asyncio.run(play_all(APPLY, folder))


@pytest.mark.parametrize("name", APPLY)
def test_the_scenario_comes_to_its_end(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes[name] == ""


def test_every_scenario_is_played_or_left_out_for_a_reason(folder: Path) -> None:
    assert sorted([*APPLY, *OTHERS]) == sorted(path.stem for path in folder.glob("*.xml"))
