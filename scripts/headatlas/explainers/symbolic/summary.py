"""What is found in words: a title of at most ten words, and plain sentences without figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from .findings import Finding, Findings
from .language import ANY, FIRST_TOKEN, Expression
from .phrases import MOST_WORDS, Speaker
from .wording import attends_to

NOTABLE_RATIO = 1.5  # of activation
NEXT_TO_NOTHING = 0.05  # such a ratio: it would print as 0.0
SECOND = 1 / 3  # of what the first piece adds, that the second must add to be in the title


@dataclass(frozen=True)
class Contrast:
    """How many times as much the head writes when a clause holds as elsewhere."""

    ratio: float
    when: str


def title(findings: Findings, speaker: Speaker) -> str:
    """The pieces that add most, in at most ten words."""
    first, *others = findings.pieces
    found = speaker.titles(first)[0]
    rests = first.source == FIRST_TOKEN
    others = [piece for piece in others if not (rests and piece.source == FIRST_TOKEN)]
    if others and (rests or others[0].adds >= SECOND * first.adds):
        joint = ", else " if rests else "; "
        for second in speaker.titles(others[0]):
            both = f"{found}{joint}{second[0].lower()}{second[1:]}"
            if len(both.split()) <= MOST_WORDS:
                return both
    return found


def summary(
    findings: Findings,
    speaker: Speaker,
    also: Sequence[Sequence[Expression]],
    contrasts: Sequence[Contrast],
) -> str:
    """Sentences on where the head looks, and where it writes; `also` is of each piece."""
    pieces = findings.pieces
    if pieces[0].adds == 0:
        return f"Spreads its attention evenly over {speaker.attends_to(pieces[0])}."
    sentences = []
    for verb, avoided in (("Attends to", False), ("Avoids", True)):
        told = [
            _phrase(piece, speaker, pieces) for piece in pieces if speaker.avoids(piece) == avoided
        ]
        if told:
            sentences.append(
                f"{verb} {'; '.join(told[:-1])}{'; and ' * bool(told[:-1])}{told[-1]}."
            )
    return " ".join(sentences) + _alike(pieces, also) + writes(contrasts)


def unexplained(findings: Findings) -> str:
    """Why nothing is said of a head, and what is known nevertheless."""
    share = percent(max(findings.by_position, 0))
    return (
        "Neither distance nor any feature that was tried tells where it looks: distance and the"
        f" first token explain {share} of what even attention leaves."
    )


def writes(contrasts: Sequence[Contrast]) -> str:
    """Where the head writes clearly more or less than elsewhere, if anywhere."""
    parts = [
        f"next to nothing {c.when}"
        if c.ratio < NEXT_TO_NOTHING
        else f"{'more' if c.ratio > 1 else 'less'} {c.when} than elsewhere"
        for c in contrasts
        if not 1 / NOTABLE_RATIO < c.ratio < NOTABLE_RATIO
    ]
    return f" Writes {', and '.join(parts)}." if parts else ""


def percent(share: float) -> str:
    """A share in whole percent; small ones are not rounded to nothing."""
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _phrase(piece: Finding, speaker: Speaker, pieces: Sequence[Finding]) -> str:
    when = speaker.active_when(piece)
    always = [p for p in pieces if (p.source, p.trigger) == (piece.source, ANY)]
    more = " even more" * any(speaker.avoids(p) == speaker.avoids(piece) for p in always)
    return speaker.attends_to(piece) + (f"{more} when {when}" if when else "")


def _alike(pieces: Sequence[Finding], also: Sequence[Sequence[Expression]]) -> str:
    """What the text cannot tell from the behaviours found."""
    return "".join(
        f" On this text, {attends_to(piece.source)} is always "
        f"{' and '.join(attends_to(other) for other in others)} as well:"
        " it cannot tell the two apart."
        for piece, others in zip(pieces, also, strict=True)
        if others
    )
