"""Which files a job reads: the input functions that rules of several stages share."""


def refuse(problem):
    """End Snakemake with a sentence, before any work: for input functions.

    Around an exception that one of them raises, Snakemake prints a traceback.
    """
    sys.exit(problem)


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


def check_selected(wildcards):
    """Refuse a job whose head or layer is not one of those to be explained."""
    heads = heads_of_run(wildcards.model, wildcards.get("explainer"))
    layer = wildcards.get("layer")
    head = wildcards.get("head")
    if head is not None and (int(layer), int(head)) not in heads:
        name, kind = f"L{layer}H{head}", "head"
    elif layer is not None and int(layer) not in {at[0] for at in heads}:
        name, kind = f"layer {layer}", "layer with heads"
    else:
        return
    allowed = f"{head_name(*heads[0])} to {head_name(*heads[-1])}, as selected"
    refuse(f"{name}: no {kind} of models.{wildcards.model}; allowed: {allowed}")


def events_of(wildcards):
    """The events of a head's layer, if the head is selected."""
    check_selected(wildcards)
    return f"{RUN}/events/layer{{layer}}.parquet".format(**wildcards)


def files_of(pattern, heads):
    """The file of each of some heads."""
    layers, numbers = [f"{n:02d}" for n, _ in heads], [f"{h:02d}" for _, h in heads]
    return expand(pattern, zip, layer=layers, head=numbers, allow_missing=True)


def head_files(pattern):
    """Input function: the file of every selected head."""
    return lambda w: files_of(at_round(pattern, w), heads_of_run(w.model, w.explainer))


def random_files(pattern):
    """Input function: the file of every head of the model's twin with random weights."""
    return lambda w: files_of(at_round(pattern, w), random_heads(w.model))


def transfers_of(model, corpus, explainer):
    """Scores of a run's explanations on every other corpus of the sweep, if they are programs.

    None but for the runs of the sweep: an atlas that is asked for beside it has no others.
    """
    swept = {run[:3] for run in runs(config)}
    if asks(explainer) or (model, corpus, explainer) not in swept:
        return []
    run = {"model": model, "corpus": corpus, "explainer": explainer, "round": last_round(explainer)}
    return [
        TRANSFERS.format(**run, other=other)
        for other in config["sweep"]["corpora"]
        if other != corpus
    ]


def shard_folders(run):
    """The folders of a run's activations."""
    return expand(
        f"{run}/activations/shard{{shard}}",
        shard=range(EXECUTION["shards"]),
        allow_missing=True,
    )


def windows_of(wildcards):
    """The windows of a model, which its twin with random weights reads too."""
    check_selected(wildcards)
    return f"{RUN}/windows.parquet".format(
        model=wildcards.model.removesuffix(RANDOM), corpus=wildcards.corpus
    )


def features_of(wildcards):
    """The features of these windows, which the twin reads too."""
    path = f"{RUN}/features"
    return path.format(model=wildcards.model.removesuffix(RANDOM), corpus=wildcards.corpus)
