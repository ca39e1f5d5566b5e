"""The configuration: defaults, every error as one sentence, and what rules ask of it."""

import copy
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT

from headatlas.configuration import (
    ConfigurationError,
    check_duplicate_keys,
    check_environment,
    configuration_of,
    flags,
    heads_of,
    layers_of,
    resolve,
    runs,
)
from headatlas.configuration.twins import random_twins

CONFIG = ROOT / "config.yaml"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
READY = re.compile(r"^  # ([\w.+-]+: \{.*\})$", re.MULTILINE)
DEFAULTS = re.compile(r"^  ## defaults(?: of kind ([\w-]+))?: (\{.*\})$", re.MULTILINE)
# Of the sections, endpoints alone has only comments below it: nothing to YAML.
SHIPPED = yaml.safe_load(CONFIG.read_text()) | {"endpoints": {}}
FIGURES = {"num_hidden_layers": 3, "num_attention_heads": 8, "max_position_embeddings": 256}

Keys = tuple[str, ...]
DEMO, DOCS = ("models", "demo"), ("corpora", "python-docs")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demo model and some texts."""
    folder = tmp_path_factory.mktemp("root")
    write(folder / "workflow/resources/demo-model/config.json", json.dumps(FIGURES))
    write(folder / "texts/a.txt", "text")
    write(folder / "texts/b [1].txt", "text")
    write(folder / "texts/empty.md", "")
    write(folder / "texts/ours.csv", "relation,source,target\nplural,ox,oxen\n")
    for name in ("a.gguf", "b.gguf"):
        write(folder / "ggufs" / name, "GGUF")
    for table in (ROOT / "workflow/resources/roles").iterdir():
        write(folder / "workflow/resources/roles" / table.name, table.read_text())
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def example(*changes: tuple[Keys, Any]) -> dict[str, Any]:
    """config.yaml with other values at some paths."""
    config: dict[str, Any] = copy.deepcopy(SHIPPED)
    for path, value in changes:
        section = config
        for key in path[:-1]:
            section = section[key]
        section[path[-1]] = value
    return config


def resolved(
    config: Mapping[str, Any],
    root: Path,
    schema: Path = SCHEMA,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    found = resolve(config, schema_path=schema, root=root)
    entries, swept = found["explainers"], found["sweep"]["explainers"]
    asking = [name for name in swept if entries[name]["kind"] == "llm"]
    check_environment(found, asking, environment or {})
    return found


def problems(config: Mapping[str, Any], root: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        resolved(config, root)
    return str(caught.value)


# --- the file, the schema and the defaults


def test_config_yaml_is_the_demo_and_shows_every_key(root: Path) -> None:
    config = resolved(example(), root)
    assert config == example()  # no default had to be added: every key is in the file
    assert runs(config) == [("demo", "python-docs", "symbolic", "minilm")]
    assert layers_of(config, "demo") == [0, 1, 2]
    assert heads_of(config, "demo", 2) == list(range(8))


def test_defaults_are_those_in_config_yaml(root: Path) -> None:
    required = ("source", "n_layers", "n_heads", "context")
    demo = {key: example()["models"]["demo"][key] for key in required}
    config = {"models": {"demo": demo}, "corpora": {"python-docs": {"kind": "python-docs"}}}
    config["studies"] = example()["studies"]  # entries, of which none is there by default
    before = copy.deepcopy(config)
    assert resolved(config, root) == example()
    assert config == before


def test_result_shares_nothing_with_the_input(root: Path) -> None:
    config = example()
    resolved(config, root)["sweep"]["models"].append("other")
    assert config == example()


def test_null_section_has_its_defaults(root: Path) -> None:
    empty = example((("scoring",), None), (("clusterings", "minilm"), None))
    assert resolved(empty, root) == example()


def test_every_line_of_config_yaml_has_a_comment() -> None:
    lines = CONFIG.read_text().splitlines()
    assert [line for line in lines if line.strip() and "#" not in line] == []


def test_ready_entries_work_when_uncommented(root: Path, tmp_path: Path) -> None:
    root = shutil.copytree(root, tmp_path / "root")
    config = yaml.safe_load(READY.sub(r"  \1", CONFIG.read_text()))
    ready = [entry.split(":")[0] for entry in READY.findall(CONFIG.read_text())]
    assert len(ready) == 22
    resolved(config, root)  # all are there, none is used: files need not be
    write(root / config["models"]["smollm2"]["source"], "GGUF")
    models = [name for name in config["models"] if name != "demo"]
    config["sweep"] |= {"models": models, "corpora": ["python-docs", "wikitext-103"]}
    assert len(runs(resolved(config, root))) == len(models) * 2
    geometry = {m: (e["n_layers"], e["n_heads"], e["context"]) for m, e in config["models"].items()}
    assert geometry == {
        "demo": (3, 8, 256),
        "gpt2": (12, 12, 1024),
        "gpt2-medium": (24, 16, 1024),
        "gpt2-large": (36, 20, 1024),
        "gpt2-xl": (48, 25, 1024),
        "pythia-160m": (12, 12, 2048),
        "llama-3.2-1b": (16, 32, 131072),
        "smollm2": (30, 9, 8192),
    }


def test_comments_of_config_yaml_tell_the_defaults_of_keys_that_the_demo_has_not() -> None:
    told = {kind: yaml.safe_load(text) for kind, text in DEFAULTS.findall(CONFIG.read_text())}
    sections = yaml.safe_load(SCHEMA.read_text())["properties"]
    corpora, endpoints, explainers = (
        sections[name]["additionalProperties"] for name in ("corpora", "endpoints", "explainers")
    )
    entries = {branch["properties"]["kind"]["const"]: branch for branch in corpora["oneOf"]}
    shown = entries.pop("python-docs")["properties"]  # those of every kind
    entries |= {branch["properties"]["kind"]["const"]: branch for branch in explainers["oneOf"]}
    del entries["symbolic"]
    defaults = {
        kind: {
            key: part["default"]
            for key, part in entry["properties"].items()
            if "default" in part and key != "kind" and (key not in shown or kind in ("", "llm"))
        }
        for kind, entry in {"": endpoints, **entries}.items()
    }
    assert told == {kind: known for kind, known in defaults.items() if known}


def subschemas(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schema and all schemas of sections within it."""
    parts = [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]
    if isinstance(schema.get("additionalProperties"), dict):
        parts.append(schema["additionalProperties"])
    return [schema, *(inner for part in parts for inner in subschemas(part))]


