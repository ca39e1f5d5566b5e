"""What all rules share: the checked configuration, the grammar of paths, and no rules."""

import json
import os
import re
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir) / "scripts"
TEMPLATES = Path(workflow.basedir) / "workflow/templates"
PROMPTS = TEMPLATES / "prompts"
PROPOSING = TEMPLATES / "proposing"  # which use those of PROMPTS
sys.path.insert(0, str(SCRIPTS))
# Jobs run the Python that runs Snakemake, unless a conda environment is activated over it.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))

from headatlas.configuration import (
    budget_of,
    check_duplicate_keys,
    check_environment,
    configuration_of,
    connection_of,
    flags,
    heads_of,
    layers_of,
    resolve,
    runs,
    sampling_of,
)
from headatlas.configuration.studies import base_of, check, own_values, plans
from headatlas.configuration.twins import random_twins
from headatlas.errors import InputError
from headatlas.provenance import MEMORY, code_digest, contents_digest, folder_digest
from headatlas.records.base import RANDOM, head_name

try:
    check_duplicate_keys(Path("config.yaml"))
except InputError as error:
    raise WorkflowError(str(error)) from None


configfile: "config.yaml"


CONFIG_SCHEMA = Path(workflow.basedir) / "workflow/schemas/config.schema.yaml"
try:
    for file in workflow.configfiles:
        check_duplicate_keys(Path(file))
    config = resolve(config, schema_path=CONFIG_SCHEMA, root=Path.cwd())
except InputError as error:
    raise WorkflowError(str(error)) from None

# What studies vary are entries of their own (configuration/studies.py), which no sweep names.
STUDIES = plans(config, Path("results/studies"), CONFIG_SCHEMA, Path.cwd())
PLANS = [plan for plan in STUDIES.values() if not isinstance(plan, InputError)]
for plan in PLANS:
    for section, entries in plan.entries.items():
        config[section] |= entries
config["models"] |= random_twins(config)
EXECUTION = config["execution"]
# Where things are and how the work is done reach the commands by the environment: in `params`, or
# in the text of a command, a change of them would rerun jobs.
os.environ.update(
    SCRIPTS=str(SCRIPTS),
    SUBJECT_FLAGS=flags(EXECUTION, "device", "devices", "batch_size"),
    CONNECTIONS=json.dumps({name: connection_of(config, name) for name in config["endpoints"]}),
)

