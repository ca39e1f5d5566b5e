"""Simulation: does who knows the explanation tell how active the head is, token by token?"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from ..answers import Levels, levels_predicted, levels_said
from ..event_rows import Event
from ..intervals import Estimate, resample_counts, undefined
from ..items import Item
from ..measure import OfLevels
from ..predictions import Predictions
from ..printable import quoting
from ..records.judgement import Judgement
from ..statistics.correlation import constant_side, moments, pearson, why_undefined
from ..statistics.ranks import mean_ranks
from .beside import Draws, beside_controls
from .told import Controls, not_asked, told_of


def score_levels(
    measures: Iterable[OfLevels],
    knows: Judgement | Predictions,
    controls: Controls,
    items: Sequence[Item],
    windows: Iterable[Event],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The scores of `measures` from the levels that who `knows` the explanation tells.

    `items` and `windows` are those of a split. A passage whose levels were not told is left out;
    n counts tokens, and passages are resampled. Controls are as in `on_items`.
    """
    asked = [item for item in items if item.question == "levels"]
    measured = {w.window: w.activation for w in windows}
    own, others = told_of(asked, knows, controls, levels_said, levels_predicted)
    counts = resample_counts(rng, resamples, len(asked))
    found: dict[str, Estimate] = {}
    for measure in measures:
        if reason := _nothing(asked, own, knows):
            found |= dict.fromkeys(measure.names, undefined(0, reason))
            continue

        def drawn(told: Levels, ranks: bool = measure.ranks) -> Draws:
            return pearson(counts @ passage_sums(asked, told, measured, ranks))

        total = passage_sums(asked, own, measured, measure.ranks).sum(axis=0)
        found |= beside_controls(
            measure,
            drawn(own),
            {kind: [drawn(told) for told in others.get(kind, ())] for kind in measure.controls},
            n=int(total[0]),
            units=len(own),
            why_not=why_undefined("activation", total),
            constant=constant_side(total),
        )
    return found


def passage_sums(
    items: Sequence[Item],
    told: Levels,
    measured: dict[int, Float[np.ndarray, " T"]],
    ranks: bool,
) -> Float[np.ndarray, "items 6"]:
    """The sums of each passage that Pearson's r needs; 0 where nothing is told of it.

    With `ranks` they are of the ranks among all tokens told of, equals sharing their mean rank.
    """
    sums = np.zeros((len(items), 6))
    known = [(row, item) for row, item in enumerate(items) if item in told]
    if not known:
        return sums
    predicted = np.concatenate([told[item] for _, item in known])
    seen = np.concatenate([measured[item.window][list(item.marks)] for _, item in known])
    if ranks:
        predicted, seen = mean_ranks(predicted), mean_ranks(seen)
    end = 0
    for row, item in known:
        own = slice(end, end := end + len(item.marks))
        sums[row] = moments(predicted[own], seen[own])
    return sums


def _nothing(asked: Sequence[Item], own: Levels, knows: Judgement | Predictions) -> str | None:
    if not asked:
        return "the windows of this split have nothing to ask about"
    if not own:
        return not_asked(asked, knows) or _unanswered(len(asked), knows)
    return None


def _unanswered(asked: int, knows: Judgement | Predictions) -> str:
    """Quotes the first reply that was to tell levels: pages show those to other questions."""
    answers = knows.answers if isinstance(knows, Judgement) else ()
    replies = [a.reply for a in answers if a.question == "levels" and a.control is None]
    reason = f"0 of {asked} passages were answered"
    return quoting(reason, replies[0]) if replies else reason
