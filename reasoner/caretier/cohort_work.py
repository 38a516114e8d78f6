"""Long work of an engine in a thread of its own, so that what stops this process stops the work as well."""

from __future__ import annotations

import threading
from collections.abc import Callable

_POLL = 0.1


def run_stoppable(work: Callable[[], object], stop: Callable[[], object], watch: Callable[[], object]) -> None:
    """Do work and raise what it raises; `watch` is called again and again meanwhile.

    When this thread is interrupted, `stop` has to end the work, and is called until it is over: it may not have begun.
    """
    failed: list[BaseException] = []
    over = threading.Event()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # raised again in the thread that waits
            failed.append(error)
        finally:
            over.set()

    threading.Thread(target=run, daemon=True).start()
    try:
        while not over.wait(_POLL):
            watch()
    except BaseException:
        stop()
        while not over.wait(_POLL):  # not `join`, which takes a thread for ended once it was interrupted
            stop()
        raise
    if failed:
        raise failed[0]
