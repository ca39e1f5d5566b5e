"""The weights through which a head writes: what tokens are to it, and what it is to the logits.

That a layer's heads write as these weights say is not taken from the name of the architecture:
a few tokens are run through the model, and what it does is compared. Where another map stands in
between (a gate, a latent, a norm of the values), `Unreadable` says so, instead of wrong figures.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.exceptions import StopAtLayerException

from ..errors import InputError
from .writing import output_maps

_BATCH = 4096  # tokens at a time, each a window of its own
_PROBED = 8  # tokens that are run through the model
_LOUDER = 32.0  # more, and half precision might not hold it
_TOLERANCE = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 5e-2}
Stream = Float[torch.Tensor, "token d_model"]


class Unreadable(InputError):
    """What heads write cannot be told from the weights of the model, or of one of its layers."""


NO_SUM = "norms stand in its residual stream, so that what a head adds is no part of the logits"


class HeadMaps(NamedTuple):
    """The maps of a layer's heads, in float32.

    `values` is W_V of each head, that of its key-value head if it shares one; `outputs` is W_O,
    with the gain and the factor of what follows it.
    """

    values: Float[torch.Tensor, "head d_model d_head"]
    outputs: Float[torch.Tensor, "head d_head d_model"]


class Ends(NamedTuple):
    """The ends of the maps of all heads: the tokens as heads read them, and the logits.

    `streams` are what tokens are with (True) or without (False) the first layer's MLP.
    """

    streams: dict[bool, Stream]
    logits: Float[torch.Tensor, "d_model token"]


def ends_of(
    bridge: TransformerBridge, tokens: Int[torch.Tensor, " token"], streams: set[bool]
) -> Ends:
    """The ends for some tokens of the vocabulary. Raises Unreadable if they cannot be told."""
    mapped = logit_map(bridge)[:, tokens]
    return Ends({mlp: stream_of(bridge, tokens, first_mlp=mlp) for mlp in streams}, mapped)


def circuits_of(
    bridge: TransformerBridge, layer: int, ends: Ends, *, first_mlp: bool
) -> Iterator[tuple[Float[torch.Tensor, "token d_head"], Float[torch.Tensor, "d_head token"]]]:
    """The two factors of each head's map from token to token, in the order of heads."""
    read = normed(bridge, layer, ends.streams[first_mlp])
    for values, outputs in zip(*head_maps(bridge, layer), strict=True):
        yield read @ values, outputs @ ends.logits


def stream_of(
    bridge: TransformerBridge, tokens: Int[torch.Tensor, " token"], *, first_mlp: bool
) -> Stream:
    """What each token is in the residual stream before any head: its embedding alone, in float32.

    With `first_mlp` as it leaves the first layer if no head writes there: its embedding, and what
    that layer's MLP makes of it. That is left out where the first layer has no attention heads.
    So are positions that are added to the embedding; raises Unreadable where they cannot be.
    """
    first_mlp = first_mlp and "blocks.0.attn.hook_z" in bridge.hook_dict
    at = f"blocks.{int(first_mlp)}.hook_in"
    hooks: list[tuple[str, Any]] = []
    if "pos_embed.hook_out" in bridge.hook_dict:
        hooks.append(("pos_embed.hook_out", _zero))
    if first_mlp:
        hooks.append(("blocks.0.attn.hook_z", _zero))
    twice = tokens[:1].repeat(1, 2)
    first, second = _seen(bridge, twice, at, hooks)[0]
    if not _alike(first[None], second[None], _tolerance(bridge)):
        raise Unreadable("its positions are a part of the embedding that cannot be left out")
    parts = [_seen(bridge, some[:, None], at, hooks)[:, 0] for some in tokens.split(_BATCH)]
    return torch.cat(parts)


def _zero(value: torch.Tensor, hook: Any) -> torch.Tensor:
    return torch.zeros_like(value)


@torch.inference_mode()
def _seen(
    bridge: TransformerBridge, tokens: torch.Tensor, at: str, hooks: Sequence[tuple[str, Any]]
) -> Float[torch.Tensor, "window token d_model"]:
    """What comes to a place of the model, which is run no further."""
    found: list[torch.Tensor] = []

    def keep(value: torch.Tensor, hook: Any) -> None:
        found.append(value.float())
        raise StopAtLayerException(value)

    bridge.run_with_hooks(tokens, fwd_hooks=[*hooks, (at, keep)], return_type=None, use_cache=False)
    return found[0]


