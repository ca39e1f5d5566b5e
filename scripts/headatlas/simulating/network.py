"""The network: an explanation and the text around a token, and how active the head is there."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .data import BACK, BUCKETS

WIDTH, TOKEN_WIDTH = 128, 16
Batch = tuple[
    Float[Tensor, "row embedding"],
    Int[Tensor, "row back"],
    Float[Tensor, "row feature"],
    Float[Tensor, " row"],
]


class Simulator(nn.Module):
    """Activation, in standard deviations of the head's own, from what is said of it.

    The explanation and the text are each read by two layers, and multiplied unit by unit, so
    that the explanation says which of the text's features count.
    """

    def __init__(self, embedding: int, features: int):
        super().__init__()
        self.token = nn.Embedding(BUCKETS, TOKEN_WIDTH)
        self.text = _layers(BACK * TOKEN_WIDTH + features)
        self.said = _layers(embedding)
        self.out = nn.Linear(WIDTH, 1)

    def forward(
        self,
        said: Float[Tensor, "row embedding"],
        tokens: Int[Tensor, "row back"],
        features: Float[Tensor, "row feature"],
    ) -> Float[Tensor, " row"]:
        text = self.text(torch.cat([self.token(tokens).flatten(1), features], dim=1))
        found: Float[Tensor, " row"] = self.out(text * self.said(said)).squeeze(1)
        return found


def trained(
    batches: Callable[[np.random.Generator], Iterator[Batch]],
    embedding: int,
    features: int,
    *,
    steps: int,
    seed: int,
) -> tuple[Simulator, list[float]]:
    """A simulator after so many steps of AdamW on squared error, and its loss at each."""
    torch.manual_seed(seed)
    network = Simulator(embedding, features)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    losses = []
    for _, (*inputs, target) in zip(
        range(steps), batches(np.random.default_rng(seed)), strict=False
    ):
        loss = nn.functional.mse_loss(network(*inputs), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    network.eval()
    return network, losses


def _layers(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, WIDTH), nn.GELU(), nn.Dropout(0.1), nn.Linear(WIDTH, WIDTH), nn.GELU()
    )
