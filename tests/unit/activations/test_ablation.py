"""Heads that write something else, on tiny models of many architectures, against naive passes."""

from functools import partial
from typing import Any

import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, TOKENS, VOCABULARY, WINDOWS, quiet, write_model

from headatlas.activations.ablation import Ablation
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded
from headatlas.subjects.writing import added_hook

KINDS = (
    "gpt2",
    "gptj",
    "gpt_neox",
    "bloom",
    "falcon",
    "opt",
    "llama",
    "gemma2",
    "olmo2",
    "granite",
)
CASES = [next(a for a in ARCHITECTURES if a.kind == kind) for kind in KINDS]


@pytest.fixture(scope="module", params=CASES, ids=lambda a: a.kind)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bridge whose layers have more than attention, and tokens."""
    folder = tmp_path_factory.mktemp(request.param.kind)
    with quiet():
        write_model(request.param, folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    torch.manual_seed(3)
    for parameter in bridge.original_model.parameters():
        if not parameter.any():  # what was left out beside attention
            torch.nn.init.normal_(parameter, std=0.3)
    tokens = torch.randint(3, VOCABULARY, (WINDOWS, TOKENS), generator=torch.manual_seed(1))
    return bridge, tokens


def loss_of(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    logits = logits[:, :-1].transpose(1, 2).float()
    return torch.nn.functional.cross_entropy(logits, tokens[:, 1:], reduction="none")


def put(heads: dict[int, torch.Tensor], z: torch.Tensor, hook: Any) -> torch.Tensor:
    split = z.reshape(*z.shape[:2], HEADS, -1).clone()
    for head, value in heads.items():
        split[:, :, head] = value
    return split.reshape(z.shape)


def width(bridge: Any) -> int:
    return bridge.blocks[0].attn.W_O.shape[-2]


@torch.inference_mode()
def test_total_effect_is_that_of_a_whole_pass(subject: Any) -> None:
    bridge, tokens = subject
    for layer in (0, 1):
        z = torch.randn(WINDOWS, TOKENS, width(bridge), generator=torch.manual_seed(layer))
        hooks = [(f"blocks.{layer}.attn.hook_z", partial(put, {2: z}))]
        logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)
        run = Ablation(bridge, tokens, [layer])
        for found in (run.total({(layer, 2): z}), run.total_and_direct((layer, 2), z)[0]):
            torch.testing.assert_close(found.loss, loss_of(logits, tokens), atol=1e-5, rtol=1e-5)
        own = run.own.loss
        assert (found.loss - own).abs().max() > 1e-4, "the head does nothing at all"
        assert found.kl.mean() > 1e-6


@torch.inference_mode()
def test_heads_of_several_layers_go_together(subject: Any) -> None:
    bridge, tokens = subject
    z = torch.randn(4, 1, TOKENS, width(bridge), generator=torch.manual_seed(5))
    instead = {(0, 1): z[0], (1, 0): z[1], (1, 3): z[2]}
    hooks = [
        ("blocks.0.attn.hook_z", partial(put, {1: z[0]})),
        ("blocks.1.attn.hook_z", partial(put, {0: z[1], 3: z[2]})),
    ]
    logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)
    found = Ablation(bridge, tokens).total(instead)
    torch.testing.assert_close(found.loss, loss_of(logits, tokens), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_direct_effect_is_that_of_a_pass_whose_later_parts_are_held(subject: Any) -> None:
    """Held are what all later attention and MLPs add; in the naive pass, hook by hook."""
    bridge, tokens = subject
    if bridge.original_model.config.model_type == "bloom":
        return  # what its parts return holds the stream too: they cannot be held by hooks
    own: dict[str, torch.Tensor] = {}
    held = [f"blocks.{n}.mlp.hook_out" for n in range(2)] + [added_hook(bridge, 1)]
    if (norm := "blocks.0.ln2_post.hook_out") in bridge.hook_dict:
        held = [norm, norm.replace("0", "1", 1), *held[2:]]

    def keep(value: torch.Tensor, hook: Any) -> None:
        own[hook.name] = value.clone()

    bridge.run_with_hooks(tokens, fwd_hooks=[(name, keep) for name in held])
    z = torch.randn(WINDOWS, TOKENS, width(bridge), generator=torch.manual_seed(7))
    hooks = [(name, lambda value, hook: own[hook.name]) for name in held]
    hooks.append(("blocks.0.attn.hook_z", partial(put, {1: z})))
    logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)
    run = Ablation(bridge, tokens, [0])
    total, direct = run.total_and_direct((0, 1), z)
    torch.testing.assert_close(direct, loss_of(logits, tokens), atol=1e-5, rtol=1e-5)
    assert (direct - total.loss).abs().max() > 1e-4, "later layers do nothing"
    again = Ablation(bridge, tokens).own.loss
    torch.testing.assert_close(again, run.own.loss, atol=0, rtol=0)
