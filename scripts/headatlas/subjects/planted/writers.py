"""Planted subjects whose heads write known things, on some of which the output depends.

What is said is a code (`vocabulary.token_codes`): a head that writes the code of a token, times a
factor, raises its logit, or lowers it. The logits of a head by itself are these products and the
frequency of tokens. Three heads write to a later one that removes all that they say, or three
quarters of it, or says it in their place: what they do directly is not what the model loses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from transformers import PreTrainedTokenizerBase

from ...storage import write_record
from ...tokens.pieces import pieces_of
from ...tokens.tokenizer import encode
from ...tokens.vocabulary import token_by_text
from ...writing.relations import RELATIONS, read_relations, token_pairs
from .answer_key import ANSWER_KEY, PlantedWriter, WritersKey
from .build import EVERY, Stream, sample_of, save_model
from .circuits import Circuit
from .noise import HEAD_OF_NOISE, STRENGTHS, factor_for, spread
from .plan import HEADS
from .residual import CONSTANT, NOTES, PLACES, position_embedding, token_embedding
from .roles import RISE, ROLES, of_class
from .vocabulary import CODE_LENGTH, VOCABULARY, token_codes, train_tokenizer

LAYERS = 5
NATS = (0.5, 1.0, 2.0, 4.0)  # what a head adds to the logit that it raises, or takes from it
OF_PAIRS = 3.0  # the same of heads that write to a later one
LESSENED = 0.75  # share of it that the second of the pairs removes
FEWEST_PAIRS = 6  # of a relation that is planted
_READ = 8192  # characters of a text in which tokens are counted
_NEAR = ("previous_token", "two_back", "three_back")
_FAR = ("last_capitalised", "last_keyword")
_SELF = "current_token"
PREDICTABLE = "predictable"  # the last token that is mostly followed by the same one
MOSTLY = 0.6
BUILDS = {role.name: role.build for role in ROLES}
BUILDS[PREDICTABLE] = partial(of_class, name=PREDICTABLE, rise=RISE)

Head = tuple[int, int]
_Claims = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Function:
    """What a head writes, and where it attends."""

    name: str
    words: str
    at: tuple[str, ...]
    "roles of attention, of which one is drawn; none: random attention"
    writes: Callable[[Circuit, float, float, np.random.Generator], None]
    "given its nats and the share of it that is noise"
    claims: _Claims = ()
    "effects and objects that are true of it, each for itself"
    number: int = 1
    layers: tuple[int, ...] = tuple(range(LAYERS))
    nats: float | None = None
    "drawn if None"
    relation: str | None = None
    "effect of a relation that is drawn"
    steady: bool = False
    "whether noise leaves it alone"


def _code(
    head: Circuit, nats: float, share: float, rng: np.random.Generator, source: str, sign: int
) -> None:
    """Say the code at a source, or take it back, and a random map of the attended token's."""
    size = nats / CODE_LENGTH
    head.write(source, "said", sign * size * (1 - share) ** 0.5 * np.eye(CODE_LENGTH))
    if share:
        head.write("token", "said", size * share**0.5 * _turn(rng))


def _random(head: Circuit, nats: float, share: float, rng: np.random.Generator) -> None:
    head.write("token", "said", nats / CODE_LENGTH * _turn(rng))


def _constant(head: Circuit, nats: float, share: float, rng: np.random.Generator) -> None:
    """The same everywhere."""
    size = nats / CODE_LENGTH / CONSTANT
    head.write("constant", "said", size * rng.normal(size=(1, CODE_LENGTH)))


def _unread(head: Circuit, nats: float, share: float, rng: np.random.Generator) -> None:
    width = PLACES["unread"].stop - PLACES["unread"].start
    head.write("token", "unread", nats / CODE_LENGTH * np.eye(CODE_LENGTH, width))


