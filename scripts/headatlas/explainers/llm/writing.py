"""What a head adds to the logits as a prompt shows it, and what a language model claims of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...event_rows import Text
from ...records.explanation import StatedClaim
from ...records.write_evidence import WRITE_EVIDENCE
from ...storage import read_head
from .exemplars import percent
from .text import token_text

# What can be claimed and tested, in words, by the name under which it is offered.
CLAIMS = {
    f"{effect} {name}": f"it {effect} {words}"
    for name, words in {
        "attended": "the token that it attends to",
        "after_attended": "the token that followed the one it attends to",
        "current": "the current token",
    }.items()
    for effect in ("raises", "lowers")
}
MOST_CLAIMS = 2


class Addition(NamedTuple):
    """What a head added to the logits at a query; no text in it can break a line."""

    attended: str
    share: str
    after: str | None  # the token after that; none where that is past the query
    current: str
    raised: Sequence[str]
    lowered: Sequence[str]
    above: Mapping[str, str]  # by the words for a token, the share of the vocabulary below it


def read_additions(path: Path, at: tuple[int, int], texts: Sequence[Text]) -> list[Addition]:
    """What a table of `WRITE_EVIDENCE` has of a head, whose windows are among `texts`."""
    pieces = {text.window: text.pieces for text in texts if text.split == "train"}
    rows = read_head(path, WRITE_EVIDENCE, at[1]).to_pylist()
    return [_addition(row, pieces[row["window"]]) for row in rows if row["layer"] == at[0]]


def _addition(row: Mapping[str, Any], pieces: Sequence[str]) -> Addition:
    key, query = row["key"], row["query"]
    named = {
        "attended": "the token attended to",
        "after_attended": "the one after it",
        "current": "the current one",
    }
    found = {words: row[f"{name}_above"] for name, words in named.items()}
    return Addition(
        attended=token_text(pieces[key]),
        share=percent(row["share"]),
        after=token_text(pieces[key + 1]) if key < query else None,
        current=token_text(pieces[query]),
        raised=[token_text(piece) for piece in row["raised"]],
        lowered=[token_text(piece) for piece in row["lowered"]],
        above={words: f"{share:.1%}" for words, share in found.items() if share is not None},
    )


def stated(claims: Sequence[str]) -> list[StatedClaim]:
    """Claims by the names under which they are offered, as their record has them."""
    pairs = (claim.split() for claim in claims)
    return [StatedClaim.model_validate({"effect": e, "object": o}) for e, o in pairs]


def offered(claim: StatedClaim) -> str:
    """The name of a claim."""
    return f"{claim.effect} {claim.object}"


def check_claims(claims: Sequence[str]) -> None:
    """Raise ValueError, with a sentence that the model can act on, if they cannot be together."""
    if unknown := [claim for claim in claims if claim not in CLAIMS]:
        raise ValueError(f"claims has {unknown[0]!r}; choose from {', '.join(CLAIMS)}")
    objects = [claim.split()[1] for claim in claims]
    if len(set(objects)) < len(objects):
        raise ValueError("claims has the same token twice; claim one effect on a token")
    if len(claims) > MOST_CLAIMS:
        raise ValueError(f"claims has {len(claims)} entries; give {MOST_CLAIMS} at most")
