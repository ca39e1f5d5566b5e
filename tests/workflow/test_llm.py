"""Explainers that ask a language model, on a subject of which the truth is known."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest
from answer_key import AnswerKeyBrain
from batch_api import Fate
from llm_server import LlmServer
from workplace import Workplace, small_configuration

from headatlas.corpora.python_docs import python_documents
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.records.judgement import Judgement
from headatlas.storage import read_record
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey
from headatlas.subjects.planted.build import plant

HEADS, ITEMS = 6, 12
ASKING = ("ask_in_batches", "explain_head_llm", "judge_head_llm")
TOGETHER = ["--set-threads", *(f"{rule}=0" for rule in ASKING), "--resources", "calls=16"]
FURTHER = {"fuzzing": True, "simulation": True}
KEY = "a-secret-that-nobody-may-see"


def configuration(base_url: str, heads: list[str]) -> dict[str, Any]:
    """Six heads of a planted subject, three explainers and a judge."""
    base = small_configuration()
    names = ("right", "wrong", "learner", "judge")
    ask = {"kind": "llm", "judge": "judge", "candidates": 1, "exemplars": 4, "few_shot": 0}
    return base | {
        "sweep": {
            "models": ["planted"],
            "corpora": ["docs"],
            "explainers": ["right", "wrong", "learner"],
            "clusterings": ["minilm"],
        },
        "models": {
            "planted": {
                "source": "planted",
                "n_layers": 4,
                "n_heads": 8,
                "context": 256,
                "heads": heads,
            }
        },
        "corpora": {
            "docs": {"kind": "python-docs", "windows": 48, "window_tokens": 96, "sampled": 10}
        },
        "endpoints": {
            name: {"model": name, "base_url": base_url, "api_key_env": "ATLAS_TEST_KEY"}
            | {"input_price": 1.0, "output_price": 2.0, "calls_at_once": 8}
            for name in names
        },
        "explainers": {
            "right": ask | {"endpoint": "right", "rounds": 0, "texts": 2} | FURTHER,
            "wrong": ask | {"endpoint": "wrong", "rounds": 0, "texts": 2} | FURTHER,
            "learner": ask | {"endpoint": "learner", "rounds": 1, "texts": 2},
        },
        "activations": {"top_windows": 4, "top_keys": 16},
        "scoring": {"bootstrap": 50, "controls": 1, "random_heads": 0, "items": ITEMS},
    }


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workplace, LlmServer]]:
    """A finished sweep over the three explainers."""
    folder = tmp_path_factory.mktemp("asked")
    plant(0, "none", [d.text for d in python_documents(held_out=False)], folder / "planted")
    key = read_record(folder / "planted" / ANSWER_KEY, AnswerKey)
    known = [h for h in key.heads if h.exact and h.role not in ("first_token", "everything")]
    roles = {head.role: head_name(head.layer, head.head) for head in known}
    heads = sorted(roles.values())[:HEADS]
    run = folder / "results/planted/docs"
    brain = AnswerKeyBrain(folder / "planted", run, heads)
    workplace = Workplace(folder)
    with LlmServer(brain) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_TEST_KEY", KEY)
        workplace.configuration = configuration(server.base_url, heads)
        workplace.run(*TOGETHER)
        yield workplace, server


def scores(workplace: Workplace, explainer: str, metric: str) -> list[float]:
    path = workplace.folder / f"results/planted/docs/{explainer}/atlas/minilm/scores.parquet"
    rows = pl.read_parquet(path).filter((pl.col("metric") == metric) & (pl.col("split") == "test"))
    return rows["value"].drop_nulls().to_list()


def test_the_truth_scores_high_and_another_truth_does_not(
    asked: tuple[Workplace, LlmServer],
) -> None:
    workplace, _ = asked
    true, false = (scores(workplace, name, "pair_detection_auroc") for name in ("right", "wrong"))
    assert len(true) == len(false) == HEADS
    assert median(true) >= 0.95 and min(true) >= 0.8, true
    assert median(false) <= 0.65, false
    assert median(scores(workplace, "right", "pair_detection_auroc_margin")) >= 0.3


@pytest.mark.parametrize(
    ("metric", "heads", "least"),
    [("fuzzing_auroc", HEADS, 0.8), ("simulation_correlation", HEADS // 2, 0.5)],
)
def test_further_scores_tell_the_truth_from_another(
    asked: tuple[Workplace, LlmServer], metric: str, heads: int, least: float
) -> None:
    """They are of test text, beside their controls, for who is asked for them.

    Half of the heads are active at every token, of which one level is told: no correlation.
    """
    workplace, _ = asked
    true, false = (scores(workplace, name, metric) for name in ("right", "wrong"))
    assert len(true) == heads
    assert median(true) >= least, true
    assert median(true) - median(false) >= 0.2, (true, false)
    margins = scores(workplace, "right", f"{metric}_margin")
    assert not margins or median(margins) >= 0.1
    assert scores(workplace, "learner", metric) == []


def test_who_is_shown_its_errors_mends_them(asked: tuple[Workplace, LlmServer]) -> None:
    workplace, _ = asked
    assert scores(workplace, "learner", "pair_detection_auroc") == scores(
        workplace, "right", "pair_detection_auroc"
    )
    folder = workplace.folder / "results/planted/docs/learner"
    for path in sorted((folder / "round1/explanations").iterdir()):
        revised = read_record(path, Explanation)
        first, second = revised.candidates
        assert (first.round, second.round) == (0, 1)
        assert first.score is not None and second.score is not None
        assert first.score < second.score
        assert revised.summary == second.summary != first.summary
        assert revised.usage is not None and revised.usage.dollars is not None


def test_the_estimate_has_the_calls_that_were_made(asked: tuple[Workplace, LlmServer]) -> None:
    """No reply had to be asked for again, so that calls can be told beforehand."""
    workplace, server = asked
    before = len(server.requests)
    workplace.run("estimate")
    assert len(server.requests) == before
    folder = workplace.folder / "results/planted/docs"
    for explainer in ("right", "wrong"):  # how many replies the learner has to mend is not known
        estimated = pl.read_csv(folder / explainer / "estimate.csv")
        paid = [
            record.usage.calls
            for name, kind in (("explanations", Explanation), ("judgements", Judgement))
            for path in (folder / explainer / "round0" / name).iterdir()
            if (record := read_record(path, kind)).usage is not None
        ]
        assert estimated["calls"].sum() == sum(paid)
        assert estimated["dollars"].sum() > 0


def test_a_study_finds_the_better_explainer_and_tells_no_equal_apart(
    asked: tuple[Workplace, LlmServer],
) -> None:
    """Who tells the truth against who does not; and who has nothing better to say, with a round
    of revision. The run that is studied is the sweep's, and what was asked is not asked again.
    """
    workplace, server = asked
    before = len(server.requests)
    configuration = workplace.changed(
        "studies",
        to={
            "who": {"of": {"explainer": "wrong"}, "vary": {"explainer.endpoint": ["right"]}},
            "rounds": {"of": {"explainer": "right"}, "vary": {"explainer.rounds": [1]}},
        },
    )
    pages = [f"results/studies/{name}/index.html" for name in ("who", "rounds")]
    workplace.run(*pages, *TOGETHER, configuration=configuration)
    assert len(server.requests) - before <= HEADS  # a revision of each head, at most
    found = {name: differences(workplace, name) for name in ("who", "rounds")}
    better, same = found["who"], found["rounds"]
    assert better["variant"] == "explainer.endpoint=right" and better["pairs"] == HEADS
    assert better["difference"] > 0.3 and better["difference_low"] > 0
    assert better["p_adjusted"] == 2 / 2**HEADS  # every head is better: no other signs are as large
    assert (same["difference"], same["p_adjusted"], same["detectable"]) == (0, 1, 0)
    costs = pl.read_csv(workplace.folder / "results/studies/who/costs.csv")
    assert costs["calls"].to_list()[0] == costs["calls"].to_list()[1] > 0
    assert costs["dollars"].min() > 0
    page = (workplace.folder / pages[0]).read_text()
    assert "Pair detection AUROC is higher than in the run itself" in page
    other = (workplace.folder / pages[1]).read_text()
    assert "is the same for every head" in other
    assert "explainer.rounds (1; its own is 0)" in other
    assert f"all {HEADS} selected heads of planted" in other
    # No sweep and no comparison has them.
    runs = (workplace.folder / "results/comparison/runs.csv").read_text()
    assert "~" not in runs and not list(workplace.folder.glob("results/planted/docs/*~*/atlas"))


def differences(workplace: Workplace, study: str) -> dict[str, Any]:
    """What a study found of its one variant, by the measure that decides."""
    rows = pl.read_csv(workplace.folder / f"results/studies/{study}/differences.csv").filter(
        (pl.col("measure") == "pair_detection_auroc") & pl.col("difference").is_not_null()
    )
    (row,) = rows.to_dicts()
    return row


def test_a_second_run_asks_nothing(asked: tuple[Workplace, LlmServer]) -> None:
    workplace, server = asked
    before = len(server.requests)
    assert workplace.jobs() == {}
    gone = (
        "results/planted/docs/right/round0/explanations/"
        + workplace.configuration["models"]["planted"]["heads"][0]
        + ".json"
    )
    kept = (workplace.folder / gone).read_bytes()
    (workplace.folder / gone).unlink()
    workplace.run(gone)
    assert (workplace.folder / gone).read_bytes() == kept
    assert len(server.requests) == before


def test_who_is_asked_ahead_is_asked_by_one_job(asked: tuple[Workplace, LlmServer]) -> None:
    """It comes before those of the heads, which find their replies and are run again."""
    workplace, _ = asked
    head = workplace.configuration["models"]["planted"]["heads"][0]
    target = f"results/planted/docs/right/round0/explanations/{head}.json"
    ahead = workplace.changed("endpoints", "judge", "ahead", to=True)
    assert workplace.jobs(target, configuration=ahead) == {
        "ask_in_batches": 1,
        "explain_head_llm": 1,
    }


def test_the_key_is_sent_and_written_nowhere(asked: tuple[Workplace, LlmServer]) -> None:
    workplace, server = asked
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    files = [path for path in workplace.folder.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert any(".snakemake/metadata" in path.as_posix() for path in files)


def test_batches_bring_the_same_results(asked: tuple[Workplace, LlmServer], tmp_path: Path) -> None:
    """An explainer that learns, and its judge, are asked together about all heads."""
    done, _ = asked
    subprocess.run(["cp", "-a", f"{done.folder}/.", str(tmp_path)], check=True)
    shutil.rmtree(tmp_path / "results/replies")
    shutil.rmtree(tmp_path / "results/planted/docs/learner")
    heads = done.configuration["models"]["planted"]["heads"]
    brain = AnswerKeyBrain(tmp_path / "planted", tmp_path / "results/planted/docs", heads)
    workplace = Workplace(tmp_path)
    with LlmServer(brain, fate=lambda _: Fate(looks=0)) as server:
        workplace.configuration = configuration(server.base_url, heads)
        for endpoint in workplace.configuration["endpoints"].values():
            endpoint["batch"] = True
        targets = [f"results/planted/docs/learner/round1/scores/{head}.json" for head in heads]
        workplace.run(*targets, *TOGETHER)
        assert [call.body["model"] for call in server.requests] == ["learner", "judge"]
        assert len(server.batches.answered) > HEADS * ITEMS
        assert workplace.jobs(*targets) == {}
    for target in targets:
        assert (tmp_path / target).read_bytes() == (done.folder / target).read_bytes()
    for number in (0, 1):
        for head in heads:
            name = f"results/planted/docs/learner/round{number}/explanations/{head}.json"
            one, other = (read_record(at / name, Explanation) for at in (tmp_path, done.folder))
            assert one.usage is not None and other.usage is not None
            assert one.usage.calls == other.usage.calls
            assert one.usage.dollars == pytest.approx(other.usage.dollars)
            assert one.model_copy(update={"usage": None}) == other.model_copy(
                update={"usage": None}
            )
