"""All heads are asked about in batches, and their own scripts find every reply."""

import itertools
import json
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_api import Fate
from event_rows import write_items
from explain_factory import evidence_rows, head_events, reply
from llm_server import Behaviour, LlmServer
from places import SCRIPTS

from headatlas.explainers.llm.reply import ExplanationReply, explanation_of
from headatlas.llm import batches
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.controls import CONTROLS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.judgement import Judgement
from headatlas.records.stats import STATS
from headatlas.records.write_evidence import WRITE_EVIDENCE
from headatlas.storage import read_record, read_table, write_record, write_rows

HEADS = (2, 3, 5)  # of layer 1
ITEMS = 4
RUN = ["--model", "m", "--corpus", "c", "--explainer", "mini"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Events and metrics of the heads, their explanations by rules, what two of them write."""
    rows = [row | {"head": head} for head in HEADS for row in head_events().to_pylist()]
    write_rows(tmp_path / "events/layer01.parquet", rows, EVENTS)
    write_items(tmp_path / "items/layer01.parquet", tmp_path / "events/layer01.parquet", ITEMS)
    at = {"layer": 1, "low": 0.25, "high": 0.75, "n": 8}
    stats = [at | {"head": h, "value": h / 8, "metric": m} for h in HEADS for m in HEAD_METRICS]
    write_rows(tmp_path / "stats/layer01.parquet", stats, STATS)
    write_rows(tmp_path / "evidence.parquet", evidence_rows(), WRITE_EVIDENCE)
    for head in HEADS:
        about = HeadRecord(model="m", corpus="c", explainer="s", round=0, layer=1, head=head)
        said = ExplanationReply.model_validate_json(reply(summary=f"Rules say {head}."))
        write_record(tmp_path / f"rules/L01H0{head}.json", explanation_of(about, said))
    return tmp_path


def brain(body: dict[str, Any]) -> str | Behaviour:
    """Explains with words of the prompt that asked, and judges by those words."""
    told = "\n".join(message["content"] for message in body["messages"])
    if greets(body):
        return "yes"
    if body["model"] == "judge":
        return "yes" if "a better token" in told else "no"
    head = next(str(head) for head in HEADS if f"Rules say {head}." in told)
    if head == "5" and "Write a better explanation" in told:
        return Behaviour("this is not to be asked", status=400)
    better = "better" if "Write a better explanation" in told else "first"
    # Heads 3 and 5 say the same, and are no controls of each other.
    shown = "adds to the logits" in told
    assert shown == (head != "5"), "of which there is no evidence"
    writes = {"writes": "raises it", "claims": ["raises attended"]} if shown else {}
    behaviour = {"name": "one" if head == "2" else "another", "attends_to": "a token"}
    return reply(
        summary=f"Attends to a {better} token of the text, as head {head} does.",
        behaviours=[behaviour | {"active_when": "", "purpose": ""}],
        **writes,
    )


def greets(body: dict[str, Any]) -> bool:
    """Whether a server that has refused a prompt is asked if it refuses all."""
    return {message["content"] for message in body["messages"]} == {"Say yes."}


def keys(bodies: list[dict[str, Any]]) -> list[str]:
    """The same for the same requests, in whatever order they came."""
    return sorted(json.dumps(body, sort_keys=True) for body in bodies)


def prompts(server: LlmServer) -> list[dict[str, Any]]:
    """What was asked about heads."""
    return [r.body for r in server.requests if not greets(r.body)]


def common(folder: Path, url: str, batch: tuple[str, ...]) -> list[str]:
    connections = {
        name: {"base_url": url, "batch": name in batch, "retries": 0} for name in ("one", "judge")
    }
    flags = ["--connections", json.dumps(connections), "--replies", str(folder / "replies")]
    return flags


def explainer() -> list[str]:
    roles = [
        "--endpoint",
        "one",
        "--sampling",
        '{"model": "one", "seed": 0}',
        "--judge-endpoint",
        "judge",
    ]
    roles += ["--judge-sampling", '{"model": "judge"}']
    return [*roles, "--exemplars", "4", "--few-shot", "0", "--candidates", "2", "--texts", "2"]


def asking(folder: Path, url: str, batch: tuple[str, ...]) -> list[str]:
    """The command that asks about all heads: two rounds, and a control of each."""
    heads = ["--heads", *(f"L01H0{head}" for head in HEADS), "--rounds", "1", "--controls", "1"]
    tables = ("events", "items", "stats")
    places = [word for name in tables for word in (f"--{name}-folder", str(folder / name))]
    places += ["--hypotheses-folder", str(folder / "rules"), "--out", str(folder / "asked.json")]
    places += ["--evidence", str(folder / "evidence.parquet")]
    command = [str(SCRIPTS / "ask_in_batches.py"), *RUN, *heads, *places]
    return [*command, *explainer(), *common(folder, url, batch)]


def run(command: list[str]) -> None:
    """A script, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        runpy.run_path(command[0], run_name="__main__")


def explain_all(folder: Path, url: str, batch: tuple[str, ...], out: Path) -> dict[str, str]:
    """What the jobs of the heads write, but for the costs."""
    connected = common(folder, url, batch)
    tables = [(f"--{name}", str(folder / name / "layer01.parquet")) for name in ("events", "items")]
    events = [word for pair in tables for word in pair]
    for head, number in itertools.product(HEADS, (0, 1)):
        command = [str(SCRIPTS / "explain_head_llm.py"), *RUN, *explainer(), *connected, *events]
        command += ["--stats", str(folder / "stats/layer01.parquet")]
        command += ["--layer", "1", "--head", str(head), "--round", str(number)]
        command += ["--hypothesis", str(folder / f"rules/L01H0{head}.json")]
        command += ["--evidence", str(folder / "evidence.parquet")]
        command += ["--previous", str(out / f"round0/L01H0{head}.json")] if number else []
        run([*command, "--out", str(out / f"round{number}/L01H0{head}.json")])
    controls = str(folder / "controls.parquet")
    command = [str(SCRIPTS / "choose_controls.py"), "--explanations", str(out / "round1")]
    command += ["--heads", *(f"L01H0{head}" for head in HEADS), "--controls", "1"]
    run([*command, "--out", controls])
    found = read_table(folder / "controls.parquet", CONTROLS).to_pylist()
    assert [row["other_head"] for row in found if row["relation"] == "model"] == [3, 2, 2]
    for head in HEADS:
        command = [str(SCRIPTS / "judge_head_llm.py"), *connected, *events]
        command += ["--endpoint", "judge", "--sampling", '{"model": "judge"}']
        command += ["--explanation", str(out / f"round1/L01H0{head}.json")]
        command += ["--controls", controls, "--explanations", str(out / "round1")]
        run([*command, "--out", str(out / f"judged/L01H0{head}.json")])
    written = {}
    for path in sorted(out.rglob("*.json")):
        judged = path.parent.name == "judged"
        record = read_record(path, Judgement if judged else Explanation)
        said = record.model_copy(update={"usage": None}).model_dump_json()
        written[str(path.relative_to(out))] = said.replace(url, "somewhere")
    return written


@pytest.mark.slow
@pytest.mark.parametrize("batch", [(), ("one", "judge"), ("one",), ("judge",)])
def test_the_scripts_of_the_heads_find_every_reply(
    folder: Path, monkeypatch: pytest.MonkeyPatch, batch: tuple[str, ...]
) -> None:
    """But for what is refused, which is asked again, as always."""
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.01)
    with LlmServer(brain) as server:
        expected = explain_all(folder, server.base_url, (), folder / "directly")
        wanted = prompts(server)
    refused = [body for body in wanted if isinstance(brain(body), Behaviour)]
    assert len(refused) == 2
    (folder / "replies").rename(folder / "other")
    with LlmServer(brain, latency=0.02) as server:
        run(asking(folder, server.base_url, batch))
        first = [received.body["model"] for received in server.requests[:3]]
        assert batch or first == ["one"] * 3  # two candidates are of one head: others do not wait
        directly = prompts(server)
        together = server.batches.answered
        answered = [body for body in directly if body not in refused]
        for name in batch:
            assert sum(body["model"] == name for body in answered) == 1  # the first
        assert {body["model"] for body in together} == {*batch}
        assert keys(directly + together) == keys(wanted)
        found = explain_all(folder, server.base_url, batch, folder / "in_batches")
        assert keys(prompts(server)[len(directly) :]) == keys(refused)
    assert found == expected
    made = json.loads((folder / "asked.json").read_text())
    assert made["usage"]["calls"] == len(wanted) - len(refused)


