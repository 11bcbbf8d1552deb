"""`baresip_talker.py PORT`: a baresip-python user agent on 127.0.0.1:PORT that answers every call.

Each 20 ms it takes what every call has heard, decoded, and gives it 20 ms of sound. Says "listening"; ends by SIGTERM
with the number of packets whose sound it got.
"""

import asyncio
import signal
import sys

from baresip import Account, Config, Runtime, UserAgent
from baresip.errors import AudioNotActive

HOST = "127.0.0.1"
FRAME, TICK_S = bytes(320), 0.020
RTP_PORTS = "30000-59999"


async def main(port: int) -> None:
    runtime, ended = Runtime(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    listens = f"sip_listen {HOST}:{port}\nrtp_ports {RTP_PORTS}\n"
    await runtime.start(Config(net_interface=HOST, max_concurrent_calls=None, extra_config_text=listens))
    agent = await UserAgent.create(runtime, Account("talker", HOST, "", reg_interval=0, audio_codecs=("pcmu",)))
    calls = []
    async with asyncio.TaskGroup() as tasks:
        agent.on_incoming(lambda call: (calls.append(call.audio), tasks.create_task(call.answer())))
        print("listening", flush=True)
        print(await _talk(calls, ended) // len(FRAME), flush=True)


async def _talk(calls: list, ended: asyncio.Event) -> int:
    """Bytes of sound that were heard until the end."""
    loop, heard = asyncio.get_running_loop(), 0
    due = loop.time()
    while not ended.is_set():
        for audio in calls:
            try:
                heard += len(audio.read(4 * len(FRAME)))
                audio.write(FRAME)
            except AudioNotActive:
                continue
        due += TICK_S
        await asyncio.sleep(max(0.0, due - loop.time()))
    return heard


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
