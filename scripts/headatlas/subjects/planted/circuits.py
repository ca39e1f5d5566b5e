"""One head's weights, put together from the terms of its attention logits.

The logit of a query and a key is a sum of terms, each of which takes some of the head's
dimensions: keys that the head prefers, a key at a distance, a key of the same token. Logits
are in nats. MARGIN is what separates them: the keys of a role stand at least this far above
the first token, and the first token at least this far above all other keys.
"""

import numpy as np
from jaxtyping import Float

from .residual import CLOCK, DIGITS, FEATURES, PLACES, feature
from .vocabulary import CODE_LENGTH

D_HEAD = 64
NOISE_RANK = 4  # the last dimensions of a head are for noise
MARGIN = 8.0
_SCALE = D_HEAD**0.5  # attention divides by it
_Logits = Float[np.ndarray, "*window query key"]


class Circuit:
    """Query, key, value and output weights of a head, between features and its dimensions."""

    def __init__(self) -> None:
        self.query = np.zeros((FEATURES, D_HEAD))
        self.query_bias = np.zeros(D_HEAD)
        self.key = np.zeros((FEATURES, D_HEAD))
        self.value = np.zeros((FEATURES, D_HEAD))
        self.output = np.zeros((D_HEAD, FEATURES))
        self._used = 0
        self._written = 0

    def prefer(
        self, keys: dict[str, float], *, when: str | None = None, unless: str | None = None
    ) -> None:
        """Add to the logit of a key what `keys` says of its features, in nats.

        At all queries, or only `when` the query's token is of a class, or `unless` it is.
        """
        at = self._take(1).start
        if when is None:
            self.query_bias[at] = _SCALE
        else:
            self.query[feature(when), at] = _SCALE
        if unless is not None:
            self.query[feature(unless), at] = -_SCALE
        for name, nats in keys.items():
            self.key[feature(name), at] += nats

    def at_distance(self, distance: int, nats: float) -> None:
        """Add `nats` at keys `distance` tokens back, and whole turns of the clock further."""
        at, clock = self._take(CLOCK), PLACES["clock"]
        self.query[clock, at] = _SCALE * np.roll(np.eye(CLOCK), -distance, axis=1)
        self.key[clock, at] = nats * np.eye(CLOCK)

    def same_token(self, place: str, nats: float) -> None:
        """Add `nats` where the query's token is the one at `place` of the key's features.

        Other tokens get at most a third of it, because of the code.
        """
        at = self._take(CODE_LENGTH)
        self.query[PLACES["token"], at] = _SCALE * np.eye(CODE_LENGTH)
        self.key[PLACES[place], at] = nats / CODE_LENGTH * np.eye(CODE_LENGTH)

    def smaller_value(self, nats: float) -> None:
        """Add `nats` where query and key are digits, and the key's is the smaller."""
        at, value = self._take(DIGITS), PLACES["value"]
        self.query[value, at] = _SCALE * np.eye(DIGITS)
        self.key[value, at] = nats * np.triu(np.ones((DIGITS, DIGITS)), k=1)

    def in_step(self, period: int, nats: float) -> None:
        """Add `nats` at keys whose position is a multiple of `period`, a divisor of CLOCK."""
        at = self._take(1).start
        self.query_bias[at] = _SCALE
        self.key[PLACES["clock"].start : PLACES["clock"].stop : period, at] = nats

    def carry(self) -> None:
        """Write code and classes of the attended token to where the previous token's stand."""
        start = 0
        for place in ("token", "class"):
            width = PLACES[place].stop - PLACES[place].start
            at = slice(start, start + width)
            self.value[PLACES[place], at] = np.eye(width)
            self.output[at, PLACES[f"previous_{place}"]] = np.eye(width)
            start += width

    def write_token(self, rng: np.random.Generator, place: str = "output") -> None:
        """Write the code of the attended token to a place, turned at random: a vector of norm 1.

        The first token, BOS, has no code: attention that rests on it writes nothing.
        """
        at = slice(0, CODE_LENGTH)
        width = PLACES[place].stop - PLACES[place].start
        turned, _ = np.linalg.qr(rng.normal(size=(width, CODE_LENGTH)))
        self.value[PLACES["token"], at] = np.eye(CODE_LENGTH)
        self.output[at, PLACES[place]] = turned.T / (2 * CODE_LENGTH) ** 0.5  # stored twice

    def write(self, source: str, place: str, map: Float[np.ndarray, "read written"]) -> None:
        """Write what stands at `source` of the attended token, times a map, to a place."""
        at = slice(self._written, self._written + len(map))
        self._written = at.stop
        self.value[PLACES[source], at] = np.eye(len(map))
        self.output[at, PLACES[place]] = map

    def add_noise(self, rng: np.random.Generator) -> None:
        """Random logits of token and position in the last dimensions, of no known size yet."""
        at = slice(D_HEAD - NOISE_RANK, D_HEAD)
        for weights in (self.query, self.key):
            for place in ("token", "clock"):
                width = PLACES[place].stop - PLACES[place].start
                size = CODE_LENGTH**-0.5 if place == "token" else 1.0
                weights[PLACES[place], at] = size * rng.normal(size=(width, NOISE_RANK))

    def scale_noise(self, factor: float) -> None:
        """Multiply the noise on the logits."""
        at = slice(D_HEAD - NOISE_RANK, D_HEAD)
        self.query[:, at] *= factor**0.5
        self.key[:, at] *= factor**0.5

    def logits(self, stream: Float[np.ndarray, "*window token feature"]) -> _Logits:
        """Attention logits of this head on a stream, before the causal mask."""
        queries = stream @ self.query + self.query_bias
        return queries @ np.swapaxes(stream @ self.key, -1, -2) / _SCALE

    def noise(self, stream: Float[np.ndarray, "*window token feature"]) -> _Logits:
        """The part of the logits that is noise."""
        at = slice(D_HEAD - NOISE_RANK, D_HEAD)
        return (stream @ self.query[:, at]) @ np.swapaxes(stream @ self.key[:, at], -1, -2) / _SCALE

    def _take(self, width: int) -> slice:
        """The next free dimensions of the head."""
        at = slice(self._used, self._used + width)
        self._used += width
        if self._used > D_HEAD - NOISE_RANK:
            raise ValueError(f"a head of {D_HEAD} dimensions has no room for {width} more")
        return at
