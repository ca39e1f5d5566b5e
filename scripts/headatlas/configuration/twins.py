"""The models' twins with random weights, which no sweep names and every run looks at."""

from collections.abc import Mapping
from typing import Any

from ..records.base import RANDOM, head_name
from .queries import heads_of, layers_of


def random_twins(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Entries of the twins of all models in a resolved configuration, by name.

    Of each model as many heads as `scoring.random_heads` asks for, at equal steps among
    its selected heads.
    """
    twins = {}
    for model, entry in config["models"].items():
        layers = layers_of(config, model)
        names = [head_name(n, h) for n in layers for h in heads_of(config, model, n)]
        count = min(config["scoring"]["random_heads"], len(names))
        if count:
            chosen = [names[len(names) * k // count] for k in range(count)]
            twins[f"{model}{RANDOM}"] = {**entry, "layers": "all", "heads": chosen}
    return twins