def test_schema_is_valid_closed_described_and_has_defaults() -> None:
    schema = yaml.safe_load(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for section in subschemas(schema):
        if section.get("type") == "object" and "oneOf" not in section:
            others = section["additionalProperties"]  # none, or entries with names
            assert others is False or section["propertyNames"]["pattern"]
            for key, part in section.get("properties", {}).items():
                assert part["description"], key
                assert ("default" in part) != (key in section.get("required", [])), key
        if "oneOf" in section:
            kinds = [branch["properties"]["kind"]["const"] for branch in section["oneOf"]]
            assert section["properties"]["kind"]["enum"] == kinds


# --- what the schema does not allow

TAKEN = "benchmarks, comparison, logs, replies, simulator, studies"
NAME = "a name of letters, digits and . _ + - that begins with a letter or digit"
HEADS = "all, or a list of heads such as [L00H03, L01H11], each once"
CORPUS_KEYS = "kind, windows, window_tokens, sampled, documents, windows_per_document, split"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("sweeps",), {}, "sweeps: unknown key (did you mean sweep?); allowed: sweep, seed, models,"
         " corpora, endpoints, explainers, clusterings, studies, activations, events, scoring,"
         " writing, effects, report, execution"),
        (("zzz",), 1, "zzz: unknown key; allowed: sweep, seed, models,"
         " corpora, endpoints, explainers, clusterings, studies, activations, events, scoring,"
         " writing, effects, report, execution"),
        ((*DOCS, "window_token"), 1, "corpora.python-docs.window_token: unknown key of kind "
         f"python-docs (did you mean window_tokens?); allowed: {CORPUS_KEYS}, only"),
        ((*DOCS, "split", "dev"), 0.1, "corpora.python-docs.split.dev: unknown key; "
         "allowed: train, validation, test"),
        (("corpora", "x"), {"kind": "text", "files": "*", "folder": "f"}, "corpora.x.folder: "
         f"unknown key of kind text; allowed: {CORPUS_KEYS}, files, field"),
        (("corpora", "x"), {"kind": "text"}, "corpora.x.files: missing; "
         "allowed: a pattern of files such as texts/*.txt, or a list of patterns, each once"),
        (("corpora", "x"), {}, "corpora.x.kind: missing; "
         "allowed: python-docs, text, huggingface, stackexchange"),
        (("corpora", "x"), {"kind": "txt", "any": 1}, "corpora.x.kind: 'txt' is not allowed; "
         "allowed: python-docs, text, huggingface, stackexchange"),
        (("explainers", "gpt"), {"kind": "gpt"}, "explainers.gpt.kind: 'gpt' is not allowed; "
         "allowed: symbolic, hybrid, llm, people"),
        (("explainers", "symbolic", "text"), 3, "explainers.symbolic.text: unknown key of kind "
         "symbolic (did you mean texts?); allowed: max_behaviours, min_gain, texts, kind"),
        (("models", "x"), {"source": "gpt2", "n_layers": 1, "n_heads": 1}, "models.x.context: "
         "missing; allowed: a whole number from 6, below which a head has too few keys "
         "to choose from"),
        (("models", "a b"), example()["models"]["demo"], "models: 'a b' is not allowed; "
         f"allowed: {NAME}, other than {TAKEN}, and does not end in "
         "+random"),
        (("models", "demo+random"), example()["models"]["demo"], "models: 'demo+random' is not "
         f"allowed; allowed: {NAME}, other than {TAKEN}, and does not end in "
         "+random"),
        (("models", "comparison"), example()["models"]["demo"], "models: 'comparison' is not "
         f"allowed; allowed: {NAME}, other than {TAKEN}, and does not end in "
         "+random"),
        (("clusterings", "line\n"), {}, f"clusterings: 'line\\n' is not allowed; allowed: {NAME}"),
        (("clusterings", 7), {}, f"clusterings: 7 is not allowed; allowed: {NAME}"),
        (("models",), [], "models: [] is not allowed; allowed: a section of keys"),
        (("activations", "norm"), "znorm", "activations.norm: 'znorm' is not allowed; "
         "allowed: write_norm, z_norm"),
        (("activations", "top_keys"), "many", "activations.top_keys: 'many' is not allowed; "
         "allowed: a whole number, at least 1 and at most 32767"),
        (("activations", "top_keys"), 8.0, "activations.top_keys: 8.0 is not allowed; "
         "allowed: a whole number, at least 1 and at most 32767"),
        (("activations", "top_keys"), None, "activations.top_keys: null is not allowed; "
         "allowed: a whole number, at least 1 and at most 32767"),
        (("seed",), True, "seed: true is not allowed; "
         "allowed: a whole number, at least 0 and at most 4294967295"),
        (("execution", "shards"), 0, "execution.shards: 0 is not allowed; "
         "allowed: a whole number, at least 1 and at most 10000"),
        (("execution", "device"), "gpu", "execution.device: 'gpu' is not allowed; "
         "allowed: auto, cpu, cuda, cuda:N, mps"),
        (("explainers", "symbolic", "min_gain"), float("nan"), "explainers.symbolic."
         "min_gain: nan is not allowed; allowed: a number, at least 0 and at most 1"),
        ((*DOCS, "split", "test"), 0, "corpora.python-docs.split.test: 0 is not allowed; "
         "allowed: a number, above 0 and below 1"),
        ((*DOCS, "window_tokens"), 5, "corpora.python-docs.window_tokens: 5 is not allowed; "
         "allowed: a whole number from 6, below which a head has too few keys to choose from, "
         "to 32767"),
        ((*DEMO, "revision"), 1234, "models.demo.revision: 1234 is not allowed; "
         "allowed: text in quotes or null, not empty"),
        (("report", "title"), "a\0b", "report.title: 'a\\x00b' is not allowed; "
         "allowed: text without control characters, not empty"),
        (("writing", "top"), 0, "writing.top: 0 is not allowed; allowed: a whole number, "
         "at least 1 and at most 1000"),
        (("writing", "relations"), 3, "writing.relations: 3 is not allowed; "
         "allowed: a CSV file with the columns relation, source and target, or null"),
        ((*DEMO, "roles"), ["a.csv"], "models.demo.roles: ['a.csv'] is not allowed; "
         "allowed: a CSV file such as workflow/resources/roles/gpt2.csv, or null"),
        ((*DEMO, "heads"), ["L0H1"], "models.demo.heads[0]: 'L0H1' is not allowed; "
         "allowed: a head such as L00H03"),
        ((*DEMO, "heads"), ["L00H01"] * 2, "models.demo.heads: ['L00H01', 'L00H01'] is not "
         f"allowed; allowed: {HEADS}"),
        ((*DEMO, "heads"), "some", f"models.demo.heads: 'some' is not allowed; allowed: {HEADS}"),
        ((*DEMO, "layers"), [], "models.demo.layers: [] is not allowed; "
         "allowed: all, or a list of layers such as [0, 1], each once"),
        (("sweep", "models"), "demo", "sweep.models: 'demo' is not allowed; "
         "allowed: a list of names, each once"),
    ],
)  # fmt: skip
def test_what_the_schema_refuses(root: Path, path: Keys, value: Any, problem: str) -> None:
    assert problems(example((path, value)), root) == f"config.yaml: {problem}"


