"""What a weight that varies says, in words: more of this, less of that."""

from collections.abc import Mapping

import numpy as np

from ..symbolic.wording import NOUNS
from .model import Behaviour

MOST = 6  # of either side
APART = float(np.log(1.5))  # from the mean weight, in nats: odds half as large again


def varies(behaviour: Behaviour, pieces: Mapping[int, str]) -> str:
    """What the weight is large and small for, strongest first; empty if it does not vary.

    `pieces` has the text of listed tokens. A token with odds above those of a key that is
    not listed counts as more, a kind or a distance if it is above the behaviour's mean.
    """
    if not behaviour.by:
        return ""
    weights = np.array(behaviour.weights) - (0 if behaviour.by == "token" else behaviour.weight)
    names = [_name(behaviour, level, pieces) for level in behaviour.feature.levels]
    order = np.argsort(-weights, kind="stable").tolist()
    more = [names[i] for i in order if weights[i] >= APART][:MOST]
    less = [names[i] for i in order[::-1] if weights[i] <= -APART][:MOST]
    parts = [("more", more), ("less", less)]
    found = "; ".join(f"{word} {_place(behaviour)}{', '.join(n)}" for word, n in parts if n)
    return found or "much the same for each"


def _place(behaviour: Behaviour) -> str:
    return {"distance": "at distance ", "query_kind": "at "}.get(behaviour.by, "to ")


def _name(behaviour: Behaviour, level: str, pieces: Mapping[int, str]) -> str:
    if behaviour.by == "token":
        return f"“{pieces[int(level)]}”" if int(level) in pieces else f"token {level}"
    if behaviour.by == "distance":
        return level
    return NOUNS[level][1] if level in NOUNS else "other tokens"
