"""Of what needs the model to run: whose test texts run in one job."""

# Layers of selected heads in a job, at most. To load a model costs about as much as to run the
# texts of a layer; and what is not one job can run on several machines.
LAYERS_AT_ONCE = 12


@cache
def blocks(model, explainer=None):
    """The heads of a run in blocks of layers, by the first and the last of these."""
    heads = heads_of_run(model, explainer)
    layers = sorted({n for n, _ in heads})
    runs = [layers[n : n + LAYERS_AT_ONCE] for n in range(0, len(layers), LAYERS_AT_ONCE)]
    return {(run[0], run[-1]): [at for at in heads if at[0] in run] for run in runs}


def block_heads(wildcards):
    """The heads of a block, which is refused if there is no such block."""
    at = int(wildcards.first), int(wildcards.last)
    found = blocks(wildcards.model, wildcards.get("explainer"))
    if at not in found:
        allowed = ", ".join(f"layers{first:02d}-{last:02d}" for first, last in found)
        refuse(
            f"layers{wildcards.first}-{wildcards.last}: no block of models.{wildcards.model}; "
            f"allowed: {allowed}"
        )
    return found[at]


def block_files(pattern):
    """Input function: the file of every head of a block."""
    return lambda wildcards: files_of(pattern, block_heads(wildcards))


def probes_of(wildcards):
    """The folder of the block that a layer is in, if the layer is selected."""
    check_selected(wildcards)
    blocks_of = blocks(wildcards.model, wildcards.explainer)
    (at,) = [at for at in blocks_of if at[0] <= int(wildcards.layer) <= at[1]]
    first, last = (f"{n:02d}" for n in at)
    return PROBES.format(**wildcards, first=first, last=last)
