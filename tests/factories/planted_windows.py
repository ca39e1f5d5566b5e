"""Windows of heads that follow rules, with noise and rest on the first token."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from headatlas.explainers.logit.features import FeatureTable, Windows
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.settings.symbolic import Symbolic

T, WINDOWS = 64, 8
VOCABULARY = (
    ["<s>", "\n", "\n    ", "(", ")", ",", ".", " =", " 1", " 27", '"', " the", " of", " is"]
    + [" return", " def", " Span", " HTTP", "ing", "ed"]
    + [f" word{chr(97 + i)}" for i in range(20)]
)
ABOUT = HeadRecord(model="m", corpus="c", explainer="symbolic", round=0, layer=2, head=1)
SETTINGS = Symbolic(texts=4)
Rules = Sequence[tuple[str, str, float]]  # source, trigger, mass; the first that applies


class Window(NamedTuple):
    """A window and what a head did in it."""

    context: Context
    activation: np.ndarray
    attention: np.ndarray


Make = Callable[[Context, np.random.Generator], Window]


def sampled_contexts(rng: np.random.Generator, number: int = WINDOWS) -> list[Context]:
    found = []
    for _ in range(number):
        tokens = [0, *rng.integers(1, len(VOCABULARY), T - 1).tolist()]
        found.append(Context(tokens, [VOCABULARY[t] for t in tokens]))
    return found


def planted(context: Context, rules: Rules, rng: np.random.Generator) -> Window:
    """A window of a head that follows the rules; what is left rests on the first token.

    A fifth of the rest is noise on random keys. Activation is the mass that a rule moves.
    """
    attention = np.zeros((T, T))
    activation = np.ones(T)
    free = np.ones(T, bool)
    for source, trigger, mass in rules:
        keys = keys_of(parse_source(source), context)
        decided = free & holds(parse_trigger(trigger), context) & keys.any(axis=1)
        attention[decided] = mass * keys[decided] / keys[decided].sum(axis=1, keepdims=True)
        activation[decided] += 10 * mass
        free &= ~decided
    left = 1 - attention.sum(axis=1)
    for query in range(1, T):
        attention[query, rng.integers(1, query + 1)] += 0.2 * left[query]
    attention[:, 0] += 1 - attention.sum(axis=1)
    return Window(context, activation + rng.uniform(0, 0.1, T), attention)


def noisy(context: Context, rng: np.random.Generator) -> Window:
    """A window of a head that attends to one random key with nearly all its mass."""
    attention = np.zeros((T, T))
    attention[np.arange(T), rng.integers(0, np.arange(T) + 1)] = 0.9
    attention[:, 0] += 0.1
    return Window(context, rng.uniform(1, 2, T), attention)


def resting(window: Window, rest: float) -> Window:
    """The same head, but `rest` of its attention on the first token."""
    attention = window.attention * (1 - rest)
    attention[:, 0] += rest
    return window._replace(attention=attention)


def seen_of(windows: Sequence[Window]) -> Seen:
    table = FeatureTable(Windows([window.context for window in windows]))
    attention = table.grid.flatten([window.attention for window in windows])
    activation = np.concatenate([window.activation for window in windows])
    return Seen(table, table.grid.normalised(attention), activation)


def explained(make: Make, settings: Symbolic = SETTINGS) -> Explanation:
    """The explanation of a head, on windows of train and of validation."""
    rng = np.random.default_rng(5)
    train, validation = (
        [make(context, rng) for context in sampled_contexts(rng)] for _ in range(2)
    )
    contexts = {
        "train": [window.context for window in train],
        "validation": [window.context for window in validation],
    }
    seen = seen_of(train), seen_of(validation)
    return explain(ABOUT, *seen, contexts, settings, np.random.default_rng(0))


def follows(rules: Rules, settings: Symbolic = SETTINGS) -> Explanation:
    return explained(lambda context, rng: planted(context, rules, rng), settings)
