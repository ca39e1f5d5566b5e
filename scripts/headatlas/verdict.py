"""When a head counts as explained: the criterion, in one place, decided with its scores."""

from collections.abc import Iterable, Mapping

from .figures import interval, number
from .measure import Measure, clearly_above
from .measures import (
    attention_gain,
    attention_gain_off_first,
    detection_auroc,
    pair_detection_auroc,
)
from .records.explanation import Explanation
from .records.scores import Score, Verdict

# The measures whose margins decide, on test documents: what a program predicts of attention, or
# else, for an explanation in words, what a judge that knows it tells of either question.
BY_JUDGE: tuple[Measure, ...] = (pair_detection_auroc.MEASURE, detection_auroc.MEASURE)
DECIDING: tuple[tuple[Measure, ...], ...] = (
    (attention_gain.MEASURE, attention_gain_off_first.MEASURE),
    BY_JUDGE,
)

CRITERION = (
    "A head is explained if it has an explanation and the 95 % interval of a margin over the "
    "control on test documents is clear of nothing: that of "
    + "; or, where that is missing, of ".join(
        " or of ".join(f"the {m.within} (above {m.least})" for m in measures)
        for measures in DECIDING
    )
    + ". It is unexplained if it has no explanation, or one that is “not above control”: other "
    "heads' explanations predict it about as well, and it keeps its own to be read. It is “not "
    "compared” if it has an explanation but no such margin, for want of a control or of the score: "
    "it does not count as explained."
)


def verdict_on(explanation: Explanation, scores: Iterable[Score]) -> Verdict:
    """Whether a head is explained, by the scores of its explanation on test documents.

    It is if it has an explanation and one of the margins that decide is clearly there. The
    first of DECIDING that have a margin decide; where none has, nothing was compared.
    """
    if explanation.status != "explained":
        return Verdict(status=explanation.status, reason=explanation.reason, decided_by=[])
    tested = {score.metric: score for score in scores if score.split == "test"}
    for measures in DECIDING:
        margins = {m: tested[name] for m in measures if (name := m.margin_of("")) in tested}
        known = {m: score for m, score in margins.items() if score.value is not None}
        if known:
            return _decided(known)
    apply = DECIDING if explanation.program else (BY_JUDGE,)
    names = [measure.margin_of("") for measures in apply for measure in measures]
    reasons = dict.fromkeys(tested[name].reason or "" for name in names if name in tested)
    reason = "nothing to compare: " + "; ".join(reasons or ["it has no scores"])
    return Verdict(status="not compared", reason=reason, decided_by=[])


def _decided(margins: Mapping[Measure, Score]) -> Verdict:
    """The verdict by margins of which each has a value."""
    names = [score.metric for score in margins.values()]
    if any(clearly_above(s.value, s.low, m.least) for m, s in margins.items()):
        return Verdict(status="explained", reason=None, decided_by=names)
    figures = [
        f"{m.within} margin {number(s.value)} {interval(s.low, s.high)}".rstrip()
        for m, s in margins.items()
    ]
    reason = f"not above control: {', '.join(figures)} on test documents"
    return Verdict(status="unexplained", reason=reason, decided_by=names)
