"""What rules ask of a resolved configuration."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..names import parse_head

SECTIONS = ("models", "corpora", "explainers", "clusterings")  # in the order of result paths
# Which runs there are, how the work is done, and what is given by name alone.
_NOT_OF_A_RUN = ("sweep", "studies", "execution", "endpoints")
_SAMPLING = ("model", "temperature", "seed", "max_tokens", "output", "logprobs")
_PLACE = ("base_url", "api_key_env", "timeout", "retries", "calls_at_once", "batch", "ahead")
_PRICES = ("input_price", "output_price")
_BUDGETS = ("max_calls", "max_total_tokens", "max_dollars")


def runs(config: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Model, corpus, explainer and clustering of every run of the sweep."""
    return list(itertools.product(*(config["sweep"][section] for section in SECTIONS)))


def configuration_of(config: Mapping[str, Any], run: Sequence[str]) -> dict[str, Any]:
    """The part of a resolved configuration that a run's results depend on, as JSON has it.

    `run` names its model, corpus, explainer and clustering. Of paths of this machine only
    the last part is given: it may be published, and files are known by their digests.
    """
    entries = {
        section: {name: config[section][name]} for section, name in zip(SECTIONS, run, strict=True)
    }
    rest = {key: part for key, part in config.items() if key not in (*SECTIONS, *_NOT_OF_A_RUN)}
    explainer = config["explainers"][run[SECTIONS.index("explainers")]]
    asked = {explainer[role] for role in ("endpoint", "judge") if role in explainer}
    return {
        **rest,
        "endpoints": {name: sampling_of(config, name) for name in sorted(asked)},
        **{section: _without_places(entries[section]) for section in SECTIONS},
    }


def sampling_of(config: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """The keys of an endpoint that decide its replies."""
    return {key: config["endpoints"][endpoint][key] for key in _SAMPLING}


def connection_of(config: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """The keys of an endpoint that change no reply: where it is and what it may cost."""
    return {key: config["endpoints"][endpoint][key] for key in (*_PLACE, *_PRICES, *_BUDGETS)}


def budget_of(config: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """The keys of an endpoint that decide where it stops being asked."""
    return {key: config["endpoints"][endpoint][key] for key in _BUDGETS}


def _without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_places(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_places(part) for part in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def layers_of(config: Mapping[str, Any], model: str) -> list[int]:
    """The layers of a model in which heads are to be explained, in order."""
    entry = config["models"][model]
    if entry["heads"] != "all":
        return sorted({layer for layer, _ in map(parse_head, entry["heads"])})
    return list(range(entry["n_layers"])) if entry["layers"] == "all" else sorted(entry["layers"])


def heads_of(config: Mapping[str, Any], model: str, layer: int) -> list[int]:
    """The heads of a layer that are to be explained, in order."""
    entry = config["models"][model]
    if layer not in layers_of(config, model):
        return []
    if entry["heads"] == "all":
        return list(range(entry["n_heads"]))
    return sorted(head for where, head in map(parse_head, entry["heads"]) if where == layer)


def flags(settings: Mapping[str, Any], *keys: str) -> str:
    """Command line flags of the settings named in `keys`, or of all of them.

    `{"top_keys": 8, "files": ["a b", "-c"], "bos": True, "revision": None}` becomes
    `--bos '--files=a b' --files=-c --top-keys=8`: sorted by key, so that the order in which a
    user writes keys changes no command; in one word with the value, which may look like another
    flag; and quoted for the shell.
    """
    words: list[str] = []
    for key in sorted(keys or settings):
        flag, value = key.replace("_", "-"), settings[key]
        if isinstance(value, Mapping):
            raise TypeError(f"{key} is a section; ask for the flags of what is in it")
        if value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
            continue
        values = value if isinstance(value, list) else [value]
        words += [shlex.quote(f"--{flag}={item}") for item in values]
    return " ".join(words)
