"""The configuration against the world: names, files, figures of the models, and limits.

Only what the sweep uses is checked, so that entries for another day or another
machine can stay in the file.
"""

import itertools
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..model_files import gguf_file
from ..names import parse_head
from ..patterns import RESULTS, matches_of
from ..roles.table import RolesError, read_roles
from ..writing.relations import RELATIONS, RelationsError, read_relations
from . import language_models, people
from .problem import near_match, sentence, shown
from .queries import SECTIONS

# A path that starts with workflow/ is one of this repository, whether it is there or not; one
# that ends in .gguf is a file.
_HUB_NAME = re.compile(
    r"(?!workflow/|.*\.gguf$)[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII
)
_MODEL = "a model's folder, its GGUF file, or its name on the hub"
_GEOMETRY = {
    "n_layers": ("num_hidden_layers", "n_layer"),
    "n_heads": ("num_attention_heads", "n_head"),
    "context": ("max_position_embeddings", "n_positions"),
}


def problems(config: Mapping[str, Any], root: Path) -> Iterator[str]:
    """What cannot work in a configuration that its schema allows, each in a sentence."""
    yield from _undefined_names(config)
    for key, model in _used(config, "models").items():
        yield from _model_files(key, model, root)
        yield from _selection(key, model)
        yield from _roles(key, model, root)
    for key, corpus in _used(config, "corpora").items():
        yield from _split(key, corpus)
        yield from _corpus_files(key, corpus, root)
    for key, explainer in _used(config, "explainers").items():
        if explainer["kind"] == "llm":
            yield from language_models.problems(key, explainer, config)
        if explainer["kind"] == "hybrid":
            yield from language_models.hybrid_problems(key, explainer, config)
        if explainer["kind"] == "people":
            yield from people.problems(key, explainer, config, root)
    yield from _relations(config["writing"], root)
    for key, value, most, reason in _limits(config):
        if value > most:
            yield sentence(key, f"{value} is too large", f"at most {most}, {reason}")


def _undefined_names(config: Mapping[str, Any]) -> Iterator[str]:
    for section in SECTIONS:
        defined = config[section]
        for name in config["sweep"][section]:
            if name not in defined:
                problem = f"{shown(name)} is not defined{near_match(name, defined)}"
                names = (
                    f"the names under {section}, {', '.join(defined) or 'of which there are none'}"
                )
                yield sentence(f"sweep.{section}", problem, names)


def _used(config: Mapping[str, Any], section: str) -> dict[str, Any]:
    """The entries of a section that the sweep names, by their full key."""
    entries = config[section]
    return {f"{section}.{n}": entries[n] for n in config["sweep"][section] if n in entries}


def _model_files(key: str, model: Mapping[str, Any], root: Path) -> Iterator[str]:
    """A local model has a config.json, and the entry says what that says; or is a GGUF file.

    What a GGUF file says takes seconds to read, and is compared by inspect_model.
    """
    source = shown(model["source"])
    folder = _local_folder(model["source"], root)
    if folder is None:
        return
    try:
        if gguf_file(folder):
            return
    except InputError as error:
        problem = str(error).removeprefix(f"{folder}: ")
        yield sentence(f"{key}.source", f"{source} is {problem}", _MODEL)
        return
    try:
        stated = _figures(json.loads((folder / "config.json").read_bytes()))
    except OSError:
        problem = f"{source} is no folder with a config.json"
        yield sentence(f"{key}.source", problem, _MODEL)
    except (ValueError, AttributeError, TypeError):
        problem = f"config.json in {source} does not describe a model"
        yield sentence(f"{key}.source", problem, _MODEL)
    else:
        for name in ("n_layers", "n_heads"):
            if model[name] != stated.get(name, model[name]):
                problem = f"{model[name]} is not what config.json in {source} says"
                yield sentence(f"{key}.{name}", problem, str(stated[name]))
        if model["context"] > stated.get("context", model["context"]):
            problem = f"{model['context']} is more than config.json in {source} says"
            yield sentence(f"{key}.context", problem, f"at most {stated['context']}")


def _figures(stated: dict[str, Any]) -> dict[str, int]:
    """The figures of a model's config.json that an entry repeats, by the entry's names."""
    stated = {**stated, **stated.get("text_config", {})}  # a model of text and images
    return {
        name: int(stated[spelling])
        for name, spellings in _GEOMETRY.items()
        for spelling in spellings
        if spelling in stated
    }


def _local_folder(source: str, root: Path) -> Path | None:
    """The folder that `source` names, or None if it is a name on the hub."""
    folder = root / source
    return folder if folder.exists() or not _HUB_NAME.fullmatch(source) else None


