"""The command line as people meet it: what it prints, its exit codes, and that errors are one clear line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

import caretier
from caretier import cli
from tests.soon import soon

pytestmark = pytest.mark.slow

SADDLE = '{"answers": {"pain-lower-back": true, "saddle-numbness": true}}'


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a run a temporary folder, and check that nothing is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def _caretier(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "caretier.cli", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=300, check=False)


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    lines = printed.err.splitlines()
    assert lines
    assert all(line.startswith("caretier: ") for line in lines)
    return lines


def test_text_says_the_tier_first_then_what_to_do_then_why_then_what_is_open() -> None:
    done = _caretier("assess", "-", given=SADDLE)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("EMERGENCY CARE\n")
    order = [
        done.stdout.index(word) for word in ("Get emergency care", "Why", "Still open", "not a diagnosis", "Knowledge")
    ]
    assert order == sorted(order)
    assert "\033" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_text_says_what_to_do_if_it_gets_worse_and_that_it_is_no_doctor(kb: caretier.KnowledgeBase) -> None:
    said = " ".join(_caretier("assess", "-", given=SADDLE).stdout.split())
    net = said.partition("Whatever the result ")[2]
    assert net.startswith(f"{kb.questionnaire.safety_net} This result is about how you are now. Do not rely on it if")
    assert kb.questionnaire.disclaimer in net


def test_several_files_with_json_give_one_array(checkout: Path) -> None:
    files = sorted(str(path) for path in (checkout / "examples").iterdir() if path.suffix in (".json", ".yaml", ".ttl"))
    done = _caretier("assess", *files, "--format", "json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [result["tier"] for result in results] == [
        "UrgentAppointment",
        "ContactDoctorAsSoonAsPossible",
        "EmergencyCare",
    ]
    assert [result["id"] for result in results] == ["http://example.org/person-1", "example-2", None]
    assert len({result["knowledge"]["sha256"] for result in results}) == 1


@pytest.mark.parametrize(("name", "syntax"), [("turtle", "turtle"), ("jsonld", "json-ld")])
def test_rdf_output_can_be_queried(name: str, syntax: str) -> None:
    done = _caretier("assess", "-", "--format", name, given=SADDLE)
    assert done.returncode == 0, done.stderr
    tiers = (
        Graph()
        .parse(data=done.stdout, format=syntax)
        .query("PREFIX ct: <https://w3id.org/caretier/core#> SELECT ?t { ?a a ct:Assessment ; ct:careTier ?t }")
    )
    assert [next(iter(binding.values())) for binding in tiers.bindings] == [
        URIRef("https://w3id.org/caretier/core#EmergencyCare")
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", '{"answers": {"sadle-numbness": true}}', "saddle-numbness"),
        ("a.json", '{"answers": {"pain-severity": "awful"}}', "very-severe"),
        ("a.json", '{"answers": {"age": "old"}}', '"age"'),
        ("a.json", '{"answers": {"age": 1e400}}', '"age"'),
        ("a.json", '{"answers": ', "line 1"),
        ("a.json", "", "empty"),
        ("a.yaml", "answers: [", "line 1"),
        ("a.ttl", "nonsense", "line 1"),
        ("a.ttl", "<urn:a> a <urn:b> .", "no assessment"),
        ("a.owl", "<rdf:RDF>", "RDF"),
        ("a.txt", "hello", "object"),
    ],
)
def test_unusable_input_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    (line,) = _refused(capsys, "assess", str(path))
    assert str(path) in line
    assert said in line


def test_a_large_file_a_folder_and_a_missing_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    lines = _refused(capsys, "assess", str(large), str(tmp_path), str(tmp_path / "missing.json"))
    assert [said in line for said, line in zip(("too large", "folder", "no such file"), lines, strict=True)] == [
        True
    ] * 3


def test_what_never_ends_is_read_up_to_a_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither answers nor a query are read without end, and a query that is too long is not run cut off."""
    long = tmp_path / "long.rq"
    long.write_text(f"ASK {{}} #{' ' * 10_000_000}")
    with soon(30):
        for arguments, said in (
            (["assess", "/dev/zero"], "too large"),
            (["query", "/dev/zero"], "more than 10,000,000 bytes"),
            (["query", str(long)], "more than 10,000,000 bytes"),
            (["evaluate", "/dev/zero"], "too large"),
        ):
            (line,) = _refused(capsys, *arguments)
            assert said in line


