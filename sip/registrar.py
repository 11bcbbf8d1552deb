"""The other side of REGISTER (RFC 3261 §10.3): who is where. For the practice exchange and for tests."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sip import headers as h
from sip.digest import Guard, Verdict
from sip.errors import BadMessage
from sip.message import Request, Response
from sip.transport import Address
from sip.uri import Uri


@dataclass(frozen=True, slots=True)
class Binding:
    """Where somebody is: his Contact, the address his request came from, and until when (the clock's seconds)."""

    contact: str
    source: Address
    until: float


class Registrar:
    """Keeps one binding per user: the last one wins.

    `password_of` gives a user's password, None for a stranger. `shortest`, `longest`: seconds of expiry granted;
    less than `shortest` is answered with 423.
    """

    def __init__(
        self,
        guard: Guard,
        password_of: Callable[[str], str | None],
        now: Callable[[], float],
        *,
        shortest: int = 1,
        longest: int = 3600,
    ) -> None:
        self._guard = guard
        self._password_of = password_of
        self._now = now
        self._shortest = shortest
        self._longest = longest
        self._bindings: dict[str, Binding] = {}

    def find(self, user: str) -> Binding | None:
        """Where `user` is now."""
        binding = self._bindings.get(user)
        return binding if binding is not None and binding.until > self._now() else None

    def answer(self, request: Request, source: Address) -> Response:
        """The response to a REGISTER; for `Listener.on_register`."""
        try:
            user = Uri.parse(h.uri_of(request.headers["to"][0])).plain_user
            refused = self.challenge(request, user)
            return refused if refused is not None else self._bind(request, source, user)
        except BadMessage:
            return _reply(request, 400)

    def challenge(self, request: Request, user: str | None = None) -> Response | None:
        """None when the request carries the right credentials (of `user`, if given); else the 401 or 403 to send."""
        verdict = self._guard.verify(request.get("authorization"), request.method, self._password_of, self._now())
        if verdict is Verdict.ALLOWED:
            return None if user in (None, _named(request)) else _reply(request, 403)
        if verdict is Verdict.REFUSED:
            return _reply(request, 403)
        response = _reply(request, 401)
        for value in self._guard.challenge(self._now(), stale=verdict is Verdict.STALE):
            response.add("www-authenticate", value)
        return response

    def _bind(self, request: Request, source: Address, user: str) -> Response:
        contacts = request.values("contact")
        if not contacts:
            return self._granted(request, user)
        expires = self._expires(request, contacts[0])
        if expires == 0:
            self._bindings.pop(user, None)
        elif expires < self._shortest:
            response = _reply(request, 423)
            response.add("min-expires", str(self._shortest))
            return response
        else:
            until = self._now() + min(expires, self._longest)
            self._bindings[user] = Binding(h.uri_of(contacts[0]), source, until)
        return self._granted(request, user)

    def _expires(self, request: Request, contact: str) -> int:
        if contact == "*":
            return 0
        own = h.parse_name_addr(contact).params.get("expires")
        return h.parse_number(own or request.get("expires") or str(self._longest), "expires", 2**32)

    def _granted(self, request: Request, user: str) -> Response:
        response = _reply(request, 200)
        binding = self.find(user)
        if binding is not None:
            left = max(1, round(binding.until - self._now()))
            response.add("contact", f"<{binding.contact}>;expires={left}")
        return response


def _reply(request: Request, status: int) -> Response:
    return request.reply(status, to_tag=secrets.token_hex(6))


def _named(request: Request) -> str | None:
    """In whose name it is authorized."""
    return h.parse_auth(request.get("authorization") or "")[1].get("username")
