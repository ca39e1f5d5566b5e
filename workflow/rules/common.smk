"""What all rules share: the checked configuration, the grammar of paths, and no rules."""

import json
import os
import platform
import shlex
import sys
from functools import cache
from itertools import combinations
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir) / "scripts"
TEMPLATES = Path(workflow.basedir) / "workflow/templates"
sys.path.insert(0, str(SCRIPTS))
# Jobs run the Python that runs Snakemake, unless a conda environment is activated over it.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))

from headatlas.configuration import (
    check_duplicate_keys,
    configuration_of,
    flags,
    heads_of,
    layers_of,
    resolve,
    runs,
)
from headatlas.configuration.twins import random_twins
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
)

MEMORY = Path(".snakemake/contents")  # digests of large files
RUN = "results/{model}/{corpus}"
OTHER_RUN = RUN.replace("{model}", "{other}")
ROUND = f"{RUN}/{{explainer}}/round{{round}}"
ATLAS = f"{RUN}/{{explainer}}/atlas/{{clustering}}"
LAST = 0  # the round that is published; the symbolic explainer does not revise
LAST_ROUND = ROUND.replace("{round}", str(LAST))
RANDOM_ROUND = LAST_ROUND.replace("{model}", f"{{model}}{RANDOM}")
KNOWN_ROLES = f"{LAST_ROUND}/known_roles.json"
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


def stages(model):
    """The rules of a run of the model."""
    return STAGES + ROLE_STAGES if has_roles(model) else STAGES


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
    entry = config["explainers"][wildcards.explainer]
    return flags(entry, *(key for key in entry if key != "kind"))


def recipe(wildcards):
    """What a run is made from, as JSON; the same text for the same run."""
    run = (wildcards.model, wildcards.corpus, wildcards.explainer, wildcards.clustering)
    facts = {
        "configuration": configuration_of(config, run),
        "code": {name: code(name) for name in stages(wildcards.model)},
        "templates": folder_digest(TEMPLATES),
        "corpus": corpus_state(wildcards),
    }
    return json.dumps(facts, sort_keys=True)


def layer_files(pattern):
    """Input function: the file of every selected layer of the model."""

    def files(wildcards):
        layers = [f"{n:02d}" for n in layers_of(config, wildcards.model)]
        return expand(pattern, layer=layers, allow_missing=True)

    return files


def files_of(pattern, heads):
    """The file of each of some heads."""
    layers, numbers = [f"{n:02d}" for n, _ in heads], [f"{h:02d}" for _, h in heads]
    return expand(pattern, zip, layer=layers, head=numbers, allow_missing=True)


def head_files(pattern):
    """Input function: the file of every selected head, of one layer or of all."""

    def files(wildcards):
        heads = all_heads(wildcards.model)
        layer = getattr(wildcards, "layer", None)
        return files_of(pattern, [at for at in heads if layer is None or at[0] == int(layer)])

    return files


def random_files(pattern):
    """Input function: the file of every head of the model's twin with random weights."""
    return lambda wildcards: files_of(pattern, random_heads(wildcards.model))


def control_files(pattern, within_layer=False):
    """Input function: the files of the heads that serve a head as its controls.

    They stand at equal steps around all heads of the model, so that they come from several
    layers and every head is a control equally often; or likewise around those of its layer.
    """

    def files(wildcards):
        heads = all_heads(wildcards.model)
        head = int(wildcards.layer), int(wildcards.head)
        if head not in heads:
            allowed = f"{head_name(*heads[0])} to {head_name(*heads[-1])}, as selected"
            raise WorkflowError(
                f"{head_name(*head)}: no head of models.{wildcards.model}; allowed: {allowed}"
            )
        heads = [at for at in heads if at[0] == head[0] or not within_layer]
        at = heads.index(head)
        count = min(config["scoring"]["controls"], len(heads) - 1)
        steps = [len(heads) * k // (count + 1) for k in range(1, count + 1)]
        return files_of(pattern, [heads[(at + step) % len(heads)] for step in steps])

    return files


def run_files(name):
    """A file of the atlas of every run of the sweep."""
    return [f"{atlas_folder(*run)}/{name}" for run in runs(config)]


def shard_folders(run):
    """The folders of a run's activations."""
    return expand(
        f"{run}/activations/shard{{shard}}",
        shard=range(EXECUTION["shards"]),
        allow_missing=True,
    )


def matches():
    """The matches of every two models of the sweep on every corpus."""
    names = config["sweep"]
    return [
        MATCHES.format(corpus=corpus, model=model, other=other)
        for corpus in names["corpora"]
        for model, other in combinations(names["models"], 2)
    ]


def transfers():
    """Scores of the explanations of every corpus on every other corpus."""
    names = config["sweep"]
    return [
        path.replace("{other}", other)
        for other in names["corpora"]
        for path in expand(
            f"{LAST_ROUND}/transfers/{{other}}.parquet",
            model=names["models"],
            corpus=[corpus for corpus in names["corpora"] if corpus != other],
            explainer=names["explainers"],
            allow_missing=True,
        )
    ]


def clustering_flags():
    """Flags of every clustering of the sweep: its name, and how it groups explanations."""
    settings = ("encoder", "min_cluster_size", "min_samples")
    words = []
    for name in config["sweep"]["clusterings"]:
        entry = config["clusterings"][name]
        words += ["--clustering", name, *(str(entry[key]) for key in settings)]
    return shlex.join(words)
