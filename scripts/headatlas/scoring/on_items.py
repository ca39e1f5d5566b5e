"""Detection and fuzzing: does who knows an explanation tell where a head is active, or attends?"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..answers import Told, predicted, probabilities, said, sides_of
from ..intervals import Estimate, resample_counts, undefined
from ..items import Item
from ..measure import OfItems
from ..predictions import Predictions
from ..records.judgement import Judgement
from ..statistics.auroc import areas
from .beside import beside_controls
from .told import Controls, not_asked, told_of


def score_items(
    measures: Iterable[OfItems],
    knows: Judgement | Predictions,
    controls: Controls,
    items: Sequence[Item],
    resamples: int,
    stream: Callable[[str], np.random.Generator],
) -> dict[str, Estimate]:
    """The scores of `measures` from what who `knows` the explanation tells of a split's items.

    The answers of a language model include those under other heads' explanations. For a
    program, `controls` are the predictions of other heads, by kind. `stream` gives the random
    numbers that the items of a question are resampled by.

    - the score itself: probability that an item that holds has a higher probability of yes than
      one that does not, a tie counting half; n counts the items answered.
    - its control: its mean under other heads' explanations; n counts them.
    - its margin: the difference, resampled together; n counts the items answered.
    """
    own, others = told_of(items, knows, controls, said, predicted)
    found: dict[str, Estimate] = {}
    for measure in measures:
        asked = [item for item in items if item.question == measure.question]
        reason = None
        if not own:
            reason = knows.reason or "no passage of this split was answered with yes or no"
        elif asked and not any(item in own for item in asked):
            reason = not_asked(asked, knows)
        if reason:
            found |= dict.fromkeys(measure.names, undefined(0, reason))
            continue
        found |= _compared(measure, own, others, asked, resamples, stream(measure.question))
    return found


def _compared(
    measure: OfItems,
    own: Told,
    others: Mapping[str, Sequence[Told]],
    asked: Sequence[Item],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The scores of one question; items that hold and items that do not are resampled apart."""
    sides = sides_of(asked)
    if not all(sides):
        nothing = undefined(0, "the windows of this split have nothing to ask about")
        return dict.fromkeys(measure.names, nothing)
    drawn = [resample_counts(rng, resamples, len(side)) for side in sides]

    def area(told: Told) -> Float[np.ndarray, " draws"]:
        answered = [np.array([item in told for item in side]) for side in sides]
        counts = [draws[:, known] for draws, known in zip(drawn, answered, strict=True)]
        return areas(*(probabilities(told, side) for side in sides), *counts)

    n = sum(item in own for item in asked)
    return beside_controls(
        measure,
        area(own),
        {kind: [area(told) for told in others.get(kind, ())] for kind in measure.controls},
        n=n,
        units=min(map(len, sides)),
        why_not=f"{n} of {len(asked)} items were answered, too few to have some of each kind",
    )
