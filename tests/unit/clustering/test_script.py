"""The script that groups heads: files in, one file out."""

import subprocess
import sys
from pathlib import Path

import pytest
from places import SCRIPTS

from headatlas.records.base import head_name
from headatlas.records.clusters import Clusters
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.storage import read_record, write_record

SCRIPT = SCRIPTS / "cluster_heads.py"


def write_explanation(folder: Path, layer: int, head: int, family: str, attends_to: str) -> Path:
    behaviour = Behaviour(
        family=family,
        attends_to=attends_to,
        active_when="",
        frequency=1.0,
    )
    path = folder / f"{head_name(layer, head)}.json"
    explanation = Explanation(
        model="m",
        corpus="c",
        explainer="e",
        round=0,
        layer=layer,
        head=head,
        status="explained" if family else "unexplained",
        reason=None if family else "too diffuse",
        title="t",
        summary="",
        behaviours=[behaviour] if family else [],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )
    write_record(path, explanation)
    return path


def run(paths: list[Path], out: Path, *flags: str) -> subprocess.CompletedProcess:
    names = ["--model", "m", "--corpus", "c", "--explainer", "e", "--clustering", "by words"]
    heads = ["--explanations", str(paths[0].parent), "--heads", *(path.stem for path in paths)]
    command = [sys.executable, str(SCRIPT), *names, *heads, *flags, "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_script_groups_heads_whatever_the_order_of_files(tmp_path: Path) -> None:
    behaviours = [
        ("previous-token", "the previous token"),
        ("previous-token", "the previous token"),
        ("delimiter", "the most recent line break"),
        ("previous-token", "the token just before"),
        ("", ""),
        ("delimiter", "the most recent line break"),
        ("months", "names of months in a date"),
    ]
    paths = [
        write_explanation(tmp_path, number // 4, number % 4, *behaviour)
        for number, behaviour in enumerate(behaviours)
    ]
    out = tmp_path / "out.json"
    result = run(paths[::-1], out, "--min-cluster-size", "2", "--min-samples", "1")
    assert result.returncode == 0, result.stderr
    record = read_record(out, Clusters)
    assert record.clustering == "by words"
    assert [(cluster.label, cluster.heads) for cluster in record.clusters] == [
        ("previous-token", ["L00H00", "L00H01", "L00H03"]),
        ("delimiter", ["L00H02", "L01H01"]),
    ]
    assert record.unclustered == ["L01H02"]
    assert record.unexplained == ["L01H00"]


def test_script_refuses_families_of_one(tmp_path: Path) -> None:
    path = write_explanation(tmp_path, 0, 3, "sink", "the first token")
    result = run([path], tmp_path / "out.json", "--min-cluster-size", "1")
    assert result.returncode != 0
    assert (
        "--min-cluster-size: '1' is not allowed; allowed: a whole number, at least 2"
        in result.stderr
    )
