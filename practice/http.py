"""A user of the service over HTTP: a browser without a screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of a response; the body is what its JSON says, None without any."""

    status: int
    body: Any

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


class Browser:
    """Keeps the cookies of one user at one service; sends what state-changing requests need."""

    def __init__(self, base_url: str, cookies: Mapping[str, str] | None = None) -> None:
        self.origin = base_url.rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=f"{self.origin}/api/v1",
            headers={"Accept": "application/json", "Origin": self.origin, "X-Ahize": "1"},
            cookies=dict(cookies or {}),
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._http.cookies.items())

    @property
    def cookie(self) -> str:
        """The header that the event stream is opened with."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def socket_url(self) -> str:
        """The address of the event stream."""
        return f"ws{self.origin[4:]}/api/v1/events"

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> Answer:
        """One request below /api/v1; `key` is its Idempotency-Key, `file` a name and its content, sent with `form`.

        Raises OSError when nobody answers.
        """
        try:
            response = await self._http.request(
                method,
                path,
                json=body,
                data=dict(form) if form else None,
                files={"file": file} if file else None,
                headers={"Idempotency-Key": key} if key else None,
            )
        except httpx.TransportError as error:
            raise ConnectionError(f"the service does not answer: {error}") from error
        return Answer(response.status_code, _json(response))


def _json(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None
