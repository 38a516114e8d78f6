"""The OWL API of Protégé 5, in a Java and a process of its own: it loads modules and saves them as Protégé would.

Its jars come inside a package for machine learning, of which nothing else is wanted, least of all what it depends on.
So pip fetches that one file by its checksum, and the jars are taken out of it into a folder that is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from caretier.profile import jvm_library

_PACKAGE = (
    "mowl-borg==2.1.0 --hash=sha256:13dd3aad861f4d0b72f2b8ba3d495164c26b4a3ea7ad93cce678bd73ed87dc6d"  # OWL API 4.5.22
)
_JARS = (
    "caffeine-2.8.6",
    "commons-io-2.8.0",
    "guava-18.0",
    "hppcrt-0.7.5",
    "javax.inject-1",
    "owlapi-distribution-4.5.22",
    "rdf4j-model-2.4.2",
    "rdf4j-rio-api-2.4.2",
    "rdf4j-rio-turtle-2.4.2",
    "rdf4j-util-2.4.2",
    "slf4j-api-1.7.30",
    "xz-1.6",
)
_FORMATS = "org.semanticweb.owlapi.formats."


@dataclass(frozen=True, slots=True)
class Session:
    """What somebody does with one module: open it, perhaps add the axioms of another file, and save it.

    `catalog` gives the file of each import; `missing` are imports that are not looked for. `saves` gives for each file
    to write the format, a class of the OWL API such as `TurtleDocumentFormat`, and whether it is given the prefixes
    that were read.
    """

    module: str
    catalog: Mapping[str, str]
    saves: Mapping[str, tuple[str, bool]]
    missing: Sequence[str] = field(default=())
    added: str | None = None


@dataclass(frozen=True, slots=True)
class OwlApi:
    """The OWL API, found in some jars."""

    jars: tuple[Path, ...]

    def save(self, sessions: Sequence[Session]) -> None:
        """Open and save modules, all in one process."""
        self._run({"sessions": [asdict(session) for session in sessions]})

    def violations(self, module: Path, catalog: Mapping[str, str]) -> list[str]:
        """Return what in a module with all its imports is not OWL 2 DL."""
        told = self._run({"profile": str(module), "catalog": dict(catalog)})
        return [str(line) for line in json.loads(told)]

    def _run(self, task: Mapping[str, Any]) -> str:
        given = json.dumps({"jvm": str(jvm_library()), "jars": [str(jar) for jar in self.jars], **task})
        command = [sys.executable, "-m", __name__]
        root = Path(__file__).parents[2]
        done = subprocess.run(command, input=given, cwd=root, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def fetch_owl_api(folder: Path) -> OwlApi:
    """Return the OWL API with its jars in a folder, fetched with pip if they are not there."""
    jars = tuple(folder / f"{name}.jar" for name in _JARS)
    if not all(jar.exists() for jar in jars):
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            wanted = Path(temporary, "wanted.txt")
            wanted.write_text(_PACKAGE, encoding="utf-8")
            # only the jars are taken, so it does not matter for which Python the package is
            options = ["-q", "--no-deps", "--ignore-requires-python", "-d", temporary, "-r", str(wanted)]
            command = [sys.executable, "-m", "pip", "download", *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            (wheel,) = Path(temporary).glob("*.whl")
            with zipfile.ZipFile(wheel) as package:
                for jar in jars:
                    unpacked = package.extract(f"mowl/lib/{jar.name}", temporary)
                    Path(unpacked).replace(jar)
    return OwlApi(jars)


def _work(task: dict[str, Any]) -> None:
    """Do a task in this process, which exists for nothing else."""
    import jpype

    jpype.startJVM(
        task["jvm"],
        "-XX:-UsePerfData",
        "--enable-native-access=ALL-UNNAMED",
        classpath=task["jars"],
        convertStrings=True,
        ignoreUnrecognized=True,
    )
    for session in task.get("sessions", ()):
        manager, module = _opened(session["module"], session["catalog"], session["missing"])
        if session["added"]:
            manager.addAxioms(module, manager.loadOntologyFromOntologyDocument(_file(session["added"])).getAxioms())
        for path, (name, keeps_prefixes) in session["saves"].items():
            written = jpype.JClass(_FORMATS + name)()
            if keeps_prefixes:
                written.copyPrefixesFrom(manager.getOntologyFormat(module).asPrefixOWLOntologyFormat())
            manager.saveOntology(module, written, jpype.JClass("org.semanticweb.owlapi.model.IRI").create(_file(path)))
    if "profile" in task:
        _, module = _opened(task["profile"], task["catalog"], ())
        report = jpype.JClass("org.semanticweb.owlapi.profiles.OWL2DLProfile")().checkOntology(module)
        sys.stdout.write(json.dumps([str(violation) for violation in report.getViolations()]))


def _file(path: str) -> Any:
    import jpype

    return jpype.JClass("java.io.File")(path)


def _opened(module: str, catalog: Mapping[str, str], missing: Sequence[str]) -> tuple[Any, Any]:
    """Open a module as the only one of a new manager, which looks for imports in the catalog and nowhere else."""
    import jpype

    iri = jpype.JClass("org.semanticweb.owlapi.model.IRI")
    manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
    for name, path in catalog.items():
        mapper = jpype.JClass("org.semanticweb.owlapi.util.SimpleIRIMapper")(iri.create(name), iri.create(_file(path)))
        manager.getIRIMappers().add(mapper)
    configuration = manager.getOntologyLoaderConfiguration()
    for name in missing:
        configuration = configuration.addIgnoredImport(iri.create(name))
    source = jpype.JClass("org.semanticweb.owlapi.io.FileDocumentSource")(_file(module))
    return manager, manager.loadOntologyFromOntologyDocument(source, configuration)


if __name__ == "__main__":
    _work(json.load(sys.stdin))
