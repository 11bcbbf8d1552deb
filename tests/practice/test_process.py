import asyncio
import json
import signal
import socket
import sys

import pytest

from practice.log import read


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
async def process(tmp_path, log_path):
    config = tmp_path / "practice.json"
    config.write_text(
        json.dumps(
            {
                "port": free_port(),
                "rtp": [25000, 25099],
                "log": str(log_path),
                "commands": True,
                "inbound": {"number": "+902120000000"},
            }
        )
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "practice",
        str(config),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def said(process) -> dict:
    return json.loads(await asyncio.wait_for(process.stdout.readline(), 15))


async def test_it_says_when_it_is_ready_calls_by_command_and_ends_with_bye(process, service, story):
    ready = await said(process)
    port = int(ready["address"].rpartition(":")[2])
    await service.register(port)
    out = service.dial("1001", port)
    await asyncio.wait_for(out.answered.wait(), 5)

    process.stdin.write(b'{"call_in": {"number": "+905321000077"}}\n')
    called = await said(process)
    incoming = await asyncio.wait_for(service.incoming.get(), 5)
    process.send_signal(signal.SIGTERM)
    for one in (out, incoming):
        await asyncio.wait_for(one.over.wait(), 5)

    assert await asyncio.wait_for(process.wait(), 5) == 0
    assert (out.by_us, incoming.by_us) == (False, False)
    assert incoming.call.number == "+905321000077"
    for call_id in (out.call.call_id, called["call_id"]):
        assert (await story(call_id, "ended"))[-1] == ("ended", None, "exchange")


async def test_times_of_its_log_are_on_our_clock(process, service, log_path):
    port = int((await said(process))["address"].rpartition(":")[2])
    loop = asyncio.get_running_loop()

    before = loop.time()
    one = service.dial("+905321000001", port)
    await asyncio.wait_for(one.answered.wait(), 5)
    after = loop.time()

    answered = next(line for line in read(log_path) if line["event"] == "answered")
    assert before < answered["t"] < after


async def test_the_end_of_standard_input_ends_it(process):
    await said(process)

    process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 5) == 0


@pytest.mark.parametrize("config", ["", "{", '{"prot": 5070}', "/nowhere/practice.json"])
async def test_a_config_that_cannot_be_used_is_refused_in_words(config):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "practice", config, stderr=asyncio.subprocess.PIPE
    )

    _, words = await asyncio.wait_for(process.communicate(), 15)

    assert process.returncode == 2
    assert words.startswith(b"The config cannot be used:")
