"""Attention in the place of a head's own, on tiny models of many architectures."""

from typing import Any

import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, TOKENS, VOCABULARY, WINDOWS, quiet, write_model

from headatlas.activations.substitution import Substitution, even, off
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

KINDS = (
    "gpt2",
    "gpt_neo",
    "gptj",
    "gpt_neox",
    "bloom",
    "falcon",
    "opt",
    "llama",
    "gemma2",
    "olmo2",
    "deepseek_v3",
)
CASES = [next(a for a in ARCHITECTURES if a.kind == kind) for kind in KINDS]


@pytest.fixture(scope="module", params=CASES, ids=lambda a: a.kind)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bridge, tokens, and the pattern of each layer with attention."""
    folder = tmp_path_factory.mktemp(request.param.kind)
    with quiet():
        write_model(request.param, folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
        tokens = torch.randint(3, VOCABULARY, (WINDOWS, TOKENS), generator=torch.manual_seed(1))
        names = {n: f"blocks.{n}.attn.hook_pattern" for n in info.attention_layers}
        with torch.inference_mode():
            logits, cache = bridge.run_with_cache(tokens)
    return bridge, tokens, logits, {n: cache[name] for n, name in names.items()}


def test_own_attention_changes_nothing(subject: Any) -> None:
    bridge, tokens, logits, patterns = subject
    run = Substitution(bridge, tokens)
    truth = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none"
    )
    torch.testing.assert_close(run.own.loss, truth, atol=1e-5, rtol=1e-5)
    assert run.own.kl.abs().max() == 0
    for layers in ([max(patterns)], list(patterns)):
        heads = {layer: range(HEADS) for layer in layers}
        effect = run.effect(heads, lambda layer, heads: patterns[layer][:, list(heads)])
        torch.testing.assert_close(effect.loss, truth, atol=1e-5, rtol=1e-5)
        assert effect.kl.abs().max() < 1e-5


def test_no_attention_is_z_set_to_zero(subject: Any) -> None:
    bridge, tokens, _, patterns = subject
    layer, head = max(patterns), 2

    def zero(z: torch.Tensor, hook: Any) -> torch.Tensor:
        split = z.reshape(WINDOWS, TOKENS, HEADS, -1).clone()
        split[:, :, head] = 0
        return split.reshape(z.shape)

    with torch.inference_mode():
        hooks = [(f"blocks.{layer}.attn.hook_z", zero)]
        logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)[:, :-1]
    truth = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), tokens[:, 1:], reduction="none"
    )
    run = Substitution(bridge, tokens)
    effect = run.effect({layer: [head]}, off(WINDOWS, TOKENS))
    torch.testing.assert_close(effect.loss, truth, atol=1e-5, rtol=1e-5)
    assert effect.kl.mean() > 1e-6, "the head does nothing at all"


def test_one_pass_leaves_nothing_for_the_next(subject: Any) -> None:
    bridge, tokens, _, patterns = subject
    run, last = Substitution(bridge, tokens), {max(patterns): [0, 3]}
    alone = run.effect(last, even(WINDOWS, TOKENS))
    everything = {layer: range(HEADS) for layer in patterns}
    gone = run.effect(everything, off(WINDOWS, TOKENS))
    again = run.effect(last, even(WINDOWS, TOKENS))
    torch.testing.assert_close(again.loss, alone.loss, atol=0, rtol=0)
    torch.testing.assert_close(Substitution(bridge, tokens).own.loss, run.own.loss)
    assert (gone.loss - run.own.loss).abs().max() > 1e-4
    assert (gone.loss - alone.loss).abs().max() > 1e-4
