"""Test texts: where an explanation says that the head writes much, and where little."""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from .classes import piece_classes
from .context import Context

SHORTEST, LONGEST = 16, 24  # tokens
CANDIDATES = 40  # of each kind
CONTRAST = 0.05  # least relative difference between the two sides
_BROKEN = re.compile(r"\\x[0-9a-fA-F]{2}")  # a piece that is not whole text
_Tokens = list[tuple[int, str]]
# Predicts the activation of each token of some texts.
Activation = Callable[[Sequence[Context]], Sequence[Float[np.ndarray, " token"]]]


def choose_texts(
    activation: Activation, contexts: Sequence[Context], number: int, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Up to `number` texts with the largest predicted mean activation, and with the smallest.

    They are made of the text of `contexts`. If these windows start with a special token,
    so will the texts when the model sees them, and they are judged behind it. The second
    list is empty where `activation` predicts nearly the same everywhere.
    """
    start = _start(contexts[0])
    spans = [tokens for tokens in _candidates(contexts, rng) if len(tokens) >= SHORTEST]
    values = _predicted(activation, [start + tokens for tokens in spans])
    ranked = sorted(
        (
            (value, "".join(piece for _, piece in tokens))
            for value, tokens in zip(values, spans, strict=True)
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    ranked = list({text: (value, text) for value, text in ranked}.values())
    positive = ranked[:number]
    negative = ranked[len(positive) :][-number:]
    flat = not negative or (positive[-1][0] - negative[0][0] <= CONTRAST * abs(positive[-1][0]))
    return [text for _, text in positive], [] if flat else [text for _, text in negative[::-1]]


def _predicted(activation: Activation, texts: Sequence[_Tokens]) -> list[float]:
    """Mean activation of each text, position 0 left out as in the table of probes."""
    contexts = [Context([t for t, _ in text], [p for _, p in text]) for text in texts]
    return [round(float(found[1:].mean()), 9) for found in activation(contexts)]


def _start(context: Context) -> _Tokens:
    """The special token that the window starts with; empty if the model is given none."""
    first = int(context.tokens[0]), context.pieces[0]
    return [first] if "special" in piece_classes(first[1]) else []


def _candidates(contexts: Sequence[Context], rng: np.random.Generator) -> Iterator[_Tokens]:
    """Spans of the windows, as they are, repeated, joined, shuffled and without repeats."""
    for _ in range(CANDIDATES):
        length = int(rng.integers(SHORTEST, LONGEST + 1))
        natural = _span(contexts, length, rng)
        half = _span(contexts, length // 2, rng)
        yield natural
        yield half + half
        yield half + _span(contexts, length - length // 2, rng)
        yield [natural[i] for i in rng.permutation(len(natural))]
        yield list(dict(_span(contexts, 3 * length, rng)).items())[:length]


def _span(contexts: Sequence[Context], length: int, rng: np.random.Generator) -> _Tokens:
    """Consecutive whole-text tokens of a random window."""
    context = contexts[int(rng.integers(len(contexts)))]
    tokens = [
        (int(token), piece)
        for token, piece in zip(context.tokens, context.pieces, strict=True)
        if "special" not in piece_classes(piece) and not _BROKEN.search(piece)
    ]
    start = int(rng.integers(max(1, len(tokens) - length + 1)))
    return tokens[start : start + length]
