"""A GGUF file runs through the workflow as its model in the hub's format does, and is watched."""

from collections import Counter
from pathlib import Path

import pytest
from gguf_models import llama, write_gguf
from workplace import Workplace, contents, make_corpus

SHAPE = {"n_layers": 2, "n_heads": 4, "context": 128, "heads": ["L01H02"]}
EXPLANATION = "{}/words/symbolic/round0/explanations/L01H02.json"


def test_a_file_gives_what_its_model_in_the_hubs_format_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    workplace = Workplace(tmp_path)
    make_corpus(tmp_path / "words")
    model = llama(tmp_path / "folder")
    write_gguf(tmp_path / "file.gguf", model)
    workplace.configuration["models"] = {
        "file": {"source": "file.gguf", **SHAPE},
        "folder": {"source": "folder", **SHAPE},
    }
    workplace.configuration["sweep"]["models"] = ["file", "folder"]
    made = [f"results/{EXPLANATION.format(name)}" for name in ("file", "folder")]
    workplace.run(*made)
    results = contents(tmp_path)
    assert results[EXPLANATION.format("file")] == results[EXPLANATION.format("folder")].replace(
        b'"folder"', b'"file"'
    )
    assert workplace.jobs(*made) == Counter()

    (tmp_path / "file.gguf").touch()  # a copy of the same
    assert workplace.jobs(*made) == Counter()
    write_gguf(tmp_path / "file.gguf", model, change=lambda a: a["output_norm.weight"].__imul__(2))
    assert workplace.jobs(*made)["inspect_model"] == 1


def test_figures_that_are_not_those_of_the_file_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    workplace = Workplace(tmp_path)
    make_corpus(tmp_path / "words")
    write_gguf(tmp_path / "file.gguf", llama(tmp_path / "folder"))
    workplace.configuration["models"]["tiny"] = {"source": "file.gguf", **SHAPE, "n_layers": 3}
    done = workplace.snakemake("results/tiny/model.json")
    assert done.returncode != 0
    log = (tmp_path / "results/logs/tiny/model.log").read_text()
    assert "models.tiny.n_layers: 3 in the configuration, but file.gguf has 2" in log