def test_contradictions_and_inconsistencies_exit_2_and_one_bad_file_stops_all_output(tmp_path: Path) -> None:
    good, bad, worse = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "worse.ttl"
    good.write_text(SADDLE)
    bad.write_text('{"answers": {"sex": "male", "post-menopause": true, "saddle-numbness": true}}')
    worse.write_text(
        "<urn:a> a <https://w3id.org/caretier/core#Assessment> , <http://www.w3.org/2002/07/owl#Nothing> ."
    )
    done = _caretier("assess", str(good), str(bad), str(worse), "--format", "json")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert "already mean: emergency care" in lines[0]
    assert '"sex" and "post-menopause"' in lines[1]
    assert str(worse) in lines[2]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["assess", "a.json", "--ontology", "missing.ttl"],
        ["assess", "a.json", "--engine", "model"],
        ["query", "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"],
        ["query", "no such query"],
        ["query", "SELECT nonsense {"],
        ["format", "missing.ttl"],
    ],
)
def test_other_faults_are_one_clear_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert len(_refused(capsys, *arguments)) == 1


@pytest.mark.parametrize("arguments", [[], ["assess"], ["unknown"], ["assess", "a", "--time-limit", "0"]])
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_java_that_does_not_work_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARETIER_JAVA", "false")
    done = _caretier("assess", "-", "--engine", "reference", given=SADDLE)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "CARETIER_JAVA" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_nothing(sent: signal.Signals, temporary: Path) -> None:
    command = [sys.executable, "-m", "caretier.cli", "assess", "-", "--engine", "reference"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # a shell lets what runs behind it ignore SIGINT
    )
    assert process.stdin is not None
    process.stdin.write(SADDLE)
    process.stdin.close()
    deadline = time.monotonic() + 60
    while not list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(sent)
    assert process.wait(timeout=30) in (130, 143)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_questions_lists_every_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["questions", "--format", "json"]) == 0
    questions = json.loads(capsys.readouterr().out)
    assert len(questions) == 69
    assert cli.main(["questions"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {question['id']}: " in text for question in questions)


def test_query_runs_shipped_and_own_queries(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["query", "--list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(names) >= 15
    assert cli.main(["query", names[0]]) == 0
    assert "row" in capsys.readouterr().out
    own = tmp_path / "own.rq"
    own.write_text("SELECT ?label { bp:CaudaEquinaSyndrome rdfs:label ?label FILTER(LANG(?label) = 'en') }")
    assert cli.main(["query", str(own), "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == ["label", "cauda equina syndrome"]
    assert cli.main(["query", "CONSTRUCT { ?t ct:rank ?r } { ?t ct:rank ?r }"]) == 0
    assert len(Graph().parse(data=capsys.readouterr().out, format="turtle")) == 5


def test_query_sees_assessed_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(SADDLE)
    query = "SELECT ?tier { ?a a ct:Assessment ; ct:careTier ?tier }"
    assert cli.main(["query", query, str(path), "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["https://w3id.org/caretier/core#EmergencyCare"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * { #\rSERVICE <http://127.0.0.1:9/> { ?s ?p ?o }\n}", "SERVICE"),
        ("SELECT * { { SELECT * { SERVICE SILENT ?where { ?s ?p ?o } } } }", "SERVICE"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", "FROM"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "not SPARQL"),
        ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "stopped after 2 seconds"),
        ("SELECT * { " + "{" * 20_000 + "}" * 20_000 + " }", "nested too deeply"),
    ],
)
def test_a_query_can_neither_call_out_nor_run_on(query: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = _refused(capsys, "query", query, "--time-limit", "2")
    assert said in line


def test_ask_is_answered_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["query", "ASK { ?s a ct:CareTier }", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["boolean"] is True


def test_one_id_for_two_people_is_refused_in_rdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, answer in zip(files, ("true", "false"), strict=True):
        file.write_text(f'{{"id": "same", "answers": {{"saddle-numbness": {answer}}}}}')
    (line,) = _refused(capsys, "assess", *map(str, files), "--format", "turtle")
    assert '"same"' in line


def test_an_id_cannot_forge_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"id": "x\\n\\u001b[2J CONTINUE PROGRAM", "answers": {"saddle-numbness": true, "fever": null}}')
    assert cli.main(["assess", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "\033" not in printed
    assert printed.splitlines()[1] == "EMERGENCY CARE"


def test_format_rewrites_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("<urn:b> <urn:p> 2, 1 .\n\n\n<urn:a> a <urn:C>.")
    path.chmod(0o640)
    assert cli.main(["format", str(tmp_path), "--check"]) == 1
    assert "would be changed" in capsys.readouterr().out
    assert cli.main(["format", str(tmp_path)]) == 0
    assert path.read_text() == "<urn:a> a <urn:C> .\n\n<urn:b> <urn:p> 1 , 2 .\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert cli.main(["format", str(path), "--check"]) == 0


def test_help_is_worth_reading(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("assess", "questions", "query", "check", "format"):
        with pytest.raises(SystemExit) as caught:
            cli.main([command, "--help"])
        assert caught.value.code == 0
        assert len(capsys.readouterr().out) > 200


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m caretier.cli questions | head -1"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert done.stderr == ""
