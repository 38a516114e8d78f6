"""The command that starts the HTTP service, which is a package of its own and needs more than the library does."""

from __future__ import annotations

import os

from caretier.errors import CaretierError
from caretier.knowledge_base import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def serve(options: argparse.Namespace) -> int:
    """Serve over HTTP until told to end."""
    try:
        from caretier_api import app, log, server, settings
    except ImportError as error:
        raise CaretierError(
            f"The service needs packages that are not installed ({error.name}); "
            "install them with: pip install 'caretier[api]'"
        ) from None
    given = {
        "emergency_number": options.emergency_number,
        "cors_origins": tuple(options.cors_origin) if options.cors_origin else None,
        "public_url": options.public_url,
        "root_path": options.root_path,
        "dataset": options.dataset,
        "decision_log": options.decision_log,
    }
    chosen = settings.read_settings(os.environ, given)
    kb = load(options.ontology, time_limit=chosen.reference_seconds)
    listening = server.listen(options.host, options.port)
    service = app.create_app(kb, chosen, log.log_to_standard_error())
    if kb.model is None:
        print("No decision model fits these files, so the reference reasoner answers; `caretier compile` makes one.")
    if chosen.decision_log:
        print(
            f"Answers and results are stored in {chosen.decision_log}; docs/deployment.md says who must protect them."
        )
    print(f"caretier serves {server.address_of(listening)}", flush=True)
    server.run(service, chosen, listening)
    return 0
