"""`ahize phone` against the real Asterisk, whose call records are the judge."""

import asyncio
import base64
import math
import signal
import struct
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asterisk import Pbx
from typer.testing import CliRunner

from cli.main import app
from cli.phone import calls, words
from cli.phone.calls import NoSuchKey, Talk
from cli.phone.station import NoSuchTrunk, NotCalled, Wish, refuse_forbidden, station_of
from dialer.trunks import Trunk

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
FIRST_SOUND = "the first sound comes from the far end"
pytestmark = pytest.mark.asterisk


def wish(pbx: Pbx, password: str = "dialer-secret") -> Wish:
    return Wish(Path("none.yaml"), host=pbx.host, port=pbx.port, user="dialer", password=password)


def options(pbx: Pbx) -> list[str]:
    return ["--host", pbx.host, "--port", str(pbx.port), "--user", "dialer", "--password", "dialer-secret"]


async def call(pbx: Pbx, number: str, **talk: object) -> bool:
    return await calls.call(wish(pbx), number, None, Talk(**talk))


def tone(path: Path, hertz: float, seconds: float) -> Path:
    samples = [int(8000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(8000 * seconds))]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def power(path: Path, hertz: float) -> float:
    """The greatest amplitude of one frequency in any half second of a WAV."""
    with wave.open(str(path), "rb") as file:
        frames = file.readframes(file.getnframes())
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    return max(_amplitude(samples[at : at + 4000], hertz) for at in range(0, len(samples) - 4000, 1000))


def _amplitude(samples: tuple[int, ...], hertz: float) -> float:
    turns = [2 * math.pi * hertz * n / 8000 for n in range(len(samples))]
    real = sum(value * math.cos(turn) for value, turn in zip(samples, turns, strict=True))
    imaginary = sum(value * math.sin(turn) for value, turn in zip(samples, turns, strict=True))
    return 2 * math.hypot(real, imaginary) / len(samples)


# ---------------------------------------------------------------- registering


async def test_registers_and_leaves_nothing_behind(pbx: Pbx, capsys: pytest.CaptureFixture[str]):
    done = await calls.register(wish(pbx))
    contacts = await pbx.command("pjsip show contacts")

    assert done
    assert f"registered as dialer at 127.0.0.1:{pbx.port}" in capsys.readouterr().out
    assert "sip:ahize@" not in contacts


async def test_a_wrong_secret_is_told_apart(pbx: Pbx, capsys: pytest.CaptureFixture[str]):
    registered = await calls.register(wish(pbx, "wrong"))
    called = await calls.call(wish(pbx, "wrong"), "+905321000201", None, Talk())

    told = capsys.readouterr().out
    assert not registered
    assert not called
    assert "refused the user name, the password or the realm (401)" in told
    assert "the trunk refused the user name or the password (401)" in told


def test_a_password_that_is_asked_for_is_not_shown(pbx: Pbx, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SIP_PASSWORD", raising=False)

    done = CliRunner().invoke(app, ["phone", "register", *options(pbx)[:-2]], input="dialer-secret\n")

    assert done.exit_code == 0, done.output
    assert "registered as dialer" in done.output
    assert "dialer-secret" not in done.output


# ---------------------------------------------------------------- calling


async def test_a_human_is_called_and_heard(pbx: Pbx, capsys: pytest.CaptureFixture[str]):
    done = await call(pbx, "+905321001202", for_s=2.5)
    record = await pbx.record("905321001202")

    told = capsys.readouterr().out.splitlines()
    assert done
    assert told[:2] == [f"calling +905321001202 at 127.0.0.1:{pbx.port}", "ringing (180)"]
    assert told[2].startswith("answered after 1.")
    assert told[2].endswith("codec PCMU")
    assert {FIRST_SOUND, "hung up", "the far end was heard"} <= set(told)
    assert any(line.startswith("packets: ") and line.endswith(", 0 lost") for line in told)
    assert record.outcome == "ANSWERED"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [("+905322000203", "busy (486)"), ("+905322300204", "there is no such number (404)")],
)
async def test_a_refusal_is_said_in_words(pbx: Pbx, capsys: pytest.CaptureFixture[str], number: str, sentence: str):
    done = await call(pbx, number)

    assert not done
    assert capsys.readouterr().out.splitlines()[-1] == sentence


async def test_what_is_heard_before_the_answer_is_said(pbx: Pbx, capsys: pytest.CaptureFixture[str]):
    await call(pbx, "+905323001212", for_s=1)

    told = capsys.readouterr().out.splitlines()
    early, first = told.index("the exchange plays something before the answer (183)"), told.index(FIRST_SOUND)
    assert early < first < next(n for n, line in enumerate(told) if line.startswith("answered"))


async def test_what_is_played_comes_back_from_the_echo_and_is_kept(pbx: Pbx, tmp_path: Path):
    played, kept = tone(tmp_path / "tone.wav", 440, 3), tmp_path / "kept.wav"

    done = await call(pbx, "+905325000205", for_s=4, play=played, record=kept)

    assert done
    assert power(kept, 440) == pytest.approx(8000, rel=0.1)
    assert power(kept, 440) > 20 * power(kept, 700)


