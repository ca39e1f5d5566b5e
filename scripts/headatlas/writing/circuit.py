"""A head's map from the token attended to, to the logits of the next: its OV circuit.

Row s of M = A B is what the head adds to the logits where it attends to token s alone, up to a
factor of the row, which is positive (the scale of the final norm), and to what is the same for
all s (biases). A is W_E, normed, times W_V; B is W_O, times the final norm's gain, times W_U. M has
a number for each pair of tokens and is never formed: rows are made block by block.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int

_BLOCK = 2**24  # numbers of M at once: 64 MiB


class Circuit(NamedTuple):
    """The two factors of M; tokens are numbered as the rows of both are, from 0."""

    values: Float[torch.Tensor, "token d_head"]
    logits: Float[torch.Tensor, "d_head token"]

    def rows(
        self, sources: Int[torch.Tensor, " source"]
    ) -> Iterator[Float[torch.Tensor, "_ token"]]:
        """Rows of M, block by block, in the order of `sources`."""
        for some in sources.split(max(1, _BLOCK // self.logits.shape[1])):
            yield self.values[some] @ self.logits


def copying_score(circuit: Circuit) -> float | None:
    """Σλ/Σ|λ| over the eigenvalues of M: 1 if all are positive, −1 if all are negative.

    A head that raises the tokens it attends to has positive ones (Elhage et al. 2021, A
    Mathematical Framework for Transformer Circuits). The eigenvalues of A B that are not 0 are
    those of the small matrix B A. None where all are 0.
    """
    # Eigenvalues that are nearly equal move by the root of what is rounded in the product.
    small = circuit.logits.double() @ circuit.values.double()
    found = torch.linalg.eigvals(small)
    size = float(found.abs().sum())
    return float(found.real.sum()) / size if size else None


def strengths(circuit: Circuit) -> Float[torch.Tensor, " token"]:
    """Standard deviation of each row of M: how much the head changes the logits at all.

    What is added to all logits alike changes no probability, and is left out.
    """
    centred = circuit.logits - circuit.logits.mean(1, keepdim=True)
    gram = centred @ centred.T / centred.shape[1]
    return ((circuit.values @ gram) * circuit.values).sum(1).clamp_min(0).sqrt()


class Changed(NamedTuple):
    """Tokens that the head raises and lowers most where it attends to a source, the most first."""

    raised: Int[torch.Tensor, "source count"]
    lowered: Int[torch.Tensor, "source count"]


def most_changed(circuit: Circuit, sources: Int[torch.Tensor, " source"], count: int) -> Changed:
    """For each source token, the `count` tokens with the largest and the smallest entry."""
    raised, lowered = [], []
    for block in circuit.rows(sources):
        raised.append(block.topk(count).indices)
        lowered.append(block.topk(count, largest=False).indices)
    return Changed(torch.cat(raised), torch.cat(lowered))
