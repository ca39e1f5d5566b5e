"""Does who knows the explanation tell how active the head is at every token?"""

from ..measure import OfLevels

MEASURE = OfLevels(
    name="simulation_correlation",
    label="Simulation correlation",
    description="Pearson correlation between told and measured activation over the tokens at the "
    "end of passages of the random test windows. A language model that knows only the explanation "
    "tells a level from 0 to 10 for each token, or its expected value where its server gives "
    "log-probabilities; a program tells the activation that it predicts. Undefined where all "
    "tokens are told the same.",
    place=54,
    chance=0.0,
    needs=("answers",),
    controls=("",),
    comparable=True,
)
