"""Staying registered (RFC 3261 §10.2)."""

from __future__ import annotations

from collections.abc import Callable

from sip.listener import Account, RegistrationState

StateCallback = Callable[[RegistrationState], None]


class Registration:
    """Made by `UserAgent.register`. `state` is the last one told; told again only when it changes."""

    account: Account
    state: RegistrationState

    def refresh(self) -> None:
        """Register again now, whatever the timer says."""
        ...

    async def stop(self) -> None:
        """Unregister; waits for the registrar's answer at most 1 s."""
        ...