def _selection(key: str, model: Mapping[str, Any]) -> Iterator[str]:
    """The layers and heads to explain are there."""
    layers, last_layer, last_head = model["layers"], model["n_layers"] - 1, model["n_heads"] - 1
    if layers != "all":
        for layer in layers:
            if layer > last_layer:
                yield sentence(f"{key}.layers", f"{layer} is out of range", f"0 to {last_layer}")
    if model["heads"] != "all":
        for name in model["heads"]:
            layer, head = parse_head(name)
            if layer > last_layer or head > last_head:
                allowed = f"L00H00 to L{last_layer:02d}H{last_head:02d}"
                yield sentence(f"{key}.heads", f"{shown(name)} is out of range", allowed)
            elif layers != "all" and layer not in layers:
                problem = f"{shown(name)} is in a layer that {key}.layers leaves out"
                allowed = f"heads of layers {', '.join(map(str, sorted(layers)))}"
                yield sentence(f"{key}.heads", problem, allowed)


def _roles(key: str, model: Mapping[str, Any], root: Path) -> Iterator[str]:
    """The table of published roles is one, and of heads that the model has."""
    if model["roles"] is not None:
        try:
            read_roles(root / model["roles"], model["n_layers"], model["n_heads"])
        except RolesError as error:
            problem = f"{shown(model['roles'])}: {error.problem}"
            yield sentence(f"{key}.roles", problem, error.allowed)


def _relations(writing: Mapping[str, Any], root: Path) -> Iterator[str]:
    """The user's table of relations is one, and names none of ours."""
    if writing["relations"] is not None:
        try:
            read_relations(root / writing["relations"], taken=read_relations(RELATIONS))
        except RelationsError as error:
            problem = f"{shown(writing['relations'])}: {error.problem}"
            yield sentence("writing.relations", problem, error.allowed)


def _split(key: str, corpus: Mapping[str, Any]) -> Iterator[str]:
    total = sum(corpus["split"].values())
    if not math.isclose(total, 1, abs_tol=1e-6):
        yield sentence(f"{key}.split", f"the shares sum to {total:.6g}", "shares that sum to 1")


def _corpus_files(key: str, corpus: Mapping[str, Any], root: Path) -> Iterator[str]:
    """The files and folders that a corpus is read from are there."""
    match corpus["kind"]:
        case "text":
            patterns = corpus["files"]
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                if problem := _unmatched(pattern, root):
                    allowed = "a file with text in it, or a pattern of such files"
                    yield sentence(f"{key}.files", f"{shown(pattern)} {problem}", allowed)
        case "huggingface":
            folder = _local_folder(corpus["source"], root)
            if folder is not None and (problem := _unfit(folder)):
                allowed = "a folder of data files, or a data set's name on the hub"
                yield sentence(f"{key}.source", f"{shown(corpus['source'])} {problem}", allowed)
        case "stackexchange":
            if problem := _unfit(root / corpus["folder"]):
                problem = f"{shown(corpus['folder'])} {problem}"
                yield sentence(f"{key}.folder", problem, "a folder of exported sites")


def _unfit(folder: Path) -> str | None:
    """Why a folder cannot be that of a corpus, or None if it can."""
    if not folder.is_dir():
        return "is no folder"
    inside = RESULTS.resolve().is_relative_to(folder.resolve())
    return "holds results of the workflow, which are no corpus" if inside else None


def _unmatched(pattern: str, root: Path) -> str | None:
    """Why a pattern gives no text, or None if it does."""
    try:
        files = matches_of(pattern, root).files
    except ValueError as error:
        return f"is no pattern ({error})"
    closed = [file for file in files if not os.access(file, os.R_OK)]
    if closed:
        return f"matches {shown(str(closed[0]))}, which may not be read"
    sizes = [file.stat().st_size for file in files]
    if not sizes:
        return "matches no file, results of the workflow left out"
    return None if any(sizes) else "matches only empty files"


def _limits(config: Mapping[str, Any]) -> Iterator[tuple[str, int, int, str]]:
    """Settings that bound one another: key, value, largest value and where that is from."""
    kept, events, models = config["activations"], config["events"], _used(config, "models")
    yield "events.top", events["top"], kept["top_windows"], "activations.top_windows"
    for key, corpus in _used(config, "corpora").items():
        windows, sampled, length = corpus["windows"], corpus["sampled"], corpus["window_tokens"]
        yield f"{key}.sampled", sampled, _smallest_split(corpus), "its smallest split's windows"
        chosen = events["quantiles"] * events["per_quantile"]
        yield "events.quantiles * events.per_quantile", chosen, sampled, f"{key}.sampled"
        yield "execution.shards", config["execution"]["shards"], windows, f"{key}.windows"
        for name, model in models.items():
            yield f"{key}.window_tokens", length, model["context"], f"{name}.context"


def _smallest_split(corpus: Mapping[str, Any]) -> int:
    """Windows in the smallest split, shared out as the corpus is."""
    shares = (corpus["split"][name] for name in ("train", "validation", "test"))
    ends: list[int] = [round(share * corpus["windows"]) for share in itertools.accumulate(shares)]
    return min(end - start for start, end in itertools.pairwise([0, *ends]))
