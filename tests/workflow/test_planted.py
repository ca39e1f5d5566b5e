"""The benchmark grades results of an explainer in words: those of its published round."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml
from answer_key import GradingBrain, explained
from llm_server import LlmServer
from planted_config import CONFIGURATION
from planted_stages import CORPUS, Variant, make_events, make_windows
from workplace import ROOT

from headatlas.corpora.python_docs import python_documents
from headatlas.explainers.llm.reply import ExplanationReply, explanation_of
from headatlas.explainers.unexplained import failed_explanation
from headatlas.records.head import HeadRecord
from headatlas.storage import read_record, write_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey
from headatlas.subjects.planted.build import plant


def grade(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks/planted.py"), "--work", str(folder)]
    command += ["--only", "grade", "--seeds", "1", "--noise", "none", "--jobs", "1"]
    command += ["--config", *map(str, CONFIGURATION), str(folder / "config.yaml"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A planted model, of which the second and last round of an explainer tells the truth."""
    folder = tmp_path_factory.mktemp("results")
    variant = Variant(0, "none", folder, "talker", 1)
    texts = [document.text for document in python_documents(held_out=False)]
    plant(variant.seed, variant.noise, texts, variant.model)
    make_windows(variant)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    make_events(bridge, variant)
    heads = read_record(variant.model / ANSWER_KEY, AnswerKey).heads
    for head in heads:
        about = HeadRecord(
            model=variant.name,
            corpus=CORPUS,
            explainer="talker",
            round=1,
            layer=head.layer,
            head=head.head,
        )
        found = explanation_of(about, ExplanationReply.model_validate_json(explained(head)))
        if head.role == "noise":
            found = failed_explanation(about, "nothing came")
        write_record(variant.record("explanations", head.layer, head.head), found)
    with LlmServer(GradingBrain(heads)) as server:
        configuration = {
            "endpoints": {"teacher": {"model": "any", "base_url": server.base_url}},
            "explainers": {
                "talker": {"kind": "llm", "endpoint": "teacher", "judge": "teacher", "rounds": 1}
            },
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(configuration))
        yield folder


def test_a_grader_finds_the_truth_in_words(results: Path) -> None:
    done = grade(results, "--explainer", "talker", "--grader", "teacher")
    assert done.returncode == 0, done.stderr
    assert "| recovered | 1.00 [0.85, 1.00], 23 of 23 |" in done.stdout
    assert "| recovered, of wrong truths | 0.00 [0.00, 0.05], 0 of 69 |" in done.stdout
    words = pl.read_csv(results / "planted-models/words.csv")
    assert len(words) == 23 * 4 and words["same_tokens"].null_count() == 0
    report = (results / "planted-models/report.md").read_text()
    assert report == done.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("explainer", "grader", "flaw"),
    [
        ("walker", "teacher", "'walker' is not defined under explainers; there: symbolic, talker"),
        ("talker", "nobody", "'nobody' is not defined under endpoints; there: teacher"),
    ],
)
def test_a_name_that_the_configuration_lacks(
    results: Path, explainer: str, grader: str, flaw: str
) -> None:
    done = grade(results, "--explainer", explainer, "--grader", grader)
    assert (done.returncode, done.stderr) == (1, f"error: {flaw}\n")
