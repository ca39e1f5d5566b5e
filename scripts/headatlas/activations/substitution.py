"""Forward passes in which heads attend as they are told, and what that costs the model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..errors import InputError
from ..subjects.writing import heads_first
from .norm import by_head
from .passes import Hook

Heads = Mapping[int, Sequence[int]]  # layer -> heads of it
# Attention of some heads of a layer, [window, head, query, key].
Attention = Callable[[int, Sequence[int]], Float[torch.Tensor, "_ _ _ _"]]


class Effect(NamedTuple):
    """What a pass lost, in nats, at each token that has a next one.

    `loss` is the cross-entropy of the next token, `kl` the divergence of the output from the
    model's own, KL(model ‖ substituted).
    """

    loss: Float[torch.Tensor, "window token"]
    kl: Float[torch.Tensor, "window token"]


class Substitution:
    """One batch of windows, run once as the model is and then in other ways.

    Memory holds the output of the batch and the residual stream after each layer; attention is
    asked for layer by layer, while the pass is there.
    """

    def __init__(
        self,
        bridge: TransformerBridge,
        tokens: Int[torch.Tensor, "window token"],
        hooks: Sequence[Hook] = (),
    ):
        """`hooks` look at the pass of the model as it is."""
        self._bridge, self._tokens = bridge, tokens.to(bridge.cfg.device)
        self._after: dict[int, Any] = {}
        with self._recording():
            logits = self._logits(hooks)
        self._own = logits.log_softmax(-1)
        self.own = self._effect(logits)

    def effect(self, heads: Heads, attention: Attention) -> Effect:
        """The effect of `attention` in the place of that of `heads`.

        What lies below the first layer is not run again. Raises InputError if a layer does not
        show its values before it uses them.
        """
        hooks = substituting(self._bridge, heads, attention)
        return self._effect_from(min(heads, default=0), hooks)

    def _effect_from(self, start: int, hooks: Sequence[Hook]) -> Effect:
        """The effect of a pass from a layer on, under hooks."""
        with self._replaying(start):
            return self._effect(self._logits(hooks))

    def _logits(self, hooks: Sequence[Hook]) -> Float[torch.Tensor, "window token vocabulary"]:
        """Of the tokens that have a next one, in single precision."""
        with torch.inference_mode():
            logits = self._bridge.run_with_hooks(
                self._tokens, fwd_hooks=list(hooks), return_type="logits", use_cache=False
            )
        return logits[:, :-1].float()

    def _effect(self, logits: Float[torch.Tensor, "window token vocabulary"]) -> Effect:
        # Window by window: a term for every token of the vocabulary would double the memory, and
        # so much at once costs more to fetch than to fill.
        loss, kl = [], []
        for own, given, following in zip(self._own, logits, self._tokens[:, 1:, None], strict=True):
            found = given.log_softmax(-1)
            loss.append(-found.gather(-1, following.to(found.device))[..., 0])
            kl.append(torch.linalg.vecdot(own.exp(), found.neg_().add_(own)))
        return Effect(torch.stack(loss).cpu(), torch.stack(kl).cpu())

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Keep what each layer returns."""

        def keep(layer: int, block: Any, arguments: Any, returned: Any) -> None:
            self._after[layer] = returned

        with ExitStack() as stack:
            for layer, block in enumerate(self._bridge.blocks):
                stack.callback(block.register_forward_hook(partial(keep, layer)).remove)
            yield

    @contextmanager
    def _replaying(self, start: int) -> Iterator[None]:
        """Let the layers below `start` return what they did, without running them."""
        blocks = self._bridge.blocks[:start]
        for layer, block in enumerate(blocks):  # its attributes would be set on what it wraps
            vars(block)["forward"] = partial(_returned, self._after[layer])
        try:
            yield
        finally:
            for block in blocks:
                del vars(block)["forward"]  # the class's own again


def substituting(bridge: TransformerBridge, heads: Heads, attention: Attention) -> list[Hook]:
    """Hooks that put `attention` in the place of that of `heads`, for passes over whole windows.

    z becomes P v, with the values of the pass itself: in some architectures the pattern's own
    hook shows attention and changes nothing. The pass raises InputError if a layer does not show
    its values before it uses them.
    """
    return [hook for layer in heads for hook in _of_layer(bridge, layer, heads[layer], attention)]


def _of_layer(
    bridge: TransformerBridge, layer: int, heads: Sequence[int], attention: Attention
) -> list[Hook]:
    name = f"blocks.{layer}.attn"
    width = bridge.blocks[layer].attn.W_O.shape[-2]
    first = heads_first(bridge, layer)
    given: list[torch.Tensor] = []

    def keep(value: torch.Tensor, hook: Any) -> None:
        given[:] = [value if first else by_head(value, width)]

    def replace(z: torch.Tensor, hook: Any) -> torch.Tensor:
        if not given:
            raise InputError(f"{bridge.cfg.model_name}: {name} shows no values before z")
        return replaced(z, given.pop(), heads, attention(layer, heads))

    return [(f"{name}.hook_v", keep), (f"{name}.hook_z", replace)]


def _returned(value: Any, *arguments: Any, **named: Any) -> Any:
    return value


def replaced(
    z: Float[torch.Tensor, "window token *width"],
    v: Float[torch.Tensor, "window value_head token d_head"],
    heads: Sequence[int],
    attention: Float[torch.Tensor, "window some_head token token"],
) -> Float[torch.Tensor, "window token *width"]:
    """z with that of `heads` as their attention makes it from the values.

    Consecutive heads share a value where there are fewer of these.
    """
    new = by_head(z, v.shape[-1]).clone()
    group = new.shape[1] // v.shape[1]
    mine = torch.as_tensor(heads, device=v.device)
    made = attention.to(v.device, v.dtype) @ v[:, mine // group]
    new[:, mine.to(new.device)] = made.to(new.device, new.dtype)
    return new.transpose(1, 2).reshape(z.shape)


def off(windows: int, tokens: int) -> Attention:
    """No attention at all: the heads write nothing but the bias of their output."""
    return lambda layer, heads: torch.zeros(windows, len(heads), tokens, tokens)


def even(windows: int, tokens: int) -> Attention:
    """The same attention to every token up to the current one."""
    rows = torch.ones(tokens, tokens).tril()
    rows = rows / rows.sum(-1, keepdim=True)
    return lambda layer, heads: rows.expand(windows, len(heads), tokens, tokens)
