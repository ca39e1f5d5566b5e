"""Explanations, head by head, and what they predict for unseen text."""

SYMBOLIC = explainers_that(ask=False)


rule explain_head:
    input:
        events=events_of,
        stats=f"{RUN}/stats/layer{{layer}}.parquet",
    output:
        f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/explanations/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/explanations/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=SYMBOLIC,
        round="0",
    conda:
        "../../envs/llm.yaml"
    params:
        settings=lambda w: flags(config["explainers"][w.explainer]),
        seed=config["seed"],
        code=code("explain_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: explaining L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/explain_head.py {HEAD_FLAGS} {{params.settings}}'
        " --seed {params.seed} --events {input.events} --stats {input.stats}"
        " --out {output} 2> {log}"


rule predict_head:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    output:
        f"{ROUND}/predictions/L{{layer}}H{{head}}.parquet",
    log:
        log_of(f"{ROUND}/predictions/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/predictions/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=SYMBOLIC,
    conda:
        "../../envs/llm.yaml"
    params:
        code=code("predict_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: predicting L{wildcards.layer}H{wildcards.head} on unseen text"
    shell:
        'python "$SCRIPTS"/predict_head.py --events {input.events}'
        " --explanation {input.explanation} --out {output} 2> {log}"
