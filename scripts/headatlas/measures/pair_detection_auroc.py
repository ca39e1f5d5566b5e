"""Does who knows the explanation tell which earlier token a query attends to?"""

from ..measure import OfItems

MEASURE = OfItems(
    name="pair_detection_auroc",
    label="Pair detection AUROC",
    description="Of passages of the random test windows that end with a query and have one earlier "
    "token marked, half are strong (query, key) pairs and half weak look-alikes. Who knows only "
    "the explanation says which: a language model by the probability of its yes, a program by "
    "the attention it predicts. The score is the probability that a strong pair is given more "
    "than a weak one.",
    place=40,
    chance=0.5,
    needs=("answers",),
    controls=("",),
    comparable=True,
    question="attends",
)
