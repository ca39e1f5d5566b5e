"""How much a head writes: a mean per rule, and rules divided where the head writes more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .language import Expression
from .sample import Sample
from .search import Found, owners

REST = -1  # the group of queries that no rule decides
LEAST_VARIANCE = 0.02  # of the variance of activation on validation that a division must explain
MOST_DIVISIONS = 3


@dataclass(frozen=True)
class Division:
    """Queries of one group where a trigger holds, taken apart for their own activation."""

    group: int  # number of a rule, or REST
    trigger: int


def groups(
    rules: Sequence[Found], divisions: Sequence[Division], sample: Sample
) -> Int[np.ndarray, " query"]:
    """Group of each query: its rule or REST, or len(rules) + i where division i comes first."""
    group = owners(rules, sample.count, sample.holds)
    decided = group.copy()
    for i in reversed(range(len(divisions))):
        within = (decided == divisions[i].group) & (sample.holds[:, divisions[i].trigger] > 0)
        group[within] = len(rules) + i
    return group


def find_divisions(
    train: Sample, validation: Sample, rules: Sequence[Found], triggers: Sequence[Expression]
) -> list[Division]:
    """The divisions that explain the variance of activation best, fitted on train.

    Only rules that hold at any query, and the rest, can be divided: the trigger of the
    others is taken.
    """
    always = next(i for i, trigger in enumerate(triggers) if trigger.name == "any")
    open_groups = [REST, *(i for i, rule in enumerate(rules) if rule.trigger == always)]
    divisions: list[Division] = []
    least = LEAST_VARIANCE * len(validation.activation) * float(validation.activation.var())
    for _ in range(MOST_DIVISIONS):
        best = max(
            (
                (gain, -trigger, group)
                for group in open_groups
                for trigger, gain in enumerate(
                    _explained(train, validation, rules, divisions, group)
                )
            ),
        )
        if best[0] < least or best[0] <= 0:
            break
        divisions.append(Division(best[2], -best[1]))
    return divisions


def _explained(
    train: Sample,
    validation: Sample,
    rules: Sequence[Found],
    divisions: Sequence[Division],
    group: int,
) -> Float[np.ndarray, " trigger"]:
    """Reduction of squared error on validation of taking each trigger out of a group."""
    fit, check = (_within(sample, rules, divisions, group) for sample in (train, validation))
    if not len(fit[0]) or not len(check[0]):
        return np.zeros(train.holds.shape[1])
    mean = fit[0].mean()
    before = (check[0] - mean) ** 2
    error = np.zeros((len(check[0]), fit[1].shape[1]))
    for inside in (True, False):
        chosen = (fit[1] > 0) == inside
        number = chosen.sum(axis=0)
        means = np.where(number > 0, (fit[0] @ chosen) / np.maximum(number, 1), mean)
        where = (check[1] > 0) == inside
        error += where * (check[0][:, None] - means) ** 2
    return before.sum() - error.sum(axis=0)


def _within(
    sample: Sample, rules: Sequence[Found], divisions: Sequence[Division], group: int
) -> tuple[Float[np.ndarray, " query"], Float[np.ndarray, "query trigger"]]:
    chosen = groups(rules, divisions, sample) == group
    return sample.activation[chosen].astype(float), sample.holds[chosen]
