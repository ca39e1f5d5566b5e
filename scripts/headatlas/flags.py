"""Quality flags: what the figures of an explanation say against it.

A flag is raised by figures that are on disk already, never by how a sentence looks; how often it is
right is measured on heads whose truth is known (`benchmarks/planted_flags.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .figures import interval, number
from .measure import clearly_above
from .measures import attention_explained, attention_gain, detection_auroc, pair_detection_auroc
from .records.explanation import RESTING, Behaviour, Explanation
from .records.scores import Score

MOST_ANYWAY = 0.5  # of the attention: keys that get it by distance alone narrow nothing down
LESS_THAN_SAID = 0.15  # of what there is to explain, between what is said and what test text shows
MANY, SHARE_OF_HEADS = 3, 0.1  # heads that say the same, at least, and of the model's
NOTABLE = 1.5  # times the constant part of the activation that is written at a trigger
TOLD = 0.5  # of what a program explains that its text should account for
ALWAYS = 0.9  # of the queries at which a behaviour has keys that say nothing of when
ANY = "any"  # the trigger of every query
# Families of behaviours that distance and the first token tell.
BY_POSITION = (RESTING, "local", "uniform", "previous-token", "current-token", "offset")


class Evidence(NamedTuple):
    """What is known of an explanation, and of its head."""

    explanation: Explanation
    scores: Mapping[tuple[str, str], Score]  # by split and metric
    twins: Sequence[str]  # heads that say the same
    heads: int  # of the run

    def on_test(self, metric: str) -> Score | None:
        """A score on test documents, where it has a value."""
        score = self.scores.get(("test", metric))
        return score if score and score.value is not None else None

    def answered(self) -> list[Score]:
        """How well a judge that knows the explanation answers on test documents."""
        asked = (self.on_test(m.MEASURE.name) for m in (pair_detection_auroc, detection_auroc))
        return [score for score in asked if score]


@dataclass(frozen=True)
class Flag:
    """A flag: its name and label, what it says, and when it is raised.

    `raised` gives the figures that raise it, in a clause, or None.
    """

    name: str
    label: str
    description: str
    raised: Callable[[Evidence], str | None]
    own: tuple[int, int]
    "of the planted heads whose own explanation had it, those whose explanation was wrong; and all"
    others: tuple[int, int]
    "of the explanations of other heads held against planted heads, those that had it; and all"


class Raised(NamedTuple):
    """A flag of a head, and the figures that raised it."""

    flag: Flag
    why: str


def flags_of(evidence: Evidence) -> list[Raised]:
    """The flags of a head's explanation, in the order of FLAGS; none of a head without one."""
    if evidence.explanation.status != "explained":
        return []
    found = ((flag, flag.raised(evidence)) for flag in FLAGS)
    return [Raised(flag, why) for flag, why in found if why]


def vague(evidence: Evidence) -> str | None:
    """Of a program: it names the first token alone, or keys that get most of the attention anyway.

    Of an explanation in words: a judge that knows it tells neither question better than chance.
    """
    if evidence.explanation.program is None:
        asked = evidence.answered()
        if not asked or not all(_may_be(score, 0.5) for score in asked):
            return None
        return f"a judge that knows it tells passages apart by {_figures(asked)}; 0.5 is chance"
    named = [b for b in evidence.explanation.behaviours if b.family != "uniform"]
    if named and all(b.family == RESTING for b in named):
        return f"all it says is that the head rests on the first token, {_share(named[0])}"
    shares = [b.baseline for b in named if b.baseline is not None]
    if not shares or min(shares) < MOST_ANYWAY:
        return None
    return f"the keys it names would get {min(shares):.0%} of the attention or more without it"


def contradicts(evidence: Evidence) -> str | None:
    """It says to explain far more than it explains on test text.

    Of words: a judge that knows them is clearly wrong more often than not.
    """
    explanation = evidence.explanation
    if explanation.program is None:
        below = [s for s in evidence.answered() if s.high is not None and s.high < 0.5]
        return (
            f"a judge that knows it is wrong more often than not: {_figures(below)}"
            if below
            else None
        )
    score, said = evidence.on_test(attention_explained.MEASURE.name), explanation.confidence
    if score is None or score.value is None or said is None:
        return None
    most = score.value if score.high is None else score.high
    if most >= said - LESS_THAN_SAID:
        return None
    return f"it says to explain {said:.2f} of the attention; on test documents: {_figures([score])}"


