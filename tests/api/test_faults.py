"""What fails under the running service is an error that says so: no lower tier, and no answers left behind."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.test_serve import address_told_by

pytestmark = pytest.mark.slow

NAME = "somebody-who-would-be-known-by-this-name"
AXIOM = "\n<urn:own> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <urn:other> .\n"
"""What no answers say, so that the reference reasoner is asked."""


@dataclass(frozen=True)
class Service:
    """A service that runs as a process of its own, with a temporary folder and a file of what it logs."""

    process: subprocess.Popen[str]
    url: str
    temporary: Path
    log: Path
    examples: Path

    def at_once(self) -> httpx.Response:
        """Ask what the loaded decision model answers."""
        answers = json.loads((self.examples / "saddle-numbness.json").read_text(encoding="utf-8"))
        return httpx.post(f"{self.url}v1/assessments", json={**answers, "id": NAME}, timeout=60)

    def by_reasoner(self) -> httpx.Response:
        """Ask what only the reference reasoner answers."""
        text = (self.examples / "leg-weakness.ttl").read_text(encoding="utf-8").replace("person-1", NAME) + AXIOM
        headers = {"Content-Type": "text/turtle", "Accept": "application/json"}
        return httpx.post(f"{self.url}v1/assessments", content=text, headers=headers, timeout=90)

    def query(self) -> httpx.Response:
        """Ask what a process of its own answers over the ontology."""
        return httpx.get(f"{self.url}sparql", params={"query": "ASK {}"}, timeout=90)

    def require_no_trace(self) -> None:
        """Check that no answers and no process that has them is left."""
        _until(lambda: not list(self.temporary.iterdir()) and not self.reasoners(), 15)
        assert NAME not in self.log.read_text(encoding="utf-8")

    def reasoners(self, word: str = "caretier-") -> list[int]:
        """Return the processes that reason for this service."""
        return _processes(f"{self.temporary}/caretier-", word)

    def workers(self) -> list[int]:
        """Return the processes of the pool that assess."""
        return [each for each in _processes("caretier_api.worker") if _parent(each) == self.process.pid]


@pytest.fixture
def root(tmp_path: Path, checkout: Path) -> Path:
    """Return the root of a copy of the ontology with its shapes and its decision model."""
    for folder in ("ontology", "shapes"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    return tmp_path / "ontology" / "back-pain.ttl"


@contextmanager
def _serving(root: Path, checkout: Path, largest_file: int | None = None, **environment: str) -> Iterator[Service]:
    temporary, log = root.parents[1] / "temporary", root.parents[1] / "log"
    temporary.mkdir()
    command = [sys.executable, "-m", "caretier.cli", "serve", "--port", "0", "--ontology", str(root)]

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    with (
        log.open("w") as logged,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=logged, text=True, preexec_fn=limit,
            env=os.environ | {"TMPDIR": str(temporary)} | environment,
        ) as process,
    ):  # fmt: skip
        try:
            yield Service(process, address_told_by(process), temporary, log, checkout / "examples")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _processes(*words: str) -> list[int]:
    """Return the processes that have all these words on their command line and have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if all(word in command for word in words):
                found.append(int(path.name))
    return found


