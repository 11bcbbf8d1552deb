"""`rtpengine_relay.py FIRST_PORT CALLS`: calls through an rtpengine of our own, without its kernel module.

One offer and one answer a call by its control protocol (ng: a cookie and bencoded words over UDP). Ports, "ready" and
the last line are those of `relays.py`; the packets are counted by the far ends alone, so 0 is told here.
"""

import signal
import socket
import subprocess
import sys
import time

import psutil

HOST = "127.0.0.1"
NG_PORT_BELOW = 1
PORTS = (32_000, 60_000)
PATIENCE_S, TRIES = 0.5, 20
Word = str | list["Word"] | dict[str, "Word"]
SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
STRICT: list["Word"] = ["strict source", "port latching"]
"""Packets are taken from the described address alone, as ours takes them."""
_ORIGIN: list["Word"] = ["origin"]


def bencoded(word: Word) -> str:
    if isinstance(word, dict):
        return "d" + "".join(bencoded(key) + bencoded(value) for key, value in sorted(word.items())) + "e"
    if isinstance(word, list):
        return "l" + "".join(map(bencoded, word)) + "e"
    return f"{len(word)}:{word}"


class Engine:
    """The control door of the engine."""

    def __init__(self, port: int) -> None:
        self._door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._door.connect((HOST, port))
        self._door.settimeout(PATIENCE_S)
        self._asked = 0

    def ask(self, command: str, **words: Word) -> str:
        """Its answer as it came. Raises RuntimeError when it is none or an error."""
        self._asked += 1
        question = f"{self._asked} {bencoded({'command': command, **words})}".encode()
        for _ in range(TRIES):
            try:
                self._door.send(question)
                cookie, _, answer = self._door.recv(65_536).decode().partition(" ")
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.1)
                continue
            if cookie == str(self._asked) and "6:result5:error" not in answer:
                return answer
            raise RuntimeError(f"rtpengine answered {answer}")
        raise RuntimeError("rtpengine did not answer")


def join(engine: Engine, call: int, one: int, other: int) -> tuple[int, int]:
    """Where the far ends at these two ports are to send."""
    names: dict[str, Word] = {"call-id": f"call-{call}", "from-tag": "one", "flags": STRICT, "replace": _ORIGIN}
    offered = engine.ask("offer", sdp=SDP.format(HOST, one), **names)
    answered = engine.ask("answer", sdp=SDP.format(HOST, other), **{**names, "to-tag": "other"})
    return _port(answered), _port(offered)


def _port(answer: str) -> int:
    return int(answer.partition("m=audio ")[2].split()[0])


def main(first: int, calls: int) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    door = first - NG_PORT_BELOW
    options = [f"--interface={HOST}", f"--listen-ng={HOST}:{door}", f"--port-min={PORTS[0]}", f"--port-max={PORTS[1]}"]
    alone = ["--foreground", "--table=-1", "--config-file=none", "--log-stderr", "--log-level=3", "--num-threads=1"]
    with subprocess.Popen(["rtpengine", *alone, *options], stdout=subprocess.DEVNULL) as process:
        try:
            _relay(Engine(door), process.pid, first, calls, ended)
        finally:
            process.kill()


def _relay(engine: Engine, pid: int, first: int, calls: int, ended: list[int]) -> None:
    for call in range(calls):
        print(*join(engine, call, first + 2 * call, first + 2 * call + 1), sep="\n")
    used, before = psutil.Process(pid), _cpu(psutil.Process(pid))
    print("ready", flush=True)
    while not ended:
        signal.pause()
    print(_cpu(used) - before, 0, flush=True)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
