"""Registration against a registrar of our own, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from imagined_net import A, B, Net
from listening import Ear

from kit import virtual
from sip.agent import UserAgent
from sip.digest import Guard
from sip.listener import Account, RegistrationState
from sip.message import Request, Response
from sip.registrar import Registrar

ACCOUNT = Account("trunk", B, 5060, "1001", "secret", realm="pbx.test", expires=60)
Scene = Callable[[Net, UserAgent, Ear, list[RegistrationState]], Awaitable[None]]


def play(scene: Scene, **limits: int) -> Net:
    net = Net()

    async def work() -> None:
        ear = Ear()
        first, second = await net.agent(A, Ear()), await net.agent(B, ear)
        guard = Guard("pbx.test")
        ear.registrar = Registrar(guard, {"1001": "secret"}.get, second.now, **limits)
        ear.registrar = Answering(ear.registrar)
        await scene(net, first, ear, [])
        await first.stop()
        await second.stop()

    virtual.run(work())
    return net


class Answering:
    def __init__(self, registrar: Registrar) -> None:
        self.kept = registrar
        self.seen: list[Request] = []

    def __call__(self, request: Request, source: object) -> Response:
        self.seen.append(request)
        return self.kept.answer(request, source)


def test_it_registers_refreshes_and_leaves() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        registration = agent.register(ACCOUNT, states.append)
        await asyncio.sleep(100)
        binding = ear.registrar.kept.find("1001")
        await registration.stop()
        assert (binding.contact, binding.source[:2]) == (f"sip:ahize@{A}:5060", (A, 5060))
        assert ear.registrar.kept.find("1001") is None
        assert [(state.up, state.status) for state in states] == [(True, 200), (False, 0)]

    net = play(scene)
    assert net.flow()[:4] == ["REGISTER", 401, "REGISTER", 200]
    gaps = [
        later - earlier for earlier, later in zip(net.times("REGISTER")[1:], net.times("REGISTER")[2:], strict=False)
    ]
    assert max(gaps) <= 20.1
    assert net.times(401) == [0.001]
    cseqs = [message.cseq.number for _, _, message in net.log if isinstance(message, Request)]
    assert cseqs == sorted(set(cseqs))
    assert len({message.call_id for _, _, message in net.log if isinstance(message, Request)}) == 1


def test_a_short_grant_is_refreshed_before_it_ends() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        agent.register(ACCOUNT, states.append)
        for _ in range(300):
            await asyncio.sleep(0.1)
            assert ear.registrar.kept.find("1001") is not None

    play(scene, longest=5)


def test_too_brief_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        agent.register(ACCOUNT, states.append)
        await asyncio.sleep(1)
        assert states[-1].up
        assert ear.registrar.seen[-1].get("expires") == "600"

    assert 423 in play(scene, shortest=600).flow()


def test_a_silent_registrar_is_told_soon_and_found_again_within_seconds() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        agent.register(ACCOUNT, states.append)
        await asyncio.sleep(1)
        net.lose = lambda sender, message: True
        await asyncio.sleep(30)
        down = states[-1]
        await asyncio.sleep(100)
        net.lose = lambda sender, message: False
        await asyncio.sleep(30)
        assert (down.up, down.reason) == (False, "the registrar does not answer")
        assert [state.up for state in states] == [True, False, True]

    play(scene)


def test_a_wrong_secret_is_tried_ever_more_slowly() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        wrong = Account("trunk", B, 5060, "1001", "wrong", realm="pbx.test")
        agent.register(wrong, states.append)
        await asyncio.sleep(600)
        assert [(state.up, state.status) for state in states] == [(False, 403)]
        assert states[0].retry_s is not None

    tries = play(scene).times(403)
    assert 10 < len(tries) < 30
    assert all(10 < later - earlier < 61 for earlier, later in zip(tries[-5:], tries[-4:], strict=False))


def test_the_registrars_wish_to_be_left_alone_is_kept() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        def busy(request: Request, source: object) -> Response:
            reply = request.reply(503)
            reply.set("retry-after", "300")
            return reply

        ear.registrar = busy
        agent.register(ACCOUNT, states.append)
        await asyncio.sleep(299)
        assert (states[-1].status, states[-1].retry_s) == (503, 300)

    assert len(play(scene).times("REGISTER")) == 1


def test_refresh_registers_at_once() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        registration = agent.register(ACCOUNT, states.append)
        await asyncio.sleep(1)
        before = len(ear.registrar.seen)
        registration.refresh()
        await asyncio.sleep(0.1)
        assert len(ear.registrar.seen) > before

    play(scene)


def test_a_foreign_realm_gets_nothing() -> None:
    async def scene(net: Net, agent: UserAgent, ear: Ear, states: list[RegistrationState]) -> None:
        ear.registrar.kept._guard.realm = "evil.example"
        agent.register(ACCOUNT, states.append)
        await asyncio.sleep(10)
        assert states[-1].status == 401
        assert all(request.get("authorization") is None for request in ear.registrar.seen)

    play(scene)


def test_another_users_credentials_do_not_register_him() -> None:
    guard = Guard("pbx.test")
    registrar = Registrar(guard, {"1001": "secret", "1002": "other"}.get, lambda: 5.0)
    net = Net()

    async def work() -> None:
        ear = Ear()
        ear.registrar = registrar.answer
        first, _ = await net.agent(A, Ear()), await net.agent(B, ear)
        request = first.letterhead.new_request("REGISTER", f"sip:{B}", f"sip:1002@{B}", f"sip:1002@{B}")
        status, _ = await first.ask(request, (await first.resolve(B, 5060)), first.credentials(ACCOUNT))
        assert status == 403

    virtual.run(work())
    assert registrar.find("1002") is None