def _parent(process: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


def _until(said: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until a function says something, and return that."""
    until = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)
    return found


def _require_problem(response: httpx.Response, status: int, kind: str, said: str) -> None:
    assert response.status_code == status, response.text
    problem = response.json()
    assert problem["type"].endswith(f"/{kind}")
    assert said in problem["detail"]
    assert "tier" not in problem
    assert NAME not in response.text


def _spoil(path: Path, change: str) -> None:
    """Change a file as an editor might, or a copy that is under way, or somebody who clears up."""
    content = path.read_bytes()
    match change:
        case "edited":
            path.write_bytes(content + b"\n")
        case "half":  # one that stops at the end of a statement can be read, and says less
            end = content.rfind(b".\n", 0, len(content) // 2)
            path.write_bytes(content[: end + 2 if end >= 0 else len(content) // 2])
        case "gone":
            path.unlink()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ontology/red-flags.ttl", "edited"),
        ("ontology/red-flags.ttl", "half"),
        ("ontology/red-flags.ttl", "gone"),
        ("shapes/disposition.ttl", "half"),
    ],
)
def test_knowledge_that_is_changed_under_the_service_answers_nothing(
    root: Path, checkout: Path, name: str, change: str
) -> None:
    """What was loaded goes on; what would be read anew is refused until it is as it was, and then all is well."""
    path = root.parents[1] / name
    before = path.read_bytes()
    with _serving(root, checkout) as service:
        _spoil(path, change)
        assert service.at_once().json()["tier"] == "EmergencyCare"
        _require_problem(service.by_reasoner(), 503, "data-not-loaded", "has to be started again")
        _require_problem(service.query(), 503, "data-not-loaded", "")
        path.write_bytes(before)
        answered = service.by_reasoner()
        assert (answered.status_code, answered.json()["tier"]) == (200, "UrgentAppointment"), answered.text
        assert service.query().json()["boolean"] is True
        service.require_no_trace()


@pytest.mark.parametrize("change", ["half", "gone"])
def test_a_model_that_is_spoiled_under_the_service_changes_no_answer(root: Path, checkout: Path, change: str) -> None:
    with _serving(root, checkout) as service:
        _spoil(root.with_name("decision-model.json"), change)
        assert service.at_once().json()["tier"] == "EmergencyCare"
        answered = service.by_reasoner()
        assert (answered.status_code, answered.json()["tier"]) == (200, "UrgentAppointment"), answered.text
        service.require_no_trace()


@pytest.mark.parametrize("killed", ["java", "reasoner", "worker"])
def test_whatever_is_killed_is_no_result_and_the_next_is_answered(root: Path, checkout: Path, killed: str) -> None:
    with _serving(root, checkout) as service, ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(service.by_reasoner)
        _until(lambda: service.reasoners("HermiT"))
        found = {
            "java": lambda: service.reasoners("HermiT"),
            "reasoner": lambda: service.reasoners("caretier.hermit"),
            "worker": service.workers,
        }[killed]()
        assert len(found) == 1
        os.kill(found[0], signal.SIGKILL)
        _require_problem(asked.result(), 503, "reasoner-failed", "nothing may be concluded")
        service.require_no_trace()
        assert service.at_once().json()["tier"] == "EmergencyCare"
        assert service.by_reasoner().json()["tier"] == "UrgentAppointment"
        service.require_no_trace()


def test_a_reasoner_that_hangs_is_stopped_and_the_next_is_answered(root: Path, checkout: Path) -> None:
    with _serving(root, checkout, CARETIER_REFERENCE_SECONDS="20") as service, ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(service.by_reasoner)
        (java,) = _until(lambda: service.reasoners("HermiT"))
        os.kill(java, signal.SIGSTOP)
        assert service.at_once().json()["tier"] == "EmergencyCare"
        _require_problem(asked.result(), 504, "time-limit", "nothing may be concluded")
        service.require_no_trace()
        assert service.by_reasoner().json()["tier"] == "UrgentAppointment"


@pytest.mark.parametrize(
    ("largest_file", "environment"),
    [
        (None, {"_JAVA_OPTIONS": "-Xmx2m"}),
        (100_000, {}),
        (None, {"CARETIER_JAVA": "false"}),
    ],
    ids=["no memory", "full disk", "java that fails"],
)
def test_a_service_without_a_working_reasoner_answers_what_it_can(
    root: Path, checkout: Path, largest_file: int | None, environment: dict[str, str]
) -> None:
    with _serving(root, checkout, largest_file, **environment) as service:
        _require_problem(service.by_reasoner(), 503, "reasoner-failed", "nothing may be concluded")
        answered = service.at_once().json()
        assert (answered["tier"], answered["engine"]) == ("EmergencyCare", "model")
        service.require_no_trace()


def test_told_to_end_under_load_it_ends_and_no_answer_is_half_or_wrong(root: Path, checkout: Path) -> None:
    ending = False

    def ask_on(ask: Callable[[], httpx.Response], tier: str) -> list[int]:
        """Ask until there is nobody any more; an answer that comes is right, whole, or an error that says so."""
        statuses = []
        with suppress(httpx.TransportError):  # nobody listens any more, or the request was cut off: no answer at all
            while True:
                response = ask()
                statuses.append(response.status_code)
                if response.status_code == 200:
                    assert response.json()["tier"] == tier
                else:
                    assert response.status_code in (503, 504)
                    assert response.json()["type"].startswith("https://w3id.org/caretier/problems/")
                    assert "tier" not in response.json()
        assert ending, "it was cut off before it was told to end"
        return statuses

    with _serving(root, checkout) as service, ThreadPoolExecutor(12) as elsewhere:
        quick = [elsewhere.submit(ask_on, service.at_once, "EmergencyCare") for _ in range(6)]
        slow = [elsewhere.submit(ask_on, service.by_reasoner, "UrgentAppointment") for _ in range(6)]
        _until(lambda: service.reasoners("HermiT"))
        time.sleep(1)
        ending, started = True, time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 0
        assert time.monotonic() - started < 10
        statuses = [status for each in (*quick, *slow) for status in each.result(30)]
        assert statuses.count(200) > 10
        service.require_no_trace()
        assert not _processes(str(root)), "no process of the pool is left"


def test_killed_while_it_reasons_it_leaves_nothing(root: Path, checkout: Path) -> None:
    with _serving(root, checkout) as service, ThreadPoolExecutor() as several:
        asked = several.submit(service.by_reasoner)
        (java,) = _until(lambda: service.reasoners("HermiT"))
        os.kill(java, signal.SIGSTOP)  # so that it does not come to its end by itself
        service.process.kill()
        with pytest.raises(httpx.HTTPError):
            asked.result()
        service.require_no_trace()
