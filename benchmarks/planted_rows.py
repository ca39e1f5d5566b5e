"""Rows of what the benchmark of planted models finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

RECOVERED = 0.9  # least agreement with the truth


@dataclass(frozen=True)
class Graded:
    """What an explainer made of one head; stated and true coverage of all attention."""

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    status: str
    "as its explainer has it"
    verdict: str
    "as the workflow counts it; empty where it has not scored it"
    sources: str
    named: bool
    agreement: float | None
    predicts: bool
    stated: float | None
    true: float | None

    @property
    def recovered(self) -> bool:
        return self.named and self.agreement is not None and self.agreement >= RECOVERED

    @property
    def gradable(self) -> bool:
        """Whether it can be said: of an explanation without predictions it cannot."""
        return self.predicts or self.status != "explained"


@dataclass(frozen=True)
class Scored:
    """A score that the workflow gave to the explanation of a head."""

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    metric: str
    value: float | None


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


class Findings(NamedTuple):
    """All that is found: about heads, their scores, the scorers, and what is said in words."""

    heads: Sequence[Graded]
    scores: Sequence[Scored]
    scorers: Sequence[Told]
    words: Sequence[Worded]