def test_every_whole_number_is_bounded_on_both_sides() -> None:
    numbers = [
        part
        for part in subschemas(yaml.safe_load(SCHEMA.read_text()))
        if "integer" in np.atleast_1d(part.get("type", "")) and "const" not in part
    ]
    assert len(numbers) > 30
    for part in numbers:
        assert part["minimum"] < part["maximum"] < 2**63, part


@pytest.mark.parametrize(
    "path",
    [("scoring", "bootstrap"), (*DOCS, "windows"), ("activations", "top_windows"), ("seed",)],
)
@pytest.mark.parametrize("value", [10**12, 10**30])
def test_numbers_beyond_all_bounds_are_refused(root: Path, path: Keys, value: int) -> None:
    said = problems(example((path, value)), root)
    assert f"{'.'.join(path)}: {value} is not allowed; allowed: a whole number, at " in said


def test_all_problems_are_told_in_order(root: Path) -> None:
    config = example((("seed",), -1), (("events", "top"), 0))
    assert problems(config, root).splitlines() == [
        "config.yaml: 2 problems:",
        "config.yaml: events.top: 0 is not allowed; "
        "allowed: a whole number, at least 1 and at most 1000000",
        "config.yaml: seed: -1 is not allowed; "
        "allowed: a whole number, at least 0 and at most 4294967295",
    ]


