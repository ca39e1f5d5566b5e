"""What a measure is: a number about an explanation, with its words, its controls and its working.

Each measure is a module of `measures` that holds one of these as `MEASURE`; what is measured
on the same text is computed in one pass over it (`scoring`). The names of a measure's control
and margin follow from its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeVar

import numpy as np
from jaxtyping import Float, Int

from .intervals import Estimate
from .items import Question
from .records.base import Side

Evidence = Literal["predicted activation", "predicted attention", "answers", "test texts"]
# What is held against a head's explanation, by the part that the kind of control has in names:
# other heads' explanations, and predictions that know nothing of what the tokens are.
CONTROLS = {
    "": "other head that says something else",
    "layer_": "other head of its layer that says something else",
    "position_": "position model",
    "first_": "prediction of the first token alone",
    "even_": "prediction of even attention",
}
# The least margin over a control that counts. Zero would not do: the explanations of a model's
# heads before training are nearly the same, and the bootstrap resolves margins of a
# hundred-thousandth between them.
LEAST = 0.01
V = TypeVar("V")
Cases = Float[np.ndarray, " cases"]
Draws = Int[np.ndarray, "draws cases"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of explanations.

    - `name`: that of its module, its score and its column.
    - `description`: what it is, in a sentence or two.
    - `place`: where it stands among the others, the smallest first.
    - `chance`: what a prediction of nothing scores.
    - `signed`: whether zero separates two kinds of value.
    - `controls`: the kinds of its controls, of CONTROLS.
    - `least`: the least margin over a control that counts.
    - `comparable`: whether its values on several corpora or of several explainers can be held
      against each other; the comparison of runs then has it.
    - `needs`: what has to come with an explanation.
    """

    name: str
    label: str
    description: str
    place: int
    chance: float
    needs: tuple[Evidence, ...]
    signed: bool = False
    controls: tuple[str, ...] = ()
    least: float = LEAST
    comparable: bool = False
    measured_on: ClassVar[str]
    unit: ClassVar[str]

    @property
    def definition(self) -> str:
        """What it is, and what chance gives."""
        return f"{self.description} {self.chance:g} is chance."

    @property
    def basis(self) -> str:
        """What it is made of."""
        needs = " and ".join(self.needs)
        return f"Takes {needs}, on {self.measured_on}, resampled by {self.unit}."

    @property
    def within(self) -> str:
        """The label within a sentence."""
        return self.label[0].lower() + self.label[1:]

    def control_of(self, kind: str) -> str:
        """The name of the same score for other heads' explanations."""
        return f"{self.name}_{kind}control"

    def margin_of(self, kind: str) -> str:
        """The name of the score less that control."""
        return f"{self.name}_{kind}margin"

    @property
    def control(self) -> str | None:
        return self.control_of("") if "" in self.controls else None

    @property
    def margin(self) -> str | None:
        return self.margin_of("") if "" in self.controls else None

    @property
    def layer_control(self) -> str | None:
        return self.control_of("layer_") if "layer_" in self.controls else None

    @property
    def layer_margin(self) -> str | None:
        return self.margin_of("layer_") if "layer_" in self.controls else None

    @property
    def names(self) -> list[str]:
        """The names of the score, its controls and its margins, those that there are."""
        compared = [(self.control_of(kind), self.margin_of(kind)) for kind in self.controls]
        return [self.name, *(name for pair in compared for name in pair)]


@dataclass(frozen=True, eq=False)
class Trace:
    """What a head does in a window of T tokens, measured or predicted."""

    tokens: Int[np.ndarray, " T"]
    activation: Float[np.ndarray, " T"]
    attention: Float[np.ndarray, "T T"]
    _made: dict[Callable[..., object], object] = field(default_factory=dict)

    def once(self, view: "Callable[[Trace], V]") -> V:
        """What `view` makes of it; made once, however many measures and predictions ask."""
        if view not in self._made:
            self._made[view] = view(self)
        return self._made[view]  # type: ignore[return-value]  # keyed by what made it


@dataclass(frozen=True, kw_only=True)
class OfWindows(Measure):
    """Measured on random windows of the validation and test documents, resampled by window.

    - `sums`: of a window, from what is predicted and what was measured.
    - `statistic`: from the sums of any windows added up; NaN where it is undefined.
    - `why_not`: why it is, from the sums of all.
    - `constant`: the side that is the same everywhere, from the same, where that may be why.
    - `observations`: what n counts, from the same, if not the windows.
    """

    sums: Callable[[Trace, Trace], Float[np.ndarray, " sums"]]
    statistic: Callable[[Float[np.ndarray, "draws sums"]], Float[np.ndarray, " draws"]]
    why_not: Callable[[Float[np.ndarray, " sums"]], str]
    constant: Callable[[Float[np.ndarray, " sums"]], Side | None] | None = None
    observations: Callable[[Float[np.ndarray, " sums"]], int] | None = None
    measured_on = "random windows of test documents"
    unit = "window"


@dataclass(frozen=True, kw_only=True)
class OfItems(Measure):
    """The AUROC of the answers to a question about passages of the same windows, resampled by
    passage, those with the answer yes and the others apart."""

    question: Question
    measured_on = "passages of random windows of test documents"
    unit = "passage"


@dataclass(frozen=True, kw_only=True)
class OfLevels(Measure):
    """Pearson's correlation of how active the head is said to be at tokens of passages of the same
    windows with how active it is there, all tokens together, resampled by passage.

    `ranks`: of their ranks among all these tokens instead, Spearman's correlation. The interval
    takes the ranks as they are in the whole sample.
    """

    ranks: bool = False
    measured_on = "tokens of passages of random windows of test documents"
    unit = "passage"


@dataclass(frozen=True, kw_only=True)
class OfTexts(Measure):
    """Measured on the explanation's own test texts, resampled by text, both sides apart.

    `compare` holds the activation of the texts that should excite the head against that of the
    others, given how often each of both was drawn; of each text that is its peak or its mean.
    """

    of_text: Literal["peak", "mean"]
    compare: Callable[[Cases, Cases, Draws, Draws], Estimate]
    measured_on = "the explanation's own test texts"
    unit = "text"


def clearly_above(margin: float | None, low: float | None, least: float = LEAST) -> bool | None:
    """Whether a margin over a control is clearly there: its 95 % interval lies above `least`.

    The value itself is looked at where there is no interval (a single window); None where
    there is no margin, for nothing was compared.
    """
    if margin is None:
        return None
    return (margin if low is None else low) > least
