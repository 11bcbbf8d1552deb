"""The web server around the doors: one uvicorn in the service's own loop."""

import socket
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from cli.settings import Server
from kit.errors import Unavailable
from kit.tasks import Tasks

STOP_S = 5


class PortTaken(Unavailable):
    """The address for the pages cannot be had; choose another server.host or server.port."""

    code = "port_taken"


class NoCertificate(Unavailable):
    """The certificate cannot be used; look at the files that server.tls_certificate and server.tls_key name."""

    code = "no_certificate"


class Doors(uvicorn.Server):
    """Uvicorn without its own signal handling: the service decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def bind(server: Server) -> socket.socket:
    """The listening socket, so that `server.port` 0 can be asked for the port it got. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        return socket.create_server((server.host, server.port), family=family, backlog=2048)
    except OSError as error:
        raise PortTaken(
            f"The address {server.host}:{server.port} for the pages cannot be had ({error.strerror}); "
            "choose another server.host or server.port."
        ) from error


@asynccontextmanager
async def opened(app: FastAPI, server: Server, listening: socket.socket) -> AsyncGenerator[None]:
    """Serve `app` while the block runs; then let requests under way end, at most 5 s. Raises NoCertificate."""
    doors = Doors(configuration(app, server))
    try:
        doors.config.load()
    except (OSError, ssl.SSLError) as error:
        raise NoCertificate() from error
    async with Tasks() as tasks:
        serving = tasks.spawn(doors.serve(sockets=[listening]), "cli.doors")
        try:
            yield
        finally:
            doors.should_exit = True
            await serving


def configuration(app: FastAPI, server: Server) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(server.trusted_proxies),
        forwarded_allow_ips=list(server.trusted_proxies),
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        ssl_certfile=server.tls_certificate,
        ssl_keyfile=server.tls_key,
        timeout_graceful_shutdown=STOP_S,
    )
