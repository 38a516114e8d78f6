"""The service as a process of its own: its socket, uvicorn around it, and an end within ten seconds."""

from __future__ import annotations

import gc
import signal
import socket

import uvicorn
from fastapi import FastAPI

from caretier.errors import CaretierError
from caretier_api.connections import protocol_of
from caretier_api.settings import Settings

_SECONDS_TO_FINISH = 5
"""What requests in work get when the service is asked to end; the processes of the pool get two more."""

_BACKLOG = 2048
_PARTS_BETWEEN = 50_000
"""Objects made, and not gone again, before Python looks for circles."""


class AddressError(CaretierError):
    """Report an address at which the service cannot listen."""


def listen(host: str, port: int) -> socket.socket:
    """Open the socket of the service; AddressError says why that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise AddressError(f"{host}:{port} is no address to listen at: {error}.") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        told = getattr(error, "strerror", None) or error
        raise AddressError(
            f"Cannot listen at {host}:{port}: {told}. Choose another with --port (0 takes any that is free) or --host."
        ) from None
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the address of a socket as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server_of(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """Return the server of an application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol_of(settings),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
    )


def run(app: FastAPI, settings: Settings, listening: socket.socket) -> None:
    """Serve an application until the process is told to end; then finish what is in work, and return."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn takes it, and passes it on when all is done
    _look_for_circles_seldom()
    server_of(app, settings).run(sockets=[listening])


def _look_for_circles_seldom() -> None:
    """Have Python look for circular garbage seldom, and never in the knowledge, which stays.

    A result has hundreds of parts and none in a circle; looking for some at each request took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_PARTS_BETWEEN)
