"""A query run in a process of its own, which can open nothing and is ended at its limits."""

from __future__ import annotations

import faulthandler
import math
import multiprocessing
import os
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pyoxigraph as ox

from caretier.errors import QueryError, QueryLimitError
from caretier.query import Found, Limits, Query
from caretier.sparql import run_query

_PAGE = resource.getpagesize()
_MEGABYTE = 1_000_000


def run_query_within(store: ox.Store, query: Query, limits: Limits) -> Found:
    """Run a query in a process of its own that is ended at the limits; see `run_query`.

    From the moment it starts on the query, that process can open no file and no connection, so that however a call of
    another service is spelt, none can be made. It is forked, to share the store; so the process that calls this should
    have no other threads. Raises QueryLimitError, which says at which limit the query was stopped.
    """
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sending, store, query, limits), daemon=True)
    process.start()
    sending.close()
    try:
        if not receiving.poll(limits.seconds):
            raise QueryLimitError(f"The query was stopped after {limits.seconds:g} seconds; make it narrower.")
        outcome = receiving.recv()
    except EOFError:
        process.join(1)
        raise _ended(process.exitcode, limits) from None
    finally:
        process.kill()
        process.join()
        process.close()
        receiving.close()
    if isinstance(outcome, QueryError):
        raise outcome
    assert isinstance(outcome, Found)
    return outcome


def _ended(exit_code: int | None, limits: Limits) -> QueryError:
    """Say why a process ended without an answer: its stack was full, or its memory."""
    if exit_code == -signal.SIGSEGV:
        return QueryError("The query is nested too deeply.")
    return _out_of_memory(limits)


def _out_of_memory(limits: Limits) -> QueryLimitError:
    most = "it may have" if limits.megabytes is None else f"it may have ({limits.megabytes} megabytes)"
    return QueryLimitError(f"The query was stopped because it needed more memory than {most}; make it narrower.")


def _answer(sending: Connection, store: ox.Store, query: Query, limits: Limits) -> None:
    _confine(limits, sending.fileno())
    outcome: Found | QueryError
    try:
        outcome = run_query(store, query, limits.rows)
        if limits.answer_megabytes is not None and len(outcome.content) > limits.answer_megabytes * _MEGABYTE:
            raise QueryLimitError(
                f"The answer has more than {limits.answer_megabytes} megabytes; ask for less, or give a LIMIT."
            )
    except QueryError as error:
        outcome = error
    except MemoryError:
        outcome = _out_of_memory(limits)
    sending.send(outcome)


def _confine(limits: Limits, needed: int) -> None:
    """Take from this process what a query does not need: files, connections, memory, and time beyond its own.

    Of the files that were open when it was forked, it keeps the one that is needed, and the three standard ones.
    """
    if limits.megabytes is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * _PAGE + limits.megabytes * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the query would stand in it
    os.closerange(3, needed)
    os.closerange(needed + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    faulthandler.disable()  # how it ended is told by its exit code
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(math.ceil(limits.seconds) + 1)  # should nobody be left to end it
