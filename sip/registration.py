"""Staying registered (RFC 3261 §10.2): refresh, 423, challenges, back-off with jitter."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from kit import log
from sip import headers as h
from sip.errors import SipError
from sip.listener import Account, RegistrationState
from sip.message import Request, Response
from sip.transport import Address
from sip.uri import Uri

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.whereabouts import Whereabouts

StateCallback = Callable[[RegistrationState], None]

_log = log.get("sip.registration")
_FIRST_RETRY = 1.0
_LONGEST_RETRY = 20.0
_LONGEST_REFUSED = 60.0
"""After a wrong secret: a registrar may lock out who asks too often."""
_LONGEST_ASKED = 3600.0
_PATIENCE = 5.0
"""Seconds without an answer until the trunk is told to be down; the request goes on being repeated."""
_LONGEST_EXPIRES = 7200
_ELSEWHERE = 503
"""The answer after which the next address of a name is tried (RFC 3263 §4.3)."""


class Registration:
    """Made by `UserAgent.register`. `state` is the last one told; told again only when it changes."""

    def __init__(self, agent: UserAgent, account: Account, on_state: StateCallback, where: Whereabouts) -> None:
        self.account = account
        self.state = RegistrationState(up=False, status=0, reason="not registered yet")
        self._agent = agent
        self._on_state = on_state
        self._call_id = f"{secrets.token_hex(12)}@{account.username}"
        self._cseq = 0
        self._expires = account.expires
        self._failures = 0
        self._stopped = False
        self._now = asyncio.Event()
        self._where = where

    def refresh(self) -> None:
        """Register again now, whatever the timer says."""
        self._now.set()

    def lost(self, address: Address) -> None:
        """A connection broke: when it was the registrar's, it may not know us any more, nor reach us."""
        if self.state.up and address == self._where.address:
            self.refresh()

    async def stop(self) -> None:
        """Unregister; waits for the registrar's answer at most 1 s."""
        if self._stopped:
            return
        self._stopped = True
        self._now.set()
        self._agent.drop_registration(self)
        if self.state.up:
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(self._ask(0), 1.0)
        self._tell(RegistrationState(up=False, status=0, reason="stopped"))

    async def run(self) -> None:
        """The life of the registration; the agent's tasks own it."""
        while not self._stopped:
            wait = await self._round()
            self._now.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):  # wait_for may swallow a cancellation on Python 3.11
                    await self._now.wait()

    async def _round(self) -> float:
        """Register once; gives the seconds until the next time."""
        try:
            status, response = await self._ask_patiently()
        except OSError:
            return self._failed(0, "the registrar's name has no address", None)
        if self._stopped:
            return 0.0
        if response is None:
            return self._failed(0, "the registrar does not answer", None)
        if status == 423:
            return self._brief(response)
        if 200 <= status < 300:
            return self._registered(response)
        return self._failed(status, response.reason, h.seconds_of(response.get("retry-after")))

    async def _ask_patiently(self) -> tuple[int, Response | None]:
        silent = asyncio.get_running_loop().call_later(_PATIENCE, self._is_silent)
        try:
            return await self._ask(self._expires)
        finally:
            silent.cancel()

    def _is_silent(self) -> None:
        if not self._stopped:
            self._tell(RegistrationState(up=False, status=0, reason="the registrar does not answer"))

    async def _ask(self, expires: int) -> tuple[int, Response | None]:
        to = await self._where.find()
        credentials = self._agent.credentials(self.account)
        request = self._request(expires, to)
        known = credentials.again("REGISTER", request.uri) if credentials is not None else None
        if known is not None:
            request.headers[known[0]] = [known[1]]
        status, response = await self._agent.ask(request, to, credentials)
        if response is not None:
            self._cseq = max(self._cseq, response.cseq.number)
        if response is None or status == _ELSEWHERE:
            self._where.missed()
        return status, response

    def _request(self, expires: int, to: Address) -> Request:
        account = self.account
        self._cseq += 1
        registrar = str(Uri("sip", account.host, port=account.port))
        address = str(Uri("sip", account.host, account.username))
        request = self._agent.letterhead.new_request("REGISTER", registrar, address, address, self._call_id)
        request.headers["cseq"] = [f"{self._cseq} REGISTER"]
        request.headers["expires"] = [str(expires)]
        return request

    # ------------------------------------------------------------ what comes of it

    def _registered(self, response: Response) -> float:
        self._failures = 0
        self._tell(RegistrationState(up=True, status=response.status, reason=response.reason))
        granted = _granted(response, self._contact(), self._expires)
        return min(self.account.refresh, max(granted, 1) * random.uniform(0.5, 0.75))

    def _contact(self) -> str:
        return self._agent.letterhead.contact_by(self.account.transport)

    def _brief(self, response: Response) -> float:
        """423: ask for as long as the registrar wants (§10.2.8)."""
        wanted = h.seconds_of(response.get("min-expires"))
        if wanted is None or not self._expires < wanted <= _LONGEST_EXPIRES:
            return self._failed(423, "the registrar wants an expiry that cannot be given", None)
        self._expires = int(wanted)
        return 0.0

    def _failed(self, status: int, reason: str, retry_after: float | None) -> float:
        longest = _LONGEST_REFUSED if status in (401, 403, 404, 407) else _LONGEST_RETRY
        wait = min(longest, _FIRST_RETRY * 2.0**self._failures) * random.uniform(0.5, 1.0)
        if retry_after is not None:
            wait = max(wait, min(retry_after, _LONGEST_ASKED))
        self._failures = min(self._failures + 1, 10)
        self._tell(RegistrationState(up=False, status=status, reason=reason, retry_s=wait))
        return wait

    def _tell(self, state: RegistrationState) -> None:
        before, self.state = self.state, state
        if (before.up, before.status, before.reason) == (state.up, state.status, state.reason):
            return
        _log.info("registration changed", trunk=self.account.name, status=state.status, state=_word(state))
        self._agent.tell(self._on_state, state)


def _word(state: RegistrationState) -> str:
    return "up" if state.up else "down"


def _granted(response: Response, contact: str, asked: int) -> int:
    """What the registrar gave our Contact: its `expires`, the Expires field, or what was asked (§10.2.4)."""
    for value in response.values("contact"):
        try:
            binding = h.parse_name_addr(value)
            if _same(binding.uri, contact) and binding.params.get("expires"):
                return h.parse_number(binding.params["expires"] or "", "expires")
        except SipError:
            continue
    field = h.seconds_of(response.get("expires"))
    return asked if field is None else int(field)


def _same(one: str, other: str) -> bool:
    first, second = Uri.parse(one), Uri.parse(other)
    return (first.user, first.host, first.port or 5060) == (second.user, second.host, second.port or 5060)