def _noted(
    head: Circuit, nats: float, share: float, rng: np.random.Generator, note: str, says: bool
) -> None:
    """Leave a note of the attended token, and say it too or not."""
    head.write("token", note, np.eye(CODE_LENGTH))
    if says:
        head.output[:CODE_LENGTH, PLACES["said"]] = nats / CODE_LENGTH * np.eye(CODE_LENGTH)


def _of_note(
    head: Circuit, nats: float, share: float, rng: np.random.Generator, note: str, factor: float
) -> None:
    head.write(note, "said", factor * nats / CODE_LENGTH * np.eye(CODE_LENGTH))


def _turn(rng: np.random.Generator) -> Float[np.ndarray, "read written"]:
    """A rotation drawn evenly of all; with the signs that QR gives, it would tend to turn back."""
    turned, triangle = np.linalg.qr(rng.normal(size=(CODE_LENGTH, CODE_LENGTH)))
    return np.asarray(turned * np.sign(np.diag(triangle)))


def _both(
    name: str, words: str, number: int, at: tuple[str, ...], source: str, *objects: str
) -> list[Function]:
    """Two functions: one raises what the other lowers."""
    return [
        Function(
            f"{effect} {name}",
            f"{effect} {words}",
            at,
            partial(_code, source=source, sign=sign),
            claims=tuple((effect, object) for object in objects),
            number=number,
            relation=effect if name == "related" else None,
        )
        for effect, sign in (("raises", 1), ("lowers", -1))
    ]


def _pair(note: str, first: str, second: str, says: bool, factor: float) -> list[Function]:
    own: _Claims = (("raises", "attended"),) if says else ()
    return [
        Function(
            f"{note}: first", first, _NEAR[1:], partial(_noted, note=note, says=says), own,
            layers=(0, 1), nats=OF_PAIRS,
        ),
        Function(
            f"{note}: second", second, (_SELF,), partial(_of_note, note=note, factor=factor),
            layers=(2, 3), nats=OF_PAIRS, steady=True,
        ),
    ]  # fmt: skip


FUNCTIONS = (
    *_pair(NOTES[0], "raises the attended token, which is undone", "undoes that", True, -1.0),
    *_pair(NOTES[1], "the same, most of which is undone", "undoes that", True, -LESSENED),
    *_pair(NOTES[2], "says nothing, but tells a later head", "says what it is told", False, 1.0),
    *_both("attended", "the attended token", 4, (*_NEAR, *_FAR), "token", "attended"),
    *_both("current", "the current token", 2, (_SELF,), "token", "current", "attended"),
    *_both("after_attended", "what follows the attended token", 2, (PREDICTABLE,), "follower",
           "after_attended"),
    *_both("related", "what is related to the attended token", 1, _NEAR, "related"),
    Function("random map", "a token drawn for each attended one", (*_NEAR, *_FAR), _random, (), 10),
    Function("random map and attention", "the same, attention is random", (), _random, (), 3),
    Function("constant", "the same everywhere", _NEAR, _constant, (), 2),
    Function("unread", "nothing that logits are made of", _NEAR, _unread),
)  # fmt: skip
NOISE = ("random map", "random map and attention", "constant", "unread")


class Planted(NamedTuple):
    """A subject: its weights, which are stored in half precision."""

    circuits: dict[Head, Circuit]
    tokens: Float[np.ndarray, "token feature"]
    unembedding: Float[np.ndarray, "token feature"]
    key: WritersKey


