"""What the model loses without a planted head, worked out from its weights in double precision.

Nothing of the library's passes is in it: attention, the sum of what heads write, norm, logits and
loss are written down anew.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from headatlas.subjects.planted.circuits import Circuit
from headatlas.subjects.planted.noise import softmax
from headatlas.subjects.planted.residual import CONSTANT, position_embedding
from headatlas.subjects.planted.writers import LAYERS, Head, Planted

Stream = Float[np.ndarray, "window token feature"]
Z = Float[np.ndarray, "#window token d_head"]


class Known:
    """A planted subject on some windows."""

    def __init__(self, planted: Planted, tokens: Int[np.ndarray, "window token"]):
        self._circuits = {at: rounded(circuit) for at, circuit in planted.circuits.items()}
        self._unembedding = _half(planted.unembedding)
        self._ids = tokens
        start = _half(planted.tokens)[tokens] + _half(position_embedding())[: tokens.shape[1]]
        self.z: dict[Head, np.ndarray] = {}
        self._before = [start]
        for layer in range(LAYERS):
            self._before.append(self._after(layer, self._before[layer], {}, self.z))

    def effect(self, at: Head, z: Z) -> tuple[float, float]:
        """What is lost, and what were all later heads to write what they do, in nats a token."""
        own = self._loss(self._before[LAYERS])
        stream = self._before[at[0]]
        for layer in range(at[0], LAYERS):
            stream = self._after(layer, stream, {at: z}, {})
        change = (z - self.z[at]) @ self._circuits[at].output
        return self._loss(stream) - own, self._loss(self._before[LAYERS] + change) - own

    def _after(
        self, layer: int, stream: Stream, instead: Mapping[Head, Z], seen: dict[Head, np.ndarray]
    ) -> Stream:
        read, after = normed(stream), stream
        for at, circuit in self._circuits.items():
            if at[0] == layer:
                z = softmax(circuit.logits(read)) @ (read @ circuit.value)
                seen[at] = z
                after = after + np.asarray(instead.get(at, z)) @ circuit.output
        return after

    def _loss(self, stream: Stream) -> float:
        logits = normed(stream[:, :-1]) @ self._unembedding.T
        own = np.take_along_axis(logits, self._ids[:, 1:, None], axis=-1)[..., 0]
        return float((logsumexp(logits, axis=-1) - own).mean())


def normed(stream: Stream) -> Stream:
    """What LayerNorm makes of a stream that is stored twice: its mean is 0."""
    return stream * CONSTANT / np.linalg.norm(stream, axis=-1, keepdims=True)


def rounded(circuit: Circuit) -> Circuit:
    """As it is stored."""
    found = Circuit()
    for name in ("query", "query_bias", "key", "value", "output"):
        setattr(found, name, _half(getattr(circuit, name)))
    return found


def _half(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).astype(float)
