"""All scores of one explanation, and the verdict on its head.

Every measure of `measures` is there, with its controls and the margins over them: of random
windows and of passages from them on `validation` and `test`, of test texts on `probes`. What
is resampled together is drawn from a stream of its own, so that a further measure changes no
other's interval. A head without an explanation has every score too, empty and with the reason.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

import pyarrow as pa

from ..event_rows import random_windows
from ..intervals import Estimate, generator, undefined
from ..items import Items
from ..measure import OfItems, OfLevels, OfTexts, OfWindows
from ..measures import MEASURES
from ..predictions import Predictions, baselines
from ..records.explanation import Explanation
from ..records.judgement import Judgement
from ..records.scores import Score, Verdict
from ..verdict import verdict_on
from .on_items import score_items
from .on_levels import score_levels
from .on_texts import score_texts
from .on_windows import score_windows

OF_WINDOWS = [measure for measure in MEASURES if isinstance(measure, OfWindows)]
OF_ITEMS = [measure for measure in MEASURES if isinstance(measure, OfItems)]
OF_LEVELS = [measure for measure in MEASURES if isinstance(measure, OfLevels)]
OF_TEXTS = [measure for measure in MEASURES if isinstance(measure, OfTexts)]
ScoreSplit = Literal["validation", "test", "probes"]
_HELD_OUT: tuple[Literal["validation", "test"], ...] = ("validation", "test")


class Settings(NamedTuple):
    """How explanations are scored."""

    resamples: int  # behind each interval
    seed: int


class Scored(NamedTuple):
    """What is found out about an explanation."""

    scores: list[Score]
    verdict: Verdict


def score_head(
    explanation: Explanation,
    knows: Judgement | Predictions,
    controls: Mapping[str, Sequence[Predictions]],
    events: pa.Table,
    items: Items,
    probes: pa.Table,
    settings: Settings,
) -> Scored:
    """Score an explanation against the events and probes (rows of its head alone) and its items.

    Who `knows` the explanation is a language model that has answered, or its program, which
    has predicted. `controls` are the predictions of other heads for the same windows, by kind
    (see `measure.CONTROLS`). Raises InputError if a prediction does not fit the events.
    """
    if explanation.status != "explained":
        return Scored(
            no_scores(f"{explanation.status}: {explanation.reason}"), verdict_on(explanation, [])
        )
    resamples, seed = settings
    predicted = knows if isinstance(knows, Predictions) else _nothing(knows)
    held_against = {**controls, **baselines(predicted)}
    at = explanation.layer, explanation.head
    found: dict[ScoreSplit, dict[str, Estimate]] = {}
    for split in _HELD_OUT:
        stream = partial(generator, seed, *at, split)
        windows = random_windows(events, split)
        found[split] = (
            score_windows(
                OF_WINDOWS, windows, predicted, held_against, resamples, stream("windows")
            )
            | score_items(OF_ITEMS, knows, controls, items[split], resamples, stream)
            | score_levels(
                OF_LEVELS, knows, controls, items[split], windows, resamples, stream("levels")
            )
        )
    found["probes"] = score_texts(OF_TEXTS, probes, resamples, generator(seed, *at, "probes"))
    scores = _scores(found)
    return Scored(scores, verdict_on(explanation, scores))


def _nothing(asked: Judgement) -> Predictions:
    """What a language model predicts of windows: it is asked about items instead."""
    reason = asked.reason or "an explanation in words has no program to execute"
    return Predictions((asked.layer, asked.head), reason=reason)


def failed(reason: str) -> Scored:
    """What is left to say of a head whose scoring failed."""
    return Scored(no_scores(reason), Verdict(status="failed", reason=reason, decided_by=[]))


def no_scores(reason: str) -> list[Score]:
    """Every score of a head, empty and with the reason."""
    nothing = undefined(0, reason)
    measures = (*OF_WINDOWS, *OF_ITEMS, *OF_LEVELS)
    held_out = dict.fromkeys((name for measure in measures for name in measure.names), nothing)
    texts = dict.fromkeys((name for measure in OF_TEXTS for name in measure.names), nothing)
    return _scores({"validation": held_out, "test": held_out, "probes": texts})


def _scores(by_split: dict[ScoreSplit, dict[str, Estimate]]) -> list[Score]:
    return [
        Score(split=split, metric=metric, **estimate._asdict())
        for split, estimates in by_split.items()
        for metric, estimate in estimates.items()
    ]
