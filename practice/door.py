"""Who may register here and call through here."""

import time

from practice.config import Config
from practice.log import CallLog
from sip.digest import Guard
from sip.message import Request, Response
from sip.registrar import Registrar
from sip.server_call import ServerCall
from sip.transport import Address


class Door:
    """Registrar of the trunk accounts and of the phones, and the judge of who may call."""

    def __init__(self, config: Config, calls: CallLog) -> None:
        self._config, self._calls = config, calls
        self._registrar = Registrar(Guard(config.realm), self._secret_of, time.monotonic)

    def _secret_of(self, user: str) -> str | None:
        if user in self._config.phones:
            return self._config.phones.secret
        return self._config.accounts.get(user)

    def register(self, request: Request, source: Address) -> Response:
        """The answer to a REGISTER; granted and refused ones are logged, challenges are not."""
        response = self._registrar.answer(request, source)
        if response.status != 401:
            self._calls.write("register", call_id=request.call_id, status=response.status)
        return response

    def admits(self, call: ServerCall) -> bool:
        """Whether an INVITE carries credentials of one of ours; it is challenged or refused if not."""
        if not self._config.challenge:
            return True
        refused = self._registrar.challenge(call.request)
        if refused is None:
            return True
        fields = [("www-authenticate", value) for value in refused.headers.get("www-authenticate", [])]
        call.refuse(refused.status, headers=fields)
        return False

    def contact(self) -> tuple[str, tuple[str, int]] | None:
        """Contact and address of a registered trunk account; None: there is none."""
        for account in self._config.accounts:
            binding = self._registrar.find(account)
            if binding is not None:
                return binding.contact, (binding.source.host, binding.source.port)
        return None
