"""Of what heads write: what changes when the lists of relations do, and where it is told."""


def relations_state():
    """Changes when our relations do, or the user's."""
    own = config["writing"]["relations"]
    ours = Path(workflow.basedir) / "workflow/resources/relations.csv"
    states = [contents_digest([ours], ours.parent, MEMORY)]
    if own:
        states.append(contents_digest([Path(own)], Path(own).parent, MEMORY))
    return states


def weights_of(model):
    """Folders of what the selected heads of a model write, in blocks of layers."""
    return [
        WEIGHTS.format(model=model, first=f"{a:02d}", last=f"{b:02d}") for a, b in blocks(model)
    ]


def twin_weights(model):
    """Those of its twin with random weights, if it has one."""
    return weights_of(f"{model}{RANDOM}") if random_heads(model) else []


def block_events(wildcards):
    """The events of the layers of a block."""
    layers = sorted({f"{n:02d}" for n, _ in block_heads(wildcards)})
    pattern = f"{RUN}/events/layer{{layer}}.parquet"
    return [pattern.format(**wildcards, layer=layer) for layer in layers]


def direct_of(model, corpus):
    """Folders of what the selected heads of a model add to the logits, in blocks of layers."""
    return [
        DIRECT.format(model=model, corpus=corpus, first=f"{a:02d}", last=f"{b:02d}")
        for a, b in blocks(model)
    ]


def twin_claims(wildcards):
    """What is claimed of its twin with random weights, if it has one."""
    twin = f"{wildcards.model}{RANDOM}"
    found = WRITE_CLAIMS.format(model=twin, corpus=wildcards.corpus)
    return [found] if random_heads(wildcards.model) else []
