"""The answer key as explanations, and how well every score tells them from wrong ones."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from planted_rows import Told
from planted_stages import Attention, Variant
from transformer_lens.model_bridge import TransformerBridge
from transformers import PreTrainedTokenizerBase

from headatlas.activations.probing import Probe, measure_probes
from headatlas.event_rows import Event, random_windows
from headatlas.events.items import draw_items
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.texts import choose_texts
from headatlas.explainers.symbolic.windows import Text, read_texts
from headatlas.intervals import Estimate, generator
from headatlas.items import Item
from headatlas.predictions import Predictions
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation, Program, Rule
from headatlas.scoring.head_scores import OF_ITEMS, OF_TEXTS, OF_WINDOWS
from headatlas.scoring.on_items import score_items
from headatlas.scoring.on_texts import score_texts
from headatlas.scoring.on_windows import score_windows
from headatlas.storage import read_head
from headatlas.subjects.planted.answer_key import PlantedHead
from headatlas.subjects.planted.grading import true_first
from headatlas.tokens.tokenizer import encode, open_tokenizer

WRONG = 6  # wrong explanations that the true one of a head is held against
TEXTS = 12  # test texts of each side
ITEMS = 20  # items of each question; as in config.yaml


def true_program(head: PlantedHead) -> Program:
    """The answer as a program: all attention on the rules' keys, and writing only there."""
    writes = head.role != "first_token"
    rules = [
        Rule(source=rule.source, trigger=rule.trigger, mass=1, activation=writes)
        for rule in head.rules
    ]
    return Program(rules=rules, rest_activation=0)


def true_explanation(head: PlantedHead) -> Explanation:
    return Explanation(
        model="",
        corpus="",
        explainer="truth",
        round=0,
        layer=head.layer,
        head=head.head,
        status="explained",
        reason=None,
        summary=head.words,
        behaviours=[],
        program=true_program(head),
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def covered(head: PlantedHead, attention: Attention, texts: Sequence[Text]) -> float:
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
    events = variant.table("events", 0)
    truths = [true_explanation(head) for head in heads]
    contexts = [t.context for t in read_texts(events, 0, ["validation"])]
    texts = read_texts(events, 0, ["test"])
    predicted = [predictions_of(truth, texts) for truth in truths]
    cases = [choose_texts(true_program(head), contexts, TEXTS, rng) for head in heads]
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
    stream = partial(generator, 0)
    scores = score_windows(OF_WINDOWS, windows, predicted, {}, 0, stream("windows"))
    scores |= score_items(OF_ITEMS, predicted, {}, items, 0, stream)
    return {measure.name: scores[measure.name] for measure in (*OF_WINDOWS, *OF_ITEMS)}


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
