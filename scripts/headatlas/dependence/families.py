"""Families of heads ablated together, beside random heads of their layers: which, and figures."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from ..controls import Head
from ..intervals import Estimate, estimate, resample_counts, undefined

_NO_OTHERS = "its layers have not as many other heads"
_NO_DRAWS = "no random heads were drawn"


def random_sets(
    family: Sequence[Head], heads: Sequence[Head], draws: int, rng: np.random.Generator
) -> list[list[Head]]:
    """So many sets of heads that are not of the family, as many of each layer as it has there.

    None where a layer has not as many others.
    """
    needed = Counter(layer for layer, _ in family)
    others = {n: [at for at in heads if at[0] == n and at not in family] for n in needed}
    if any(len(others[layer]) < number for layer, number in needed.items()):
        return []
    return [
        [
            others[layer][int(place)]
            for layer, number in sorted(needed.items())
            for place in sorted(rng.choice(len(others[layer]), number, replace=False))
        ]
        for _ in range(draws)
    ]


def figures(
    family: Float[np.ndarray, " window"],
    random: Float[np.ndarray, "draw window"],
    asked: int,
    resamples: int,
    rng: np.random.Generator,
) -> Iterator[tuple[str, Estimate]]:
    """What is lost without a family and without random heads, in the same windows.

    Windows are resampled, and draws. `asked` is how many draws there were to be.
    """
    windows, draws = len(family), len(random)
    counts = resample_counts(rng, resamples, windows) / windows
    own = counts @ family
    yield "loss", estimate(own, windows, windows)
    if not draws:
        none = undefined(0, _NO_OTHERS if asked else _NO_DRAWS)
        yield from (("random", none), ("difference", none))
        return
    drawn = resample_counts(rng, resamples, draws) / draws
    control = np.einsum("rd,dw,rw->r", drawn, random, counts)
    yield "random", estimate(control, draws, min(draws, windows))
    yield "difference", estimate(own - control, draws, min(draws, windows))
