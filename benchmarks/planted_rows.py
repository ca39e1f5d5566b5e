"""Rows of what the benchmark of planted models finds."""

from dataclasses import dataclass

RECOVERED = 0.9  # least agreement with the truth
SCORES = (
    "attention_correlation",
    "salience_correlation",
    "pair_auroc",
    "pair_detection_auroc",
    "detection_auroc",
    "auroc",
)


@dataclass(frozen=True)
class Graded:
    """What an explainer made of one head; stated and true coverage of all attention."""

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    status: str
    sources: str
    named: bool
    agreement: float | None
    predicts: bool
    stated: float | None
    true: float | None
    attention_correlation: float | None
    salience_correlation: float | None
    pair_auroc: float | None
    pair_detection_auroc: float | None
    detection_auroc: float | None
    auroc: float | None

    @property
    def recovered(self) -> bool:
        return self.named and self.agreement is not None and self.agreement >= RECOVERED

    @property
    def gradable(self) -> bool:
        """Whether it can be said: of an explanation without predictions it cannot."""
        return self.predicts or self.status != "explained"


@dataclass(frozen=True)
class Told:
    """How often a score put a head's true explanation above wrong ones."""

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    scorer: str
    undefined: str
    "why the true explanation has no such score, or empty"
    true_first: float | None


@dataclass(frozen=True)
class Worded:
    """What a language model says of a head's explanation beside a truth: its own, or another's.

    Each point has an answer, null if it was neither yes nor no, and whether yes is right: the
    truth of another head may have the same tokens, or the same trigger.
    """

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    truth: str
    own: bool
    same_tokens: bool | None
    same_trigger: bool | None
    true_tokens: bool
    true_trigger: bool

    @property
    def same(self) -> bool:
        """Whether the explanation says what this truth does."""
        return bool(self.same_tokens and self.same_trigger)
