"""The configuration of explainers that read what people wrote: the file, and the judge."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..explainers.people.table import PeopleError, read_people
from . import language_models
from .problem import sentence, shown


def problems(
    key: str, explainer: Mapping[str, Any], config: Mapping[str, Any], root: Path
) -> Iterator[str]:
    """What cannot work in an entry of kind people."""
    yield from language_models.undefined(key, explainer, config["endpoints"], ("judge",))
    yield from language_models.not_batched(key, explainer, config["endpoints"], "judge")
    yield from language_models.cut_off(key, explainer, config["endpoints"])
    try:
        lines = read_people(root / explainer["file"])
    except PeopleError as error:
        problem = f"{shown(explainer['file'])}: {error.problem}"
        yield sentence(f"{key}.file", problem, error.allowed)
        return
    for name in config["sweep"]["models"]:
        model = config["models"].get(name)
        own = [line for line in lines if line.model in (None, name)]
        beyond = [
            f"L{line.layer:02d}H{line.head:02d}"
            for line in own
            if model and (line.layer >= model["n_layers"] or line.head >= model["n_heads"])
        ]
        if model and beyond:
            last = f"L{model['n_layers'] - 1:02d}H{model['n_heads'] - 1:02d}"
            problem = f"{shown(explainer['file'])}: no head {beyond[0]} in {name}"
            yield sentence(f"{key}.file", problem, f"L00H00 to {last}")
        elif model and not own:
            problem = f"{shown(explainer['file'])} says nothing of {name}"
            yield sentence(f"{key}.file", problem, "a file with explanations of its heads")
