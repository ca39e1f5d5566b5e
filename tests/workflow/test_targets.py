"""What is asked for by file and cannot be made, and a configuration that is no text: a sentence."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from places import ROOT
from workplace import Workplace

RUN = "results/tiny/words"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            f"{RUN}/symbolic/round0/explanations/L01H99.json",
            "L01H99: no head of models.tiny; allow",
        ),
        (
            f"{RUN}/events/layer07.parquet",
            "layer 07: no layer with heads of models",
        ),
        (
            f"{RUN}/symbolic/round0/probes/layers00-07",
            "layers00-07: no block of models.tiny; allowed: layers00-01",
        ),
        (f"{RUN}/activations/shard7", f"No rule to produce {RUN}/activations/shard7"),
        (
            "results/studies/behaviour/heads.csv",
            "studies: 'behaviour' is not defined; allowed: the names under studies, of which there",
        ),
        ("results/nobody/words/windows.parquet", "No rule to produce results/nobody/words/windows"),
    ],
)
def test_what_is_not_there_cannot_be_asked_for(
    fresh: Workplace, target: str, sentence: str
) -> None:
    done = fresh.snakemake("--dry-run", target)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert sentence in said, said[-2000:]
    assert "KeyError" not in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"vary": {"explainer.texts": [0]}}, "vary: explainer.texts: 0 is not allowed; allowed:"),
        ({"vary": {"model.heads": [["L00H99"]]}}, "vary: model.heads: 'L00H99' is out of range;"),
        (
            {"heads": 2, "vary": {"explainer.texts": [3]}},
            "heads: none are drawn yet; allowed: `make study NAME=s`, which draws them first",
        ),
    ],
)
@pytest.mark.parametrize("target", ["index.html", "variants.json"])
def test_a_study_that_cannot_be_is_refused_in_a_sentence(
    fresh: Workplace, entry: dict[str, Any], sentence: str, target: str
) -> None:
    """Where it runs too, before any work, and the folder is not locked afterwards."""
    configuration = fresh.changed("studies", to={"s": entry})
    done = fresh.snakemake(f"results/studies/s/{target}", configuration=configuration)
    assert done.returncode == 1
    *_, last = (done.stdout + done.stderr).splitlines()
    assert f"studies.s.{sentence}" in last
    assert not list((fresh.folder / ".snakemake/locks").iterdir())
    assert not (fresh.folder / "results/studies").exists()


def test_a_configuration_in_another_encoding_is_told(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    command = workplace.command("--dry-run")
    text = yaml.safe_dump(workplace.configuration) + "# caf\u00e9\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-16")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "config.yaml: is not text in UTF-8" in done.stdout
    assert "UnicodeDecodeError" not in done.stdout + done.stderr


def test_an_estimate_of_nothing_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "snakemake").symlink_to("/bin/true")
    ready = ["--old-file", ".venv/installed", f"BIN={tmp_path}"]
    done = subprocess.run(
        ["make", "--file", ROOT / "Makefile", *ready, "estimate"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No explainer of the sweep asks a language model: nothing will be asked." in done.stdout
    assert done.stderr == ""


def test_who_asks_for_a_study_is_told_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "snakemake").symlink_to("/bin/true")
    ready = ["--no-print-directory", "--old-file", ".venv/installed", f"BIN={tmp_path}"]
    done = subprocess.run(
        ["make", "--file", ROOT / "Makefile", *ready, "study", "NAME=few-shot"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    page = tmp_path / "results/studies/few-shot/index.html"
    assert done.stdout.endswith(f"The study is in {page}\n")


@pytest.mark.parametrize(
    ("given", "fetched", "options"),
    [
        ([], False, ""),
        (
            ["MODEL=smollm2", "CORPUS=words"],
            True,
            " --configfile data/smollm2/config.yaml --config 'sweep={corpora: [words]}'",
        ),
    ],
)
def test_a_real_model_takes_one_command(
    tmp_path: Path, given: list[str], fetched: bool, options: str
) -> None:
    command = ["make", "--file", ROOT / "Makefile", "--old-file", ".venv/installed", "--dry-run"]
    environment = {"PATH": os.environ["PATH"], "MODEL": "not-asked-for"}
    done = subprocess.run(
        [*command, "atlas", "CORES=1", *given],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    *before, run = done.stdout.splitlines()
    assert [line.split()[-2:] for line in before if line.strip()] == (
        [["scripts/tools/fetch_model.py", "smollm2"]] if fetched else []
    )
    assert run.rstrip().endswith(f"snakemake --profile profiles/local --cores 1{options}")
