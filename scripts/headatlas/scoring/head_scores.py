"""All scores of one explanation.

On the random windows of `validation` and `test` (the unit of resampling is the window):
`attention_correlation`, `salience_correlation`, each with two controls and the margins over
them (`attention_margin` over `attention_correlation_control`, other heads of the model, and
`attention_layer_margin` over `attention_correlation_layer_control`, other heads of the
layer), and `pair_auroc`. On items of the same windows (resampled by item): `detection_auroc`
and `pair_detection_auroc`, each with a control, other heads of the model, and the margin over
it. On the `probes` (resampled by case): `effect_size` and `auroc` of
the peak salience of a test text, `effect_size_mean` and `auroc_mean` of its mean salience.
A head without an explanation has every score too, empty and with the reason.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from ..event_rows import Event, random_windows
from ..intervals import Estimate, resample_counts, undefined
from ..items import items_of
from ..pairs import ranked_pairs
from ..records.base import Split
from ..records.explanation import Explanation
from ..records.judgement import Judgement
from ..records.scores import Score
from .auroc import auroc
from .correlation import correlations, moments
from .detection import DETECTION_METRICS, score_items
from .effect_size import hedges_g
from .pair_auroc import pair_auroc, window_concordance
from .windows import predicted_attention

WINDOW_METRICS = (
    "attention_correlation",
    "attention_correlation_control",
    "attention_margin",
    "attention_correlation_layer_control",
    "attention_layer_margin",
    "salience_correlation",
    "salience_correlation_control",
    "salience_margin",
    "salience_correlation_layer_control",
    "salience_layer_margin",
    "pair_auroc",
)
CASE_METRICS = ("effect_size", "auroc", "effect_size_mean", "auroc_mean")
ScoreSplit = Literal["validation", "test", "probes"]
_HELD_OUT: tuple[Literal["validation", "test"], ...] = ("validation", "test")


class Settings(NamedTuple):
    """How explanations are scored."""

    resamples: int  # behind each interval
    items: int  # of each question and split, the same as the judge was asked
    seed: int


def score_head(
    explanation: Explanation,
    judgement: Judgement,
    controls: Mapping[str, Sequence[Judgement]],
    events: pa.Table,
    probes: pa.Table,
    settings: Settings,
) -> list[Score]:
    """Score an explanation against the events and probes (rows of its head alone).

    `controls` are the judgements of other heads, made on the same windows, by kind (see
    `correlation.CONTROLS`). Raises InputError if a judgement does not fit the events.
    """
    if explanation.status != "explained":
        return no_scores(f"{explanation.status}: {explanation.reason}")
    resamples, count, seed = settings
    at = explanation.layer, explanation.head
    rng = np.random.default_rng([seed, *at])

    def on_windows(split: Split) -> dict[str, Estimate]:
        windows = random_windows(events, split)
        return score_windows(windows, judgement, controls, resamples, rng)

    def on_items(split: Split) -> dict[str, Estimate]:
        items = items_of(events, split, count, seed, *at)
        return score_items(judgement, controls.get("", ()), items, resamples, rng)

    found: dict[ScoreSplit, dict[str, Estimate]] = {
        "validation": on_windows("validation"),
        "test": on_windows("test"),
        "probes": score_probes(probes, resamples, rng),
    }
    for split in _HELD_OUT:
        found[split] |= on_items(split)
    return _scores(found)


def no_scores(reason: str) -> list[Score]:
    """Every score of a head, empty and with the reason."""
    windows = _empty((*WINDOW_METRICS, *DETECTION_METRICS), reason)
    cases = _empty(CASE_METRICS, reason)
    return _scores({"validation": windows, "test": windows, "probes": cases})


def _scores(by_split: dict[ScoreSplit, dict[str, Estimate]]) -> list[Score]:
    return [
        Score(split=split, metric=metric, **estimate._asdict())
        for split, estimates in by_split.items()
        for metric, estimate in estimates.items()
    ]


def score_windows(
    windows: Sequence[Event],
    judgement: Judgement,
    controls: Mapping[str, Sequence[Judgement]],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The WINDOW_METRICS, over those windows for which `judgement` holds a prediction."""
    judgements = [judgement, *chain.from_iterable(controls.values())]
    own, *others = ({p.window: p for p in j.predictions} for j in judgements)
    windows = [measured for measured in windows if measured.window in own]
    if not windows:
        reason = judgement.reason or "no predictions for the random windows of this split"
        return _empty(WINDOW_METRICS, reason)
    # Windows for which a control has no prediction add nothing to its sums.
    sums = np.zeros((2, len(windows), len(judgements), 6))
    concordances = np.zeros((len(windows), 2))
    for row, measured in enumerate(windows):
        attention = measured.attention()
        seen = ranked_pairs(len(attention))
        for column, predictions in enumerate((own, *others)):
            if prediction := predictions.get(measured.window):
                predicted = predicted_attention(prediction, len(attention))
                salience = np.array(prediction.salience)
                sums[0, row, column] = moments(predicted[seen], attention[seen])
                sums[1, row, column] = moments(salience[1:], measured.salience[1:])
                if predictions is own:
                    concordances[row] = window_concordance(measured.tokens, predicted, attention)
    counts = resample_counts(rng, resamples, len(windows))
    ends = np.cumsum([1, *map(len, controls.values())])

    def compared(name: str, found: np.ndarray) -> dict[str, Estimate]:
        kinds = dict(zip(controls, np.split(found, ends, axis=1)[1:], strict=False))
        return correlations(name, found[:, 0], kinds, counts)

    return {
        **compared("attention", sums[0]),
        **compared("salience", sums[1]),
        "pair_auroc": pair_auroc(concordances, counts),
    }


def score_probes(probes: pa.Table, resamples: int, rng: np.random.Generator) -> dict[str, Estimate]:
    """The CASE_METRICS, from the test texts of one head."""
    positive = probes["positive"].to_numpy()
    estimates = {}
    for statistic, suffix in (("peak", ""), ("mean", "_mean")):
        salience = probes[statistic].to_numpy().astype(float)
        sides = salience[positive], salience[~positive]
        estimates[f"effect_size{suffix}"] = hedges_g(*sides, resamples, rng)
        estimates[f"auroc{suffix}"] = auroc(*sides, resamples, rng)
    return estimates


def _empty(metrics: Sequence[str], reason: str) -> dict[str, Estimate]:
    return {metric: undefined(0, reason) for metric in metrics}
