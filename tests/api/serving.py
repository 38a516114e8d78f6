"""The service on a real socket, in a thread of the tests."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from caretier.knowledge_base import KnowledgeBase
from caretier_api.app import create_app
from caretier_api.log import Log
from caretier_api.server import address_of, listen, server_of
from caretier_api.settings import Settings


@dataclass(frozen=True)
class Served:
    """A service that runs: its address, and what it has logged."""

    url: str
    log: io.StringIO


def serving(kb: KnowledgeBase, settings: Settings) -> AbstractContextManager[Served]:
    """Serve on a free port until the context is left."""
    return serving_on(listen("127.0.0.1", 0), kb, settings)


@contextmanager
def serving_on(listening: socket.socket, kb: KnowledgeBase, settings: Settings) -> Iterator[Served]:
    """Serve on a socket, whatever may have connected to it before, until the context is left."""
    log = io.StringIO()
    server = server_of(create_app(kb, settings, Log(log)), settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield Served(address_of(listening).rstrip("/"), log)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server did not end"