@pytest.mark.slow
def test_what_takes_no_other_head_does_not_wait_for_others(folder: Path) -> None:
    """A head is judged under its own explanation while another is still to be explained."""

    waited = []

    def judged() -> bool:
        """Whether head 2 is asked about on test text, which has a word of its own."""
        asked = [json.dumps(body) for body in prompts(server)]
        return any("as head 2 does" in body and "secret" in body for body in asked)

    def late(answer: str) -> Iterator[bytes]:
        patience = time.monotonic() + 10
        while not judged() and time.monotonic() < patience:
            time.sleep(0.05)
        waited.append(judged())
        yield json.dumps({"choices": [{"message": {"content": answer}}]}).encode()

    def slow(body: dict[str, Any]) -> str | Behaviour:
        answer = brain(body)
        of_3 = body["model"] == "one" and "Rules say 3." in body["messages"][-1]["content"]
        return Behaviour(pieces=late(answer)) if of_3 and isinstance(answer, str) else answer

    with LlmServer(slow) as server:
        run(asking(folder, server.base_url, ()))
    assert waited and all(waited)


@pytest.mark.slow
def test_a_process_that_is_killed_is_followed_by_one_that_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.01)
    looks = itertools.chain([10**6], itertools.repeat(0))
    with LlmServer(brain, fate=lambda _: Fate(looks=next(looks))) as server:
        command = asking(folder, server.base_url, ("one", "judge"))
        killed = subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)
        while not server.batches.batches:
            time.sleep(0.05)
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        server.batches.hurry()
        run(command)
        bodies = [received.body for received in server.requests] + server.batches.answered
        paid = keys([body for body in bodies if not isinstance(brain(body), Behaviour)])
        assert len(paid) == len(set(paid)) > 2 * ITEMS
    assert not list((folder / "replies/batches").rglob("*.json"))
