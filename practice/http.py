"""The little HTTP that a simulated operator needs: JSON over the standard library, off the event loop."""

import asyncio
import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, cookies set and body of a response."""

    status: int
    body: Any
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


class Browser:
    """Keeps the cookies of one user at one service; sends what state-changing requests need."""

    def __init__(self, base_url: str) -> None:
        self._base: SplitResult = urlsplit(base_url)
        self.origin = f"{self._base.scheme}://{self._base.netloc}"
        self.cookies: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def socket_url(self) -> str:
        """The address of the event stream."""
        return f"ws{self.origin[4:]}/api/v1/events"

    async def send(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """One request below /api/v1; `key` is its Idempotency-Key. Raises OSError when nobody answers."""
        answer = await asyncio.to_thread(self._send, method, path, body, key)
        self.cookies.update(answer.cookies)
        return answer

    def _send(self, method: str, path: str, body: object, key: str | None) -> Answer:
        headers = {"Accept": "application/json", "Origin": self.origin, "X-Ahize": "1"}
        if self.cookies:
            headers["Cookie"] = self.cookie
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/json"
        line = self._connect()
        try:
            line.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            return _read(line.getresponse())
        except http.client.HTTPException as error:
            raise ConnectionError(f"the service answered no HTTP: {error}") from error
        finally:
            line.close()

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
        return kind(self._base.hostname or "127.0.0.1", self._base.port, timeout=_TIMEOUT_S)


def _read(response: http.client.HTTPResponse) -> Answer:
    text = response.read()
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = None
    return Answer(response.status, body, dict(map(_cookie, response.headers.get_all("Set-Cookie", []))))


def _cookie(line: str) -> tuple[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()
