"""What depends on a head: the model run without it."""


include: "functions/effects.smk"


rule attribute_heads:
    input:
        model="results/{model}/model.json",
        windows=windows_of,
    output:
        ATTRIBUTION,
    log:
        log_of(ATTRIBUTION.removesuffix(".parquet")),
    benchmark:
        benchmark_of(ATTRIBUTION.removesuffix(".parquet"))
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        settings=flags(config["effects"], "test_windows", "reference_windows"),
        code=code("attribute_heads"),
    message:
        "{wildcards.model}, {wildcards.corpus}: estimating by gradients what depends on the heads"
    shell:
        'python "$SCRIPTS"/attribute_heads.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} --heads {params.heads} --out {output} 2> {log}"


# No explanation reruns it, for it needs none.
rule ablate_heads:
    input:
        model="results/{model}/model.json",
        windows=windows_of,
        attribution=lambda w: [] if ablates_all() else ATTRIBUTION,
    output:
        ABLATIONS,
    log:
        log_of(ABLATIONS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(ABLATIONS.removesuffix(".parquet"))
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        heads=lambda w: heads_of(config, w.model, int(w.layer)),
        attribution=lambda w, input: flags({"attribution": input.get("attribution") or None}),
        settings=flags(config["effects"], "test_windows", "reference_windows", "exact", "zero"),
        seed=config["seed"],
        code=code("ablate_heads"),
    message:
        "{wildcards.model}, {wildcards.corpus}: running the model without each head of layer {wildcards.layer}"
    shell:
        'python "$SCRIPTS"/ablate_heads.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} --layer {wildcards.layer} --heads {params.heads} {params.attribution}"
        " --seed {params.seed} --out {output} 2> {log}"


rule summarise_effects:
    input:
        ablations=layer_files(ABLATIONS),
        attribution=ATTRIBUTION,
        predictions=executed_files(f"{ROUND}/predictions/L{{layer}}H{{head}}.parquet"),
        controls=CONTROLS,
    output:
        EFFECTS,
    log:
        log_of(EFFECTS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(EFFECTS.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        predictions=predictions_flags,
        settings=flags(config["scoring"], "bootstrap"),
        seed=config["seed"],
        code=code("summarise_effects"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: what depends on the heads, and where"
    shell:
        'python "$SCRIPTS"/summarise_effects.py {params.settings} --ablations {input.ablations}'
        " --attribution {input.attribution}"
        " --heads {params.heads} {params.predictions} --controls {input.controls}"
        " --seed {params.seed} --out {output} 2> {log}"


rule ablate_families:
    input:
        model="results/{model}/model.json",
        windows=windows_of,
        clusters=CLUSTERS,
    output:
        FAMILY_EFFECTS,
    log:
        log_of(FAMILY_EFFECTS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(FAMILY_EFFECTS.removesuffix(".parquet"))
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        settings=flags(config["effects"], "test_windows", "reference_windows", "family_draws"),
        seed=config["seed"],
        code=code("ablate_families"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: running the model without each family of heads"
    shell:
        'python "$SCRIPTS"/ablate_families.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} --heads {params.heads} --clusters {input.clusters}"
        " --seed {params.seed} --out {output} 2> {log}"
