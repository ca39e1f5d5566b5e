"""The sentences of an explanation, with their figures. All shares are of validation text."""

from collections.abc import Sequence
from dataclasses import dataclass

from .facts import Facts

NOTABLE_RATIO = 1.5  # of activation
NEXT_TO_NOTHING = 0.05  # such a ratio: it would print as 0.0
NOTABLE_REST = 0.05  # attention on the first token
MOST = 0.95  # share of queries beyond which the few others are not spoken of
ALWAYS = 0.99  # share of queries that need no mention of the others
LEAST_UNSEEN = 0.005  # attention that would show in whole percent
_METRICS = {
    "previous_token": "the previous token",
    "current_token": "the current token itself",
    "duplicate_token": "the earlier occurrences of the current token",
    "induction": "the tokens that followed earlier occurrences of the current token",
}


@dataclass(frozen=True)
class Clause:
    """A behaviour in words and figures."""

    attends_to: str
    active_when: str
    facts: Facts
    place: int  # among the clauses; the first that applies decides
    also: str = ""  # what else is attended to by the same keys on all of the text


@dataclass(frozen=True)
class Contrast:
    """How many times as much the head writes when a clause holds as elsewhere."""

    ratio: float
    when: str


def explained(
    clauses: Sequence[Clause],
    together: Facts,
    rest_elsewhere: float,
    contrasts: Sequence[Contrast],
) -> str:
    """The summary of a head that follows rules, the rule of largest coverage first."""
    main, *others = clauses
    text = f"Attends to {main.attends_to}{_when(main)}: {_figures(main.facts)}"
    text += (
        "".join(f"; {_opening(clause, main)}: {_figures(clause.facts)}" for clause in others) + "."
    )
    if others:
        text += (
            f" Together this is {_at_least(together)}{percent(together.coverage)}"
            f" of all its attention against {percent(together.base_rate)} by chance."
        )
    return text + _alike(clauses) + _rest(together, rest_elsewhere) + writes(contrasts)


def resting(clauses: Sequence[Clause], rest: Facts, contrasts: Sequence[Contrast]) -> str:
    """The summary of a head that rests on the first token, and what the remainder does."""
    text = f"Rests on the first token: {percent(rest.coverage)} of all its attention"
    text += f" against {percent(rest.base_rate)} by chance"
    if clauses:
        text += "".join(
            f"; what is left goes to {c.attends_to}{_when(c)}: {_figures(c.facts)}" for c in clauses
        )
    return text + "." + _alike(clauses) + writes(contrasts)


def spread(
    everything: Clause, entropy: float, evenness: float, contrasts: Sequence[Contrast]
) -> str:
    """The summary of a head whose mean entropy, in nats, is nearly that of even attention."""
    text = f"Spreads its attention over {everything.attends_to}: its mean entropy is"
    text += f" {entropy:.2f} nats, {percent(evenness)} of that of even attention."
    return text + _rest(everything.facts, 0.0) + writes(contrasts)


def unexplained(reason: str, guess: Clause | None, rest: float, stats: dict[str, float]) -> str:
    """The summary of a head that follows no rule: what is known of it nevertheless."""
    text = f"{reason}."
    if guess and guess.facts.share > guess.facts.chance:
        text += (
            f" The nearest is attention to {guess.attends_to}{_when(guess)}:"
            f" {_figures(guess.facts)}."
        )
    known = [f"{percent(rest)} of its attention is on the first token"]
    if "entropy" in stats:
        known.append(f"its mean entropy is {stats['entropy']:.2f} nats")
    if "distance_mean" in stats:
        known.append(f"its mean distance is {stats['distance_mean']:.0f} tokens")
    text += f" Known: {'; '.join(known)}."
    strongest = max((m for m in _METRICS if m in stats), key=lambda m: stats[m], default=None)
    if strongest is not None and stats[strongest] >= NOTABLE_REST:
        share = percent(stats[strongest])
        text += f" Its largest head metric is attention to {_METRICS[strongest]}, {share}."
    return text


def writes(contrasts: Sequence[Contrast]) -> str:
    """Where the head writes clearly more or less than elsewhere, if anywhere."""
    parts = [
        f"next to nothing {c.when}"
        if c.ratio < NEXT_TO_NOTHING
        else f"{c.ratio:.1f} times as much {c.when} as elsewhere"
        for c in contrasts
        if not 1 / NOTABLE_RATIO < c.ratio < NOTABLE_RATIO
    ]
    return f" Writes {', and '.join(parts)}." if parts else ""


def percent(share: float) -> str:
    """A share in whole percent; small ones are not rounded to nothing."""
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _figures(facts: Facts) -> str:
    applies = f" where this applies ({percent(facts.frequency)} of tokens)"
    return (
        f"{_at_least(facts)}{percent(facts.share)} of its attention"
        f"{applies if facts.frequency < ALWAYS else ''}"
        f" against {percent(facts.chance)} by chance"
    )


def _alike(clauses: Sequence[Clause]) -> str:
    """What the text cannot tell from the behaviours found."""
    return "".join(
        f" On this text, {c.attends_to} is always {c.also} as well: it cannot tell the two apart."
        for c in clauses
        if c.also
    )


def _at_least(facts: Facts) -> str:
    """What goes before a share of attention that may be larger than what is stored of it."""
    return "at least " if facts.unseen >= LEAST_UNSEEN else ""


def _when(clause: Clause) -> str:
    return f" when {clause.active_when}" if clause.active_when else ""


def _opening(clause: Clause, main: Clause) -> str:
    if clause.active_when:
        return f"when {clause.active_when}, to {clause.attends_to}"
    where = "otherwise" if clause.place > main.place else "where there is one,"
    return f"{where} to {clause.attends_to}"


def _rest(together: Facts, elsewhere: float) -> str:
    """How much attention rests on the first token, where rules apply and where none does."""
    here = percent(together.rest)
    if together.frequency >= MOST:
        return f" The first token gets {here}." if together.rest >= NOTABLE_REST else ""
    if elsewhere >= 0.5:
        return f" Otherwise rests on the first token ({percent(elsewhere)} there, {here} here)."
    if max(together.rest, elsewhere) >= NOTABLE_REST:
        return f" The first token gets {here} where this applies, {percent(elsewhere)} elsewhere."
    return ""
