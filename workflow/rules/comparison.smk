"""Models held against each other."""

from itertools import combinations

MATCHES = "results/comparison/{corpus}/{model}/{other}/matches.parquet"
OTHER_RUN = RUN.replace("{model}", "{other}")


def match_files(corpus):
    """The matches of every two models of the sweep on a corpus; none if there is one model."""
    pairs = combinations(config["sweep"]["models"], 2)
    return [MATCHES.format(corpus=corpus, model=model, other=other) for model, other in pairs]


def shard_folders(run):
    """The folders of a run's activations."""
    return expand(
        f"{run}/activations/shard{{shard}}",
        shard=range(EXECUTION["shards"]),
        allow_missing=True,
    )


rule match_heads:
    input:
        windows=f"{RUN}/windows.parquet",
        activations=shard_folders(RUN),
        other_windows=f"{OTHER_RUN}/windows.parquet",
        other_activations=shard_folders(OTHER_RUN),
    output:
        MATCHES,
    log:
        log_of(MATCHES.removesuffix(".parquet")),
    benchmark:
        benchmark_of(MATCHES.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    threads: 8
    params:
        seed=config["seed"],
        code=code("match_heads"),
    message:
        "{wildcards.model} and {wildcards.other}, {wildcards.corpus}: matching heads"
    shell:
        'python "$SCRIPTS"/match_heads.py --model {wildcards.model} --other {wildcards.other}'
        " --windows {input.windows} --activations {input.activations}"
        " --other-windows {input.other_windows} --other-activations {input.other_activations}"
        " --seed {params.seed} --out {output} 2> {log}"
