"""What is said of a head in a sentence each: what it writes, as found and as its explainer states
it, and what depends on it.

Where it looks is the summary of its explanation. Figures stand elsewhere on its page.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..names import parse_head
from ..records.write_claims import HeadClaims
from .catalogue import OBJECT_NAMES
from .claims import Claims
from .dependence import KIND, Dependence, Figures, side_of
from .stated import Stated
from .writing import HeadWrites, Written

RELATIONS = 2  # from the weights, in a sentence
NO_EFFECT = "No clear effect on the next token"


class Told(NamedTuple):
    """The sentences; empty where it was not measured, or nothing is stated by the explainer."""

    writes: str = ""
    depends: str = ""
    stated: str = ""


def sentences(
    names: Iterable[str],
    stated: Mapping[str, Stated],
    claims: Claims | None,
    written: Written | None,
    depends: Dependence | None,
) -> dict[str, Told]:
    """The sentences on each of the heads named."""
    return {
        name: Told(
            _writes(name, claims, written.heads.get(name) if written else None),
            _depends(depends.ablated.get(name)) if depends else "",
            stated[name].sentence if name in stated else "",
        )
        for name in names
    }


def _writes(name: str, claims: Claims | None, weights: HeadWrites | None) -> str:
    if claims is None:
        return ""
    head = claims.heads.get(name)
    if head is None:
        reason = claims.reasons.get(parse_head(name)[0], "it was not measured")
        return f"Not known: {reason.rstrip('.')}."
    parts = [_in_text(head), *([_by_weights(weights)] if weights and weights.told else [])]
    return f"{'; '.join(parts)}."


def _in_text(head: HeadClaims) -> str:
    """The claims that hold on test documents."""
    held = " and ".join(f"{c.effect} {OBJECT_NAMES[c.object]}" for c in head.claims if c.holds)
    return f"Where it is most active, it {held}" if held else NO_EFFECT


def _by_weights(weights: HeadWrites) -> str:
    """The relations of which most is clear of chance."""
    first = weights.told[0].share.effect
    told = [r.share.relation for r in weights.told if r.share.effect == first][:RELATIONS]
    return f"by its weights it {first}, for a word it attends to, the {' and the '.join(told)}"


def _depends(figures: Figures | None) -> str:
    if figures is None:
        return "Not known: it is not among the heads that were ablated."
    side = side_of(figures[KIND, "loss"])
    if not side:
        return "Without it, the model's loss does not clearly change."
    if side < 0:
        return "Without it, the model predicts the next token better."
    where = ", above all where its explanation says that it is active" if _there(figures) else ""
    return f"Without it, the model predicts the next token worse{where}."


def _there(figures: Figures) -> bool:
    """Whether more is lost where the explanation predicts activity, and where others' do not."""
    found = [figures.get((KIND, name)) for name in ("difference", "margin")]
    return all(row is not None and side_of(row) > 0 for row in found)
