"""Which files a job reads: the functions of wildcards that rules take as input, and no rules."""

from itertools import combinations, permutations, product


def at_round(pattern, wildcards):
    """A path whose round, where the job is about none in particular, is the published one."""
    number = wildcards.get("round", str(last_round(wildcards.explainer)))
    return pattern.replace("{round}", number)


def folder_of(pattern):
    """Function of wildcards: a folder, for `params`, in which Snakemake fills in nothing."""
    return lambda wildcards: at_round(pattern, wildcards).format(**wildcards)


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
        chosen = [at for at in heads if layer is None or at[0] == int(layer)]
        return files_of(at_round(pattern, wildcards), chosen)

    return files


def answered_files(pattern):
    """Input function: the file of every selected head, if a language model judges it."""
    files = head_files(pattern)
    return lambda w: files(w) if asks(w.explainer) else []


def random_files(pattern):
    """Input function: the file of every head of the model's twin with random weights."""
    return lambda w: files_of(at_round(pattern, w), random_heads(w.model))


def hypotheses_folder(wildcards):
    """The folder of the symbolic explanations that a language model is shown, or None."""
    name = config["explainers"][wildcards.explainer]["hypothesis"]
    path = f"{ROUND}/explanations"
    return path.format(**{**wildcards, "explainer": name, "round": 0}) if name else None


def hypothesis_of(wildcards):
    """The symbolic explanation that a language model is shown as evidence, if any."""
    folder = hypotheses_folder(wildcards)
    return f"{folder}/L{wildcards.layer}H{wildcards.head}.json" if folder else []


def hypotheses_of(wildcards):
    """Likewise of all heads."""
    folder = hypotheses_folder(wildcards)
    heads = all_heads(wildcards.model)
    return files_of(f"{folder}/L{{layer}}H{{head}}.json", heads) if folder else []


def batches_of(wildcards):
    """The record that all batches are answered, where one of the two models is asked in batches.

    A newer one reruns the jobs of the heads, which find their replies. It cannot be `ancient`:
    Snakemake looks for no other reason to run what comes after an ancient file that is made anew.
    """
    entry = config["explainers"][wildcards.explainer]
    batch = [config["endpoints"][entry[role]]["batch"] for role in ("endpoint", "judge")]
    return BATCHES.format(**wildcards) if any(batch) else []


def previous_round(wildcards):
    """The explanation that a round of refinement begins with; the first has none."""
    if int(wildcards.round) == 0:
        return []
    path = f"{ROUND}/explanations/L{{layer}}H{{head}}.json"
    return path.format(**{**wildcards, "round": int(wildcards.round) - 1})


def rounds_until(wildcards, pattern):
    """The folders of the rounds of refinement, up to that of the wildcards."""
    rounds = range(int(wildcards.round) + 1)
    return [pattern.format(**{**wildcards, "round": number}) for number in rounds]


def usage_files():
    """What the language models cost in the runs of the sweep that ask them."""
    return [
        USAGE.format(model=model, corpus=corpus, explainer=explainer, round=last_round(explainer))
        for model, corpus, explainer in dict.fromkeys(run[:3] for run in runs(config))
        if asks(explainer)
    ]


def control_files(pattern, count, within_layer=False):
    """Input function: the files of the heads that serve a head as its controls.

    There are `count(wildcards)` of them, if the model or its layer has as many; `controls_of`
    chooses them.
    """

    def files(wildcards):
        heads = all_heads(wildcards.model)
        head = int(wildcards.layer), int(wildcards.head)
        if head not in heads:
            allowed = f"{head_name(*heads[0])} to {head_name(*heads[-1])}, as selected"
            raise WorkflowError(
                f"{head_name(*head)}: no head of models.{wildcards.model}; allowed: {allowed}"
            )
        return files_of(pattern, controls_of(heads, head, count(wildcards), within_layer))

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
    """Scores of the explanations of every corpus on every other corpus, if they are programs."""
    names = config["sweep"]
    path = f"{ROUND}/transfers/{{other}}.parquet"
    programs = [explainer for explainer in names["explainers"] if not asks(explainer)]
    return [
        path.format(model=model, corpus=corpus, explainer=explainer, round=0, other=other)
        for model, explainer in product(names["models"], programs)
        for corpus, other in permutations(names["corpora"], 2)
    ]


def estimates():
    """The estimated cost of every run of the sweep that asks a language model."""
    found = [
        f"{RUN}/{{explainer}}/estimate.csv".format(model=model, corpus=corpus, explainer=explainer)
        for model, corpus, explainer, _ in runs(config)
        if asks(explainer)
    ]
    return list(dict.fromkeys(found))
