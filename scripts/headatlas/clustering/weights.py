"""Explanations as points by what their programs weigh, not by their words.

A head is a distribution: of what its explanation explains, which share is due to which keys; to
rest on the first token is left out where it does more. A piece of the explanation has the share
that it adds. Half of that is for the piece's family, a quarter for its source and a quarter for its
source at its trigger; what is told of distance is spread over distances instead, as the kernel of
the program has it. The point is the square root of the distribution: a unit vector, with the
Bhattacharyya coefficient for a cosine and (but for a factor) the Hellinger distance between points.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from ..explainers.symbolic.language import SOURCE_LISTS
from ..records.explanation import Behaviour, Explanation, Program

REACH = 128  # tokens back from the query at which the kernel is read
_OF_FAMILY = 0.5  # of the share of a piece
_DISTANCES = {"previous_token": 1, "current_token": 0}
_SPREAD = ("recent", "everything")  # told of distance as a whole
_SHAPE = re.compile(r"(\w+)(?:\((.*)\))?")


def weight_points(explanations: Sequence[Explanation]) -> Float[np.ndarray, "heads keys"]:
    """Unit vectors of explanations; one without a program has no place, and is all zeros."""
    shares = [_distribution(explanation) for explanation in explanations]
    names = sorted({name for head in shares for name in head})
    return np.sqrt([[head.get(name, 0.0) for name in names] for head in shares]).reshape(
        len(shares), len(names)
    )


def kernel_shares(program: Program) -> Float[np.ndarray, " bin"]:
    """Share of each bin of distance by the kernel alone, at a query that has REACH tokens before.

    A bin has exp(kernel) for each of its distances.
    """
    ends = np.minimum([*program.bins, REACH], REACH)
    keys = np.maximum(np.diff(ends, prepend=-1), 0)
    kernel = np.array(program.logit.kernel)
    shares: np.ndarray = keys * np.exp(kernel - kernel.max())
    return shares / shares.sum()


def _distribution(explanation: Explanation) -> dict[str, float]:
    """Shares by name of what is weighed; none without a program."""
    program = explanation.program
    if program is None:
        return {}
    found: dict[str, float] = defaultdict(float)
    pieces = [(piece, max(piece.adds or 0.0, 0.0)) for piece in explanation.beside_resting]
    total = sum(adds for _, adds in pieces)
    for piece, adds in pieces:
        for name, share in _parts(piece, program):
            found[name] += share * adds / total if total else share / len(pieces)
    return found


def _parts(piece: Behaviour, program: Program) -> Iterator[tuple[str, float]]:
    """What a piece is about, with shares that sum to 1."""
    source, trigger = piece.source or "", piece.trigger or ""
    weighed, distances = _weighed(source, trigger, program), _distances(source, program)
    if trigger == "any" and distances and not weighed:
        yield from distances.items()
        return
    # Of lists and of kinds the family says too little: heads are alike that have some in common.
    of_family = 0.0 if weighed else _OF_FAMILY
    yield f"family {piece.family}", of_family
    name, _ = _shape(trigger)
    when = name if name == "at_tokens" else trigger  # no two heads have the same list
    for key, share in (weighed or distances or {source: 1.0}).items():
        yield key, share * (1 - of_family) / 2
        yield f"{key}, {when}", share * (1 - of_family) / 2


def _weighed(source: str, trigger: str, program: Program) -> dict[str, float]:
    """The listed tokens or the kinds of key that have weights, each by its weight's size.

    One that gets less than others is something else than one that gets more.
    """
    for term in program.terms:
        if (term.source, term.trigger) != (source, trigger):
            continue
        name, arguments = _shape(source)
        keys = arguments.split(", ") if name in SOURCE_LISTS else []
        if term.by == "key_kind":
            keys = [f"kind {n}" for n in range(len(term.weights))]
        # Weights that vary with the query or the distance are the same for all listed tokens.
        by_key = term.by in ("token", "key_kind")
        weights = term.weights if by_key else [term.weight] * len(keys)
        total = sum(map(abs, weights))
        if keys and total:
            return {
                f"{name} {key}{'+' if weight > 0 else '-'}": abs(weight) / total
                for key, weight in zip(keys, weights, strict=True)
            }
    return {}


def _distances(source: str, program: Program) -> dict[str, float]:
    """The bins of distance that a source stands for, if it does."""
    name, arguments = _shape(source)
    if name in _SPREAD:
        return {f"distance {n}": float(s) for n, s in enumerate(kernel_shares(program))}
    distance = int(arguments) if name == "offset" else _DISTANCES.get(name)
    if distance is None:
        return {}
    return {f"distance {int(np.searchsorted(program.bins, distance))}": 1.0}


def _shape(source: str) -> tuple[str, str]:
    match = _SHAPE.fullmatch(source)
    return (match[1], match[2] or "") if match else (source, "")
