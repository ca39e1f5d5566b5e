"""What heads add to the logits, against transformers' own modules, on tiny models."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import TOKENS, VOCABULARY, WINDOWS, quiet, write_model

from headatlas.activations.direct import NONE, SHOWN, Query, direct_rows, queries_of
from headatlas.event_rows import Event
from headatlas.records.direct import OBJECTS
from headatlas.subjects.circuits import Unreadable, is_sum
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

BY_KIND = {a.kind: a for a in ARCHITECTURES}
# Where the final norm is, and whether it subtracts the mean.
NORMS = {
    "llama": ("model.norm", False),
    "qwen2": ("model.norm", False),
    "gpt2": ("transformer.ln_f", True),
    "gpt_neox": ("gpt_neox.final_layer_norm", True),
}
AT = [
    Query(layer, head, "test", "active", window, query, 1, 0.5, (3, NONE, 9))
    for layer in range(2)
    for head in range(2)
    for window, query in ((0, 3), (1, 5), (1, 2))
]


def model_of(kind: str, folder: Path) -> Any:
    with quiet():
        write_model(BY_KIND[kind], folder)
        info = inspect(kind, str(folder), None, "float32", context=64)
        return load_recorded(info, device="cpu", devices=1)


def tokens_of() -> torch.Tensor:
    return torch.randint(3, VOCABULARY, (WINDOWS, TOKENS), generator=torch.manual_seed(1))


@torch.inference_mode()
def frozen_difference(bridge: Any, norm: str, centred: bool, at: Query) -> torch.Tensor:
    """Logits less those without the head's part in the last stream, the norm's scale kept."""
    tokens = tokens_of()[at.window : at.window + 1]

    def without(z: torch.Tensor, hook: Any) -> torch.Tensor:
        z = z.clone()
        width = bridge.blocks[at.layer].attn.W_O.shape[-2]
        z.view(*z.shape[:2], -1, width)[:, :, at.head] = 0
        return z

    seen: dict[str, torch.Tensor] = {}
    for name, hooks in (("with", []), ("without", [(f"blocks.{at.layer}.attn.hook_z", without)])):

        def keep(value: torch.Tensor, hook: Any, name: str = name) -> None:
            seen.setdefault(name + hook.name, value.clone())

        ends = [(f"blocks.{at.layer}.attn.hook_out", keep), ("ln_final.hook_in", keep)]
        bridge.run_with_hooks(tokens, fwd_hooks=[*hooks, *ends], return_type=None)
    out = f"blocks.{at.layer}.attn.hook_out"
    write = (seen["with" + out] - seen["without" + out])[0, at.query]
    stream = seen["withln_final.hook_in"][0, at.query]
    module = bridge.original_model.get_submodule(norm)
    eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    if centred:
        stream, write = stream - stream.mean(), write - write.mean()
    scaled = write / (stream.square().mean() + eps).sqrt() * module.weight
    added = scaled @ bridge.W_U
    return added - added.mean()


@pytest.mark.parametrize("kind", NORMS)
def test_it_is_the_difference_of_two_passes_with_the_norm_frozen(kind: str, tmp_path: Path) -> None:
    bridge = model_of(kind, tmp_path)
    windows = dict(enumerate(tokens_of().tolist()))
    rows = list(direct_rows(bridge, windows, AT, vocabulary=VOCABULARY, batch_size=2))
    assert len(rows) == len(AT)
    for row in rows:
        at = next(q for q in AT if all(getattr(q, n) == row[n] for n in Query._fields[:-1]))
        truth = frozen_difference(bridge, *NORMS[kind], at)
        assert row["attended_effect"] == pytest.approx(float(truth[3]), rel=1e-3, abs=1e-6)
        assert row["current_effect"] == pytest.approx(float(truth[9]), rel=1e-3, abs=1e-6)
        assert row["spread"] == pytest.approx(float(truth.std(correction=0)), rel=1e-3)
        assert row["attended_above"] == pytest.approx(float((truth < truth[3]).float().mean()))
        assert row["raised"] == truth.topk(SHOWN).indices.tolist()
        assert row["lowered"] == (-truth).topk(SHOWN).indices.tolist()
        assert row["after_attended_effect"] is None
        assert (row["attended_token"], row["after_attended_token"]) == (3, None)
        assert row["attended_matched"] is None  # its other queries are about the same token


def test_others_are_the_tokens_of_the_same_heads_other_queries(tmp_path: Path) -> None:
    bridge = model_of("llama", tmp_path)
    objects = [(3, 4, 9), (5, NONE, 9), (7, 4, 8)]
    at = [
        Query(0, 0, "test", "active", n % WINDOWS, 3 + n, 1, 0.5, tokens)
        for n, tokens in enumerate(objects)
    ] + [Query(0, 1, "test", "active", 0, 3, 1, 0.5, (30, 31, 32))]
    windows = dict(enumerate(tokens_of().tolist()))
    rows = list(direct_rows(bridge, windows, at, vocabulary=VOCABULARY, batch_size=3))
    truth = frozen_difference(bridge, *NORMS["llama"], at[0])
    (first,) = (row for row in rows if (row["head"], row["query"]) == (0, 3))
    assert first["attended_matched"] == pytest.approx(float(truth[[5, 7]].mean()), rel=1e-3)
    assert first["after_attended_matched"] is None
    assert first["current_matched"] == pytest.approx(float(truth[8]), rel=1e-3)


def test_a_head_is_looked_at_where_it_is_most_active_and_at_random() -> None:
    pieces = ["<s>", *"abcd"]
    attention = np.array(
        [1.0, 0.9, 0.1, 0.5, 0.4, 0.1, 0.2, 0.1, 0.6, 0.1, 0.3, 0.1, 0.2, 0.3, 0.1]
    )
    event = Event("test", "random", 0, 7, "d", "prose", 3, 2.0, pieces,
                  np.array([0, 11, 12, 13, 14]), np.array([9.0, 0.1, 0.2, 2.0, 0.3]),
                  np.zeros((5, 1), int), np.zeros((5, 1)), attention)  # fmt: skip
    active, random = queries_of(1, 2, [event], np.random.default_rng(0))
    assert active == Query(1, 2, "test", "active", 7, 3, 2, pytest.approx(0.6), (12, 13, 13))
    assert random.kind == "random" and 1 <= random.query <= 4
    assert len(active.objects) == len(OBJECTS)


def test_of_several_queries_as_active_one_is_drawn() -> None:
    tokens = np.array([0, 11, 12, 13, 14])
    event = Event("test", "random", 0, 7, "d", "prose", 3, 2.0, list("abcde"), tokens,
                  np.array([9.0, 1.0, 0.995, 0.98, 0.999]), np.zeros((5, 1), int),
                  np.zeros((5, 1)), np.full(15, 0.2))  # fmt: skip
    drawn = {queries_of(0, 0, [event], np.random.default_rng(n))[0].query for n in range(40)}
    assert drawn == {1, 2, 4}


def test_a_token_that_is_attended_to_is_met_once_where_the_head_is_most_active_for_it() -> None:
    tokens = np.array([0, 11, 12, 11, 13, 14, 15, 16])
    rows = np.zeros((8, 8))
    for query, key in {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 6, 7: 7}.items():
        rows[query, key] = 0.9
    # Token 11 is attended to from 1, 3 and 5; half of the largest activation is 2.
    activation = np.array([9.0, 2.5, 4.0, 3.0, 1.9, 3.9, 2.2, 2.1])
    event = Event("test", "random", 0, 7, "d", "prose", 3, 2.0, list("abcdefgh"), tokens,
                  activation, np.zeros((8, 1), int), np.zeros((8, 1)),
                  rows[np.tril_indices(8)])  # fmt: skip
    *active, _ = queries_of(0, 0, [event], np.random.default_rng(0))
    assert [(q.query, q.key, q.objects[0]) for q in active] == [
        (2, 2, 12), (5, 1, 11), (6, 6, 15), (7, 7, 16)
    ]  # fmt: skip


def test_a_window_with_an_activation_that_is_no_number_has_no_queries() -> None:
    event = Event("test", "random", 0, 7, "d", "prose", 3, 2.0, list("abc"), np.array([0, 11, 12]),
                  np.array([9.0, np.nan, 1.0]), np.zeros((3, 1), int), np.zeros((3, 1)),
                  np.full(6, 0.3))  # fmt: skip
    assert queries_of(0, 0, [event], np.random.default_rng(0)) == []


def test_where_norms_stand_in_the_stream_it_is_refused(tmp_path: Path) -> None:
    bridge = model_of("openai-gpt", tmp_path)
    assert not is_sum(bridge)
    with pytest.raises(Unreadable, match="norms stand in its residual stream"):
        list(direct_rows(bridge, {0: [1, 2]}, AT, vocabulary=VOCABULARY, batch_size=2))


@pytest.mark.parametrize("kind", [*NORMS, "gemma2", "olmo2", "bloom", "granite", "falcon_h1"])
def test_other_streams_are_sums(kind: str, tmp_path: Path) -> None:
    bridge = model_of(kind, tmp_path)
    torch.manual_seed(3)
    for parameter in bridge.original_model.parameters():
        if not parameter.any():  # what was left out beside attention
            torch.nn.init.normal_(parameter, std=0.3)
    assert is_sum(bridge)
