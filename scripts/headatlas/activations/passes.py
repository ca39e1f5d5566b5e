"""Forward passes that end when all that is wanted has been seen, and what their hooks give."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.exceptions import StopAtLayerException

from ..errors import InputError
from ..records.base import head_name
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


def stored(
    values: Float[torch.Tensor, "*row token"],
    what: str,
    layer: int,
    heads: Int[torch.Tensor, "*#row"],
) -> Float[torch.Tensor, "*row token"]:
    """Norms in half precision, as tables keep them. Raises InputError if that cannot hold them.

    `heads` is the head of each row. What is infinite already, the model has overflown in; that
    is told of each head.
    """
    half = values.half()
    over = half.isinf() & values.isfinite()
    if over.any():
        largest, at = values[over].max(dim=0)
        head = int(heads[..., None].expand_as(values)[over][at])
        raise InputError(
            f"{head_name(layer, head)}: {what} reaches {largest:.3g}, but tables keep norms in "
            f"half precision, up to {torch.finfo(torch.float16).max:.0f}; choose other layers "
            "(models.*.layers), or activations.norm: z_norm, which leaves out the output weights"
        )
    return half
