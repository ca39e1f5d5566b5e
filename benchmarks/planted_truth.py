"""The answer key as explanations, and how well every score tells them from wrong ones."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float
from planted_judges import ERRORS, Truth, judged_by
from planted_rows import Told
from planted_stages import CORPUS, Attention, Variant
from transformer_lens.model_bridge import TransformerBridge
from transformers import PreTrainedTokenizerBase

from headatlas.activations.probing import Probe, measure_probes
from headatlas.event_rows import Event, random_windows, read_texts
from headatlas.events.items import draw_items
from headatlas.explainers.people.explain import told as in_words
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.texts import choose_texts
from headatlas.intervals import Estimate, generator
from headatlas.items import Item
from headatlas.predictions import Prediction, Predictions, baselines
from headatlas.records.base import Split
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.judgement import Judgement
from headatlas.scoring.head_scores import OF_ITEMS, OF_LEVELS, OF_TEXTS, OF_WINDOWS
from headatlas.scoring.on_items import score_items
from headatlas.scoring.on_levels import score_levels
from headatlas.scoring.on_texts import score_texts
from headatlas.scoring.on_windows import score_windows
from headatlas.statistics.divergence import first
from headatlas.storage import read_head
from headatlas.subjects.planted.answer_key import PlantedHead
from headatlas.subjects.planted.grading import true_first
from headatlas.tokens.tokenizer import encode, open_tokenizer

WRONG = 6  # wrong explanations that the true one of a head is held against
TEXTS = 12  # test texts of each side
ITEMS = 20  # items of each question; as in config.yaml


class Passage(NamedTuple):
    """A random window, text alone."""

    split: Split
    window: int
    context: Context


def read_passages(variant: Variant, split: Split) -> list[Passage]:
    """The random windows of a split, in the order of their numbers."""
    found = read_texts(variant.table("events", 0), 0, [split])
    passages = [Passage(t.split, t.window, Context(t.tokens, t.pieces)) for t in found]
    return sorted(passages, key=lambda passage: passage.window)


def true_attention(head: PlantedHead, context: Context) -> Float[np.ndarray, "query key"]:
    """All attention spread evenly on the keys of the first rule that applies, or on the first."""
    attention = np.zeros((context.length, context.length))
    for rule in head.rules:
        keys = keys_of(parse_source(rule.source), context)
        keys &= holds(parse_trigger(rule.trigger), context)[:, None]
        free = ~attention.any(axis=1) & keys.any(axis=1)
        attention[free] = keys[free] / keys[free].sum(axis=1, keepdims=True)
    attention[~attention.any(axis=1), 0] = 1
    return attention


def true_activation(head: PlantedHead, context: Context) -> Float[np.ndarray, " token"]:
    """1 where a rule applies: the heads write what they attend to off the first token."""
    return (true_attention(head, context)[:, 0] < 1).astype(float)


def true_activations(
    head: PlantedHead, contexts: Sequence[Context]
) -> list[Float[np.ndarray, " token"]]:
    """`true_activation` of several texts."""
    return [true_activation(head, context) for context in contexts]


def true_predictions(head: PlantedHead, passages: Sequence[Passage]) -> Predictions:
    """What the answer predicts; its position model is the first token."""
    found = [
        Prediction(
            passage.split,
            passage.window,
            true_activation(head, passage.context),
            true_attention(head, passage.context),
            first(passage.context.length),
        )
        for passage in passages
    ]
    return Predictions((head.layer, head.head), found)


def named(
    found: Explanation, told: Predictions, passages: Sequence[Passage]
) -> list[Float[np.ndarray, "query key"]]:
    """What is predicted on the keys of the behaviours that are told, off the first token.

    A query at which the first token is predicted more than all of them names no key.
    """
    matrices = []
    for passage, predicted in zip(passages, told.of_split(passages[0].split), strict=True):
        keys = np.zeros(predicted.attention.shape, bool)
        for behaviour in found.behaviours:
            if behaviour.source and behaviour.trigger and behaviour.family != "avoidance":
                own = keys_of(parse_source(behaviour.source), passage.context)
                keys |= own & holds(parse_trigger(behaviour.trigger), passage.context)[:, None]
        keys[:, 0] = False
        attention = predicted.attention * keys
        acts = attention.sum(axis=1) > predicted.attention[:, 0]
        matrices.append(attention * acts[:, None])
    return matrices


def covered(head: PlantedHead, attention: Attention, texts: Sequence[Passage]) -> float:
    """Share of all attention that falls on the keys of the rules, as the head attends."""
    shares = []
    for seen, text in zip(attention[:, head.layer, head.head], texts, strict=True):
        keys = np.zeros(seen.shape, bool)
        for rule in head.rules:
            found = keys_of(parse_source(rule.source), text.context)
            free = holds(parse_trigger(rule.trigger), text.context) & ~keys.any(axis=1)
            keys |= found & free[:, None]
        shares.append((seen * keys)[1:].sum(axis=1).mean())
    return float(np.mean(shares))


Case = tuple[list[str], list[str]]  # texts where an explanation says active, and where not


def told(bridge: TransformerBridge, variant: Variant, heads: Sequence[PlantedHead]) -> list[Told]:
    """Every score of every planted head under its true explanation and under wrong ones."""
    rng = np.random.default_rng(0)
    tokenizer = open_tokenizer(str(variant.model))
    contexts = [passage.context for passage in read_passages(variant, "validation")]
    passages = read_passages(variant, "test")
    predicted = [true_predictions(head, passages) for head in heads]
    cases = [choose_texts(partial(true_activations, head), contexts, TEXTS, rng) for head in heads]
    rows = []
    for own, head in enumerate(heads):
        others = [n for n, other in enumerate(heads) if other.rules != head.rules]
        candidates = [own, *rng.choice(others, WRONG, replace=False).tolist()]
        seen = read_head(variant.table("events", head.layer), EVENTS, head.head)
        windows = random_windows(seen, "test")
        items = draw_items(seen, ITEMS, 0, head.layer, head.head)["test"]
        scores = [
            prediction_scores(windows, items, predicted[n])
            | probe_scores(bridge, head, cases[n], tokenizer)
            | judged_scores(variant, windows, items, heads[n], predicted[n])
            for n in candidates
        ]
        rows += [
            Told(
                variant.seed,
                variant.noise,
                head.layer,
                head.head,
                head.role,
                name,
                score.reason or "",
                true_first(score.value, [other[name].value for other in scores[1:]]),
            )
            for name, score in scores[0].items()
        ]
    return rows


def prediction_scores(
    windows: Sequence[Event], items: Sequence[Item], predicted: Predictions
) -> dict[str, Estimate]:
    """The scores of predicted attention and activation."""
    scores = score_windows(
        OF_WINDOWS, windows, predicted, baselines(predicted), 0, generator(0, "windows")
    )
    own = {measure.name: scores[measure.name] for measure in OF_WINDOWS}
    return own | answer_scores(windows, items, predicted)


def judged_scores(
    variant: Variant,
    windows: Sequence[Event],
    items: Sequence[Item],
    explains: PlantedHead,
    predicted: Predictions,
) -> dict[str, Estimate]:
    """Likewise of the answers of language models that err, to a head's true explanation.

    `predicted` is what it predicts.
    """
    pieces = {window.window: window.pieces for window in windows}
    truths = {p.window: Truth(p.activation, p.attention) for p in predicted.windows}
    about = HeadRecord(
        model=variant.name,
        corpus=CORPUS,
        explainer=variant.explainer,
        round=0,
        layer=explains.layer,
        head=explains.head,
    )
    explanation = in_words(about, explains.words)
    return {
        f"{name}, {errors:.0%} of answers at random": score
        for errors in ERRORS
        for name, score in answer_scores(
            windows, items, judged_by(errors, explanation, truths, items, pieces)
        ).items()
    }


def answer_scores(
    windows: Sequence[Event], items: Sequence[Item], knows: Judgement | Predictions
) -> dict[str, Estimate]:
    """The scores of what is told of items by who knows an explanation."""
    scores = score_items(OF_ITEMS, knows, {}, items, 0, partial(generator, 0))
    scores |= score_levels(OF_LEVELS, knows, {}, items, windows, 0, generator(0, "levels"))
    return {measure.name: scores[measure.name] for measure in (*OF_ITEMS, *OF_LEVELS)}


def probe_scores(
    bridge: TransformerBridge, head: PlantedHead, case: Case, tokenizer: PreTrainedTokenizerBase
) -> dict[str, Estimate]:
    """The scores of an explanation's test texts."""
    rows = []
    for positive, side in zip((True, False), case, strict=True):
        measured = measure_probes(
            bridge,
            [Probe(head.layer, head.head, (0, *encode(tokenizer, text))) for text in side],
            kind="write_norm",
            batch_size=TEXTS,
        )
        rows += [
            {"positive": positive, "peak": max(found[1:]), "mean": float(np.mean(found[1:]))}
            for found in measured
        ]
    return score_texts(OF_TEXTS, pa.Table.from_pylist(rows), 0, generator(0, "probes"))
