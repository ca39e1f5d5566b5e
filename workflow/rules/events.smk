"""Exemplars and metrics of the heads of a layer, and what judges are asked about them."""


rule select_events:
    input:
        windows=windows_of,
        activations=shard_folders(RUN),
    output:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        stats=f"{RUN}/stats/layer{{layer}}.parquet",
    log:
        log_of(f"{RUN}/events/layer{{layer}}"),
    benchmark:
        benchmark_of(f"{RUN}/events/layer{{layer}}")
    conda:
        "../../envs/analysis.yaml"
    params:
        activations=lambda w, input: [f"{d}/layer{w.layer}.parquet" for d in input.activations],
        heads=lambda w: heads_of(config, w.model, int(w.layer)),
        settings=flags(config["events"]),
        kept=flags(config["activations"], "top_windows"),
        seed=config["seed"],
        code=code("select_events"),
    message:
        "{wildcards.model}, {wildcards.corpus}: selecting the events of layer {wildcards.layer}"
    shell:
        'python "$SCRIPTS"/select_events.py {params.settings} {params.kept} --seed {params.seed}'
        " --windows {input.windows} --activations {params.activations}"
        " --layer {wildcards.layer} --heads {params.heads}"
        " --events {output.events} --stats {output.stats} 2> {log}"


rule draw_items:
    input:
        f"{RUN}/events/layer{{layer}}.parquet",
    output:
        ITEMS,
    log:
        log_of(ITEMS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(ITEMS.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: heads_of(config, w.model, int(w.layer)),
        settings=flags(config["scoring"], "items"),
        seed=config["seed"],
        code=code("draw_items"),
    message:
        "{wildcards.model}, {wildcards.corpus}: drawing what judges are asked about layer {wildcards.layer}"
    shell:
        'python "$SCRIPTS"/draw_items.py {params.settings} --seed {params.seed} --events {input}'
        " --layer {wildcards.layer} --heads {params.heads} --out {output} 2> {log}"