async def test_keys_arrive_once_each(pbx: Pbx):
    await call(pbx, "+905325200206", keys="1223*#", for_s=20)

    assert (await pbx.record("905325200206", PATIENCE_S)).remark == "digits:1223*"


async def test_a_far_end_that_sends_nothing_is_said(pbx: Pbx, capsys: pytest.CaptureFixture[str]):
    done = await call(pbx, "+905321500207", for_s=1)

    assert not done
    assert "nothing was heard from the far end: no packet of sound came to 127.0.0.1:" in capsys.readouterr().out


# ---------------------------------------------------------------- being called


async def test_a_call_that_comes_in_is_answered(pbx: Pbx):
    async with phone(*("answer", "--for", "2"), *options(pbx)) as own:
        await own.says("waiting for a call")
        await pbx.call_in("902120000000", "905320000208", "talker")
        told = await own.ends(0)

    assert "a call from 905320000208 to 902120000000" in told
    assert "the far end was heard" in told


# ---------------------------------------------------------------- Ctrl-C


@pytest.mark.parametrize(
    ("number", "moment", "code", "last"),
    [
        ("+905322100209", "ringing (180)", 1, "taken back before it was answered (487)"),
        ("+905325400210", FIRST_SOUND, 0, "hung up"),
    ],
)
async def test_ctrl_c_hangs_up(pbx: Pbx, number: str, moment: str, code: int, last: str):
    async with phone("call", number, *options(pbx)) as own:
        await own.says(moment)
        own.process.send_signal(signal.SIGINT)
        told = await own.ends(code)
    await pbx.until_quiet(PATIENCE_S)

    assert last in told


class Phone:
    """`ahize phone` as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told = ""

    async def says(self, words: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while words not in self.told:
                line = await self.process.stdout.readline()
                assert line, f"it ended with:\n{self.told}"
                self.told += line.decode()

    async def ends(self, code: int) -> str:
        rest, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE_S)
        self.told += rest.decode()
        assert self.process.returncode == code, self.told
        return self.told


@asynccontextmanager
async def phone(*arguments: str) -> AsyncIterator[Phone]:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "cli.main", "phone", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    try:
        yield Phone(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# ---------------------------------------------------------------- what is not done


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("112", "Emergency and short"),
        ("+112", "Emergency and short"),
        ("+19005550199", "Premium"),
        ("+881612345678", "Satellite"),
        ("05321000001", "with \\+ and its country"),
        ("+90 532 100 00 01", "without spaces"),
        ("+905", "Emergency and short"),
        ("+900000000000", "No such number"),
    ],
)
def test_what_the_dial_policy_never_lets_out_is_refused(number: str, why: str):
    station = station_of(Wish(Path("none.yaml"), host="127.0.0.1"))

    with pytest.raises(NotCalled, match=why):
        refuse_forbidden(number, station.extensions)


@pytest.mark.parametrize("number", ["+905321000001", "+4930123456", "1001"])
def test_numbers_of_any_country_and_extensions_are_called(number: str):
    refuse_forbidden(number, station_of(Wish(Path("none.yaml"), host="127.0.0.1")).extensions)


async def test_a_key_that_is_none_is_refused_before_anything_is_sent(pbx: Pbx):
    with pytest.raises(NoSuchKey):
        await call(pbx, "+905321000211", keys="12x")


def test_a_trunk_is_chosen_by_its_name(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("trunks:\n  - {name: one, host: 192.0.2.1}\n  - {name: two, host: 192.0.2.2, username: me}\n")

    assert station_of(Wish(file)).trunk.name == "one"
    assert station_of(Wish(file, trunk="two")).trunk.username == "me"
    assert station_of(Wish(file, trunk="two", user="you", password="x")).trunk == Trunk(
        "two", "192.0.2.2", username="you", password="x"
    )
    with pytest.raises(NoSuchTrunk, match="it has one, two"):
        station_of(Wish(file, trunk="three"))


def test_a_trace_leaves_out_what_proves_the_password():
    message = b'INVITE sip:a SIP/2.0\r\nAuthorization: Digest username="u", response="0a1b"\r\nTo: <sip:a>\r\n\r\n'

    shown = words.trace("out", message, "192.0.2.1", 5060)

    assert "0a1b" not in shown
    assert "Authorization: (left out)" in shown
    assert "To: <sip:a>" in shown


def test_a_trace_leaves_out_the_keys_of_the_sound():
    key = base64.b64encode(bytes(range(30)))
    message = b"INVITE sip:a SIP/2.0\r\n\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key

    shown = words.trace("in", message + b"\r\na=sendrecv\r\n", "192.0.2.1", 5060)

    assert key.decode() not in shown
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 (left out)" in shown
    assert "a=sendrecv" in shown
