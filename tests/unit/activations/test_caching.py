"""Caching against the same quantities computed in the open, on three architectures."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from headatlas.activations import caching, probing
from headatlas.activations.caching import cache_activations, read_batches
from headatlas.activations.passes import run_hooked
from headatlas.activations.probing import Probe, measure_probes
from headatlas.activations.repeats import measure_repeats, repeat_scores, repeated_tokens
from headatlas.event_rows import dense_attention
from headatlas.records.activations import ACTIVATIONS, HEAD_METRICS
from headatlas.records.windows import WINDOWS
from headatlas.storage import TableWriter, read_table, write_rows
from headatlas.subjects.loading import load_subject
from headatlas.triangle import unpack

TOKENS, HEADS, LAYERS, VOCABULARY = 12, 4, 2, 50
SIZE = {"vocab_size": VOCABULARY, "initializer_range": 0.4}
MODELS = {
    "grouped-query": lambda: LlamaForCausalLM(
        LlamaConfig(
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=2,
            max_position_embeddings=TOKENS,
            **SIZE,
        )
    ),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(n_embd=32, n_layer=LAYERS, n_head=HEADS, n_positions=TOKENS, **SIZE)
    ),
    "neox": lambda: GPTNeoXForCausalLM(
        GPTNeoXConfig(
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            max_position_embeddings=TOKENS,
            **SIZE,
        )
    ),
}


@pytest.fixture(scope="module", params=MODELS)
def bridge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp(request.param)
    MODELS[request.param]().save_pretrained(folder)
    words = {f"w{n}": n for n in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w1"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="w0").save_pretrained(folder)
    return load_subject(str(folder), None, dtype="float32", device="cpu")


@pytest.fixture
def windows(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        {
            "window": n,
            "split": ("train", "validation", "test")[n % 3],
            "document": f"d{n}",
            "start": 0,
            "sampled": n in (1, 6),
            "tokens": [0, *rng.integers(1, 8, TOKENS - 1).tolist()],
            "pieces": ["<s>", *[",", "a"][n % 2] * (TOKENS - 1)],
        }
        for n in range(9)
    ]
    write_rows(tmp_path / "windows.parquet", rows, WINDOWS)
    return tmp_path / "windows.parquet"


def cached(bridge: Any, windows: Path, folder: Path, **changes: Any) -> list[list[dict[str, Any]]]:
    """Rows of each layer."""
    paths = {layer: folder / f"layer{layer:02d}.parquet" for layer in range(LAYERS)}
    settings: dict[str, Any] = {"shard": 0, "shards": 1, "batch_size": 4}
    settings |= {"kind": "write_norm", "top_windows": 1, "top_keys": 3}
    cache_activations(bridge, windows, paths, **(settings | changes))
    return [read_table(path, ACTIVATIONS).to_pylist() for path in paths.values()]


@torch.inference_mode()
def in_the_open(bridge: Any, tokens: torch.Tensor, layer: int) -> dict[str, torch.Tensor]:
    """Pattern, and the norms of everything written per head, from a full cache."""
    _, cache = bridge.run_with_cache(tokens)
    name = f"blocks.{layer}.attn"
    weights = bridge.blocks[layer].attn.W_O
    z = cache[f"{name}.hook_z"].reshape(*tokens.shape, HEADS, -1)
    v = cache[f"{name}.hook_v"].reshape(*tokens.shape, -1, z.shape[-1])
    v = v.repeat_interleave(HEADS // v.shape[2], dim=2)
    return {
        "pattern": cache[f"{name}.hook_pattern"],
        "activation": torch.einsum("wthd,hdm->wthm", z, weights).norm(dim=-1),
        "value_norm": torch.einsum("wthd,hdm->wthm", v, weights).norm(dim=-1),
    }


def test_what_is_stored_is_what_the_model_did(bridge: Any, windows: Path, tmp_path: Path) -> None:
    rows = cached(bridge, windows, tmp_path)
    (batch,) = read_batches(windows, 100, shard=0, shards=1)
    for layer in range(LAYERS):
        truth = in_the_open(bridge, batch.tokens, layer)
        assert [(r["window"], r["head"]) for r in rows[layer]] == [
            (w, h) for w in range(9) for h in range(HEADS)
        ]
        for row in rows[layer]:
            window, head = row["window"], row["head"]
            expected = truth["activation"][window, :, head].numpy()
            np.testing.assert_allclose(row["activation"], expected, rtol=2e-3)
            if row["keys"] is None:
                continue
            pattern = truth["pattern"][window, head].numpy()
            keys = np.array(row["keys"]).reshape(TOKENS, 4)
            weights = np.array(row["weights"], np.float32).reshape(TOKENS, 4)
            assert (keys[:, 0] == 0).all() and (keys[0, 1:] == -1).all()
            for query in range(TOKENS):
                kept = keys[query] >= 0
                assert (keys[query] <= query).all()
                others = np.sort(pattern[query, 1:])[::-1][:3]
                largest = np.array([pattern[query, 0], *others])[kept]
                np.testing.assert_allclose(weights[query][kept], largest, rtol=2e-3, atol=1e-4)
            norms = truth["value_norm"][window, :, head].numpy()
            np.testing.assert_allclose(row["value_norm"], norms, rtol=2e-3)


def test_attention_is_kept_for_the_sample_and_the_top_of_each_split(
    bridge: Any, windows: Path, tmp_path: Path
) -> None:
    for rows in cached(bridge, windows, tmp_path):
        kept = {(row["window"], row["head"]) for row in rows if row["keys"] is not None}
        measured = {row["window"] for row in rows if row[HEAD_METRICS[0]] is not None}
        assert measured == {1, 6}
        for head in range(HEADS):
            assert {(1, head), (6, head)} <= kept
            for split in range(3):
                own = [r for r in rows if r["head"] == head and r["window"] % 3 == split]
                best = max(own, key=lambda r: max(r["activation"][1:]))
                assert (best["window"], head) in kept


def test_attention_of_the_sampled_windows_is_there_whole(
    bridge: Any, windows: Path, tmp_path: Path
) -> None:
    rows = cached(bridge, windows, tmp_path)
    (batch,) = read_batches(windows, 100, shard=0, shards=1)
    for layer in range(LAYERS):
        whole = {(r["window"], r["head"]): r["attention"] for r in rows[layer] if r["attention"]}
        assert set(whole) == {(window, head) for window in (1, 6) for head in range(HEADS)}
        pattern = in_the_open(bridge, batch.tokens, layer)["pattern"].numpy()
        for (window, head), pairs in whole.items():
            matrix = unpack(np.array(pairs))
            np.testing.assert_allclose(matrix, pattern[window, head], rtol=2e-3, atol=1e-4)
            np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-3)


def test_of_fewer_keys_than_are_asked_for_all_are_kept(
    bridge: Any, windows: Path, tmp_path: Path
) -> None:
    for rows in cached(bridge, windows, tmp_path, top_keys=3 * TOKENS):
        for row in rows:
            if row["attention"]:
                keys = np.array(row["keys"]).reshape(TOKENS, TOKENS)
                weights = np.array(row["weights"]).reshape(TOKENS, TOKENS)
                kept = dense_attention(keys, weights)
                np.testing.assert_array_equal(kept, unpack(np.array(row["attention"])))


def test_neither_batches_nor_shards_change_a_row(
    bridge: Any, windows: Path, tmp_path: Path
) -> None:
    whole = cached(bridge, windows, tmp_path / "whole", batch_size=9)
    parts = [
        cached(bridge, windows, tmp_path / f"part{n}", batch_size=2, shard=n, shards=2)
        for n in range(2)
    ]
    for layer in range(LAYERS):
        joined = parts[0][layer] + parts[1][layer]
        assert [r["window"] for r in joined] == [r["window"] for r in whole[layer]]
        for mine, theirs in zip(joined, whole[layer], strict=True):
            np.testing.assert_allclose(mine["activation"], theirs["activation"], rtol=2e-3)


def test_the_sampled_windows_alone_are_cached_as_among_all(
    bridge: Any, windows: Path, tmp_path: Path
) -> None:
    among = cached(bridge, windows, tmp_path / "all")
    for shards in (1, 3):
        alone: list[list[dict[str, Any]]] = [[] for _ in range(LAYERS)]
        for shard in range(shards):
            folder = tmp_path / f"{shard} of {shards}"
            options = {"shard": shard, "shards": shards, "only_sampled": True}
            for rows, more in zip(alone, cached(bridge, windows, folder, **options), strict=True):
                rows += more
        for mine, theirs in zip(alone, among, strict=True):
            sampled = [row for row in theirs if row["attention"]]
            assert [(r["window"], r["head"]) for r in mine] == [
                (r["window"], r["head"]) for r in sampled
            ]
            for row, other in zip(mine, sampled, strict=True):
                for name in ("activation", "attention", "value_norm"):
                    np.testing.assert_allclose(row[name], other[name], rtol=2e-3, atol=1e-3)


def test_the_unembedding_is_not_computed(bridge: Any, windows: Path, tmp_path: Path) -> None:
    computed = []
    handle = bridge.original_model.get_output_embeddings().register_forward_hook(
        lambda *_: computed.append(True)
    )
    try:
        cached(bridge, windows, tmp_path)
        assert not computed
        bridge(torch.zeros(1, 3, dtype=torch.long))
        assert computed, "the hook would have seen it"
    finally:
        handle.remove()


@pytest.mark.parametrize("bos", [True, False])
def test_repeated_tokens_fill_the_context_whatever_the_batches(bridge: Any, bos: bool) -> None:
    lengths = (3, (TOKENS - 1) // 2)  # the others do not fit
    first = 0 if bos else None
    for batch_size in (2, 5):
        found = measure_repeats(
            bridge,
            range(LAYERS),
            rows=5,
            lengths=(3, 32, 64),
            bos=bos,
            seed=3,
            batch_size=batch_size,
        )
        assert [*found] == [*range(LAYERS)]
        for length in lengths:
            tokens = repeated_tokens(5, length, vocabulary=VOCABULARY, bos=first, seed=3)
            _, cache = bridge.run_with_cache(tokens)
            for layer, scores in found.items():
                truth = repeat_scores(cache[f"blocks.{layer}.attn.hook_pattern"], length)
                assert [*scores] == [*lengths]
                torch.testing.assert_close(scores[length], truth)


@pytest.mark.parametrize("row_group", [1, 2**30], ids=["while it runs", "at the end"])
def test_a_failed_write_leaves_no_table(
    bridge: Any, windows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row_group: int
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching, "_ROW_GROUP", row_group)
    monkeypatch.setattr(TableWriter, "write", full)
    with pytest.raises(OSError, match="No space left"):
        cached(bridge, windows, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_a_failed_forward_pass_leaves_no_table(
    bridge: Any, windows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(bridge: Any, tokens: torch.Tensor, hooks: list[Any]) -> None:
        if len(tokens) < 4:  # the last batch; the rows of those before are on their way
            raise RuntimeError("out of memory")
        run_hooked(bridge, tokens, hooks)

    monkeypatch.setattr(caching, "_ROW_GROUP", 1)
    monkeypatch.setattr(caching, "run_hooked", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        cached(bridge, windows, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_rows_are_the_same_in_one_row_group_or_many(
    bridge: Any, windows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = cached(bridge, windows, tmp_path / "one", batch_size=1)
    monkeypatch.setattr(caching, "_ROW_GROUP", 1)
    many = cached(bridge, windows, tmp_path / "many", batch_size=1)
    assert pq.ParquetFile(tmp_path / "one" / "layer00.parquet").num_row_groups == 1
    assert pq.ParquetFile(tmp_path / "many" / "layer00.parquet").num_row_groups == 9
    for mine, theirs in zip(many, one, strict=True):
        assert [repr(row) for row in mine] == [repr(row) for row in theirs]


def test_neither_batches_nor_threads_change_whose_attention_is_kept(
    bridge: Any, tmp_path: Path
) -> None:
    """Ties included: the windows repeat, so that every peak comes several times."""
    rng = np.random.default_rng(1)
    texts = [[0, *rng.integers(1, 8, TOKENS - 1).tolist()] for _ in range(4)]
    rows = [
        {
            "window": n,
            "split": "train",
            "document": f"d{n}",
            "start": 0,
            "sampled": False,
        }
        | {"tokens": texts[n % 4], "pieces": ["a"] * TOKENS}
        for n in range(16)
    ]
    write_rows(tmp_path / "windows.parquet", rows, WINDOWS)
    kept = []
    for threads, batch_size in ((1, 16), (2, 16), (1, 5), (1, 1)):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            folder = tmp_path / f"{threads}-{batch_size}"
            layers = cached(
                bridge, tmp_path / "windows.parquet", folder, batch_size=batch_size, top_windows=6
            )
        finally:
            torch.set_num_threads(before)
        kept.append([[row["keys"] is not None for row in rows] for rows in layers])
    assert kept[1:] == kept[:1] * 3
    assert any(not present for present in kept[0][0]), "the choice leaves windows out"


PROBES = [
    Probe(1, 1, (0, 3, 4)),
    Probe(0, 0, (0, 5, 6, 7, 3, 3)),
    Probe(1, 3, (0, 2)),
    Probe(0, 2, (0, 3, 4)),
    Probe(1, 1, (0, 3, 4)),
]


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_probes_are_measured_as_if_alone(bridge: Any, batch_size: int) -> None:
    together = measure_probes(bridge, PROBES, kind="write_norm", batch_size=batch_size)
    for (layer, head, tokens), activation in zip(PROBES, together, strict=True):
        truth = in_the_open(bridge, torch.tensor([tokens]), layer)
        expected = truth["activation"][0, :, head].numpy()
        np.testing.assert_allclose(activation, expected, rtol=1e-4)


def test_equal_texts_run_once_and_no_further_than_they_are_asked_about(
    bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []

    def watched(bridge: Any, tokens: torch.Tensor, hooks: list[Any]) -> None:
        ran.append((tokens.tolist(), {name.split(".")[1] for name, _ in hooks}))
        run_hooked(bridge, tokens, hooks)

    monkeypatch.setattr(probing, "run_hooked", watched)
    measure_probes(bridge, PROBES, kind="write_norm", batch_size=1)
    assert ran == [
        ([[0, 5, 6, 7, 3, 3]], {"0"}),
        ([[0, 2]], {"1"}),
        ([[0, 3, 4]], {"0", "1"}),
    ]
