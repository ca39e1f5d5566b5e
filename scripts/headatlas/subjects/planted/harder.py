"""Harder planted subjects: roles that the language says otherwise than in a word, or cannot say.

Every role stands twice, in heads that are each other's redundant twins, and two roles differ in
nothing but the tokens they look for. Token sets are drawn from the seed. What the language can say
is in the answer key as rules; where it cannot, there are none, and the truth is how the head
attends without noise.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float
from transformers import PreTrainedTokenizerBase

from ...storage import write_record
from ...tokens.pieces import pieces_of
from ...tokens.tokenizer import encode
from .answer_key import ANSWER_KEY, AnswerKey, PlantedHead, TrueRule
from .build import EVERY, Stream, sample_of, save_model
from .circuits import MARGIN, Circuit
from .noise import STRENGTHS, factor_for, softmax, spread
from .plan import HEADS
from .residual import PLACES, SETS, position_embedding, token_embedding
from .roles import RISE, at_distance, of_class, only
from .vocabulary import CONTEXT, VOCABULARY, token_codes, train_tokenizer

LAYERS = 2
LISTED = 12  # tokens of a set
COMMON = slice(10, 130)  # ranks by frequency of the tokens that sets are drawn from
REACH = 5  # tokens over which a soft kernel falls to a third
MORE = 3.0  # nats that a mixture has for line breaks
PERIOD = 8
_Sets = dict[str, list[int]]


@dataclass(frozen=True)
class HarderRole:
    """One thing that two heads are built to do, and what of it the language can say."""

    name: str
    words: str
    build: Callable[[Circuit], None]
    rules: tuple[tuple[str, str], ...] = ()
    "sources and triggers, with names of sets for their tokens; none if it cannot be said"


def _soft_recent(head: Circuit) -> None:
    head.prefer({"ramp": CONTEXT / REACH})


def _smaller_number(head: Circuit) -> None:
    bonus = RISE + 2 * MARGIN
    head.smaller_value(bonus)
    head.prefer({"ramp": RISE, "first": bonus - MARGIN})


def _mixture(head: Circuit) -> None:
    head.prefer({"ramp": CONTEXT / REACH, "newline": MORE})


def _in_step(head: Circuit) -> None:
    head.in_step(PERIOD, 2 * MARGIN)
    head.prefer({"first": MARGIN})


ROLES = (
    HarderRole(
        "tokens_a",
        "the tokens of set a",
        partial(of_class, name="set_a", rise=0.0),
        (("tokens(set_a)", "any"),),
    ),
    HarderRole(
        "tokens_b",
        "the tokens of set b",
        partial(of_class, name="set_b", rise=0.0),
        (("tokens(set_b)", "any"),),
    ),
    HarderRole(
        "previous_at_tokens",
        "the previous token, only when the current one is of set c",
        partial(only, partial(at_distance, distance=1), name="set_c"),
        (("previous_token", "at_tokens(set_c)"),),
    ),
    HarderRole(
        "tokens_at_tokens",
        "the tokens of set a, only when the current one is of set c",
        partial(only, partial(of_class, name="set_a", rise=0.0), name="set_c"),
        (("tokens(set_a)", "at_tokens(set_c)"),),
    ),
    HarderRole(
        "soft_recent",
        f"nearby tokens, each by 1/{REACH} nats less than the next",
        _soft_recent,
        (("recent(4)", "any"),),
    ),
    HarderRole(
        "mixture",
        f"nearby tokens in the same way, line breaks by {MORE:g} nats more",
        _mixture,
        (("recent(4)", "any"), ("all(newline)", "any")),
    ),
    HarderRole(
        "smaller_number", "at a digit, the last digit that is smaller than it", _smaller_number
    ),
    HarderRole("in_step", f"every {PERIOD}th token of the window", _in_step),
)


def plant_harder(seed: int, noise: str, texts: Sequence[str], folder: Path) -> None:
    """Write the subject of a seed and a noise strength, and its answer key, to `folder`.

    `texts` are what the tokenizer learns its words from, and the sets their tokens. The same
    arguments give the same bytes.
    """
    texts = texts[::EVERY]
    tokenizer = train_tokenizer(texts)
    pieces = pieces_of(tokenizer, range(VOCABULARY))
    sets = draw_sets(tokenizer, texts, np.random.default_rng([seed, 3]))
    tokens = token_embedding(pieces, token_codes(np.random.default_rng([seed, 0])))
    mark(tokens, pieces, sets)
    sample = sample_of(tokenizer, texts)
    stream = tokens[sample] + position_embedding()[: sample.shape[1]]
    order = np.random.default_rng([seed, 1]).permutation([*range(len(ROLES))] * 2)
    circuits: dict[tuple[int, int], Circuit] = {}
    answers = []
    for place, number in enumerate(order):
        role, at = ROLES[number], divmod(place, HEADS)
        rng = np.random.default_rng([seed, 2, *at])
        circuits[at], coverage, nats = _head(role, STRENGTHS[noise], stream, rng)
        answers.append(_answer(at, role, sets, coverage, nats))
    save_model(circuits, tokens, LAYERS, folder)
    tokenizer.save_pretrained(folder)
    write_record(
        folder / ANSWER_KEY,
        AnswerKey(
            seed=seed,
            noise=noise,
            moved=STRENGTHS[noise],
            fallback="the first token",
            heads=answers,
        ),
    )


def draw_sets(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], rng: np.random.Generator
) -> _Sets:
    """Sets of LISTED common tokens, with no token in two of them, each by its ids in order."""
    counts = Counter(token for text in texts for token in encode(tokenizer, text[:CONTEXT]))
    common = sorted(counts, key=lambda token: (-counts[token], token))[COMMON]
    drawn = rng.permutation(common)[: len(SETS) * LISTED].reshape(len(SETS), LISTED)
    return {name: sorted(own) for name, own in zip(SETS, drawn.tolist(), strict=True)}


def mark(tokens: Float[np.ndarray, "token feature"], pieces: Sequence[str], sets: _Sets) -> None:
    """Add to the embedding of tokens which sets they are of, and the values of digits."""
    for name, own in sets.items():
        tokens[own, PLACES[name].start] = 1
    for token, piece in enumerate(pieces):
        if piece.strip() in tuple("0123456789"):
            tokens[token, PLACES["value"].start + int(piece)] = 1


def _head(
    role: HarderRole, share: float, stream: Stream, rng: np.random.Generator
) -> tuple[Circuit, float, float]:
    """Weights of a head, its attention off the first token, and the s.d. of its noise in nats."""
    circuit = Circuit()
    circuit.write_token(rng, "narrow_output")
    role.build(circuit)
    logits = circuit.logits(stream)
    coverage = float(1 - softmax(logits)[:, 1:, 0].mean())
    if not share:
        return circuit, coverage, 0.0
    circuit.add_noise(rng)
    noise = circuit.noise(stream)
    factor = factor_for(share, logits, noise)
    circuit.scale_noise(factor)
    return circuit, coverage, factor * spread(noise)


def _answer(
    at: tuple[int, int], role: HarderRole, sets: _Sets, coverage: float, nats: float
) -> PlantedHead:
    def spelled(expression: str) -> str:
        for name, own in sets.items():
            expression = expression.replace(name, ", ".join(map(str, own)))
        return expression

    return PlantedHead(
        layer=at[0],
        head=at[1],
        role=role.name,
        words=role.words,
        rules=[
            TrueRule(source=spelled(source), trigger=spelled(trigger), coverage=round(coverage, 6))
            for source, trigger in role.rules
        ],
        exact=True,
        noise_nats=round(nats, 6),
    )