RUN = "results/{model}/{corpus}"
ROUND = f"{RUN}/{{explainer}}/round{{round}}"
CLUSTERS = f"{ROUND}/families/{{clustering}}/clusters.json"
# An atlas is replaced in one step. Snakemake removes what a job is to make before the job begins,
# and so it knows an atlas by links to its pages: they are removed, the atlas stays.
ATLAS = f"{RUN}/{{explainer}}/atlas/{{clustering}}"
FINISHED = f"{RUN}/{{explainer}}/finished/{{clustering}}"
RANDOM_ROUND = ROUND.replace("{model}", f"{{model}}{RANDOM}")
ITEMS = f"{RUN}/items/layer{{layer}}.parquet"  # that judges are asked about
PROBES = f"{ROUND}/probes/layers{{first}}-{{last}}"  # test texts as the model ran them
CONTROLS = f"{ROUND}/controls.parquet"  # and the heads that say the same
SUBSTITUTION = f"{ROUND}/substitution.parquet"  # of heads' attention by what is predicted
WEIGHTS = "results/{model}/weights/layers{first}-{last}"  # what heads write, from them alone
DIRECT = f"{RUN}/direct/layers{{first}}-{{last}}"  # what heads add to the logits
WRITE_CLAIMS = f"{RUN}/write_claims.json"
WRITE_EVIDENCE = f"{RUN}/write_evidence.parquet"  # that a language model may be shown
ABLATIONS = f"{RUN}/ablations/layer{{layer}}.parquet"  # what is lost without each head
ATTRIBUTION = f"{RUN}/attribution.parquet"  # the same, estimated by gradients
EFFECTS = f"{ROUND}/effects.parquet"  # and where explanations say that it is
FAMILY_EFFECTS = (
    f"{ROUND}/families/{{clustering}}/family_effects.parquet"  # all heads of one together
)
KNOWN_ROLES = f"{ROUND}/known_roles.json"
ANSWERS = "data/ratings/{model}/{corpus}/{explainer}.sqlite"  # of people, by `make rate`
RATED = f"{ROUND}/ratings/figures.parquet"  # what they come to
TRANSFERS = f"{ROUND}/transfers/{{other}}.parquet"  # of explanations, on another corpus
USAGE = f"{ROUND}/usage.parquet"  # of language models, for a run
PROPOSALS = f"{ROUND}/proposals/L{{layer}}H{{head}}.json"  # of a language model, for a program
BATCHES = f"{RUN}/{{explainer}}/batches.json"  # of language models that are asked in batches
REPLIES = "results/replies"  # of language models, for all runs
STUDY = "results/studies/{study}"
HEADS_TO_DRAW = f"{STUDY}/models.json"  # those of each model
DRAWN_HEADS = f"{STUDY}/heads.csv"  # those that are studied
VARIANTS = f"{STUDY}/variants.json"
COMPARISON = "results/comparison"
COMPARISON_FINISHED = f"{COMPARISON}/finished"  # links to its pages, as an atlas has them
# Flags that name a head and its run; the same for every script that works on one.
HEAD_FLAGS = (
    "--model {wildcards.model} --corpus {wildcards.corpus} --explainer {wildcards.explainer}"
    " --round {wildcards.round} --layer {wildcards.layer} --head {wildcards.head}"
)


def one_of(names):
    """Pattern of the names of what there is; a file of anything else is made by no rule."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    model=one_of(config["models"]),
    other=one_of([*config["models"], *config["corpora"]]),
    corpus=one_of(config["corpora"]),
    explainer=one_of(config["explainers"]),
    clustering=one_of(config["clusterings"]),
    study=r"[^/]+",  # of one that is not there a sentence tells
    round=r"\d+",
    shard=one_of(map(str, range(EXECUTION["shards"]))),
    layer=r"\d\d+",
    head=r"\d\d+",
    first=r"\d\d+",
    last=r"\d\d+",


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


def asks(explainer):
    """Whether a language model judges the explanations of an explainer: they are words alone."""
    return config["explainers"][explainer]["kind"] in ("llm", "people")


def proposes(explainer):
    """Whether a language model proposes to the program of an explainer."""
    return config["explainers"][explainer]["kind"] == "hybrid"


def spends(explainer):
    """Whether a language model is asked at all for the explanations of an explainer."""
    return asks(explainer) or proposes(explainer)


def of_kind(*kinds):
    """Pattern of the names of the explainers of some kinds."""
    return one_of(name for name, e in config["explainers"].items() if e["kind"] in kinds)


def last_round(explainer):
    """The round of refinement that is published, from 0."""
    return config["explainers"][explainer].get("rounds", 0)


@cache
def heads_of_run(model, explainer):
    """The heads that an explainer explains: all that are selected, or those drawn for a study."""
    for plan in PLANS:
        if model in plan.sample and (model, explainer) in {run[::2] for _, run in plan.variants}:
            return plan.sample[model]
    return all_heads(model)


@cache
def all_heads(model):
    """The selected heads of a model as pairs of layer and head."""
    return [(n, h) for n in layers_of(config, model) for h in heads_of(config, model, n)]


def random_heads(model):
    """Those of its twin with random weights, if it has one."""
    return all_heads(f"{model}{RANDOM}") if config["scoring"]["random_heads"] else []


def head_names(model, explainer=None):
    """Names of the selected heads of a model, or of those of a run, as LxxHyy."""
    heads = heads_of_run(model, explainer) if explainer else all_heads(model)
    return [head_name(n, h) for n, h in heads]
