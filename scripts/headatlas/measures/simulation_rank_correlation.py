"""Does who knows the explanation rank tokens as the head does?"""

from ..measure import OfLevels

MEASURE = OfLevels(
    name="simulation_rank_correlation",
    label="Simulation rank correlation",
    description="Spearman correlation between told and measured activation over the same tokens: "
    "how well they are ranked, however much the head writes at the first of them.",
    place=56,
    chance=0.0,
    needs=("answers",),
    controls=("",),
    comparable=True,
    ranks=True,
)