# --- what cannot work

COLUMNS = "head,role,test,source,arxiv,checked"
MODEL_SOURCE = "a model's folder, its GGUF file, or its name on the hub"
FILES = "a file with text in it, or a pattern of such files"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("sweep", "corpora"), ["python-doc"], "sweep.corpora: 'python-doc' is not defined "
         "(did you mean python-docs?); allowed: the names under corpora, python-docs"),
        ((*DEMO, "n_heads"), 12, "models.demo.n_heads: 12 is not what config.json in "
         "'workflow/resources/demo-model' says; allowed: 8"),
        ((*DEMO, "context"), 512, "models.demo.context: 512 is more than config.json in "
         "'workflow/resources/demo-model' says; allowed: at most 256"),
        ((*DEMO, "source"), "workflow/nothing", "models.demo.source: 'workflow/nothing' is no "
         f"folder with a config.json; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "./nothing", "models.demo.source: './nothing' is no "
         f"folder with a config.json; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "a/b/c", "models.demo.source: 'a/b/c' is no "
         f"folder with a config.json; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "texts", "models.demo.source: 'texts' is no "
         f"folder with a config.json; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "models/none.gguf", "models.demo.source: 'models/none.gguf' is no "
         f"folder with a config.json; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "texts/a.txt", "models.demo.source: 'texts/a.txt' is a file, but not "
         f"of the GGUF format; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "source"), "ggufs", "models.demo.source: 'ggufs' is a folder with several GGUF "
         f"files (a.gguf, b.gguf); name one of them; allowed: {MODEL_SOURCE}"),
        ((*DEMO, "layers"), [1, 4], "models.demo.layers: 4 is out of range; allowed: 0 to 2"),
        ((*DEMO, "heads"), ["L01H08"], "models.demo.heads: 'L01H08' is out of range; "
         "allowed: L00H00 to L02H07"),
        ((*DEMO, "roles"), "none.csv", "models.demo.roles: 'none.csv': No such file or directory; "
         "allowed: a CSV file"),
        ((*DEMO, "roles"), "texts/a.txt", "models.demo.roles: 'texts/a.txt': other columns; "
         f"allowed: {COLUMNS}"),
        ((*DEMO, "roles"), "workflow/resources/roles/gpt2.csv", "models.demo.roles: "
         "'workflow/resources/roles/gpt2.csv': line 2: no head 'L05H05'; "
         "allowed: L00H00 to L02H07"),
        (("writing", "relations"), "none.csv", "writing.relations: 'none.csv': No such file or "
         "directory; allowed: a CSV file"),
        (("writing", "relations"), "texts/a.txt", "writing.relations: 'texts/a.txt': other "
         "columns; allowed: relation,source,target"),
        (("writing", "relations"), "texts/ours.csv", "writing.relations: 'texts/ours.csv': line 2: "
         "the relation 'plural' is one that Head Atlas has already; allowed: another name"),
        ((*DOCS, "window_tokens"), 300, "corpora.python-docs.window_tokens: 300 is too large; "
         "allowed: at most 256, models.demo.context"),
        ((*DOCS, "split"), {"train": 0.5, "validation": 0.2, "test": 0.2},
         "corpora.python-docs.split: the shares sum to 0.9; allowed: shares that sum to 1"),
        ((*DOCS, "sampled"), 241, "corpora.python-docs.sampled: 241 is too large; "
         "allowed: at most 240, its smallest split's windows"),
        ((*DOCS, "sampled"), 9, "events.quantiles * events.per_quantile: 10 is too large; "
         "allowed: at most 9, corpora.python-docs.sampled"),
        (("events", "top"), 17, "events.top: 17 is too large; "
         "allowed: at most 16, activations.top_windows"),
        (("execution", "shards"), 961, "execution.shards: 961 is too large; "
         "allowed: at most 960, corpora.python-docs.windows"),
        (DOCS, {"kind": "text", "files": "none/*.txt"}, "corpora.python-docs.files: 'none/*.txt' "
         f"matches no file, results of the workflow left out; allowed: {FILES}"),
        (DOCS, {"kind": "text", "files": ["texts/*.txt", "texts/*.md"]}, "corpora.python-docs."
         f"files: 'texts/*.md' matches only empty files; allowed: {FILES}"),
        (DOCS, {"kind": "text", "files": "a**"}, "corpora.python-docs.files: 'a**' is no pattern "
         f"(** can only be a whole part of a path); allowed: {FILES}"),
        (DOCS, {"kind": "huggingface", "source": "./data"}, "corpora.python-docs.source: './data' "
         "is no folder; allowed: a folder of data files, or a data set's name on the hub"),
        (DOCS, {"kind": "stackexchange", "folder": "data"}, "corpora.python-docs.folder: 'data' "
         "is no folder; allowed: a folder of exported sites"),
    ],
)  # fmt: skip
def test_what_cannot_work(root: Path, path: Keys, value: Any, problem: str) -> None:
    assert problems(example((path, value)), root) == f"config.yaml: {problem}"


