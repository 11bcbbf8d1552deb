"""Where calls over real UDP begin: a call of ours that is answered, and one that is offered to us."""

from typing import Any

from listening import OFFER, Ear, dial
from raw_peer import RawPeer

from sip.agent import UserAgent
from sip.message import Request, Response


def port_of(agent: UserAgent) -> tuple[str, int]:
    host, _, port = agent.local_address.rpartition(":")
    return host, int(port)


async def answered(agent: UserAgent, ear: Ear, raw: RawPeer):
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")
    raw.accept(invite)
    await ear.until("answered")
    await raw.until("ACK")
    return call, invite


async def offered(agent: UserAgent, ear: Ear, raw: RawPeer):
    raw.request("INVITE", port_of(agent), body=OFFER)
    _, call = await ear.until("offered")
    return call


def inside(raw: RawPeer, agent: UserAgent, method: str, reply: Response, **more: Any) -> Request:
    """A request of the caller inside the dialog that `reply` made."""
    return raw.request(method, port_of(agent), to=reply.headers["to"][0], **more)
