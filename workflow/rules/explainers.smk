"""Explanations, head by head, and what they predict for unseen text."""


include: "functions/explainers.smk"


PROGRAMS = of_kind("symbolic", "hybrid")


rule measure_features:
    input:
        f"{RUN}/windows.parquet",
    output:
        directory(f"{RUN}/features"),
    log:
        log_of(f"{RUN}/features"),
    benchmark:
        benchmark_of(f"{RUN}/features")
    conda:
        "../../envs/llm.yaml"
    params:
        code=code("measure_features"),
    message:
        "{wildcards.model}, {wildcards.corpus}: measuring the features of windows"
    shell:
        'python "$SCRIPTS"/measure_features.py --windows {input} --out {output} 2> {log}'


rule explain_head:
    input:
        events=events_of,
        features=features_of,
        proposals=proposals_of,
    output:
        f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/explanations/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/explanations/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=PROGRAMS,
        round="0",
    conda:
        "../../envs/llm.yaml"
    params:
        settings=search_flags,
        proposals=proposals_flags,
        seed=config["seed"],
        code=code("explain_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: explaining L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/explain_head.py {HEAD_FLAGS} {{params.settings}}'
        " --seed {params.seed} --events {input.events} --features {input.features} {params.proposals}"
        " --out {output} 2> {log}"


rule predict_head:
    input:
        features=features_of,
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    output:
        f"{ROUND}/predictions/L{{layer}}H{{head}}.parquet",
    log:
        log_of(f"{ROUND}/predictions/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/predictions/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=PROGRAMS,
    conda:
        "../../envs/llm.yaml"
    params:
        code=code("predict_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: predicting L{wildcards.layer}H{wildcards.head} on unseen text"
    shell:
        'python "$SCRIPTS"/predict_head.py --features {input.features}'
        " --explanation {input.explanation} --out {output} 2> {log}"