def plant_writers(seed: int, noise: str, texts: Sequence[str], folder: Path) -> Planted:
    """Write the subject of a seed and a noise strength, and its answer key, to `folder`.

    Noise moves attention, as in other planted subjects, and is the same share of what a head says;
    heads that write to a later one, and these, say it without. The same arguments give the same
    bytes.
    """
    texts = texts[::EVERY]
    tokenizer = train_tokenizer(texts)
    codes = token_codes(np.random.default_rng([seed, 0]))
    tokens = token_embedding(pieces_of(tokenizer, range(VOCABULARY)), codes)
    rng = np.random.default_rng([seed, 3])
    relation, pairs = _relation(tokenizer, rng)
    counts, followers = _counted(tokenizer, texts)
    related = dict(pairs)
    tokens[list(related), PLACES["related"]] = codes[list(related.values())]
    tokens[:, PLACES["follower"]] = followers @ codes
    tokens[:, PLACES[PREDICTABLE].start] = (followers.max(1) >= MOSTLY) & (counts > FEWEST_PAIRS)
    unembedding = np.zeros_like(tokens)
    unembedding[:, PLACES["said"]] = codes
    unembedding[:, PLACES["constant"].start] = np.log(counts / counts.sum()) / CONSTANT
    sample = sample_of(tokenizer, texts)
    stream = tokens[sample] + position_embedding()[: sample.shape[1]]
    circuits, answers = {}, []
    for at, function in _places(rng).items():
        own = np.random.default_rng([seed, 2, *at])
        nats = function.nats or float(own.choice(NATS))
        circuits[at] = _head(function, nats, STRENGTHS[noise], stream, own)
        answers.append(_answer(at, function, nats, relation))
    key = WritersKey(seed=seed, noise=noise, moved=STRENGTHS[noise], heads=answers)
    save_model(circuits, tokens, LAYERS, folder, unembedding)
    tokenizer.save_pretrained(folder)
    write_record(folder / ANSWER_KEY, key)
    return Planted(circuits, tokens, unembedding, key)


def _relation(
    tokenizer: PreTrainedTokenizerBase, rng: np.random.Generator
) -> tuple[str, list[tuple[int, int]]]:
    """One of our relations that the vocabulary has enough pairs of, each source once."""
    token_of = token_by_text(tokenizer)
    found = {
        name: token_pairs(pairs, token_of)
        for name, pairs in read_relations(RELATIONS).items()
        if any(source != target for source, target in pairs)
    }
    good = [
        name
        for name, pairs in found.items()
        if len(pairs) == len(dict(pairs)) and len(pairs) >= FEWEST_PAIRS
    ]
    name = good[int(rng.integers(len(good)))]
    return name, found[name]


def _counted(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> tuple[Float[np.ndarray, " token"], Float[np.ndarray, "token follower"]]:
    """How often each token occurs, one added, and the shares of what follows it.

    BOS, which has no code, is followed by none.
    """
    pairs = np.zeros((VOCABULARY, VOCABULARY))
    for text in texts:
        tokens = encode(tokenizer, text[:_READ])
        np.add.at(pairs, (tokens[:-1], tokens[1:]), 1)
    return 1 + pairs.sum(0), pairs / np.maximum(pairs.sum(1, keepdims=True), 1)


def _places(rng: np.random.Generator) -> dict[Head, Function]:
    free = [divmod(int(n), HEADS) for n in rng.permutation(LAYERS * HEADS)]
    found = {}
    for function in FUNCTIONS:
        for _ in range(function.number):
            at = next(at for at in free if at[0] in function.layers)
            free.remove(at)
            found[at] = function
    assert not free
    return dict(sorted(found.items()))


def _head(
    function: Function, nats: float, share: float, stream: Stream, rng: np.random.Generator
) -> Circuit:
    circuit = Circuit()
    function.writes(circuit, nats, share, rng)
    if function.at:
        BUILDS[function.at[int(rng.integers(len(function.at)))]](circuit)
    logits = circuit.logits(stream)
    if function.steady or (function.at and not share):
        return circuit
    circuit.add_noise(rng)
    noise = circuit.noise(stream)
    circuit.scale_noise(
        factor_for(share, logits, noise) if function.at else HEAD_OF_NOISE / spread(noise)
    )
    return circuit


def _answer(at: Head, function: Function, nats: float, relation: str) -> PlantedWriter:
    return PlantedWriter(
        layer=at[0],
        head=at[1],
        function=function.name,
        words=function.words,
        claims=list(function.claims),
        relation=(function.relation, relation) if function.relation else None,
        noise=function.name in NOISE,
        nats=nats,
    )
