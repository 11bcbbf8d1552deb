"""A far end on the imagined network that says only what a test tells it to."""

from imagined_net import B, Net

from sip.agent import UserAgent
from sip.listener import Account
from sip.message import Request, Response
from sip.transport import Address

ACCOUNT = Account("trunk", B, 5060, "dialer", "secret", realm="r")
CHALLENGE = 'Digest realm="r", nonce="n", qop="auth"'
"""For that account."""


def sent(net: Net, method: str) -> list[Request]:
    """Every request of a method so far."""
    return [message for _, _, message in net.log if isinstance(message, Request) and message.method == method]


def deaf(agent: UserAgent) -> None:
    """From now on this side says nothing by itself."""
    agent.core.receive = lambda data, source, now: None  # type: ignore[method-assign]


def hear(agent: UserAgent, response: Response, **fields: str) -> None:
    """Let an agent get this from the far end."""
    response.set("contact", f"<sip:far@{B}>")
    for name, value in fields.items():
        response.headers[name.replace("_", "-")] = [value]
    agent.core.receive(response.encode(), Address(B, 5060), agent.now())


def unable_to_send(net: Net, method: str) -> None:
    """From now on requests of this method cannot leave."""
    carry = net.carry

    def carry_others(data: bytes, sender: Address, to: Address) -> None:
        if data.startswith(method.encode()):
            raise OSError("unreachable")
        carry(data, sender, to)

    net.carry = carry_others  # type: ignore[method-assign]
