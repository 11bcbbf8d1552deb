"""A phone on baresip, whose SIP and RTP others wrote: a process with a folder of its own, told what to do by ctrl_tcp.

It plays a tone into every call, and writes what it decodes of each into a WAV file.
"""

import asyncio
import json
import shutil
import socket
import wave
from array import array
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

MODULES = Path("/usr/lib/baresip/modules")
MISSING = "no baresip: apt-get install baresip-core"
HOST = "127.0.0.1"
HEADER = 44
HERTZ = 600
"""Of the tone that it plays."""
CONFIG = """\
poll_method epoll
sip_listen {host}:{sip}
sip_certificate {folder}/own.pem
sip_cafile {ca}
net_interface {host}
call_max_calls 8
call_local_timeout 30
audio_source aufile,{folder}/tone.wav
audio_player aubridge,ear
ausrc_srate 8000
auplay_srate 8000
audio_alert aubridge,alert
ringback_disabled yes
menu_bell no
rtp_ports 29800-29898
jitter_buffer_delay 1-3
snd_path {folder}
ctrl_tcp_listen {host}:{control}
module_path {modules}
module g711.so
module g722.so
module aubridge.so
module aufile.so
module sndfile.so
module srtp.so
module_tmp account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
"""
ACCOUNTS = """\
<sip:plain@127.0.0.1>;regint=0;answermode=manual
<sip:secure@127.0.0.1>;regint=0;answermode=manual;mediaenc=srtp-mand
"""
Event = dict[str, Any]


def is_installed() -> bool:
    return shutil.which("baresip") is not None and (MODULES / "ctrl_tcp.so").exists()


class Baresip:
    """The phone. `sip`: its port for UDP and TCP, the next one is for TLS. `accounts`: "plain", and "secure" (SRTP)."""

    def __init__(self, folder: Path, sip: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.folder, self.sip = folder, sip
        self.told: list[Event] = []
        self._reader, self._writer = reader, writer
        self._changed = asyncio.Event()
        self._seen = 0

    async def listen(self) -> None:
        """Take in what it tells, as netstrings of JSON, until the connection ends."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                self.told.append(json.loads((await self._reader.readexactly(length + 1))[:-1]))
                self._changed.set()

    def do(self, command: str, parameters: str = "") -> None:
        words = json.dumps({"command": command, "params": parameters}).encode()
        self._writer.write(b"%d:%s," % (len(words), words))

    def forget(self) -> None:
        """What was told before is not waited for any more, and what was heard is thrown away."""
        self._seen = len(self.told)
        for heard in self.folder.glob("dump-*"):
            heard.unlink()

    async def tells(self, kind: str, count: int = 1, within: float = 10.0) -> Event:
        """Wait until it has told this event, since `forget`, so many times; gives the last of them."""
        async with asyncio.timeout(within):
            while len(found := self._of(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]

    def _of(self, kind: str) -> list[Event]:
        return [event for event in self.told[self._seen :] if event.get("type") == kind]

    def keys(self) -> str:
        """What was pressed for it."""
        return "".join(event["param"] for event in self._of("CALL_DTMF_START"))

    async def heard(self, within: float = 5.0) -> bytes:
        """All that it decoded since `forget`, 16-bit samples, once it has closed the files of calls that are over."""
        async with asyncio.timeout(within):
            while any(_samples(path) is None for path in self._dumps()):
                await asyncio.sleep(0.02)
        return b"".join(_samples(path) or b"" for path in self._dumps())

    def _dumps(self) -> list[Path]:
        return sorted(self.folder.glob("dump-*-dec.wav"))


def _samples(path: Path) -> bytes | None:
    """At 8 kHz; None: the file is not whole yet."""
    with suppress(wave.Error, EOFError), wave.open(str(path)) as file:
        samples, every = array("h", file.readframes(file.getnframes())), file.getframerate() // 8000
        whole = len(samples) > 0 and 2 * len(samples) + HEADER == path.stat().st_size
        return samples[::every].tobytes() if whole else None
    return None


@asynccontextmanager
async def phone(folder: Path, ca: str, certificate: tuple[str, str], tone: bytes) -> AsyncIterator[Baresip]:
    """The phone while the block runs. `certificate`: PEM files of its certificate and key; `tone`: 16-bit samples."""
    sip, control = free_ports()
    _furnish(folder, certificate, tone)
    words = {"host": HOST, "sip": sip, "control": control, "folder": folder, "ca": ca, "modules": MODULES}
    (folder / "config").write_text(CONFIG.format(**words))
    with (folder / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            "baresip", "-f", str(folder), "-v", stdin=DEVNULL, stdout=log, stderr=STDOUT
        )
    try:
        reader, writer = await _connected(process, control)
        made = Baresip(folder, sip, reader, writer)
        listening = asyncio.create_task(made.listen())
        yield made
        writer.close()
        await listening
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _furnish(folder: Path, certificate: tuple[str, str], tone: bytes) -> None:
    (folder / "accounts").write_text(ACCOUNTS)
    (folder / "contacts").write_text("")
    (folder / "own.pem").write_text("".join(Path(part).read_text() for part in certificate))
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone)


async def _connected(process: Process, control: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(20):
        while process.returncode is None:
            with suppress(OSError):
                return await asyncio.open_connection(HOST, control)
            await asyncio.sleep(0.05)
    raise RuntimeError("baresip ended at once; look into its log")


def free_ports() -> tuple[int, int]:
    """One for SIP, with the next one free too, and one for the control."""
    while True:
        with _bound(0) as first, socket.socket() as second:
            port = first.getsockname()[1]
            with suppress(OSError):
                second.bind((HOST, port + 1))
                with _bound(0) as third:
                    return port, third.getsockname()[1]


def _bound(port: int) -> socket.socket:
    one = socket.socket()
    one.bind((HOST, port))
    return one
