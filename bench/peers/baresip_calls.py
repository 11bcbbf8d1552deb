"""`baresip_calls.py PYTHON FIRST_PORT CALLS`: calls to `baresip_talker.py`, which PYTHON runs.

Its sound goes to the ports from FIRST_PORT on. Our user agent places the calls, because baresip has sound only with a
call. Ports, "ready" and the last line, which counts the talker's CPU alone, are those of `talkers.py`.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import psutil

from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.listener import Listener, Peer
from sip.message import Response
from sip.sdp import SessionDescription

HOST = "127.0.0.1"
AT_ONCE = 10
PATIENCE_S = 60
SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"


class Caller(Listener):
    """Places the calls; `ports`: where each far end is to send, by the number of the call."""

    def __init__(self, talker: int, first: int) -> None:
        self.ports: dict[int, int] = {}
        self._talker, self._first = talker, first
        self._waiting: dict[Call, tuple[int, asyncio.Future[None]]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def place(self, agent: UserAgent, number: int) -> None:
        async with self._room:
            uri = f"sip:talker@{HOST}:{self._talker}"
            call_id, tag, cseq = agent.seed()
            names = {"from_uri": f"sip:caller@{HOST}", "to_uri": uri, "call_id": call_id, "from_tag": tag, "cseq": cseq}
            sdp = SDP.format(HOST, self._first + number).encode()
            call = agent.invite(uri, **names, sdp=sdp, destination=(HOST, self._talker))
            answered = asyncio.get_running_loop().create_future()
            self._waiting[call] = number, answered
            await answered

    def on_answered(self, call: ClientCall, response: Response) -> None:
        number, answered = self._waiting[call]
        self.ports[number] = SessionDescription.parse(call.remote_sdp).port
        answered.set_result(None)

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        self._waiting[call][1].set_exception(RuntimeError(f"baresip refused a call: {status} {reason}"))


async def main(python: str, first: int, calls: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    program = str(Path(__file__).with_name("baresip_talker.py"))
    talker = await asyncio.create_subprocess_exec(python, program, str(first - 2), stdout=PIPE, stderr=DEVNULL)
    try:
        await _talk(talker, first, calls, ended)
    finally:
        talker.kill()


async def _talk(talker: Process, first: int, calls: int, ended: asyncio.Event) -> None:
    assert talker.stdout is not None
    await asyncio.wait_for(talker.stdout.readline(), PATIENCE_S)
    caller = Caller(first - 2, first)
    agent = UserAgent((HOST, 0), peers=lambda host: Peer("talker"), listener=caller)
    await agent.start()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        for number in range(calls):
            tasks.create_task(caller.place(agent, number))
    used = psutil.Process(talker.pid)
    before = sum(used.cpu_times()[:2])
    print(*(caller.ports[number] for number in range(calls)), "ready", sep="\n", flush=True)
    await ended.wait()
    spent = sum(used.cpu_times()[:2]) - before
    talker.terminate()
    print(spent, (await talker.stdout.readline()).decode().strip() or 0, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
