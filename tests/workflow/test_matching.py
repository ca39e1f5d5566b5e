"""Heads of two models with different tokenizers, matched by the workflow."""

import subprocess
from collections import Counter
from pathlib import Path

from workplace import Workplace

from headatlas.records.matches import MATCHES
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_facts, read_table

TARGET = "results/comparison/words/tiny/second/matches.parquet"


def test_heads_of_models_with_different_tokenizers_are_matched(
    finished: Workplace, tmp_path: Path
) -> None:
    """The first is finished; of the second the matches need the activations and no more."""
    subprocess.run(["cp", "-a", str(finished.folder), str(tmp_path / "run")], check=True)
    workplace = Workplace(tmp_path / "run")
    assert workplace.jobs(TARGET) == Counter(
        inspect_model=1, sample_windows=1, cache_activations=1, match_heads=1
    )
    workplace.run(TARGET)
    rows = read_table(workplace.folder / TARGET, MATCHES).to_pylist()
    best = {(row["model"], row["layer"], row["head"]) for row in rows if row["rank"] == 0}
    tiny = {("tiny", layer, head) for layer in range(2) for head in range(3)}
    assert best == tiny | {("second", layer, head) for layer in (0, 2) for head in range(4)}
    assert {row["words"] for row in rows} == {rows[0]["words"]} and rows[0]["words"] > 20

    tables = [
        read_table(workplace.folder / f"results/{model}/words/windows.parquet", WINDOWS).to_pylist()
        for model in ("tiny", "second")
    ]
    tokens = [{(row["document"], row["start"]): row["pieces"] for row in table} for table in tables]
    assert tokens[0].keys() == tokens[1].keys(), "the models study different passages"
    alike = [at for at, pieces in tokens[0].items() if pieces[1:] == tokens[1][at][:-1]]
    assert len(alike) < len(tokens[0]) / 2, "the tokenizers cut the text alike"
    assert read_facts(workplace.folder / TARGET)["passages"] == sum(
        row["split"] == "test" for row in tables[0]
    )