@torch.inference_mode()
def normed(bridge: TransformerBridge, layer: int, stream: Stream) -> Stream:
    """What the heads of a layer read of a stream, in float32: normed where it has such a norm.

    The norm's bias, the same for all tokens, is left out.
    """
    block = bridge.blocks[layer]
    if "ln1" not in block.submodules:
        return stream
    norm = partial(_apply, block.submodules["ln1"].original_component)
    return norm(stream) - norm(torch.zeros_like(stream[:1]))


def _apply(norm: Any, stream: Stream) -> Stream:
    like = next(iter(norm.parameters()), stream)
    return norm(stream.to(like.dtype)[:, None])[:, 0].float()


@torch.inference_mode()
def head_maps(bridge: TransformerBridge, layer: int) -> HeadMaps:
    """The maps of a layer's heads. Raises Unreadable if they do not do what the layer does."""
    attention = bridge.blocks[layer].attn
    try:
        values = attention.W_V.detach().float()
    except (NotImplementedError, AttributeError):
        raise Unreadable("its values are made by another map than one matrix a head") from None
    outputs = output_maps(bridge, layer)
    if values.ndim != 3 or outputs.shape[0] % values.shape[0]:
        raise Unreadable("its values are made by another map than one matrix a head")
    return HeadMaps(values.repeat_interleave(outputs.shape[0] // values.shape[0], 0), outputs)


@torch.inference_mode()
def wrong_layers(bridge: TransformerBridge, layers: Sequence[int]) -> dict[int, str]:
    """Why the heads of some layers cannot be told from `head_maps`, by layer.

    Where a head attends to one token alone, v has to be the token's value, up to a bias, and z to
    be v, up to a factor.
    """
    seen: dict[tuple[int, str], torch.Tensor] = {}

    def keep(at: tuple[int, str], value: torch.Tensor, hook: Any) -> None:
        seen[at] = value.float()

    kinds = ("hook_in", "attn.hook_v", "attn.hook_z")
    hooks = [(f"blocks.{n}.{kind}", partial(keep, (n, kind))) for n in layers for kind in kinds]
    bridge.run_with_hooks(_probed(bridge), fwd_hooks=[*hooks], return_type=None, use_cache=False)
    wrong = {}
    for n in layers:
        try:
            maps = head_maps(bridge, n)
        except Unreadable as error:
            wrong[n] = str(error)
            continue
        read = normed(bridge, n, seen[n, "hook_in"][:, 0])
        told = torch.einsum("td,hde->the", read, maps.values)
        v, z = (seen[n, kind].flatten(1) for kind in kinds[1:])
        z = z.view_as(told)
        v = v.view(len(v), -1, z.shape[2]).repeat_interleave(z.numel() // v.numel(), 1)
        tolerance = _tolerance(bridge)
        if not _alike(told - told[:1], v - v[:1], tolerance):
            wrong[n] = "their values are no linear map of what they read"
        elif not _alike(unit(v), unit(z), tolerance):
            wrong[n] = "what they pass on is not the value of the token attended to"
    return wrong


def unit(x: Float[torch.Tensor, "*row n"]) -> Float[torch.Tensor, "*row n"]:
    """Rows of length 1."""
    return x / x.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


@torch.inference_mode()
def logit_map(bridge: TransformerBridge) -> Float[torch.Tensor, "d_model token"]:
    """What is added to the stream, as logits: the final norm's gain and W_U, in float32.

    Up to a positive factor that is the same for all tokens: the norm's scale, and a scale or a
    softcap of the logits. Raises Unreadable if that is not what the model does.
    """
    if not is_sum(bridge):
        raise Unreadable(NO_SUM)
    weights = bridge.W_U.detach().float()
    width = weights.shape[0]
    has_norm = "ln_final.hook_in" in bridge.hook_dict
    norm = partial(_apply, bridge.ln_final.original_component) if has_norm else _same
    gain, centred = _gain(norm, width)
    stream, logits = _ends(bridge, "ln_final.hook_in" if has_norm else "unembed.hook_in")
    told = stream - stream.mean(-1, keepdim=True) if centred else stream
    came = norm(stream) - norm(torch.zeros_like(stream[:1]))
    linear = _alike(unit(told * gain), unit(came), _tolerance(bridge))
    if not (linear and _rises(norm(stream) @ weights + bridge.b_U.float(), logits)):
        raise Unreadable("its logits are no linear map of the residual stream and its scale")
    mapped = weights * gain[:, None]
    return mapped - mapped.mean(0) if centred else mapped


@torch.inference_mode()
def is_sum(bridge: TransformerBridge) -> bool:
    """Whether the residual stream is a sum, which what a head adds stays a part of.

    It is none where norms stand in the stream itself (the first GPT): however loud what comes to
    the last layer is, what leaves it is as loud as ever. What cannot be told counts as a sum.
    """
    seen: list[torch.Tensor] = []

    def louder(value: torch.Tensor, hook: Any) -> torch.Tensor:
        seen.append(value.float() * _LOUDER)
        return value * _LOUDER

    def keep(value: torch.Tensor, hook: Any) -> None:
        seen.append(value.float())
        raise StopAtLayerException(value)

    end = "ln_final.hook_in" if "ln_final.hook_in" in bridge.hook_dict else "unembed.hook_in"
    last = f"blocks.{len(bridge.blocks) - 1}.hook_in"
    hooks: list[Any] = [(last, louder), (end, keep)]
    bridge.run_with_hooks(_probed(bridge), fwd_hooks=hooks, return_type=None, use_cache=False)
    came, left = seen
    return not (left - came).norm() > came.norm() / 2


@torch.inference_mode()
def final_scale(bridge: TransformerBridge, stream: Stream) -> Float[torch.Tensor, " token"]:
    """The scale of the final norm at each token, as `logit_map` leaves it out; 1 without one."""
    if "ln_final.hook_in" not in bridge.hook_dict:
        return torch.ones(len(stream), device=stream.device)
    norm = partial(_apply, bridge.ln_final.original_component)
    gain, centred = _gain(norm, stream.shape[1])
    told = (stream - stream.mean(-1, keepdim=True) if centred else stream) * gain
    came = norm(stream) - norm(torch.zeros_like(stream[:1]))
    return came.norm(dim=-1) / told.norm(dim=-1).clamp_min(torch.finfo(torch.float32).tiny)


def _same(stream: Stream) -> Stream:
    return stream


def _gain(norm: Callable[[Stream], Stream], width: int) -> tuple[Float[torch.Tensor, " n"], bool]:
    """The gain of a norm, and whether it subtracts the mean."""
    high, low = (width + 1) // 2, width // 2
    probe = torch.cat([torch.full((high,), 1 / high), torch.full((low,), -1 / low)])
    probe *= (width / probe.square().sum()).sqrt()  # mean 0, mean square 1
    bias, once, shifted = norm(torch.stack([0 * probe, probe, probe + 1]))
    return (once - bias) / probe, _alike(shifted - bias, once - bias, 1e-2)


def _ends(bridge: TransformerBridge, at: str) -> tuple[Stream, Float[torch.Tensor, "token logit"]]:
    """What comes to the final norm for a few tokens, and their logits."""
    found: list[torch.Tensor] = []

    def keep(value: torch.Tensor, hook: Any) -> None:
        found.append(value.float())

    logits = bridge.run_with_hooks(
        _probed(bridge), fwd_hooks=[(at, keep)], return_type="logits", use_cache=False
    )
    return found[0][:, 0], logits[:, 0].float()


def _rises(told: torch.Tensor, logits: torch.Tensor) -> bool:
    """Whether the logits are in the order in which they are told to be, but for rounding."""
    ordered = logits.gather(1, told.argsort(dim=1))
    falls = (ordered[:, :-1] - ordered[:, 1:]).amax(1)
    return bool((falls <= 1e-2 * (ordered[:, -1] - ordered[:, 0])).all())


def _probed(bridge: TransformerBridge) -> Int[torch.Tensor, "window 1"]:
    return torch.linspace(0, bridge.cfg.d_vocab - 1, _PROBED).long()[:, None]


def _tolerance(bridge: TransformerBridge) -> float:
    return _TOLERANCE[next(bridge.original_model.parameters()).dtype]


def _alike(a: torch.Tensor, b: torch.Tensor, tolerance: float) -> bool:
    return float((a - b).norm()) <= tolerance * max(float(b.norm()), 1e-20)
