"""Heads whose role is known: by standard tests, and where the model's entry names a table of them."""


include: "functions/roles.smk"


rule measure_repeats:
    input:
        "results/{model}/model.json",
    output:
        "results/{model}/repeats.parquet",
    log:
        log_of("results/{model}/repeats"),
    benchmark:
        benchmark_of("results/{model}/repeats")
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        bos=lambda w: flags(config["models"][w.model], "bos"),
        seed=config["seed"],
        code=code("measure_repeats"),
    message:
        "{wildcards.model}: standard tests on repeated random tokens"
    shell:
        'python "$SCRIPTS"/measure_repeats.py --model-info {input} $SUBJECT_FLAGS {params.bos}'
        " --seed {params.seed} --out {output} 2> {log}"


rule grade_roles:
    input:
        model="results/{model}/model.json",
        repeats="results/{model}/repeats.parquet",
        stats=layer_files(f"{RUN}/stats/layer{{layer}}.parquet"),
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
        weights=lambda w: weights_of(w.model) if has_roles(w.model) else [],
        claims=lambda w: WRITE_CLAIMS.format(**w) if has_roles(w.model) else [],
    output:
        KNOWN_ROLES,
    log:
        log_of(KNOWN_ROLES.removesuffix(".json")),
    benchmark:
        benchmark_of(KNOWN_ROLES.removesuffix(".json"))
    conda:
        "../../envs/analysis.yaml"
    params:
        # A user's path, which may have braces in it: as an input they would be wildcards.
        roles=lambda w: flags(config["models"][w.model], "roles"),
        table=roles_state,
        heads=lambda w: head_names(w.model, w.get("explainer")),
        explanations=folder_of(f"{ROUND}/explanations"),
        code=code("grade_roles"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: looking for the heads whose role is known"
    shell:
        'python "$SCRIPTS"/grade_roles.py {params.roles} --model-info {input.model}'
        " --stats {input.stats} --repeats {input.repeats}"
        " --weights {input.weights} --claims {input.claims} --heads {params.heads}"
        " --explanations {params.explanations} --model {wildcards.model}"
        " --corpus {wildcards.corpus} --explainer {wildcards.explainer}"
        " --round {wildcards.round} --out {output} 2> {log}"
