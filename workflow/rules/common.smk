"""What all rules share: the checked configuration, the grammar of paths, and no rules."""

import json
import os
import platform
import re
import shlex
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir) / "scripts"
TEMPLATES = Path(workflow.basedir) / "workflow/templates"
PROMPTS = TEMPLATES / "prompts"
sys.path.insert(0, str(SCRIPTS))
# Jobs run the Python that runs Snakemake, unless a conda environment is activated over it.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))

from headatlas.configuration import (
    budget_of,
    check_duplicate_keys,
    configuration_of,
    connection_of,
    flags,
    heads_of,
    layers_of,
    resolve,
    runs,
    sampling_of,
)
from headatlas.configuration.twins import random_twins
from headatlas.controls import controls_of
from headatlas.errors import InputError
from headatlas.patterns import files_matching
from headatlas.provenance import code_digest, contents_digest, folder_digest
from headatlas.records import RANDOM, head_name

try:
    for file in workflow.configfiles:
        check_duplicate_keys(Path(file))
    config = resolve(
        config,
        schema_path=Path(workflow.basedir) / "workflow/schemas/config.schema.yaml",
        root=Path.cwd(),
        environment=os.environ,
    )
except InputError as error:
    raise WorkflowError(str(error)) from None

config["models"] |= random_twins(config)
EXECUTION = config["execution"]
# Where things are and how the work is done reach the commands by the environment: in `params`, or
# in the text of a command, a change of them would rerun jobs.
os.environ.update(
    SCRIPTS=str(SCRIPTS),
    SUBJECT_FLAGS=flags(EXECUTION, "device", "devices", "batch_size"),
    CONNECTIONS=json.dumps({name: connection_of(config, name) for name in config["endpoints"]}),
)

MEMORY = Path(".snakemake/contents")  # digests of large files
RUN = "results/{model}/{corpus}"
OTHER_RUN = RUN.replace("{model}", "{other}")
ROUND = f"{RUN}/{{explainer}}/round{{round}}"
ATLAS = f"{RUN}/{{explainer}}/atlas/{{clustering}}"
RANDOM_ROUND = ROUND.replace("{model}", f"{{model}}{RANDOM}")
KNOWN_ROLES = f"{ROUND}/known_roles.json"
USAGE = f"{ROUND}/usage.parquet"  # of language models, for a run
BATCHES = f"{RUN}/{{explainer}}/batches.json"  # of language models that are asked in batches
REPLIES = "results/replies"  # of language models, for all runs
STAGES = [  # of a run, in order
    "inspect_model",
    "sample_windows",
    "cache_activations",
    "select_events",
    "explain_head",
    "judge_head",
    "run_probes",
    "score_head",
    "cluster_heads",
    "randomise_model",
    "build_atlas",
]
ROLE_STAGES = ["measure_repeats", "grade_roles"]  # of a model with a table of published roles
COMPARISON = "results/comparison"
MATCHES = f"{COMPARISON}/{{corpus}}/{{model}}/{{other}}/matches.parquet"
# The pages that set the runs of the sweep side by side; one run has nothing to be compared with.
COMPARED = [f"{COMPARISON}/index.html", f"{COMPARISON}/cost.html"] if len(runs(config)) > 1 else []


wildcard_constraints:
    model=r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    other=r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    corpus=r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    explainer=r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    clustering=r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    round=r"\d+",
    shard=r"\d+",
    layer=r"\d\d+",
    head=r"\d\d+",


def atlas_folder(model, corpus, explainer, clustering):
    """Folder of one run's atlas."""
    return ATLAS.format(model=model, corpus=corpus, explainer=explainer, clustering=clustering)


def log_of(path):
    """Log file of a job, named as its result is."""
    return path.replace("results/", "results/logs/", 1) + ".log"


def benchmark_of(path):
    """Wall time and memory of a job, named likewise."""
    return path.replace("results/", "results/benchmarks/", 1) + ".tsv"


def script(name):
    """Path of a rule's script."""
    return SCRIPTS / f"{name}.py"


def code(name):
    """Digest of a rule's script and of the library modules it imports."""
    return code_digest(script(name))


def has_roles(model):
    """Whether the model's entry names a table of heads with published roles."""
    return config["models"][model]["roles"] is not None


def asks(explainer):
    """Whether an explainer is a language model."""
    return config["explainers"][explainer]["kind"] == "llm"


def explainers_that(ask):
    """Pattern of the names of the explainers that are language models, or that are not."""
    names = [re.escape(name) for name in config["explainers"] if asks(name) == ask]
    return "|".join(names) or "(?!)"


def last_round(explainer):
    """The round of refinement that is published, from 0."""
    return config["explainers"][explainer].get("rounds", 0)


def stages(model, explainer):
    """The rules of a run."""
    known = STAGES + ROLE_STAGES if has_roles(model) else STAGES
    if not asks(explainer):
        return known
    asking = [f"{rule}_llm" if rule in ("explain_head", "judge_head") else rule for rule in known]
    return [*asking, "count_usage"]


@cache
def all_heads(model):
    """The selected heads of a model as pairs of layer and head."""
    return [(n, h) for n in layers_of(config, model) for h in heads_of(config, model, n)]