def test_limits_are_allowed_themselves(root: Path) -> None:
    config = example(((*DOCS, "window_tokens"), 256), ((*DOCS, "sampled"), 240))
    config["events"] |= {"top": 16, "quantiles": 24, "per_quantile": 10}
    config["execution"]["shards"] = 960
    assert resolved(config, root) == config


def test_windows_may_be_of_six_tokens_fewer_than_the_keys_that_are_kept(root: Path) -> None:
    config = example(((*DOCS, "window_tokens"), 6), ((*DEMO, "context"), 6))
    assert config["activations"]["top_keys"] > 6
    assert resolved(config, root) == config


def test_heads_lie_within_the_layers(root: Path) -> None:
    config = example(((*DEMO, "layers"), [2, 0]), ((*DEMO, "heads"), ["L00H00", "L01H00"]))
    assert problems(config, root) == (
        "config.yaml: models.demo.heads: 'L01H00' is in a layer that models.demo.layers leaves "
        "out; allowed: heads of layers 0, 2"
    )


@pytest.mark.parametrize(
    "files", ["texts/*", "**/a.txt", "texts/b [1].txt", ["texts/a.txt", "{root}/texts/*.txt"]]
)
def test_text_files_are_found(root: Path, files: Any) -> None:
    files = json.loads(json.dumps(files).replace("{root}", str(root)))
    resolved(example((DOCS, {"kind": "text", "files": files})), root)


def test_unused_entries_need_not_work(root: Path) -> None:
    broken = example()["models"]["demo"] | {"source": "./nowhere", "layers": [99]}
    corpus = {"kind": "stackexchange", "folder": "nowhere", "window_tokens": 9999}
    resolved(example((("models", "later"), broken), (("corpora", "later"), corpus)), root)


@pytest.mark.parametrize(
    "stated",
    [
        {"n_layer": 3, "n_head": 8, "n_positions": 1024},
        {"num_hidden_layers": 9, "text_config": FIGURES},
        {"alibi": True},
    ],
)
def test_config_json_in_other_spellings(tmp_path: Path, stated: dict[str, Any]) -> None:
    write(tmp_path / "my-model/config.json", json.dumps(stated))
    config = example(((*DEMO, "source"), "my-model"))
    resolved(config, tmp_path)
    if "alibi" not in stated:
        config["models"]["demo"]["n_layers"] = 5
        assert "models.demo.n_layers: 5 is not what" in problems(config, tmp_path)


@pytest.mark.parametrize("source", ["ggufs/a.gguf", "./ggufs/b.gguf", "one", "blob"])
def test_a_gguf_file_is_a_model(root: Path, source: str) -> None:
    write(root / "one/model.gguf", "GGUF")
    write(root / "blob", "GGUF")
    resolved(example(((*DEMO, "source"), source)), root)


@pytest.mark.parametrize("text", ["{", "[]", '{"n_layer": "many"}', '{"text_config": 3}'])
def test_config_json_is_damaged(tmp_path: Path, text: str) -> None:
    write(tmp_path / "my-model/config.json", text)
    assert problems(example(((*DEMO, "source"), "my-model")), tmp_path) == (
        "config.yaml: models.demo.source: config.json in 'my-model' does not describe a model; "
        f"allowed: {MODEL_SOURCE}"
    )


ENDPOINT = {"model": "talker-1", "base_url": "http://localhost:8000/v1"}
TALKER = {"kind": "llm", "endpoint": "here", "judge": "here"}


def talking(*changes: tuple[Keys, Any]) -> dict[str, Any]:
    """A sweep with an explainer that asks a language model."""
    return example(
        (("endpoints",), {"here": dict(ENDPOINT)}),
        (("explainers",), {"talker": dict(TALKER), "symbolic": {"kind": "symbolic"}}),
        (("sweep", "explainers"), ["talker"]),
        *changes,
    )


