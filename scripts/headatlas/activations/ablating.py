"""The ablation of the heads of a layer, batch by batch of windows, as rows of a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from ..controls import Head
from ..intervals import generator
from ..progress import Progress
from ..records.ablations import ABLATIONS
from ..records.base import head_name
from ..storage import TableWriter, table_writer
from ..subjects.circuits import is_sum
from .ablation import Ablation
from .norm import by_head
from .passes import run_hooked
from .some_windows import Some, fitting, some_windows


def z_of(
    bridge: TransformerBridge, layer: int, some: Some, batch_size: int
) -> Float[torch.Tensor, "window head token d_head"]:
    """z of a layer in windows, on CPU. The passes end at the layer."""
    width = bridge.blocks[layer].attn.W_O.shape[-2]
    parts: list[torch.Tensor] = []

    def keep(z: torch.Tensor, hook: Any) -> None:
        parts.append(by_head(z, width).cpu())

    for batch in some.batches(batch_size):
        run_hooked(bridge, batch.tokens, [(f"blocks.{layer}.attn.hook_z", keep)])
    return torch.cat(parts)


class Stand:
    """What stands for the z of a layer's heads: made of `reference`, that of train windows."""

    def __init__(self, reference: Float[torch.Tensor, "window head token d_head"], seed: int):
        self._reference, self._seed = reference, seed
        self._mean = reference.float().mean(0, keepdim=True).to(reference.dtype)

    def of(
        self, kind: str, head: int, windows: Sequence[int]
    ) -> Float[torch.Tensor, "#window token d_head"]:
        """What stands for a head's z. A window's draw is the same for every head and layer."""
        if kind == "zero":
            return torch.zeros_like(self._mean[:, head])
        if kind == "mean":
            return self._mean[:, head]
        return self._reference[[self._drawn(window) for window in windows], head]

    def _drawn(self, window: int) -> int:
        return int(generator(self._seed, "resampled", window).integers(len(self._reference)))


def ablate_layer(
    bridge: TransformerBridge,
    layer: int,
    heads: Sequence[int],
    windows: Path,
    out: Path,
    *,
    limit: int,
    references: int,
    zero: bool,
    seed: int,
    batch_size: int,
) -> None:
    """Write `records.ablations.ABLATIONS` of some heads of a layer.

    Where the residual stream is no sum there are no direct effects.

    Memory holds z of the layer in the reference windows, one batch, and its rows: it does not
    grow with the number of test windows.
    """
    tested = some_windows(windows, "test", limit, sampled=True)
    kinds = ("mean", "resampled", *(["zero"] if zero else []))
    with table_writer(out, ABLATIONS) as writer:
        if not (tested.windows and heads):
            return
        reference = some_windows(windows, "train", references, sampled=False)
        direct = is_sum(bridge)
        stand = Stand(z_of(bridge, layer, reference, batch_size), seed)
        progress = Progress()
        for batch in tested.batches(fitting(bridge, tested, batch_size)):
            run = Ablation(bridge, batch.tokens, [layer])
            for head in heads:
                progress(f"{head_name(layer, head)} in window {batch.windows[0]} and on")
                for kind in kinds:
                    _write(writer, run, (layer, head), kind, stand, batch.windows, direct)


def _write(
    writer: TableWriter,
    run: Ablation,
    at: Head,
    kind: str,
    stand: Stand,
    windows: Sequence[int],
    is_sum: bool,
) -> None:
    z = stand.of(kind, at[1], windows)
    direct: torch.Tensor | None = None
    if kind == "mean" and is_sum:
        total, direct = run.total_and_direct(at, z)
    else:
        total = run.total({at: z})
    rows = [
        {"layer": at[0], "head": at[1], "kind": kind, "window": window}
        | {
            "loss": (total.loss - run.own.loss)[n].numpy(),
            "kl": total.kl[n].numpy(),
            "direct": None if direct is None else (direct - run.own.loss)[n].numpy(),
        }
        for n, window in enumerate(windows)
    ]
    table = pa.Table.from_pylist(rows, schema=ABLATIONS)
    writer.write({name: table.column(name) for name in ABLATIONS.names})