def random_heads(model):
    """Those of its twin with random weights, if it has one."""
    return all_heads(f"{model}{RANDOM}") if config["scoring"]["random_heads"] else []


def head_names(model):
    """Names of the selected heads of a model, as LxxHyy."""
    return [head_name(n, h) for n, h in all_heads(model)]


def windows_of(wildcards):
    """The windows of a model, which its twin with random weights reads too."""
    return f"{RUN}/windows.parquet".format(
        model=wildcards.model.removesuffix(RANDOM), corpus=wildcards.corpus
    )


def model_state(wildcards):
    """Changes when a file of a model in a local folder does; a hub model is a commit."""
    folder = Path(config["models"][wildcards.model]["source"])
    files = [file for file in folder.glob("[!.]*") if file.is_file() and file.suffix != ".md"]
    return contents_digest(files, folder, MEMORY) if files else None


def corpus_flags(wildcards):
    """Flags of a corpus; its entry's keys are those of the script, but for a few names."""
    entry = dict(config["corpora"][wildcards.corpus])
    entry |= entry.pop("split")
    if entry["kind"] == "huggingface":
        entry["dataset"] = entry.pop("source")
        entry["dataset_revision"] = entry.pop("revision")
    return flags(entry, *entry)


def corpus_state(wildcards):
    """Changes when the text behind a corpus does: its files, or the Python it ships with."""
    entry = config["corpora"][wildcards.corpus]
    if entry["kind"] == "python-docs":
        return platform.python_version()
    if entry["kind"] == "text":
        patterns = [entry["files"]] if isinstance(entry["files"], str) else entry["files"]
        files = sorted({file for pattern in patterns for file in files_matching(pattern)})
        folder = Path(os.path.commonpath([file.parent for file in files]))
    else:
        folder = Path(entry["folder"] if entry["kind"] == "stackexchange" else entry["source"])
        files = [file for file in folder.rglob("*") if file.is_file()]
    return contents_digest(files, folder, MEMORY) if files else None


def explainer_flags(wildcards):
    """Flags of a symbolic explainer."""
    entry = config["explainers"][wildcards.explainer]
    return flags(entry, *(key for key in entry if key != "kind"))


def asked(prefix, endpoint):
    """Settings of a language model that a script asks; its address is in the environment."""
    sampling = json.dumps(sampling_of(config, endpoint), sort_keys=True)
    return {f"{prefix}endpoint": endpoint, f"{prefix}sampling": sampling}


def budgets(*roles):
    """Function of wildcards: what may be spent. With more, heads left out for want of it are run."""

    def words(wildcards):
        entry = config["explainers"][wildcards.explainer]
        return json.dumps([budget_of(config, entry[role]) for role in roles], sort_keys=True)

    return words


def llm_flags(wildcards):
    """Flags of an explainer that is a language model: itself, its judge and its prompts."""
    entry = config["explainers"][wildcards.explainer]
    keys = ("format", "exemplars", "few_shot", "metrics", "candidates", "items_per_call", "texts")
    return flags(
        asked("", entry["endpoint"])
        | asked("judge_", entry["judge"])
        | {key: entry[key] for key in keys}
        | {"items": config["scoring"]["items"]}
    )


def judge_flags(wildcards):
    """Flags of the judge of such an explainer."""
    entry = config["explainers"][wildcards.explainer]
    settings = {"items": config["scoring"]["items"], "items_per_call": entry["items_per_call"]}
    return flags(asked("", entry["judge"]) | settings)


def answers_flags(wildcards):
    """Flags of what a language model answered as a judge, and of the items that it was asked."""
    if not asks(wildcards.explainer):
        return ""
    folder = {"judgements": folder_of(f"{ROUND}/judgements")(wildcards)}
    return flags(folder | {"items": config["scoring"]["items"], "seed": config["seed"]})


def calls_at_once(*roles, batch=True):
    """Function of wildcards: calls that a job makes at the same time.

    Unless `batch`, models that are asked in batches do not count.
    """

    def calls(wildcards):
        entry = config["explainers"][wildcards.explainer]
        asked = [config["endpoints"][entry[role]] for role in roles]
        return max((e["calls_at_once"] for e in asked if batch or not e["batch"]), default=0)

    return calls


def recipe(wildcards):
    """What a run is made from, as JSON; the same text for the same run."""
    run = (wildcards.model, wildcards.corpus, wildcards.explainer, wildcards.clustering)
    facts = {
        "configuration": configuration_of(config, run),
        "code": {name: code(name) for name in stages(wildcards.model, wildcards.explainer)},
        "templates": folder_digest(TEMPLATES),
        "corpus": corpus_state(wildcards),
    }
    return json.dumps(facts, sort_keys=True)


def clustering_flags():
    """Flags of every clustering of the sweep: its name, and how it groups explanations."""
    settings = ("encoder", "min_cluster_size", "min_samples")
    words = []
    for name in config["sweep"]["clusterings"]:
        entry = config["clusterings"][name]
        words += ["--clustering", name, *(str(entry[key]) for key in settings)]
    return shlex.join(words)