def test_a_judge_has_room_for_the_levels_that_it_is_asked_for(root: Path) -> None:
    short, asks = ("endpoints", "here", "max_tokens"), ("explainers", "talker", "simulation")
    resolved(talking((short, 255)), root)
    resolved(talking((short, 256), (asks, True)), root)
    assert problems(talking((short, 255), (asks, True)), root) == (
        "config.yaml: explainers.talker.simulation: true, but a reply of the judge 'here' ends "
        "after 255 tokens; allowed: false, or endpoints.here.max_tokens of 256 or more"
    )


def test_the_key_of_an_endpoint_is_looked_for_where_it_is_used(root: Path) -> None:
    config = talking((("endpoints", "here", "api_key_env"), "ATLAS_KEY"))
    for environment in ({}, {"ATLAS_KEY": ""}):
        with pytest.raises(ConfigurationError, match=r"endpoints.here.api_key_env: .* is not set"):
            resolved(config, root, environment=environment)
    known = resolved(config, root, environment={"ATLAS_KEY": "k"})
    assert known["explainers"]["talker"]["candidates"] == 3
    config["sweep"]["explainers"] = ["symbolic"]
    resolved(config, root)  # nobody is asked


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("explainers", "talker", "judge"),
            "hear",
            "explainers.talker.judge: 'hear' is not "
            "defined (did you mean here?); allowed: the names under endpoints, here",
        ),
        (
            ("explainers", "talker", "hypothesis"),
            "talker",
            "explainers.talker.hypothesis: 'talker' "
            "is no symbolic explainer; allowed: null, symbolic",
        ),
        (
            ("explainers", "talker", "exemplars"),
            99,
            "explainers.talker.exemplars: 99 is too large; "
            "allowed: at most 20, events.top + events.quantiles * events.per_quantile",
        ),
        (
            ("endpoints", "here", "max_dollars"),
            5,
            "endpoints.here.input_price: null, but "
            "max_dollars is set; allowed: dollars per million tokens",
        ),
        (
            ("endpoints", "here", "base_url"),
            "localhost",
            "endpoints.here.base_url: this value, which may hold a secret and is not repeated, is "
            "not allowed; allowed: an address such as http://localhost:8000/v1, without",
        ),
    ],
)
def test_an_explainer_that_cannot_ask_is_refused(
    root: Path, path: Keys, value: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        resolved(talking((path, value)), root)
    assert f"config.yaml: {message}" in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://me:hunter2@host/v1",
        "https://hunter2@host",
        "me:hunter2@host",
        "https://me:hunter2/@:@host/v1?key=@",
        "https://me:hunter2\x01@host/v1",
        "https://me:hunter2 ' \"@host/v1",
        "http://host/v1?api_key=hunter2",
        "http://host/v1#hunter2",
        "host/v1?api_key=hunter2",
        "htp://h/v1?api_key=hunter2",
        {"url": "hunter2"},
        ["https://me:hunter2@host/v1"],
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(root: Path, address: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        resolved(talking((("endpoints", "here", "base_url"), address)), root)
    lines = str(refused.value).split("\n")
    assert len(lines) == 1 and "hunter2" not in lines[0]
    assert lines[0].startswith("config.yaml: endpoints.here.base_url: ")
    assert "without a user, a password or a query" in lines[0]


@pytest.mark.parametrize(
    "address",
    ["http://h:99999/v1", "http://h:port/v1", "http://[::1/v1", "http://:80/v1", "http://a..b/v1",
     "http://h:0/v1", f"http://{'a' * 64}.org/v1"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(root: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"endpoints\.here\.base_url: "):
        resolved(talking((("endpoints", "here", "base_url"), address)), root)


@pytest.mark.parametrize(
    "address", ["http://[::1]:8000/v1", "https://api.example.org", "http://münchen.example/v1/"]
)
def test_an_address_is_one(root: Path, address: str) -> None:
    resolved(talking((("endpoints", "here", "base_url"), address)), root)


@pytest.mark.parametrize(
    "key", ["sk-hunter2", "gsk_hunter2abcdefgh", "AIzaSyhunter2", "AKIAHUNTER2HUNTER2HU", "a b", ""]
)
def test_a_key_in_the_place_of_its_variable_is_not_repeated(root: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"endpoints\.here\.api_key_env: ") as refused:
        resolved(talking((("endpoints", "here", "api_key_env"), key)), root)
    assert "hunter2" not in str(refused.value).lower()


@pytest.mark.parametrize("given", ["input_price", "output_price"])
def test_one_price_needs_the_other(root: Path, given: str) -> None:
    (missing,) = {"input_price", "output_price"} - {given}
    told = rf"endpoints\.here\.{missing}: null, but {given} is set"
    with pytest.raises(ConfigurationError, match=told):
        resolved(talking((("endpoints", "here", given), 1.5)), root)


@pytest.mark.parametrize(
    ("environment", "refused"),
    [
        ({"HTTP_PROXY": "http://127.0.0.1:99999"}, "HTTP_PROXY"),
        ({"http_proxy": "http://me:hunter2@h:x", "HTTP_PROXY": "http://h:1"}, "http_proxy"),
        ({"ALL_PROXY": "ftp://h:1"}, "ALL_PROXY"),
        ({"ALL_PROXY": "ftp://h:1", "HTTP_PROXY": "h:3128"}, None),
        ({"HTTPS_PROXY": "nonsense://"}, None),  # nobody is asked through it
        ({"HTTP_PROXY": "::", "NO_PROXY": "localhost"}, None),
        ({"HTTP_PROXY": "http://me:hunter2@proxy:3128"}, None),
    ],
)
def test_a_proxy_that_is_none_is_refused(
    root: Path, environment: dict[str, str], refused: str | None
) -> None:
    if refused is None:
        resolved(talking(), root, environment=environment)
        return
    with pytest.raises(ConfigurationError, match=rf"base_url: .* {refused}, no proxy") as caught:
        resolved(talking(), root, environment=environment)
    assert "hunter2" not in str(caught.value)


def test_a_run_is_what_its_language_models_reply_not_where_they_are(root: Path) -> None:
    run = ("demo", "python-docs", "talker", "minilm")
    moved = talking(
        (("endpoints", "here", "base_url"), "http://node17:9000/v1"),
        (("endpoints", "here", "calls_at_once"), 32),
        (("endpoints", "other"), dict(ENDPOINT)),
    )
    one, other = (configuration_of(resolved(c, root), run) for c in (talking(), moved))
    assert one == other
    assert one["endpoints"]["here"]["model"] == "talker-1"
    hotter = talking((("endpoints", "here", "temperature"), 1.0))
    assert configuration_of(resolved(hotter, root), run) != one
    assert (
        configuration_of(resolved(talking(), root), (*run[:2], "symbolic", run[3]))["endpoints"]
        == {}
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths(config: Any) -> list[Keys]:
    if not isinstance(config, dict):
        return [()]
    return [(), *((key, *rest) for key, value in config.items() for rest in paths(value))]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(paths(example())[1:]), value=VALUES)
def test_no_value_anywhere_ends_in_a_traceback(root: Path, path: Keys, value: Any) -> None:
    try:
        config = resolved(example((path, value)), root)
    except ConfigurationError as error:
        assert all(line.startswith("config.yaml: ") for line in str(error).split("\n"))
    else:
        assert resolved(config, root) == config


# --- duplicate keys


def test_config_yaml_has_no_duplicate_keys() -> None:
    check_duplicate_keys(CONFIG)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "line 4: 'b' is already set in line 2; allowed: each key "
         "of a section once"),
        ("a: [{b: 1,\n'b': 2}]\n", "line 2: 'b' is already set in line 1; allowed: each key of a "
         "section once"),
        ("a: &a {x: 1, x: 2}\nb: *a\n", "line 1: 'x' is already set in line 1; allowed: each key "
         "of a section once"),
        ("a: [1\nb: 2\n", "line 2: not YAML, expected ',' or ']', but got ':'"),
        ("a: \x01\n", "not YAML, unacceptable character #x0001: special characters are not allowed "
         'in "<unicode string>", position 3'),
    ],
)  # fmt: skip
def test_duplicate_keys_and_broken_files(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path / "config.yaml", text)
    with pytest.raises(ConfigurationError) as caught:
        check_duplicate_keys(tmp_path / "config.yaml")
    assert str(caught.value) == f"config.yaml: {problem}"


def test_merged_and_aliased_keys_are_no_duplicates(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml", "a: &a {x: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3}\nd: *a\n")
    check_duplicate_keys(tmp_path / "c.yaml")


def test_missing_or_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        check_duplicate_keys(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigurationError, match="not text in UTF-8"):
        check_duplicate_keys(tmp_path / "c.yaml")


# --- queries


def test_runs_are_the_product_of_the_sweep(root: Path) -> None:
    config = example((("clusterings", "b"), {}), (("sweep", "clusterings"), ["b", "minilm"]))
    assert runs(resolved(config, root)) == [
        ("demo", "python-docs", "symbolic", "b"),
        ("demo", "python-docs", "symbolic", "minilm"),
    ]


def test_layers_and_heads_are_the_ones_chosen(root: Path) -> None:
    config = resolved(example(((*DEMO, "layers"), [2, 0])), root)
    assert layers_of(config, "demo") == [0, 2]
    assert heads_of(config, "demo", 0) == list(range(8))
    assert heads_of(config, "demo", 1) == []
    config = resolved(example(((*DEMO, "heads"), ["L02H05", "L00H07", "L02H01"])), root)
    assert layers_of(config, "demo") == [0, 2]
    assert heads_of(config, "demo", 2) == [1, 5]
    assert heads_of(config, "demo", 1) == []


def test_flags() -> None:
    chosen = {"top_keys": 8, "files": ["a b", "$c"], "bos": True, "x": False, "revision": None}
    assert flags(chosen) == "--bos '--files=a b' '--files=$c' --top-keys=8 --no-x"
    assert flags(chosen, "x", "top_keys") == "--top-keys=8 --no-x"
    with pytest.raises(KeyError):
        flags(chosen, "absent")
    with pytest.raises(TypeError):
        flags({"split": {"train": 0.5}})


KEYS = st.from_regex(r"[a-z]+(_[a-z]+)?", fullmatch=True)


@given(st.dictionaries(KEYS, st.integers() | st.floats() | st.text(), max_size=5), st.randoms())
def test_flags_do_not_depend_on_order_and_survive_the_shell(
    chosen: dict[str, Any], random: Any
) -> None:
    items = list(chosen.items())
    random.shuffle(items)
    assert flags(dict(items)) == flags(chosen)
    words = [f"--{key.replace('_', '-')}={chosen[key]}" for key in sorted(chosen)]
    assert shlex.split(flags(chosen)) == words


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, headatlas.configuration\n"
        "print(*{'numpy', 'pyarrow', 'pydantic', 'torch', 'requests'} & sys.modules.keys())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("\n", "")


@pytest.mark.parametrize(
    ("most", "selected", "chosen"),
    [
        (8, {}, "L00H00 L00H03 L00H06 L01H01 L01H04 L01H07 L02H02 L02H05"),
        (2, {}, "L00H00 L01H04"),
        (2, {"layers": [1]}, "L01H00 L01H04"),
        (4, {"heads": ["L02H01", "L00H07"]}, "L00H07 L02H01"),  # there are no more
    ],
)
def test_the_heads_of_a_twin_stand_at_equal_steps(
    root: Path, most: int, selected: dict[str, Any], chosen: str
) -> None:
    changes = [((*DEMO, key), value) for key, value in selected.items()]
    config = resolved(example((("scoring", "random_heads"), most), *changes), root)
    twin = random_twins(config)["demo+random"]
    assert twin["heads"] == chosen.split()
    assert twin | {"layers": "all", "heads": "all"} == config["models"]["demo"] | {
        "layers": "all",
        "heads": "all",
    }


def test_without_random_heads_there_are_no_twins(root: Path) -> None:
    assert random_twins(resolved(example((("scoring", "random_heads"), 0)), root)) == {}


def test_the_configuration_of_a_run_is_what_it_uses_without_places() -> None:
    entry = {"source": "/home/me/models/gpt2", "layers": [0, 1], "revision": None}
    config = {
        "sweep": {"models": ["m", "n"]},
        "seed": 0,
        "models": {"m": entry, "n": {"source": "n"}},
        "corpora": {"c": {"files": ["/data/a/*.txt", "texts/b.txt"]}, "d": {}},
        "explainers": {"e": {"texts": 4}},
        "clusterings": {"k": {"encoder": "all-MiniLM-L6-v2"}},
        "report": {"title": "/ours/"},
        "execution": {"device": "cuda"},
    }
    assert configuration_of(config, ("m", "c", "e", "k")) == {
        "seed": 0,
        "models": {"m": {"source": "gpt2", "layers": [0, 1], "revision": None}},
        "corpora": {"c": {"files": ["*.txt", "texts/b.txt"]}},
        "explainers": {"e": {"texts": 4}},
        "clusterings": {"k": {"encoder": "all-MiniLM-L6-v2"}},
        "report": {"title": "/ours/"},
        "endpoints": {},
    }


# --- corpora that are none


def test_a_text_that_may_not_be_read_is_told_before_any_job(root: Path) -> None:
    config = example((DOCS, {"kind": "text", "files": "texts/a.txt"}))
    with mock.patch("headatlas.configuration.meaning.os.access", return_value=False):
        assert "a.txt', which may not be read; allowed: " in problems(config, root)


@pytest.mark.parametrize(
    "entry",
    [{"kind": "stackexchange", "folder": "."}, {"kind": "huggingface", "source": "./"}],
)
def test_a_folder_with_the_results_in_it_is_no_corpus(
    root: Path, monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any]
) -> None:
    monkeypatch.chdir(root)
    said = problems(example((DOCS, entry)), root)
    assert "holds results of the workflow, which are no corpus; allowed: a folder of " in said
