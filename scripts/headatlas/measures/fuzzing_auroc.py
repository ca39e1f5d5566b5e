"""Does who knows the explanation tell tokens at which the head is active from others?"""

from ..measure import OfItems

MEASURE = OfItems(
    name="fuzzing_auroc",
    label="Fuzzing AUROC",
    description="Of passages of the random test windows, half have tokens marked at which the head "
    "is among its most active tenth, and half, which are the same passages, as many tokens marked "
    "at which it is in its less active half. Who knows only the explanation says which: a language "
    "model by the probability of its yes, a program by the mean activation that it predicts at the "
    "marks. The score is the probability that the right marks are given more than the wrong ones.",
    place=52,
    chance=0.5,
    needs=("answers",),
    controls=("",),
    comparable=True,
    question="marked",
)
