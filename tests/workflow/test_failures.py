"""Runs in which heads fail: what is said at the end, what is kept, and what is asked again."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from explain_factory import reply
from llm_server import Behaviour, Brain, LlmServer
from workplace import Workplace

HEADS = ["L00H00", "L00H01", "L00H02"]  # of one layer, whose probes are one job
RUN = "results/tiny/words/llm"
TOGETHER = ["--set-threads", "explain_head_llm=0", "judge_head_llm=0", "--keep-going"]


@pytest.fixture
def workplace(finished: Workplace, tmp_path: Path) -> Workplace:
    """Everything up to the events is there."""
    folder = tmp_path / "run"
    subprocess.run(["cp", "-a", str(finished.folder), str(folder)], check=True)
    return Workplace(folder)


def configuration(workplace: Workplace, url: str, **endpoint: Any) -> dict[str, Any]:
    found = workplace.changed("models", "tiny", "heads", to=HEADS)
    found["sweep"]["explainers"] = ["llm"]
    found["endpoints"] = {"one": {"model": "one", "base_url": url, "retries": 0} | endpoint}
    found["explainers"]["llm"] = {
        "kind": "llm",
        "endpoint": "one",
        "judge": "one",
        "candidates": 1,
        "rounds": 0,
        "exemplars": 2,
        "few_shot": 0,
        "texts": 2,
    }
    found["scoring"] |= {"random_heads": 0, "items": 2}
    return found


def answering(refused: tuple[int, ...] = (), text: str | None = None) -> Brain:
    """A server that explains, but for some prompts, by their number, and judges."""
    prompts: list[str] = []

    def brain(body: dict[str, Any]) -> str | Behaviour:
        prompt = body["messages"][-1]["content"]
        if "response_format" not in body or prompt == "Say yes.":
            return text or "yes"
        if prompt not in prompts:
            prompts.append(prompt)
        number = prompts.index(prompt)
        if number in refused:
            return Behaviour(f"a prompt of {4000 + number} tokens is too long", status=400)
        return text or reply(summary=f"Attends to the first token of the text, number {number}.")

    return brain


def run(
    workplace: Workplace, brain: Brain, *more: str, **changes: Any
) -> tuple[subprocess.CompletedProcess[str], int]:
    """Snakemake, while the server answers; and the number of calls."""
    with LlmServer(brain) as server:
        config = configuration(workplace, server.base_url, **changes.pop("endpoint", {}))
        for section, values in changes.items():
            config[section] |= values
        done = workplace.snakemake(*TOGETHER, *more, configuration=config)
        return done, len(server.requests)


def records(workplace: Workplace) -> list[Path]:
    return sorted((workplace.folder / RUN / "round0/explanations").glob("*.json"))


def atlas(workplace: Workplace) -> Path:
    return workplace.folder / RUN / "atlas/minilm"


def test_a_server_that_refuses_everything_ends_the_run_and_is_asked_again(
    workplace: Workplace,
) -> None:
    done, calls = run(workplace, lambda body: Behaviour("no chat template", status=400))
    assert done.returncode == 1 and calls == 2 * len(HEADS)
    assert "explain_head_llm, 3 jobs failed: one at http://" in done.stderr
    assert "status 400: no chat template; it refuses whatever it is asked" in done.stderr
    assert records(workplace) == [] and not atlas(workplace).exists()
    done, _ = run(workplace, answering())
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(records(workplace)) == len(HEADS)
    assert f"The atlas is in {atlas(workplace) / 'index.html'}" in done.stderr


def test_where_some_heads_fail_there_is_an_atlas_and_the_end_says_why(
    workplace: Workplace,
) -> None:
    done, _ = run(workplace, answering(refused=(0, 1)))
    assert done.returncode == 0, done.stderr[-3000:]
    told = "2 of 3 heads failed: one at http://"
    assert told in done.stderr
    assert told in (atlas(workplace) / "report.md").read_text()


def test_where_every_head_fails_there_is_none_unless_it_is_wanted(workplace: Workplace) -> None:
    brain = answering(refused=(0, 1, 2))
    done, _ = run(workplace, brain)
    assert done.returncode == 1
    told = r"build_atlas, 1 job failed: 3 of 3 heads failed: one at http://"
    assert told in done.stderr and "tokens is too long" in done.stderr
    assert not (atlas(workplace) / "index.html").exists()
    done, calls = run(workplace, brain, report={"all_failed": True})
    assert done.returncode == 0, done.stderr[-3000:]
    assert calls == 0 and (atlas(workplace) / "index.html").exists()
    assert "3 of 3 heads failed" in done.stderr


def test_a_judge_that_says_nothing_is_no_success(workplace: Workplace) -> None:
    def brain(body: dict[str, Any]) -> str | Behaviour:
        return answering()(body) if "response_format" in body else "Who knows?"

    done, _ = run(workplace, brain)
    assert done.returncode == 1
    assert "3 of 3 explanations not judged: no reply of the judge says yes or no" in done.stderr
    assert "the model said: Who knows?" in done.stderr


def test_only_what_asks_needs_the_key(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ATLAS_TEST_KEY", raising=False)
    needs = {"api_key_env": "ATLAS_TEST_KEY"}
    done, calls = run(workplace, answering(), endpoint=needs)
    assert done.returncode == 1 and calls == 0
    told = "endpoints.one.api_key_env: the environment variable 'ATLAS_TEST_KEY' is not set"
    assert told in done.stderr
    asks_nothing = "results/tiny/words/symbolic/round0/explanations/L00H00.json"
    (workplace.folder / asks_nothing).unlink()
    for more in (["--dry-run"], [asks_nothing], ["estimate"]):
        done, calls = run(workplace, answering(), *more, endpoint=needs)
        assert done.returncode == 0 and calls == 0, done.stderr[-3000:]
    monkeypatch.setenv("ATLAS_TEST_KEY", "a-key")
    done, calls = run(workplace, answering(), endpoint=needs)
    assert done.returncode == 0 and calls > 0, done.stderr[-3000:]
    monkeypatch.delenv("ATLAS_TEST_KEY")
    again = ["--forcerun", "build_atlas"]  # which needs no word from anybody
    done, calls = run(workplace, answering(), *again, endpoint=needs)
    assert done.returncode == 0 and calls == 0, done.stderr[-3000:]


def test_a_proxy_that_is_none_is_said_before_the_first_job(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://me:hunter2@127.0.0.1:99999")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    done, calls = run(workplace, answering())
    assert done.returncode == 1 and calls == 0 and records(workplace) == []
    assert "endpoints.one.base_url: it would be reached through the environment" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
