"""The shortest windows, of a model that reads no more tokens: of every query all keys are kept."""

from pathlib import Path

from workplace import SCRIPT, Workplace, make_corpus, make_model

from headatlas.records.activations import ACTIVATIONS
from headatlas.storage import read_table

TOKENS = 6


def test_windows_of_six_tokens_give_an_atlas(tmp_path: Path) -> None:
    make_model(
        tmp_path / "tiny", seed=0, layers=1, heads=2, values=2, learnt=SCRIPT, context=TOKENS
    )
    make_corpus(tmp_path / "words")
    workplace = Workplace(tmp_path)
    configuration = workplace.configuration
    configuration["models"] = {
        "tiny": {"source": "tiny", "n_layers": 1, "n_heads": 2, "context": TOKENS}
    }
    configuration["corpora"]["words"]["window_tokens"] = TOKENS
    del configuration["activations"]["top_keys"]  # more than there are tokens
    configuration["scoring"]["random_heads"] = 0
    workplace.run()
    assert {file.name for file in workplace.atlas.iterdir()} >= {"index.html", "report.md"}
    (table,) = (tmp_path / "results/tiny/words/activations").glob("shard0/*.parquet")
    kept = read_table(table, ACTIVATIONS, ["keys"]).column("keys").drop_null()
    assert {len(keys) for keys in kept.to_pylist()} == {TOKENS * TOKENS}
