"""What needs the model to run: activations by shard, test texts by layer."""


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
        code=code("cache_activations"),
    message:
        "{wildcards.model}, {wildcards.corpus}: caching activations of shard {wildcards.shard}"
    shell:
        'python "$SCRIPTS"/cache_activations.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} --shard {wildcards.shard} --shards {params.shards}"
        " --layers {params.layers} --out-dir {output} 2> {log}"


rule run_probes:
    input:
        model="results/{model}/model.json",
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
    output:
        f"{ROUND}/probes/layer{{layer}}.parquet",
    log:
        log_of(f"{ROUND}/probes/layer{{layer}}"),
    benchmark:
        benchmark_of(f"{ROUND}/probes/layer{{layer}}")
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        bos=lambda w: flags(config["models"][w.model], "bos"),
        settings=flags(config["activations"], "norm"),
        code=code("run_probes"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: running the test texts of layer {wildcards.layer}"
    shell:
        'python "$SCRIPTS"/run_probes.py --model-info {input.model} $SUBJECT_FLAGS {params.settings} {params.bos}'
        " --layer {wildcards.layer} --explanations {input.explanations} --out {output} 2> {log}"