def same_as_many(evidence: Evidence) -> str | None:
    """So many other heads say the same that it tells nothing of this one."""
    count = len(evidence.twins)
    if count < max(MANY, SHARE_OF_HEADS * evidence.heads):
        return None
    return f"{count} of {evidence.heads - 1} other heads are explained the same"


def lacks_trigger(evidence: Evidence) -> str | None:
    """No behaviour says when, though the head writes far more at some queries.

    A behaviour whose keys are there at some queries alone says when; that a query is early in its
    window is no trigger of the text.
    """
    explanation = evidence.explanation
    behaviours = explanation.behaviours
    if explanation.program is None or any(b.active_when for b in behaviours):
        return None
    if any((b.frequency or 0.0) < ALWAYS for b in behaviours):
        return None
    constant = abs(explanation.program.constant)
    largest = max((abs(part.amount) for part in explanation.program.written), default=0.0)
    for part in explanation.program.written:
        of_text = part.source is None and part.trigger not in (ANY, "early", "late")
        if of_text and part.amount > NOTABLE * constant and part.amount >= largest / 2:
            return (
                f"it writes {number(part.amount)} more where {part.trigger} than the"
                f" {number(constant)} elsewhere, and no behaviour says when"
            )
    return None


def disagrees(evidence: Evidence) -> str | None:
    """What the text tells accounts for too little of what the program explains."""
    explanation = evidence.explanation
    behaviours, explained = explanation.behaviours, explanation.confidence
    told = sum(b.adds or 0.0 for b in behaviours)
    even = any(b.family == "uniform" for b in behaviours)
    if explanation.program is None or even or explained is None or told >= TOLD * explained:
        return None
    return f"what is told accounts for {told:.2f} of the {explained:.2f} that the program explains"


def not_above_position(evidence: Evidence) -> str | None:
    """It names more than distance, and predicts no better than distance and the first token."""
    if all(b.family in BY_POSITION for b in evidence.explanation.behaviours):
        return None
    score = evidence.on_test(attention_gain.MEASURE.margin_of("position_"))
    if not score or clearly_above(score.value, score.low, attention_gain.MEASURE.least):
        return None
    return f"{_figures([score])} nats a query over distance and the first token alone"


# What `benchmarks/planted_flags.py` counted: the planted heads whose own explanation was wrong, and
# all that had one; below, what it counted of each flag.
PLANTED = (68, 246)
FLAGS = (
    Flag(
        "vague",
        "vague",
        "A program names only the first token, or keys that get most of the attention anyway; "
        "words do not help a judge. Planted heads that were told rightly and have it do rest on "
        "the first token, and no more.",
        vague,
        own=(10, 19),
        others=(15, 246),
    ),
    Flag(
        "contradicts",
        "contradicts its own figures",
        "On test text a program explains far less than it says; a judge that knows words is wrong "
        "more often than not.",
        contradicts,
        own=(0, 0),
        others=(227, 246),
    ),
    Flag(
        "same_as_many",
        "says the same as many heads",
        "At least a tenth of the other heads, and three, are explained the same.",
        same_as_many,
        own=(18, 18),
        others=(17, 246),
    ),
    Flag(
        "lacks_trigger",
        "names no trigger",
        "The head writes far more at some queries, and no behaviour says when.",
        lacks_trigger,
        own=(6, 6),
        others=(8, 246),
    ),
    Flag(
        "disagrees",
        "text and program disagree",
        "What is told accounts for less than half of what the program explains.",
        disagrees,
        own=(7, 10),
        others=(16, 246),
    ),
    Flag(
        "not_above_position",
        "not above position",
        "It names more than distance, and predicts no better than distance and the first token.",
        not_above_position,
        own=(2, 2),
        others=(175, 246),
    ),
)


def _share(behaviour: Behaviour) -> str:
    """The share of the attention that a behaviour has, in words."""
    return "" if behaviour.share is None else f"with {behaviour.share:.0%} of its attention"


def _may_be(score: Score, value: float) -> bool:
    if score.low is None or score.high is None:
        return False
    return score.low <= value <= score.high


def _figures(scores: Sequence[Score]) -> str:
    return " and ".join(f"{number(s.value)} {interval(s.low, s.high)}".rstrip() for s in scores)
