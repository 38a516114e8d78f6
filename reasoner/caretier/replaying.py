"""The command that runs the records of a decision log again."""

from __future__ import annotations

import argparse
import json

from caretier.errors import UnreadableInputError, visible
from caretier.knowledge_base import load
from caretier.progress import progress
from caretier.records import log_files, read_records
from caretier.replay import replay
from caretier.replay_html import replay_html
from caretier.replay_text import as_data, as_text
from caretier.terminal import page

_LOWER, _ALARM = 1, 3


def replay_log(options: argparse.Namespace) -> int:
    """Run records again; 3 when the same knowledge gave another result, 1 when a tier is lower or a line left out."""
    kb = load(options.ontology, time_limit=options.time_limit)
    files = log_files(options.log)
    with progress("replaying") as say:
        found = replay(kb, read_records(files, options.id), options.engine, lambda count: say(f"{count:,} records"))
    if options.id and not found.count and not found.left_out:
        raise UnreadableInputError(f"No record has the id {' or '.join(map(visible, options.id))}.")
    if options.format == "json":
        # in ASCII, so that nothing in a record can steer the terminal, and any name of a file can be written
        print(json.dumps(as_data(found), indent=2))
    elif options.format == "html":
        print(replay_html(found), end="")
    else:
        print(as_text(found, page()[0]), end="")
    if found.kinds["alarm"]:
        return _ALARM
    return _LOWER if found.kinds["lower"] or found.left_out else 0
