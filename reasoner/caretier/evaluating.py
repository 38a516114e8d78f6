"""The command that evaluates the knowledge on vignettes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from caretier.appraisal import appraise, as_data
from caretier.appraisal_html import appraisal_html
from caretier.appraisal_text import as_text
from caretier.documents import read_file
from caretier.errors import UnreadableInputError
from caretier.knowledge_base import load
from caretier.progress import progress
from caretier.terminal import page
from caretier.vignettes import read_vignettes

_PUBLISHED = Path(__file__).with_name("symptom_checkers.json")


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate on vignettes; 1 when one whose wording leaves one reading is not as expected."""
    kb = load(options.ontology, time_limit=options.time_limit)
    try:
        vignettes = read_vignettes(read_file(options.vignettes), kb.knowledge)
    except UnreadableInputError as error:
        raise UnreadableInputError(f"{options.vignettes}: {error}") from None
    with progress(f"assessing {len(vignettes)} vignettes"):
        appraisal = appraise(kb, vignettes)
    published = json.loads(_PUBLISHED.read_text(encoding="utf-8"))
    if options.format == "json":
        print(json.dumps(as_data(appraisal, published), indent=2, ensure_ascii=False))
    elif options.format == "html":
        print(appraisal_html(appraisal, published), end="")
    else:
        print(as_text(appraisal, published, page()[0]), end="")
    return 1 if appraisal.wrong else 0
