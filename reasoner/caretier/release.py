"""What is released of a domain: the ontology as one, its documentation, its mappings, its decision table, checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from caretier.errors import KnowledgeError
from caretier.fhir import domain_name
from caretier.knowledge_base import KnowledgeBase
from caretier.lockfile import NAME, render
from caretier.mapping_table import mapping_table
from caretier.mappings import mappings_of
from caretier.merging import merged, reasoned, written
from caretier.ontology import parse_file
from caretier.ontology_html import ontology_html
from caretier.schemas import answers_schema, result_schema
from caretier.table_csv import table_csv
from caretier.table_html import table_html
from caretier.terms import Terms

CHECKSUMS = "SHA256SUMS"
"""The name of the file of checksums, as `sha256sum --check` reads it."""


def release_files(kb: KnowledgeBase) -> dict[str, str]:
    """Make all files of a release, by their names; the same knowledge gives the same bytes.

    Raises KnowledgeError where there is no decision model that fits: what is not proven is not released.
    """
    if kb.model is None:
        raise KnowledgeError(f"There is no {NAME} that fits these files; run `caretier compile` before a release.")
    ontology, knowledge, certificate = kb.ontology, kb.knowledge, kb.model.certificate
    name, whole = domain_name(knowledge), merged(ontology)
    files = {f"{name}.{ending}": text for ending, text in written(whole).items()}
    with_entailed = reasoned(whole, kb.reference.entailments)
    files |= {f"{name}-reasoned.{ending}": text for ending, text in written(with_entailed).items()}
    files[f"{name}.html"] = ontology_html(Terms(kb), whole, knowledge, ontology.iri)
    if mappings := mappings_of(kb.root):
        files[f"{name}.sssom.tsv"] = mapping_table(parse_file(mappings), ontology.graph, knowledge.prefixes)
    files |= {
        "decision-table.html": table_html(knowledge, certificate),
        "decision-table.csv": table_csv(knowledge, certificate),
        NAME: render(kb.model),
        "answers.schema.json": _json(answers_schema(kb.questionnaire)),
        "result.schema.json": _json(result_schema(knowledge)),
    }
    licence = ontology.root.with_name("LICENSE")
    if licence.is_file():
        files["LICENSE"] = licence.read_text(encoding="utf-8")
    return {**files, CHECKSUMS: checksums(files)}


def checksums(files: Mapping[str, str]) -> str:
    """Write the SHA-256 of each file, a line each."""
    return "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
