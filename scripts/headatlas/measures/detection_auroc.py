"""Does who knows the explanation tell where the head is active?"""

from ..measure import OfItems

MEASURE = OfItems(
    name="detection_auroc",
    label="Detection AUROC",
    description="Of passages of the random test windows, half end with a token at which the head "
    "is among its most active tenth and half with one in its less active half. Who knows only "
    "the explanation says which: a language model by the probability of its yes, a program by "
    "the activation it predicts. The score is the probability that an active place is given more "
    "than an inactive one.",
    place=50,
    chance=0.5,
    needs=("answers",),
    controls=("",),
    comparable=True,
    question="active",
)
