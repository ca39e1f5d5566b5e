"""Which heads serve a head as its controls: their explanations are held against what it does."""

from collections.abc import Sequence

Head = tuple[int, int]  # layer and number in it


def controls_of(
    heads: Sequence[Head], head: Head, count: int, within_layer: bool = False
) -> list[Head]:
    """`count` of the `heads` of a model, if it has as many others than `head`, one of them.

    They stand at equal steps around all heads of the model, so that they come from several
    layers and every head is a control equally often; or likewise around those of its layer.
    """
    others = [at for at in heads if at[0] == head[0] or not within_layer]
    start = others.index(head)
    number = min(count, len(others) - 1)
    steps = [len(others) * k // (number + 1) for k in range(1, number + 1)]
    return [others[(start + step) % len(others)] for step in steps]
