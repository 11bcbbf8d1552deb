"""A desk that says what the service would say, for simulated operators to work on."""

import asyncio
import socket
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

DISPOSITIONS = [
    {"code": "refused", "flags": ["refusal"], "needs_reason": True, "reasons": [{"code": "price"}]},
    {"code": "callback", "flags": ["callback"], "needs_reason": False, "reasons": []},
    {"code": "sold", "flags": ["success"], "needs_reason": False, "reasons": []},
]


class Desk:
    """One user, `u1`. `push` sends an event; what the client did is in `requests`, in order."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict]] = []
        self.headers: list[dict[str, str]] = []
        self.opened: list[dict[str, str]] = []
        self.refuse_ready = 0
        self.state = "offline"
        self.on_call = None
        self._streams: set[WebSocket] = set()
        self._position = 10
        self._past: list[dict] = []
        self.app = FastAPI()
        self.app.post("/api/v1/session/link")(self.link)
        self.app.put("/api/v1/desk/state", status_code=202)(self.set_state)
        self.app.post("/api/v1/calls/{call}/hangup", status_code=204)(self.hang_up)
        self.app.post("/api/v1/calls/{call}/disposition")(self.result)
        self.app.websocket("/api/v1/events")(self.events)

    async def _note(self, request: Request) -> dict:
        body = await request.json() if await request.body() else {}
        self.requests.append((request.method, request.url.path.removeprefix("/api/v1"), body))
        self.headers.append(dict(request.headers))
        return body

    async def link(self, request: Request, response: Response):
        body = await self._note(request)
        if body["token"] != "good-token":
            response.status_code = 410
            return {"code": "link_used"}
        response.set_cookie("session", "abc", httponly=True)
        return {"user": {"id": "u1"}}

    async def set_state(self, request: Request, response: Response):
        body = await self._note(request)
        if body["state"] == "ready" and self.refuse_ready:
            self.refuse_ready -= 1
            response.status_code = 503
            return {}
        self.state = body["state"]
        await self.push("operator.changed", "u1", operator="u1", state=self.state)
        return body

    async def hang_up(self, call: str, request: Request):
        await self._note(request)
        await self.push("call.ended", call, call=call, by="operator")

    async def result(self, call: str, request: Request):
        await self._note(request)
        return {}

    async def events(self, stream: WebSocket):
        self.opened.append(dict(stream.query_params) | {"cookie": stream.headers.get("cookie", "")})
        await stream.accept()
        self._streams.add(stream)
        resumed = "after" in stream.query_params
        await stream.send_json({"type": "hello", "epoch": "e1", "position": self._position, "resumed": resumed})
        for frame in self._past:
            if resumed and frame["position"] > int(stream.query_params["after"]):
                await stream.send_json(frame)
        if not resumed:
            snapshot = {"operator": {"state": self.state}, "call": self.on_call}
            await stream.send_json({"type": "resync", "position": self._position, "snapshot": snapshot})
        try:
            await stream.receive()
        except WebSocketDisconnect:
            pass
        finally:
            self._streams.discard(stream)

    async def push(self, name: str, subject: str, pop: dict | None = None, **body) -> None:
        self._position += 1
        event = {"id": "x", "type": f"ahize.{name}.v1", "subject": subject, "data": body}
        if pop is not None:
            event["pop"] = pop
        self._past.append({"type": "event", "position": self._position, "event": event})
        for stream in tuple(self._streams):
            await stream.send_json(self._past[-1])

    async def pop(self, call: str, attempt: str | None = "a1") -> None:
        pop = {"call": call, "attempt": attempt, "dispositions": DISPOSITIONS}
        await self.push("call.connected", call, pop, call=call, operator="u1")

    async def cut(self) -> None:
        for stream in tuple(self._streams):
            await stream.close(4408)

    def done(self, path: str) -> list[dict]:
        return [body for _, at, body in self.requests if at == path]


@asynccontextmanager
async def served(desk: Desk):
    """The desk on a port of its own; gives its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(desk.app, log_level="error", lifespan="off", ws="websockets-sansio"))
        running = asyncio.create_task(server.serve([sock]))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        await running
