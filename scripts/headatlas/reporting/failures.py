"""Which heads of a run came to nothing, and why."""

from collections.abc import Iterable, Sequence

from headatlas import outcome
from headatlas.verdict import BY_JUDGE

from .heads import Head


def failed(heads: Iterable[Head]) -> list[str]:
    """Why heads failed."""
    return [str(head.reason) for head in heads if head.status == "failed"]


def unjudged(heads: Iterable[Head]) -> list[str]:
    """Why explanations have no score on test text, of those that a language model should judge.

    A program may rightly have none, on text without anything to predict.
    """
    reasons = []
    for head in heads:
        tested = {name: s for (split, name), s in head.scores.items() if split == "test"}
        executed = head.explanation.status != "explained" or head.explanation.program
        if tested and not executed and all(score.value is None for score in tested.values()):
            why = dict.fromkeys(tested[m.name].reason for m in BY_JUDGE if m.name in tested)
            reasons.append("; ".join(filter(None, why)) or "no reason")
    return reasons


def check(heads: Sequence[Head]) -> None:
    """Raise NothingExplainedError if no head has an explanation that was judged."""
    outcome.check(failed(heads), unjudged(heads), len(heads))


def in_words(heads: Sequence[Head]) -> str:
    """How many heads failed and why; empty if none did."""
    reasons = failed(heads)
    return outcome.of_heads(reasons, len(heads)) if reasons else ""
