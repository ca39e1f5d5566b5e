"""The search for a head's program with what a language model proposes in it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ...records.explanation import Behaviour, Candidate, Explanation
from ...records.proposals import Proposal, Proposals
from ..logit.features import Feature
from ..logit.measures import divergences
from ..logit.selection import Selection, Texts, above_zero, select
from ..symbolic.language import parse_source, parse_trigger

FOUND_ANYWAY = "found without it"
NOTHING_CLEAR = "adds nothing clear on validation text"
NO_BETTER = "with it the program as a whole tells validation text no better"
NOT_TRIED = "the head was not explained"


class _Found(NamedTuple):
    """What the search finds alone, and what of the proposals it takes beside that.

    `taken` has the share that each of them adds; those that it finds alone too are left out.
    """

    alone: Selection
    taken: list[tuple[Feature, float]]
    helps: bool


class Search:
    """Searches twice: alone, and with what is proposed; that is kept where it clearly helps.

    So proposals that are of no use, or that the search needs nobody for, change nothing of the
    program.
    """

    def __init__(self, proposals: Proposals):
        self._proposals = proposals
        self._features = [features_of(proposal) for proposal in proposals.proposals]
        self._found: _Found | None = None

    def __call__(
        self,
        train: Float[np.ndarray, " train_cell"],
        validation: Float[np.ndarray, " held_out_cell"],
        texts: Texts,
        *,
        max_behaviours: int,
        least_share: float,
    ) -> Selection:
        """As `select`."""

        def search(offered: Sequence[Feature]) -> Selection:
            return select(
                train,
                validation,
                texts,
                max_behaviours=max_behaviours,
                least_share=least_share,
                offered=offered,
            )

        alone = search([])
        offered = [feature for features in self._features for feature in features]
        other = search(list(dict.fromkeys(offered))) if offered else alone
        taken = [(f, share) for f, share in other.taken if not _finds(alone, f)]
        helps = bool(taken) and above_zero(_gain(alone, other, validation, texts))
        self._found = _Found(alone, taken, helps)
        return other if helps else alone

    def told(self, explanation: Explanation) -> Explanation:
        """The explanation that came of the search, with what was proposed and what was accepted.

        Why replies held no proposals comes after them.
        """
        if explanation.program is None:
            self._found = None
        proposals = self._proposals.proposals
        candidates = [
            self._candidate(number, proposal) for number, proposal in enumerate(proposals)
        ]
        for number, reason in enumerate(self._proposals.reasons, len(proposals)):
            candidates.append(_nothing(number, reason))
        return explanation.model_copy(
            update={"candidates": candidates, "usage": self._proposals.usage}
        )

    def _candidate(self, number: int, proposal: Proposal) -> Candidate:
        score, reason = self._outcome(number)
        words = f"Attends to {proposal.attends_to}" + (
            f" when {proposal.active_when}" if proposal.active_when else ""
        )
        behaviour = Behaviour(
            attends_to=proposal.attends_to,
            active_when=proposal.active_when,
            family=proposal.family,
            source=proposal.source,
            trigger=proposal.trigger,
        )
        return Candidate(
            round=0,
            number=number,
            summary=proposal.said if proposal.reason else f"{words}.",
            behaviours=[] if proposal.reason else [behaviour],
            score=score,
            reason=reason,
        )

    def _outcome(self, number: int) -> tuple[float | None, str | None]:
        """What a proposal added on validation text if it was accepted, or why it was not."""
        proposal, features = self._proposals.proposals[number], self._features[number]
        if proposal.reason or self._found is None:
            return None, f"invalid: {proposal.reason}" if proposal.reason else NOT_TRIED
        taken = [share for feature, share in self._found.taken if feature in features]
        if taken:
            return (round(sum(taken), 6), None) if self._found.helps else (None, NO_BETTER)
        if any(_finds(self._found.alone, feature) for feature in features):
            return None, FOUND_ANYWAY
        return None, NOTHING_CLEAR


def _nothing(number: int, reason: str) -> Candidate:
    """What came of a reply that cannot be used, or that there is not."""
    return Candidate(round=0, number=number, summary="", behaviours=[], score=None, reason=reason)


def features_of(proposal: Proposal) -> list[Feature]:
    """What a proposal offers: of a list, one weight for all tokens, and one for each."""
    if proposal.source is None or proposal.trigger is None:
        return []
    source, trigger = parse_source(proposal.source), parse_trigger(proposal.trigger)
    listed = source.is_list or trigger.is_list
    return [Feature(source, trigger), *[Feature(source, trigger, "token")] * listed]


def _finds(selection: Selection, feature: Feature) -> bool:
    """Whether a behaviour of the selection says what the feature does."""
    return any(_covers(behaviour.feature, feature) for behaviour in selection.logit.behaviours)


def _covers(own: Feature, other: Feature) -> bool:
    """Whether a feature names the keys of the other at its queries; of lists all that it lists.

    Where the weight of the other varies, its own does with the same.
    """
    return other.by in ("", own.by) and all(
        one.name == two.name
        and (set(two.arguments) <= set(one.arguments) if one.is_list else one == two)
        for one, two in ((own.source, other.source), (own.trigger, other.trigger))
    )


def _gain(
    alone: Selection,
    other: Selection,
    validation: Float[np.ndarray, " held_out_cell"],
    texts: Texts,
) -> Float[np.ndarray, " window"]:
    """Nats by which the other tells the attention of each validation window better."""
    table = texts.validation
    worse, better = (
        divergences(validation, s.logit.predict(table), table.grid) for s in (alone, other)
    )
    return np.bincount(table.grid.window, worse - better)
