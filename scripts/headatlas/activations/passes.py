"""Forward passes that end when all that is wanted has been seen, and what their hooks give."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.exceptions import StopAtLayerException

from ..errors import InputError
from ..subjects.writing import NORM, Writing

Hook = tuple[str, Callable[..., Any]]


class _AllSeen(StopAtLayerException):
    """Ends a forward pass once nothing more of it is needed: no MLP, no unembedding."""


def layer_hooks(layer: int, writing: Writing, *kinds: str) -> dict[str, str]:
    """Hook points of a layer's attention by kind (v, pattern, z), and those of its norm."""
    names = {kind: f"blocks.{layer}.attn.hook_{kind}" for kind in kinds}
    if writing.gain is not None:
        names["before"] = f"blocks.{layer}.{NORM}.hook_in"
        names["after"] = f"blocks.{layer}.{NORM}.hook_out"
    return names


def run_hooked(bridge: TransformerBridge, tokens: torch.Tensor, hooks: Sequence[Hook]) -> None:
    """A forward pass that ends when every hook has fired, in whatever order they do.

    Raises InputError if one never fires.
    """
    waiting = {name for name, _ in hooks}

    def seen(name: str, do: Callable[..., Any], value: torch.Tensor, hook: Any) -> None:
        do(value, hook)
        waiting.discard(name)
        if not waiting:
            raise _AllSeen(value)

    with torch.inference_mode():
        bridge.run_with_hooks(
            tokens.to(bridge.cfg.device),
            fwd_hooks=[(name, partial(seen, name, do)) for name, do in hooks],
            return_type=None,
            use_cache=False,
        )
    if waiting:
        raise InputError(f"{bridge.cfg.model_name}: {min(waiting)} does not show what it does")


def scale_of(
    writing: Writing,
    before: torch.Tensor | None,
    after: torch.Tensor | None,
    device: torch.device,
) -> Float[torch.Tensor, "row token"] | None:
    """The norm's scale at each token; None where there is no norm."""
    if before is None or after is None:
        return None
    return writing.scale(before, after).to(device)


def stored(values: torch.Tensor, what: str) -> torch.Tensor:
    """In half precision, as tables keep them. Raises InputError if that cannot hold them.

    What is infinite already, the model has overflown in; that is told of each head.
    """
    half = values.half()
    if (half.isinf() & values.isfinite()).any():
        largest = values[values.isfinite()].max().item()
        raise InputError(
            f"{what} reaches {largest:.3g}, and is stored in half precision, which ends at "
            f"{torch.finfo(torch.float16).max:.0f}; the weights of the model are too large"
        )
    return half
