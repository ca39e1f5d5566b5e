"""What is run for every head starts fast."""

import subprocess
import sys

import pytest
from places import ROOT

OF_A_HEAD = [
    *("explain_head", "predict_head", "score_head"),
    *("explain_head_llm", "judge_head_llm", "propose_head_llm"),
]


@pytest.mark.parametrize("script", OF_A_HEAD)
def test_jobs_of_one_head_start_without_what_is_slow(script: str) -> None:
    made = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / f"scripts/{script}.py"), "--help"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0
    imported = {line.split("|")[-1].strip() for line in made.stderr.splitlines()}
    assert "headatlas.storage" in imported
    slow = {"torch", "transformers", "openai", "scipy", "pandas.core", "polars", "sklearn"}
    assert not slow & imported
