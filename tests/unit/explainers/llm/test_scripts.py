"""The scripts that explain and revise a head, against a server that answers as a model would."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from event_rows import write_items
from explain_factory import evidence_rows, head_events, reply
from llm_server import Behaviour, LlmServer
from places import SCRIPTS

from headatlas.explainers.llm.reply import ExplanationReply, explanation_of
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.stats import STATS
from headatlas.records.write_evidence import WRITE_EVIDENCE
from headatlas.storage import read_record, write_record, write_rows

KEY = "sk-very-secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Events, metrics, and the explanation of the head by rules."""
    write_rows(tmp_path / "events.parquet", head_events().to_pylist(), EVENTS)
    write_items(tmp_path / "items.parquet", tmp_path / "events.parquet", 4)
    at = {"layer": 1, "head": 2, "value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    write_rows(tmp_path / "stats.parquet", [at | {"metric": m} for m in HEAD_METRICS], STATS)
    write_rows(tmp_path / "evidence.parquet", evidence_rows(), WRITE_EVIDENCE)
    for head in (2, 3):
        about = HeadRecord(model="m", corpus="c", explainer="s", round=0, layer=1, head=head)
        said = ExplanationReply.model_validate_json(reply(summary="Rules say so."))
        write_record(tmp_path / f"rules{head}.json", explanation_of(about, said))
    return tmp_path


def brain(body: dict[str, Any]) -> str | Behaviour:
    """Explains with a word of the prompt that asked, and judges by that word."""
    told = "\n".join(message["content"] for message in body["messages"])
    if "response_format" not in body:
        return "yes" if "a better token" in told else "no"
    better = "Write a better explanation" in told
    return reply(summary=f"Attends to a {'better' if better else 'first'} token of the text.")


def run(script: str, folder: Path, url: str, **changes: object) -> subprocess.CompletedProcess:
    sampling = json.dumps({"model": "tiny"})
    flags: dict[str, object] = {
        "events": folder / "events.parquet",
        "stats": folder / "stats.parquet",
        "model": "m",
        "corpus": "c",
        "explainer": "mini",
        "round": 0,
        "layer": 1,
        "head": 2,
        "seed": 0,
        "endpoint": "one",
        "sampling": sampling,
        "judge-endpoint": "one",
        "judge-sampling": sampling,
        "connections": json.dumps({"one": {"base_url": url, "api_key_env": "LLM_KEY"}}),
        "replies": folder / "replies",
        "hypothesis": folder / "rules2.json",
        "exemplars": 4,
        "few-shot": 1,
        "candidates": 2,
        "items": folder / "items.parquet",
        "texts": 2,
        "out": folder / "out.json",
        **changes,
    }
    command = [sys.executable, str(SCRIPTS / f"{script}.py")]
    if "stats" not in changes:
        command.append("--no-metrics")
    for flag, value in flags.items():
        command += [f"--{flag}", str(value)]
    return subprocess.run(command, capture_output=True, text=True, env={"LLM_KEY": KEY})


@pytest.mark.slow
def test_explain_then_revise_and_nothing_is_paid_for_twice(folder: Path) -> None:
    with LlmServer(brain) as server:
        made = run("explain_head_llm", folder, server.base_url, out=folder / "r0.json")
        assert (made.returncode, made.stderr) == (0, "")
        first = read_record(folder / "r0.json", Explanation)
        assert first.summary == "Attends to a first token of the text."
        assert [c.score for c in first.candidates] == [0.5, 0.5]
        asked = len(server.requests)
        prompts = [r.body["messages"][-1]["content"] for r in server.requests]
        assert sum("Rules say so." in prompt for prompt in prompts) == 2
        assert not any("Measured on many texts" in prompt for prompt in prompts)

        again = {"round": 1, "previous": folder / "r0.json"}
        made = run("explain_head_llm", folder, server.base_url, out=folder / "r1.json", **again)
        assert (made.returncode, made.stderr) == (0, "")
        second = read_record(folder / "r1.json", Explanation)
        assert second.round == 1 and len(second.candidates) == 4
        assert second.usage is not None
        paid = len(server.requests)
        # Two explanations that are the same, and the answers about them that are not there yet.
        assert second.usage.calls == paid - asked == 9

        for name, more in (("r0", {}), ("r1", again)):
            out = folder / f"{name}again.json"
            assert run("explain_head_llm", folder, server.base_url, out=out, **more).returncode == 0
            assert out.read_bytes() == (folder / f"{name}.json").read_bytes()
        assert len(server.requests) == paid
    assert not any(KEY in file.read_text() for file in folder.rglob("*.json"))


@pytest.mark.slow
def test_a_model_that_is_shown_what_the_head_adds_says_what_it_writes(folder: Path) -> None:
    def tells(body: dict[str, Any]) -> str:
        if "response_format" not in body:
            return "yes"
        shape = body["response_format"]["json_schema"]["schema"]["properties"]
        assert {"writes", "claims"} <= {*shape}
        assert 'Attends to " cat" (75%), followed by " saw0"' in body["messages"][-1]["content"]
        return reply(writes="raises the token it attends to", claims=["raises attended"])

    with LlmServer(tells) as server:
        shown = {"evidence": folder / "evidence.parquet"}
        made = run("explain_head_llm", folder, server.base_url, **shown)
        assert (made.returncode, made.stderr) == (0, "")
        more = {"round": 1, "previous": folder / "out.json", "out": folder / "r1.json"}
        made = run("explain_head_llm", folder, server.base_url, **shown, **more)
        assert (made.returncode, made.stderr) == (0, "")
    for name in ("out", "r1"):
        found = read_record(folder / f"{name}.json", Explanation)
        assert found.writing == "raises the token it attends to"
        assert [(c.effect, c.object) for c in found.write_claims] == [("raises", "attended")]


def test_a_server_that_is_away_fails_the_job(folder: Path) -> None:
    nowhere = {"one": {"base_url": "http://127.0.0.1:9/v1", "retries": 0}}
    made = run("explain_head_llm", folder, "", connections=json.dumps(nowhere))
    assert made.returncode == 1 and "Traceback" not in made.stderr
    assert "error: tiny at http://127.0.0.1:9/v1: connection failed" in made.stderr
    assert not (folder / "out.json").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampling": "{"}, "--sampling: Invalid JSON"),
        ({"judge-sampling": "{}"}, "--judge-sampling.model: Field required, found {}"),
        ({"connections": '{"one": {}}'}, "--connections.one.base_url: Field required"),
        ({"connections": "{}"}, "--connections: has no endpoint 'one'; there: none"),
        ({"hypothesis": "rules3.json"}, "is about L01H03, but L01H02 is to be explained"),
        ({"head": 7}, "events.parquet: head 7 has no exemplar in the train split"),
        ({"items": "none.parquet"}, "none.parquet: no such file"),
        ({"stats": "none.parquet"}, "none.parquet: no such file"),
        ({"evidence": "none.parquet"}, "none.parquet: no such file"),
    ],
)
def test_bad_input_is_a_sentence(folder: Path, changes: dict[str, str], said: str) -> None:
    files = {"hypothesis", "items", "stats", "evidence"}
    given = {k: folder / v if k in files else v for k, v in changes.items()}
    made = run("explain_head_llm", folder, "http://127.0.0.1:9/v1", **given)
    assert made.returncode == 1 and said in made.stderr and "Traceback" not in made.stderr
    assert not (folder / "out.json").exists()
