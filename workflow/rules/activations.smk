"""What needs the model to run: activations by shard, test texts by blocks of layers."""


include: "functions/activations.smk"


rule cache_activations:
    input:
        model="results/{model}/model.json",
        windows=windows_of,
    output:
        directory(f"{RUN}/activations/shard{{shard}}"),
    log:
        log_of(f"{RUN}/activations/shard{{shard}}"),
    benchmark:
        benchmark_of(f"{RUN}/activations/shard{{shard}}")
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        layers=lambda w: [f"{n:02d}" for n in layers_of(config, w.model)],
        shards=EXECUTION["shards"],
        settings=flags(config["activations"]),
        # What is scored is measured on these windows, and nothing else is asked of a twin.
        windows=lambda w: "--only-sampled" if w.model.endswith(RANDOM) else "",
        code=code("cache_activations"),
    message:
        "{wildcards.model}, {wildcards.corpus}: caching activations of shard {wildcards.shard}"
    shell:
        'python "$SCRIPTS"/cache_activations.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} {params.windows} --shard {wildcards.shard} --shards {params.shards}"
        " --layers {params.layers} --out-dir {output} 2> {log}"


rule run_probes:
    input:
        model="results/{model}/model.json",
        explanations=block_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
    output:
        directory(PROBES),
    log:
        log_of(PROBES),
    benchmark:
        benchmark_of(PROBES)
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        bos=lambda w: flags(config["models"][w.model], "bos"),
        settings=flags(config["activations"], "norm"),
        heads=lambda w: [head_name(*at) for at in block_heads(w)],
        explanations=folder_of(f"{ROUND}/explanations"),
        code=code("run_probes"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: running the test texts of layers {wildcards.first} to {wildcards.last}"
    shell:
        'python "$SCRIPTS"/run_probes.py --model-info {input.model} $SUBJECT_FLAGS {params.settings} {params.bos}'
        " --heads {params.heads} --explanations {params.explanations} --out-dir {output} 2> {log}"
